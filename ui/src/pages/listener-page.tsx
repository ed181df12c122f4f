/** Shows how far the listeners of chains are, how their endpoints do, and what they warn of. */

import { useList, useThing } from '../api/questions.ts'
import type { ListenerAlarm, ListenerView, Page } from '../api/shapes.ts'
import { DataList, DataTable } from '../parts/data-list.tsx'
import { Moment } from '../parts/moment.tsx'
import { PostButton } from '../parts/post-button.tsx'
import { Empty, Failure, Loading } from '../parts/states.tsx'
import { Tile } from '../parts/tile.tsx'
import { useWho } from '../parts/who.tsx'

/** Milliseconds between two looks. */
const lookMs = 2_000

/** All listeners of this process. */
export function ListenerPage() {
  const found = useThing<Page<ListenerView>>('listeners', '/v1/listeners', lookMs)
  if (found.isPending) return <Loading what="the listener" />
  if (found.isLoadingError)
    return <Failure error={found.error} onRetry={() => void found.refetch()} />
  const { items } = found.data
  if (items.length === 0) {
    return (
      <Empty title="This process listens to no chain">
        Another one with the role <code>listener</code> does.
      </Empty>
    )
  }
  return items.map((one) => <OneListener key={one.chain} listener={one} />)
}

const tones = { following: 'good', 'catching-up': 'warn', starting: 'warn' } as const
const number = (value: number | null | undefined) => value?.toLocaleString('en') ?? '–'

function OneListener({ listener }: { readonly listener: ListenerView }) {
  const { chain, state, head, checkpoint, lag, marks, problem } = listener
  const tone = tones[state as keyof typeof tones] ?? 'bad'
  return (
    <section aria-label={`Listener of ${chain}`}>
      <div className="tiles">
        <Tile label={`Chain ${chain}`} value={state} tone={tone} />
        <Tile label="Head" value={number(head)} />
        <Tile label="Events kept up to" value={number(checkpoint)} />
        <Tile label="Blocks behind" value={number(lag)} tone={(lag ?? 0) > 10 ? 'warn' : 'good'} />
        <Tile label="Confirmed up to" value={number(marks?.confirmed)} />
        <Tile label="Finalized up to" value={number(marks?.finalized)} />
      </div>
      {problem && (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
      <Alarms listener={listener} />
      <Endpoints listener={listener} />
      <History listener={listener} />
    </section>
  )
}

function Alarms({ listener: { chain, alarms } }: { readonly listener: ListenerView }) {
  const path = `/v1/listeners/${encodeURIComponent(chain)}/alarms`
  const list = useList<ListenerAlarm>(['alarms', chain], path, lookMs)
  const { who, field } = useWho()
  return (
    <section className={`panel ${alarms.length > 0 ? 'attention' : ''}`} aria-labelledby="alarms">
      <h2 id="alarms">Alarms</h2>
      {alarms.length > 0 && field}
      <DataList
        list={list}
        caption="Alarms"
        idOf={(one) => String(one.number)}
        empty={
          <Empty title="There was no alarm">
            Events that were final and left the chain, and a listener that cannot go on, are told
            here until somebody says that they have looked.
          </Empty>
        }
        columns={{
          Alarm: ({ kind }) => kind.replaceAll('-', ' '),
          What: ({ detail }) => <span className="reason">{detail}</span>,
          Time: ({ at }) => <Moment at={at} />,
          'Looked at by': (one) =>
            one.acknowledgedAt === null ? (
              <PostButton
                path={`${path}/acknowledge`}
                body={{ who, number: one.number }}
                changes={['listeners', 'alarms', 'status']}
                of={`alarm ${one.number}`}
                disabled={who === ''}
              >
                I have looked
              </PostButton>
            ) : (
              <>
                {one.acknowledgedBy}, <Moment at={one.acknowledgedAt} />
              </>
            ),
        }}
      />
    </section>
  )
}

function Endpoints({ listener: { endpoints, quorum } }: { readonly listener: ListenerView }) {
  return (
    <section className="panel" aria-labelledby="endpoints">
      <h2 id="endpoints">
        Endpoints{' '}
        {quorum && (
          <span className="hint">
            {quorum.needed} of {quorum.of} must agree on what is final
          </span>
        )}
      </h2>
      {endpoints.length === 0 ? (
        <p className="hint">There is one; with several, each is scored and the best is asked.</p>
      ) : (
        <DataTable
          items={endpoints}
          caption="Endpoints"
          idOf={({ name }) => name}
          columns={{
            Endpoint: ({ name, isUsed }) => (
              <>
                {name}
                {isUsed && <span className="tag">is asked</span>}
              </>
            ),
            Head: ({ head }) => number(head),
            Behind: ({ lag }) => lag,
            Latency: ({ latencyMs }) => (latencyMs === null ? '–' : `${latencyMs} ms`),
            Penalty: ({ penalty }) => penalty,
            'Last fault': ({ fault }) =>
              fault === null ? 'none' : <span className="problem">{fault}</span>,
          }}
        />
      )}
    </section>
  )
}

function History({ listener: { backFill } }: { readonly listener: ListenerView }) {
  if (backFill === null) return null
  const { next, last, left, problem } = backFill
  return (
    <section className="panel" aria-labelledby="history">
      <h2 id="history">History</h2>
      <progress max={last} value={next - 1} aria-labelledby="history" />
      <p className="hint">
        Block {number(next)} is read next, the last one is {number(last)}; {number(left)} are left.
        Following goes on beside it.
      </p>
      {problem && <p className="problem">{problem}</p>}
    </section>
  )
}
