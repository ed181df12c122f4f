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

/** A message and what goes before it; many queues may hold the same bytes. */
export interface Outgoing {
  readonly head: Uint8Array
  readonly bytes: Uint8Array
}

interface Rank {
  /** Oldest first; those before `start` are gone. */
  waiting: Outgoing[]
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

  push(message: Outgoing, importance: Importance): Queued {
    const size = sizeOf(message)
    const own = ranks.indexOf(importance)
    while (!this.#fits(size, own)) {
      const victim = this.#ranks.find((rank, place) => place < own && lengthOf(rank) > 0)
      if (victim === undefined) {
        if (importance === 'own') return 'full'
        this.#dropped += 1
        return 'dropped'
      }
      victim.bytes -= sizeOf(victim.waiting.pop() as Outgoing)
      this.#dropped += 1
    }
    const rank = this.#ranks[own] as Rank
    rank.waiting.push(message)
    rank.bytes += size
    return 'queued'
  }

  /** Takes messages of so many bytes out, the important first; at least one if any waits. */
  take(bytes: number): readonly Outgoing[] {
    const taken: Outgoing[] = []
    let left = bytes
    for (const rank of this.#ranks.toReversed()) {
      while (lengthOf(rank) > 0) {
        const message = rank.waiting[rank.start] as Outgoing
        const size = sizeOf(message)
        if (taken.length > 0 && size > left) return taken
        taken.push(message)
        left -= size
        rank.bytes -= size
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

function sizeOf({ head, bytes }: Outgoing): number {
  return head.length + bytes.length
}

function lengthOf({ waiting, start }: Rank): number {
  return waiting.length - start
}

function compact(rank: Rank): void {
  if (rank.start === 0) return
  rank.waiting = rank.waiting.slice(rank.start)
  rank.start = 0
}
