/** Shows the lanes of senders, and what they have sent. */

import { useQuery } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import { useList } from '../api/questions.ts'
import type { Page, SenderLane, SentTransaction } from '../api/shapes.ts'
import { DataList, DataTable } from '../parts/data-list.tsx'
import { Identifier } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Badge, Empty, Failure, Loading } from '../parts/states.tsx'
import { Link } from '../router.tsx'

/** Pause between two looks at the lanes. */
const lookMs = 2_000

/** Lanes first, then transactions, newest first. */
export function TransactionsPage() {
  const list = useList<SentTransaction>(['transactions'], '/v1/transactions', lookMs)
  return (
    <>
      <section className="panel" aria-labelledby="lanes">
        <h2 id="lanes">Lanes</h2>
        <Lanes />
      </section>
      <section className="panel" aria-labelledby="sent">
        <h2 id="sent">Sent</h2>
        <DataList
          list={list}
          caption="Sent transactions"
          idOf={({ id }) => id}
          empty={
            <Empty title="Nothing has been sent yet">
              Steps such as <code>evm.send</code>, and <code>POST /v1/contracts/send</code>, send
              transactions; each appears here from before its broadcast until its block is final.
            </Empty>
          }
          columns={{
            Nonce: ({ nonce }) => nonce,
            State: (one) => <Badge state={one.succeeded === false ? 'failed' : one.state} />,
            Sent: ({ at }) => <Moment at={at} />,
            To: ({ to, contractAddress }) =>
              to === null ? (
                <>
                  new <Identifier value={contractAddress ?? 'contract'} what="contract" />
                </>
              ) : (
                <Identifier value={to} what="address" />
              ),
            Block: ({ blockNumber }) =>
              blockNumber === null ? (
                '–'
              ) : (
                <Link href={`/blocks/${blockNumber}`}>{blockNumber}</Link>
              ),
            'Gas used': ({ gasUsed }) =>
              gasUsed === null ? '–' : Number(gasUsed).toLocaleString('en'),
            Signings: ({ tries }) => tries,
            Hash: ({ hash }) => <Identifier value={hash} what="transaction" />,
            Problem: ({ problem }) => problem ?? '–',
          }}
        />
      </section>
    </>
  )
}

function Lanes() {
  const lanes = useQuery({
    queryKey: ['senders'],
    queryFn: () => getJson<Page<SenderLane>>('/v1/senders'),
    refetchInterval: lookMs,
  })
  if (lanes.isPending) return <Loading what="the lanes" />
  if (lanes.isLoadingError)
    return <Failure error={lanes.error} onRetry={() => void lanes.refetch()} />
  const { items } = lanes.data
  if (items.length === 0) {
    return (
      <Empty title="There is no key to send with">
        Set <code>QS_SENDER_KEY_FILE</code>, a Vault or a signer, or start with <code>--dev</code>.
      </Empty>
    )
  }
  return (
    <DataTable
      items={items}
      caption="Lanes of senders"
      idOf={({ chainId, address }) => `${chainId}:${address}`}
      columns={{
        Account: ({ address }) => <Identifier value={address} what="address" />,
        Chain: ({ chainId }) => chainId,
        'Not in a block': ({ open }) => open,
        'Waiting for a turn': ({ waiting }) => waiting,
        Problem: ({ problem }) => problem ?? 'none',
      }}
    />
  )
}
