/** Shows one event: what it says, and its life from the first sight to finality or retraction. */

import { useThing } from '../api/questions.ts'
import type { ChainEvent } from '../api/shapes.ts'
import { Data } from '../parts/data.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { Identifier, shortened } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Badge, Failure, Loading } from '../parts/states.tsx'
import { Link } from '../router.tsx'

/** Milliseconds between two looks. */
const lookMs = 3_000

/** One event by its id. */
export function EventPage({ id }: { readonly id: string }) {
  const event = useThing<ChainEvent>('event', `/v1/events/${encodeURIComponent(id)}`, lookMs)
  if (event.isPending) return <Loading what="the event" />
  if (event.isLoadingError)
    return <Failure error={event.error} onRetry={() => void event.refetch()} />
  const { name, state, address, blockNumber, transactionHash, args, instances } = event.data
  return (
    <>
      <section className="panel summary" aria-label={name}>
        <Badge state={state} />
        <dl>
          <dt>Event</dt>
          <dd>{name}</dd>
          <dt>Contract</dt>
          <dd>
            <Identifier value={address} what="contract" />
          </dd>
          <dt>Block</dt>
          <dd>
            <Link href={`/blocks/${blockNumber}`}>{blockNumber}</Link>
          </dd>
          <dt>Transaction</dt>
          <dd>
            <Identifier value={transactionHash} what="transaction" />
          </dd>
          <dt>Workflows</dt>
          <dd>
            {instances.length === 0 && 'none'}
            {instances.map((one) => (
              <Link key={one} href={`/instances/${one}`} className="mono">
                {shortened(one)}
              </Link>
            ))}
          </dd>
        </dl>
      </section>
      <section className="panel" aria-labelledby="life">
        <h2 id="life">Life</h2>
        <Life event={event.data} />
      </section>
      <section className="panel">
        <Data title="Arguments" value={args} />
      </section>
    </>
  )
}

/** Where an event is in its life. */
export interface Station {
  readonly state: string
  readonly at: string | undefined
  readonly icon: IconName
  readonly text: string
}

const words: Readonly<Record<string, string>> = {
  seen: 'was seen in a block of the chain',
  confirmed: 'has blocks on top',
  safe: 'is in what the chain calls safe',
  finalized: 'cannot leave the chain any more',
  retracted: 'left the chain with its block; what was done is undone',
  returned: 'came back in another block',
}
const stations = ['seen', 'confirmed', 'safe', 'finalized']

/** What it came to, and, while it may still go on, what is to come. */
export function lifeOf({ life, state, blockTime }: ChainEvent): readonly Station[] {
  const mined = { state: 'mined', at: blockTime, icon: 'done' as const, text: 'is in its block' }
  const passed = life.map(({ state: reached, at }) => ({
    ...{ state: reached, at, text: words[reached] ?? '' },
    icon: reached === 'retracted' ? ('back' as const) : ('done' as const),
  }))
  if (state === 'retracted') return [mined, ...passed]
  const reached = stations.indexOf(state === 'pending' ? 'seen' : state)
  const times = new Set(life.map((one) => one.state as string))
  // A deep one is at once what it is: then no time says it.
  const untold = state !== 'pending' && !times.has(state) ? [state as string] : []
  const coming = stations.slice(reached + 1)
  return [
    ...[mined, ...passed],
    ...untold.map((one) => ({
      ...{ state: one, at: undefined, icon: 'done' as const },
      text: `${words[one]}, from the first sight on`,
    })),
    ...coming.map((one) => ({
      ...{ state: one, at: undefined, icon: 'open' as const, text: 'not yet' },
    })),
  ]
}

function Life({ event }: { readonly event: ChainEvent }) {
  return (
    <ol className="life">
      {lifeOf(event).map(({ state, at, icon, text }) => (
        <li key={`${state} ${at}`} className={icon === 'open' ? 'is-to-come' : ''}>
          <Icon name={icon} /> <strong>{state}</strong> <span>{text}</span>
          {state === 'mined' && (
            <>
              {' '}
              <Link href={`/blocks/${event.blockNumber}`}>{event.blockNumber}</Link>
            </>
          )}
          {at && (
            <span className="hint">
              {' '}
              <time dateTime={at}>{new Date(at).toLocaleTimeString()}</time>, <Moment at={at} />
            </span>
          )}
        </li>
      ))}
    </ol>
  )
}
