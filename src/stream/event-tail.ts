/** Hears in the database what a listener elsewhere stores, for those who watch from a process that does not follow. */

import type { Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { WritableEventStore } from './event-store.ts'

/** The newest events are looked at, so often. */
const [everyMs, mostEvents] = [500, 200]

interface TailParts {
  readonly events: WritableEventStore
  readonly timer: Timer
  readonly logger: Logger
}

/** Tells the listeners of an event store of events that come and change, until it is stopped. */
export interface EventTail {
  start(): Promise<void>
  stop(): Promise<void>
}

/** A tail of an event store; what was there before it began is not told. */
export function createEventTail({ events, timer, logger }: TailParts): EventTail {
  let told: ReadonlyMap<string, string> | undefined
  let isActive = false
  let cancel = () => {}
  const look = async () => {
    const { items } = await events.list({ limit: mostEvents })
    const now = new Map(items.map(({ id, state }) => [id, state]))
    const before = told
    told = now
    if (before === undefined || !isActive) return
    events.tell(items.filter(({ id, state }) => before.get(id) !== state).reverse())
  }
  const lookLater = () => {
    cancel = timer.after(everyMs, async () => {
      await look().catch((error: unknown) => {
        logger.debug('events were not heard', { error: String(error) })
      })
      if (isActive) lookLater()
    })
  }
  return {
    async start() {
      isActive = true
      await look()
      lookLater()
    },
    async stop() {
      isActive = false
      cancel()
    },
  }
}
