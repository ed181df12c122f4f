/** Answers four questions at a glance: is it healthy, what happens, what waits, how far behind. */

import { useChains, useList, useStatus } from '../api/questions.ts'
import type { Block, Instance, Status } from '../api/shapes.ts'
import { stepName } from '../graph/step-states.ts'
import { DepositForm } from '../parts/deposit-form.tsx'
import { Moment } from '../parts/moment.tsx'
import { Empty, Failure, Loading } from '../parts/states.tsx'
import { Tile } from '../parts/tile.tsx'
import { Link } from '../router.tsx'
import { InstanceTable } from './instances-page.tsx'

/** The start page. */
export function HomePage() {
  const status = useStatus()
  const chains = useChains()
  const chain = chains.data?.items[0]
  if (status.isLoadingError) {
    return <Failure error={status.error} onRetry={() => void status.refetch()} />
  }
  return (
    <>
      {status.data ? <Health status={status.data} /> : <Loading what="the node's status" />}
      <div className="columns first-wide">
        <div>
          <Waiting />
          <section className="panel" aria-labelledby="latest">
            <h2 id="latest">Latest workflows</h2>
            <LatestInstances />
          </section>
        </div>
        <div>
          {chain && <DepositForm chain={chain} />}
          <section className="panel" aria-labelledby="blocks">
            <h2 id="blocks">Blocks</h2>
            <LatestBlocks />
          </section>
        </div>
      </div>
    </>
  )
}

function Health({ status }: { readonly status: Status }) {
  const [listener] = status.listeners
  const behind =
    listener?.head == null || listener.checkpoint == null
      ? undefined
      : listener.head - listener.checkpoint
  const problem = listener?.problem ?? status.senders.find((one) => one.problem)?.problem
  return (
    <section aria-label="Health" className="tiles">
      <Tile
        label="Node"
        value={status.ready ? 'ready' : 'not ready'}
        tone={status.ready ? 'good' : 'bad'}
      />
      <Tile label="Head" value={listener?.head ?? '–'} />
      <Tile
        label="Blocks behind"
        value={behind ?? '–'}
        tone={(behind ?? 0) > 10 ? 'warn' : 'good'}
      />
      <Tile label="Running" value={status.instances.running} />
      <Tile
        label="Waiting"
        value={status.instances.waiting}
        tone={status.instances.waiting > 0 ? 'warn' : 'good'}
      />
      <Tile
        label="Failed"
        value={status.instances.failed}
        tone={status.instances.failed > 0 ? 'bad' : 'good'}
      />
      <Tile label="Completed" value={status.instances.completed} />
      {problem && (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
    </section>
  )
}

/** Instances that wait for something or somebody; nothing if there are none. */
function Waiting() {
  const list = useList<Instance>(
    ['instances', 'filtered', 'waiting', 'first'],
    '/v1/instances?status=waiting&limit=5',
  )
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  if (items.length === 0) return null
  return (
    <section className="panel attention" aria-labelledby="waiting">
      <h2 id="waiting">Waiting for you</h2>
      <ul className="plain">
        {items.map(({ id, step, reason }) => (
          <li key={id}>
            <Link href={`/instances/${id}`}>{stepName(step ?? '')}</Link>: {reason}
          </li>
        ))}
      </ul>
      <p>
        What people are asked is answered under <Link href="/questions">Questions</Link>.
      </p>
    </section>
  )
}

function LatestInstances() {
  const list = useList<Instance>(['instances', 'all', 'latest'], '/v1/instances?limit=8')
  return (
    <InstanceTable
      list={list}
      most={8}
      empty={
        <Empty title="No workflow has run yet">
          Each deposit starts one. Make a deposit with the form on this page, and watch it here.
        </Empty>
      }
    />
  )
}

function LatestBlocks() {
  const list = useList<Block>(['blocks', 'latest'], '/v1/blocks?limit=10')
  if (list.isPending) return <Loading what="blocks" />
  if (list.isLoadingError) return <Failure error={list.error} onRetry={() => void list.refetch()} />
  const blocks = list.data.pages.flatMap(({ items }) => items).slice(0, 10)
  return (
    <ol className="block-strip">
      {blocks.map((block) => (
        <li key={block.hash}>
          <Link href={`/blocks/${block.number}`}>{block.number}</Link>
          <span>
            {block.transactions} {block.transactions === 1 ? 'transaction' : 'transactions'}
          </span>
          <Moment at={block.timestamp} />
        </li>
      ))}
    </ol>
  )
}
