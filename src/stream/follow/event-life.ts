/** Leads stored events through their life: confirmed, safe, finalized, or retracted. */

import type { SqlSession } from '../../store/sql.ts'
import type { WritableEventStore } from '../event-store.ts'
import type { EventHandler, EventState, StreamEvent } from '../stream.ts'
import type { TaggedHeads } from './chain-reader.ts'

/** Last blocks whose events are in each state, or further. */
export interface LifeMarks {
  readonly confirmed: number
  readonly safe: number
  readonly finalized: number
}

/** What an event passes, first to last. */
const stations = ['pending', 'confirmed', 'safe', 'finalized'] as const

/** The marks of a chain: by the endpoint's tags, else by depth below its head. */
export function marksOf(
  { head, safe, finalized }: TaggedHeads & { readonly head: number },
  { confirmations, finalityDepth }: { confirmations: number; finalityDepth: number },
): LifeMarks {
  const final = finalized ?? head - finalityDepth
  return { confirmed: head - confirmations, safe: Math.max(safe ?? final, final), finalized: final }
}

/** The state of an event in a block. */
function stateAt(block: number, { confirmed, safe, finalized }: LifeMarks): EventState {
  if (block <= finalized) return 'finalized'
  if (block <= safe) return 'safe'
  return block <= confirmed ? 'confirmed' : 'pending'
}

/** What leads them. */
export interface EventLifeOptions {
  readonly chain: string
  readonly events: WritableEventStore
  readonly handler: EventHandler
}

/** The stored events of one chain. */
export class EventLife {
  readonly #with: EventLifeOptions

  constructor(options: EventLifeOptions) {
    this.#with = options
  }

  /** Whether events up to a block wait for a state that the marks give them. */
  async isDue(session: SqlSession, marks: LifeMarks, upTo: number): Promise<boolean> {
    for (const [at, state] of stations.slice(1).entries()) {
      const query = { chain: this.#with.chain, states: stations.slice(0, at + 1) }
      const limit = Math.min(marks[state as keyof LifeMarks], upTo)
      const due = await this.#with.events.inStates(session, { ...query, upTo: limit, limit: 1 })
      if (due.length > 0) return true
    }
    return false
  }

  /** Gives stored events up to a block the state that the marks say, oldest first; those that changed. */
  async advance(session: SqlSession, marks: LifeMarks, upTo: number): Promise<StreamEvent[]> {
    const changed: StreamEvent[] = []
    for (const state of ['finalized', 'safe', 'confirmed'] as const) {
      const query = { chain: this.#with.chain, states: stations.slice(0, stations.indexOf(state)) }
      for (;;) {
        const due = await this.#with.events.inStates(session, {
          ...{ ...query, upTo: Math.min(marks[state], upTo), limit: 1_000 },
        })
        if (due.length === 0) break
        for (const event of due) {
          const after: StreamEvent = { ...event, state }
          await this.#with.events.setState(session, after)
          await this.#with.handler.advanced(session, after)
          changed.push(after)
        }
      }
    }
    return changed
  }

  /** Stores events that were read, each in the state that the marks give it; those that are new or came back. */
  async appear(
    session: SqlSession,
    found: readonly StreamEvent[],
    marks: LifeMarks,
  ): Promise<StreamEvent[]> {
    const fresh: StreamEvent[] = []
    for (const event of found) {
      const placed: StreamEvent = { ...event, state: stateAt(event.blockNumber, marks) }
      if (!(await this.#with.events.put(session, placed))) continue
      await this.#with.handler.appeared(session, placed)
      fresh.push(placed)
    }
    return fresh
  }

  /** Takes back the events of blocks that left, oldest first; with how many of them were finalized. */
  async retract(
    session: SqlSession,
    blocks: { readonly from: number; readonly to: number },
  ): Promise<{ readonly gone: readonly StreamEvent[]; readonly finalized: number }> {
    const { chain, events, handler } = this.#with
    const gone: StreamEvent[] = []
    let finalized = 0
    for (const event of await events.inBlocks(session, { chain, ...blocks })) {
      const left: StreamEvent = { ...event, state: 'retracted' }
      await events.setState(session, left)
      await handler.retracted(session, left)
      if (event.state === 'finalized') finalized += 1
      gone.push(left)
    }
    return { gone, finalized }
  }
}
