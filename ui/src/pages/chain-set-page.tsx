/** Shows the chains of the process, and starts and stops them. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { postJson } from '../api/client.ts'
import { useChains } from '../api/questions.ts'
import type { Chain } from '../api/shapes.ts'
import { DataTable } from '../parts/data-list.tsx'
import { Identifier } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Badge, Empty, Failure, Loading } from '../parts/states.tsx'
import { Link } from '../router.tsx'

/** Milliseconds between two looks while the page is open. */
const lookMs = 1_000

/** All chains, the one that the node stands on first. */
export function ChainsPage() {
  const chains = useChains(lookMs)
  if (chains.isPending) return <Loading what="chains" />
  if (chains.isLoadingError)
    return <Failure error={chains.error} onRetry={() => void chains.refetch()} />
  const { items } = chains.data
  return (
    <>
      <section className="panel">
        <DataTable
          items={items}
          caption="Chains"
          idOf={({ name }) => name}
          columns={{
            Chain: ({ name, embedded, state }) =>
              embedded && state === 'running' ? <Link href={`/chains/${name}`}>{name}</Link> : name,
            Id: ({ chainId }) => chainId,
            Engine: ({ engine, embedded }) => (embedded ? (engine ?? '–') : 'foreign'),
            State: (chain) => <State chain={chain} />,
            Height: ({ head }) => head?.number ?? '–',
            'Last block': ({ head }) =>
              head ? <Moment at={head.timestamp} /> : <span className="hint">none is told</span>,
            Hash: ({ head }) => (head ? <Identifier value={head.hash} what="block hash" /> : '–'),
            'Forked at': ({ parent }) => (parent ? `block ${parent.number}` : '–'),
            Action: (chain) => <Action chain={chain} />,
          }}
        />
      </section>
      {items.length === 1 && (
        <Empty title="One chain runs here">
          <code>quantumstream chain bang FILE</code> gives birth to another by its manifest, and{' '}
          <code>quantumstream chain fork {items[0]?.name} NAME --chain-id N</code> to one that
          begins with the state of this one.
        </Empty>
      )}
    </>
  )
}

function State({ chain: { state, problem, portion } }: { readonly chain: Chain }) {
  return (
    <>
      <Badge state={state} />
      {portion !== null && <span className="hint"> {Math.floor(portion * 100)} % is copied</span>}
      {problem && <p className="problem">{problem}</p>}
    </>
  )
}

/** What can be done with a chain as it is. */
function Action({ chain }: { readonly chain: Chain }) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (what: 'start' | 'stop') => postJson(`/v1/chains/${chain.name}/${what}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['chains'] }),
  })
  if (!chain.embedded) return null
  if (chain.isFirst) return <span className="hint">the node stands on it</span>
  const what = chain.state === 'running' ? 'stop' : 'start'
  const rests = ['running', 'stopped', 'failed'].includes(chain.state)
  return (
    <>
      <button
        type="button"
        disabled={!rests || change.isPending}
        onClick={() => change.mutate(what)}
      >
        {what === 'stop' ? 'Stop' : 'Start'}
        <span className="visually-hidden"> {chain.name}</span>
      </button>
      {change.error && (
        <p className="problem" role="alert">
          {change.error.message}
        </p>
      )}
    </>
  )
}
