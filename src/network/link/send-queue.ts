/** Holds what waits to be sent to one peer, the important first, within bounds. */

import type { Importance } from '../network.ts'

/** From what is dropped first to what is never dropped. */
const ranks: readonly Importance[] = ['relay', 'answer', 'late', 'current', 'own']
/** The first of the ranks that a quarter of the room is kept for. */
const reserved = ranks.indexOf('current')

/** How much may wait. */
export interface QueueBounds {
  readonly messages: number
  readonly bytes: number
}

/** What became of a message: it waits, it or another gave way, or it must not give way and does not fit. */
export type Queued = 'queued' | 'dropped' | 'full'

interface Rank {
  /** Oldest first; those before `start` are gone. */
  waiting: Uint8Array[]
  start: number
  bytes: number
}

/** First in, first out within a rank; the newest of the least important rank gives way (consensus design, section 15). */
export class SendQueue {
  readonly #bounds: QueueBounds
  readonly #ranks: readonly Rank[] = ranks.map(() => ({ waiting: [], start: 0, bytes: 0 }))
  #dropped = 0

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds
  }

  /** Messages that wait. */
  get length(): number {
    return this.#sum(lengthOf)
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#sum(({ bytes }) => bytes)
  }

  /** Messages that gave way so far. */
  get dropped(): number {
    return this.#dropped
  }

  push(message: Uint8Array, importance: Importance): Queued {
    const own = ranks.indexOf(importance)
    while (!this.#fits(message.length, own)) {
      const victim = this.#ranks.find((rank, place) => place < own && lengthOf(rank) > 0)
      if (victim === undefined) {
        if (importance === 'own') return 'full'
        this.#dropped += 1
        return 'dropped'
      }
      victim.bytes -= victim.waiting.pop()?.length ?? 0
      this.#dropped += 1
    }
    const rank = this.#ranks[own] as Rank
    rank.waiting.push(message)
    rank.bytes += message.length
    return 'queued'
  }

  /** Takes messages of so many bytes out, the important first; at least one if any waits. */
  take(bytes: number): readonly Uint8Array[] {
    const taken: Uint8Array[] = []
    let left = bytes
    for (const rank of this.#ranks.toReversed()) {
      while (lengthOf(rank) > 0) {
        const message = rank.waiting[rank.start] as Uint8Array
        if (taken.length > 0 && message.length > left) return taken
        taken.push(message)
        left -= message.length
        rank.bytes -= message.length
        rank.start += 1
        if (rank.start > 64 && 2 * rank.start > rank.waiting.length) compact(rank)
      }
      compact(rank)
    }
    return taken
  }

  #fits(bytes: number, own: number): boolean {
    const all = this.length < this.#bounds.messages && this.bytes + bytes <= this.#bounds.bytes
    if (!all || own >= reserved) return all
    const below = (of: (rank: Rank) => number) => this.#sum(of, reserved)
    const messages = below(lengthOf) < 0.75 * this.#bounds.messages
    return messages && below((rank) => rank.bytes) + bytes <= 0.75 * this.#bounds.bytes
  }

  #sum(of: (rank: Rank) => number, end = ranks.length): number {
    let sum = 0
    for (let place = 0; place < end; place += 1) sum += of(this.#ranks[place] as Rank)
    return sum
  }
}

function lengthOf({ waiting, start }: Rank): number {
  return waiting.length - start
}

function compact(rank: Rank): void {
  if (rank.start === 0) return
  rank.waiting = rank.waiting.slice(rank.start)
  rank.start = 0
}
