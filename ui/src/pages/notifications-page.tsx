/** Shows what people were told and how far it is, and the sinks by which other programs are told. */

import { useQuery } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import { useList } from '../api/questions.ts'
import type { Notification, Page, Sink } from '../api/shapes.ts'
import { DataList, DataTable } from '../parts/data-list.tsx'
import { Identifier, shortened } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { PostButton } from '../parts/post-button.tsx'
import { Badge, Empty } from '../parts/states.tsx'
import { Link, navigate, useLocation } from '../router.tsx'

const states = ['stored', 'waiting', 'held', 'sent', 'dead']
/** Milliseconds between two looks at the sinks. */
const lookMs = 2_000

/** Notifications, all or those of one state, and the sinks. */
export function NotificationsPage() {
  const state = useLocation().query.get('state') ?? ''
  const key = state === '' ? ['notifications'] : ['notifications', state]
  const list = useList<Notification>(
    key,
    state === '' ? '/v1/notifications' : `/v1/notifications?state=${state}`,
  )
  return (
    <>
      <section className="panel">
        <div className="field inline">
          <label htmlFor="state">State</label>
          <select
            id="state"
            value={state}
            onChange={({ target: { value } }) =>
              navigate(value === '' ? '/outbox' : `/outbox?state=${value}`)
            }
          >
            <option value="">all</option>
            {states.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
        <NotificationTable list={list} state={state} />
      </section>
      <Sinks />
    </>
  )
}

interface NotificationTableProps {
  readonly list: ReturnType<typeof useList<Notification>>
  readonly state: string
}

function NotificationTable({ list, state }: NotificationTableProps) {
  return (
    <DataList
      list={list}
      caption="Notifications"
      idOf={({ id }) => id}
      empty={
        <Empty title={state === '' ? 'Nobody has been told anything yet' : `None is ${state}`}>
          Steps that call notify.send write here; the section "notifications" of the configuration
          names mail servers, hooks and chats that send it on.
        </Empty>
      }
      columns={{
        To: ({ to }) => <Identifier value={to} what="receiver" />,
        Subject: ({ subject, body }) => (
          <details>
            <summary>{subject}</summary>
            <p>{body}</p>
          </details>
        ),
        Channel: ({ channel }) => channel,
        State: (one) => <Standing notification={one} />,
        Attempts: ({ attempts }) => attempts,
        Run: ({ instanceId }) =>
          instanceId === '' ? (
            '–'
          ) : (
            <Link href={`/instances/${instanceId}`} className="mono">
              {shortened(instanceId)}
            </Link>
          ),
        Time: ({ at }) => <Moment at={at} />,
      }}
    />
  )
}

function Standing({
  notification: { id, state, reason },
}: {
  readonly notification: Notification
}) {
  return (
    <div>
      <Badge state={state} />
      {reason && <p className="problem">{reason}</p>}
      {(state === 'dead' || state === 'held') && (
        <PostButton path={`/v1/notifications/${id}/requeue`} changes={['notifications']} of={id}>
          Send again
        </PostButton>
      )}
    </div>
  )
}

function Sinks() {
  const sinks = useQuery({
    queryKey: ['sinks'],
    queryFn: () => getJson<Page<Sink>>('/v1/sinks'),
    refetchInterval: lookMs,
  })
  const items = sinks.data?.items ?? []
  if (items.length === 0) return null
  return (
    <section className="panel" aria-labelledby="sinks">
      <h2 id="sinks">Sinks</h2>
      <DataTable
        items={items}
        caption="Sinks"
        idOf={({ name }) => name}
        columns={{
          Sink: ({ name, kind }) => `${name} (${kind})`,
          Place: ({ place }) => <span className="mono">{place}</span>,
          State: ({ state, lastError }) => (
            <div>
              <Badge state={state} />
              {lastError && <p className="problem">{lastError}</p>}
            </div>
          ),
          Waiting: ({ waiting, lagMs }) =>
            waiting === 0 ? 0 : `${waiting}, ${Math.round(lagMs / 1_000)} s`,
          Sent: ({ sent }) => sent,
          Dead: ({ dead, name }) => (
            <div>
              {dead}
              {dead > 0 && (
                <PostButton path={`/v1/sinks/${name}/dead/requeue`} changes={['sinks']} of={name}>
                  Send again
                </PostButton>
              )}
            </div>
          ),
          Action: ({ name, state }) => (
            <PostButton
              path={`/v1/sinks/${name}/${state === 'paused' ? 'resume' : 'pause'}`}
              changes={['sinks']}
              of={name}
            >
              {state === 'paused' ? 'Resume' : 'Pause'}
            </PostButton>
          ),
        }}
      />
    </section>
  )
}
