/** Shows what there is when there is nothing to show: loading, empty, failed; and states as badges. */

import type { ReactNode } from 'react'
import type {
  Chain,
  ChainEvent,
  InstanceStatus,
  Notification,
  Projection,
  Question,
  SentTransaction,
  Sink,
} from '../api/shapes.ts'
import { Icon, type IconName } from './icon.tsx'

/** Keeps the place of what is being loaded. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading {what}…</span>
      <i />
      <i />
      <i />
    </div>
  )
}

/** Says what will be here and what fills it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children: ReactNode
}) {
  return (
    <div className="empty">
      <h3>{title}</h3>
      <p>{children}</p>
    </div>
  )
}

/** Says what went wrong and offers to try again. */
export function Failure({
  error,
  onRetry,
}: {
  readonly error: Error
  readonly onRetry?: () => void
}) {
  return (
    <div className="failure" role="alert">
      <p>{error.message}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

type State =
  | InstanceStatus
  | ChainEvent['state']
  | Chain['state']
  | SentTransaction['state']
  | Notification['state']
  | Sink['state']
  | Projection['state']
  | Question['status']

const icons: Readonly<Record<State, IconName>> = {
  running: 'running',
  waiting: 'waiting',
  completed: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  pending: 'waiting',
  confirmed: 'done',
  safe: 'done',
  finalized: 'done',
  open: 'waiting',
  mined: 'done',
  final: 'done',
  compensating: 'back',
  retracted: 'back',
  creating: 'running',
  starting: 'running',
  stopping: 'running',
  stopped: 'cancelled',
  removing: 'running',
  stored: 'done',
  sending: 'running',
  held: 'waiting',
  sent: 'done',
  dead: 'failed',
  paused: 'cancelled',
  answered: 'done',
  expired: 'failed',
  closed: 'cancelled',
  elsewhere: 'running',
  filling: 'running',
  ready: 'done',
  undeclared: 'cancelled',
}

/** A state by icon, colour and word. */
export function Badge({ state }: { readonly state: State }) {
  return (
    <span className={`badge badge-${state}`}>
      <Icon name={icons[state]} /> {state}
    </span>
  )
}
