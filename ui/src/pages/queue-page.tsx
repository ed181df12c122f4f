/** Shows the queue between events and workflows: how deep it is, for whom, and what was given up. */

import { useList, useThing } from '../api/questions.ts'
import type { DeadLetter, Page, QueueKey, QueueView } from '../api/shapes.ts'
import { DataList, DataTable } from '../parts/data-list.tsx'
import { Identifier } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { PostButton } from '../parts/post-button.tsx'
import { Empty, Failure, Loading } from '../parts/states.tsx'
import { Tile } from '../parts/tile.tsx'

/** Milliseconds between two looks. */
const lookMs = 2_000
const changes = ['queue', 'queue-keys', 'dead-letters']

/** The queue, its keys and its dead letters. */
export function QueuePage() {
  const queue = useThing<QueueView>('queue', '/v1/queue', lookMs)
  if (queue.isPending) return <Loading what="the queue" />
  if (queue.isLoadingError)
    return <Failure error={queue.error} onRetry={() => void queue.refetch()} />
  const { carrier, depth, capacity, out, dead, consumers, oldestAt, problem } = queue.data
  if (carrier === 'none') {
    return (
      <Empty title="There is no queue">
        Events start workflows in the transaction that stores them. Set{' '}
        <code>--queue embedded</code> (or postgres, redis, nats) to put one between them.
      </Empty>
    )
  }
  return (
    <>
      <section className="tiles" aria-label="At a glance">
        <Tile label="Carried by" value={carrier} />
        <Tile label={`Waiting, of ${capacity.toLocaleString('en')}`} value={depth} />
        <Tile label="Given out" value={out} />
        <Tile label="Consumers" value={consumers} tone={consumers === 0 ? 'bad' : 'good'} />
        <Tile label="Dead letters" value={dead} tone={dead > 0 ? 'bad' : 'good'} />
        <div className="tile">
          <span className="tile-label">Oldest that waits</span>
          <span className="tile-value">{oldestAt ? <Moment at={oldestAt} /> : 'none'}</span>
        </div>
      </section>
      {problem && (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
      <Keys />
      <DeadLetters dead={dead} />
    </>
  )
}

function Keys() {
  const keys = useThing<Page<QueueKey>>('queue-keys', '/v1/queue/keys', lookMs)
  const items = keys.data?.items ?? []
  return (
    <section className="panel" aria-labelledby="keys">
      <h2 id="keys">
        Keys with the most waiting{' '}
        <span className="hint">messages of one key come one after the other</span>
      </h2>
      {keys.isLoadingError && <Failure error={keys.error} />}
      {keys.data && items.length === 0 ? (
        <p className="hint">Nothing waits.</p>
      ) : (
        <DataTable
          items={items}
          caption="Keys with the most waiting"
          idOf={({ key }) => key}
          columns={{
            Key: ({ key }) => <Identifier value={key} what="key" />,
            Waiting: ({ waiting }) => waiting,
          }}
        />
      )}
    </section>
  )
}

function DeadLetters({ dead }: { readonly dead: number }) {
  const list = useList<DeadLetter>(['dead-letters'], '/v1/queue/dead', lookMs)
  return (
    <section className="panel" aria-labelledby="dead">
      <h2 id="dead">Dead letters</h2>
      <DataList
        list={list}
        caption="Dead letters"
        idOf={({ number }) => String(number)}
        empty={
          <Empty title="Nothing was given up">
            A message that fails again and again comes here, with the reason of the last time.
          </Empty>
        }
        columns={{
          Message: ({ number, body }) => (
            <details>
              <summary>{number}</summary>
              <pre>{JSON.stringify(body, null, 2)}</pre>
            </details>
          ),
          Key: ({ key }) => <Identifier value={key} what="key" />,
          Reason: ({ reason }) => <span className="reason">{reason}</span>,
          Attempts: ({ attempts }) => attempts,
          Died: ({ at }) => <Moment at={at} />,
          Action: ({ number }) => (
            <PostButton
              path={`/v1/queue/dead/${number}/requeue`}
              changes={changes}
              of={`letter ${number}`}
            >
              Give out again
            </PostButton>
          ),
        }}
      />
      {dead > 0 && (
        <PostButton
          path="/v1/queue/dead/purge"
          changes={changes}
          of=""
          confirm={`Forget ${dead === 1 ? 'this dead letter' : `all ${dead} dead letters`} for good? Their events stay, and start nothing.`}
        >
          Forget all dead letters
        </PostButton>
      )}
    </section>
  )
}
