/** Leads stored events through their life: confirmed, safe, finalized, or retracted. */

import type { Clock } from '../../base/clock.ts'
import type { SqlSession } from '../../store/sql.ts'
import type { Reached, WaitingQuery, WritableEventStore } from '../event-store.ts'
import type { SourceHead } from '../source.ts'
import type { EventHandler, EventState, StreamEvent } from '../stream.ts'

/** Last blocks whose events are in each state, or further. */
export interface LifeMarks {
  readonly confirmed: number
  readonly safe: number
  readonly finalized: number
}

/** What an event passes, first to last. */
const stations = ['pending', 'confirmed', 'safe', 'finalized'] as const
/** Events that are read at once. */
const maxPage = 1_000

/** The marks of a chain: by the endpoint's tags, else by depth below its head. */
export function marksOf(
  { number, safe, finalized }: SourceHead,
  { confirmations, finalityDepth }: { confirmations: number; finalityDepth: number },
): LifeMarks {
  const final = finalized ?? number - finalityDepth
  const marks = { safe: Math.max(safe ?? final, final), finalized: final }
  return { confirmed: number - confirmations, ...marks }
}

/** The state of an event in a block. */
export function stateAt(block: number, { confirmed, safe, finalized }: LifeMarks): EventState {
  if (block <= finalized) return 'finalized'
  if (block <= safe) return 'safe'
  return block <= confirmed ? 'confirmed' : 'pending'
}

/** What leads them. */
export interface EventLifeOptions {
  readonly chain: string
  readonly events: WritableEventStore
  readonly handler: EventHandler
  readonly clock: Clock
}

/** The stored events of one chain. */
export class EventLife {
  readonly #with: EventLifeOptions

  constructor(options: EventLifeOptions) {
    this.#with = options
  }

  /** Whether events up to a block wait for a state that the marks give them. */
  async isDue(session: SqlSession, marks: LifeMarks, upTo: number): Promise<boolean> {
    for (const { query } of this.#queries(marks, upTo)) {
      const due = await this.#with.events.waiting(session, { ...query, page: { limit: 1 } })
      if (due.length > 0) return true
    }
    return false
  }

  /** Gives stored events up to a block the state that the marks say, oldest first; those that changed. */
  async advance(session: SqlSession, marks: LifeMarks, upTo: number): Promise<StreamEvent[]> {
    const { events, handler, clock } = this.#with
    const changed: StreamEvent[] = []
    for (const { query, state } of this.#queries(marks, upTo)) {
      let after: StreamEvent | undefined
      for (;;) {
        const page = { limit: maxPage, after }
        const due = await events.waiting(session, { ...query, page })
        const moved = due.map((event): StreamEvent => ({ ...event, state }))
        if (moved.length > 0) await handler.advanced(session, moved)
        for (const event of moved) changed.push(event)
        await this.#changed(session, due, moved)
        after = due.at(-1) ?? after
        if (due.length < maxPage) break
      }
      if (after !== undefined) await events.advance(session, query, { state, atMs: clock.nowMs() })
    }
    return changed
  }

  /** Stores events that were read; those that are new or came back. */
  async appear(
    session: SqlSession,
    found: readonly StreamEvent[],
  ): Promise<readonly StreamEvent[]> {
    const fresh = await this.#with.events.put(session, found)
    const { handler } = this.#with
    for (const event of fresh) await handler.appeared(session, event)
    if (fresh.length > 0) {
      await handler.changed?.(
        session,
        fresh.map((event) => ({ event, before: undefined })),
      )
    }
    return fresh
  }

  /** Takes back the events of blocks that left, oldest first; with how many of them were finalized. */
  async retract(
    session: SqlSession,
    blocks: { readonly from: number; readonly to: number },
  ): Promise<{ readonly gone: readonly StreamEvent[]; readonly finalized: number }> {
    const { chain, events, handler, clock } = this.#with
    const query = { chain, ...blocks }
    const before = await events.inBlocks(session, query)
    await events.retract(session, query, clock.nowMs())
    const gone = before.map((event): StreamEvent => ({ ...event, state: 'retracted' }))
    for (const event of gone) await handler.retracted(session, event)
    await this.#changed(session, before, gone)
    return { gone, finalized: before.filter(({ state }) => state === 'finalized').length }
  }

  async #changed(
    session: SqlSession,
    before: readonly StreamEvent[],
    after: readonly StreamEvent[],
  ): Promise<void> {
    const { handler } = this.#with
    if (after.length === 0 || handler.changed === undefined) return
    const changes = after.map((event, at) => ({ event, before: before[at]?.state }))
    await handler.changed(session, changes)
  }

  /** From the last state to the first, so that the events of one call come in the order of their blocks. */
  #queries(
    marks: LifeMarks,
    upTo: number,
  ): readonly { readonly query: Omit<WaitingQuery, 'page'>; readonly state: Reached['state'] }[] {
    return (['finalized', 'safe', 'confirmed'] as const).map((state) => ({
      state,
      query: {
        ...{ chain: this.#with.chain, states: stations.slice(0, stations.indexOf(state)) },
        upTo: Math.min(marks[state], upTo),
      },
    }))
  }
}
