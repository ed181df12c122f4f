/** Puts a queue between the events of a chain and the workflows that they start, where one is set. */

import { randomUUID } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SqlSession, SqlStore } from '../store/sql.ts'
import type { WritableEventStore } from '../stream/event-store.ts'
import { createQueue } from '../stream/open-queue.ts'
import type { Queue, TakenMessage } from '../stream/queue.ts'
import type { Carrier } from '../stream/queue-carrier.ts'
import { createQueueConsumer } from '../stream/queue-consumer.ts'
import type { EventHandler, EventStore, StreamEvent } from '../stream/stream.ts'
import type { Composition } from './composition.ts'

/** The queue, and the handler that puts into it in the transaction that stores an event. */
export interface EventQueue {
  readonly queue: Queue
  readonly handler: EventHandler
}

/**
 * Starts the queue of the setting `queue`, and a consumer that hands what comes out to `handler`; `handled` is called
 * after each. Without the setting there is none: `handler` acts in the transaction that stores the event.
 *
 * @throws AppError `node/incomplete-queue` where the setting lacks another
 */
export async function startEventQueue(
  composition: Composition,
  to: {
    readonly sql: SqlStore
    readonly events: Pick<WritableEventStore, 'find'>
    /** Whether messages are handled here; otherwise by others. */
    readonly consumes: boolean
    readonly handler: EventHandler
    readonly handled: () => void
  },
): Promise<EventQueue | undefined> {
  const { values, stops, logger, metrics } = composition
  if (values.queue === undefined) return undefined
  const carrier = await carrierOf(values)
  const world = { clock: systemClock, timer: systemTimer, logger, metrics, sql: to.sql }
  const queue = createQueue({ name: 'events' }, { ...world, ...(carrier ? { carrier } : {}) })
  const consumer = createQueueConsumer(
    {
      queue,
      handle: (session, message) => act(to, session, message),
      handled: to.handled,
    },
    world,
  )
  await queue.start()
  if (to.consumes) consumer.start()
  stops.push(async () => {
    await Promise.all([consumer.stop(), queue.stop()])
  })
  return { queue, handler: puttingHandler(queue) }
}

/** Has the queue looked at once an event is on disk. */
export function wakeQueue(queue: Queue, events: EventStore): void {
  events.subscribe(() => queue.wake())
}

/** How the queue is, in a sentence. @throws Error with the reason why nothing comes out of it */
export async function queueDetail(queue: Queue | undefined): Promise<string> {
  if (queue === undefined) return 'none set'
  const { problem, depth, carrier } = await queue.status()
  if (problem !== undefined) throw new Error(`${problem}; ${depth} wait in the database`)
  return `${carrier}, ${depth} waiting`
}

/** A change of an event, as it lies in the queue. */
interface Change {
  readonly kind: 'appeared' | 'advanced' | 'retracted'
  readonly event: StreamEvent
}

function puttingHandler(queue: Queue): EventHandler {
  const put = async (kind: Change['kind'], session: SqlSession, event: StreamEvent) => {
    // The transaction stores each change once, so that each is a message of its own.
    const id = `${event.id} ${kind} ${randomUUID()}`
    const change: Change = { kind, event }
    const body = change as unknown as Json
    if ((await queue.put(session, { id, key: event.address, body })) !== 'full') return
    const message = 'the queue of events is full; events are read again when there is room'
    throw new AppError({ code: 'node/queue-full', message, retry: 'later' })
  }
  return {
    appeared: (session, event) => put('appeared', session, event),
    async advanced(session, events) {
      for (const event of events) await put('advanced', session, event)
    },
    retracted: (session, event) => put('retracted', session, event),
  }
}

interface Acting {
  readonly events: Pick<WritableEventStore, 'find'>
  readonly handler: EventHandler
}

async function act(
  { events, handler }: Acting,
  session: SqlSession,
  { body, isRequeued }: TakenMessage,
): Promise<void> {
  const { kind, event } = body as unknown as Change
  if (!isRequeued) return tell(handler, session, { kind, event })
  const { madeBy } = event
  const found = await events.find(session, event.id)
  const now = found && { ...found, ...(madeBy === undefined ? {} : { madeBy }) }
  await tellNow(handler, session, { kind, event, now })
}

/**
 * Changes that came later have been handled without this one: the event is told as it is by now. One that has left and
 * come back is told both ways, so that its workflows forget how far it was before.
 */
async function tellNow(
  handler: EventHandler,
  session: SqlSession,
  { kind, event, now }: Change & { readonly now: StreamEvent | undefined },
): Promise<void> {
  if (now === undefined) return tell(handler, session, { kind, event })
  if (kind === 'retracted' || now.state === 'retracted') {
    await handler.retracted(session, { ...now, state: 'retracted' })
  }
  if (now.state === 'retracted') return
  await handler.appeared(session, now)
  if (now.state !== 'pending') await handler.advanced(session, [now])
}

async function tell(handler: EventHandler, session: SqlSession, { kind, event }: Change) {
  if (kind === 'advanced') await handler.advanced(session, [event])
  else await handler[kind](session, event)
}

async function carrierOf(values: Composition['values']): Promise<Carrier | undefined> {
  const { queue, database, redisAddress, natsAddress, natsReplicas } = values
  if (queue === 'redis') {
    if (redisAddress === undefined) throw incomplete('redis', 'REDIS_ADDRESS')
    const { redisCarrier } = await import('../stream/redis-carrier.ts')
    return redisCarrier({ url: redisAddress })
  }
  if (queue === 'nats') {
    if (natsAddress === undefined) throw incomplete('nats', 'NATS_ADDRESS')
    const { natsCarrier } = await import('../stream/nats-carrier.ts')
    return natsCarrier({ url: natsAddress, replicas: natsReplicas })
  }
  if (queue === 'postgres' && database === undefined) throw incomplete('postgres', 'QS_DATABASE')
  if (queue === 'embedded' && database !== undefined) {
    const message =
      'the queue "embedded" lies in the file of SQLite; with QS_DATABASE it is "postgres"'
    throw new AppError({ code: 'node/incomplete-queue', message })
  }
  return undefined
}

function incomplete(queue: string, setting: string): AppError {
  const message = `the queue "${queue}" needs ${setting}`
  return new AppError({ code: 'node/incomplete-queue', message })
}
