/** Orders senders by what their next transaction pays, at any base fee, without looking at all of them. */

import type { PooledTransaction, Selection } from '../txpool.ts'
import { Heap } from './heap.ts'
import type { SenderQueue, Waiting } from './sender-queue.ts'

/**
 * Two orders of the senders that could run something: by the tip that the next transaction offers, and by its whole
 * fee. What it gives to a block's maker, `min(fee − base fee, tip)`, is never more than either allows, so the two
 * together give the order at any base fee.
 */
export class PriceOrder {
  readonly #byTip = new Heap<SenderQueue>((a, b) => before(a.front, b.front, 'tip'))
  readonly #byFee = new Heap<SenderQueue>((a, b) => before(a.front, b.front, 'fee'))

  /** Takes note of a sender whose next transaction may have changed. */
  set(queue: SenderQueue): void {
    for (const order of [this.#byTip, this.#byFee]) {
      if (queue.front) order.set(queue)
      else order.delete(queue)
    }
  }

  /** The most that any next transaction pays for a unit of gas. */
  highestFee(): bigint | undefined {
    return this.#byFee.first?.front?.fee
  }

  /** What a block takes: best paying first, earlier first among equals, nonces of a sender in order. */
  best(baseFeePerGas: bigint): Selection {
    const left = new Set<string>()
    const walk = this.#walk(baseFeePerGas, left)
    return {
      [Symbol.iterator]: () => walk,
      leaveSender: (name) => void left.add(name.toHex()),
    }
  }

  *#walk(baseFeePerGas: bigint, left: ReadonlySet<string>): Generator<PooledTransaction> {
    const ready = new Heap<Offer>(pays)
    const unseen = unseenOffers({ byTip: this.#byTip, byFee: this.#byFee, baseFeePerGas })
    for (;;) {
      while (unseen.mayPrecede(ready.first)) for (const offer of unseen.take()) ready.set(offer)
      const offer = ready.shift()
      if (offer === undefined) return
      if (left.has(offer.queue.name)) continue
      yield offer.entry
      const entry = offer.following[offer.place]
      const gives = entry === undefined ? -1n : givenBy(entry, baseFeePerGas)
      if (entry !== undefined && gives >= 0n) {
        ready.set({ ...offer, entry, gives, place: offer.place + 1 })
      }
    }
  }
}

/** The next transaction of a sender, and those after it. */
interface Offer {
  readonly queue: SenderQueue
  readonly entry: Waiting
  /** For a unit of gas, in wei. */
  readonly gives: bigint
  readonly following: readonly Waiting[]
  readonly place: number
}

/** Draws senders from both orders until none is left that could pay the base fee. */
function unseenOffers(orders: {
  byTip: Heap<SenderQueue>
  byFee: Heap<SenderQueue>
  baseFeePerGas: bigint
}) {
  const { baseFeePerGas } = orders
  const seen = new Set<SenderQueue>()
  const [tips, fees] = [fronts(orders.byTip), fronts(orders.byFee)]
  let [first, second] = [tips.next().value, fees.next().value]
  return {
    /** Whether one that is not drawn yet may pay more, or as much and be earlier. */
    mayPrecede(offer: Offer | undefined): boolean {
      if (!first || !second || second.entry.fee < baseFeePerGas) return false
      if (offer === undefined) return true
      const left = second.entry.fee - baseFeePerGas
      const most = left < first.entry.tip ? left : first.entry.tip
      const earliest = Math.min(first.entry.arrival, second.entry.arrival)
      return most === offer.gives ? earliest < offer.entry.arrival : most > offer.gives
    },
    *take(): Generator<Offer> {
      for (const front of [first, second]) {
        if (front === undefined || seen.has(front.queue)) continue
        seen.add(front.queue)
        const gives = givenBy(front.entry, baseFeePerGas)
        if (gives >= 0n) yield { ...front, gives, following: front.queue.ready(), place: 1 }
      }
      ;[first, second] = [tips.next().value, fees.next().value]
    },
  }
}

/** Senders in order with their next transactions; who has none any more is passed over. */
function* fronts(order: Heap<SenderQueue>): Generator<Pick<Offer, 'queue' | 'entry'>, undefined> {
  for (const queue of order.inOrder()) {
    const entry = queue.front
    if (entry) yield { queue, entry }
  }
  return undefined
}

/** What a block's maker gets for a unit of gas; below zero if it cannot be included (EIP-1559). */
function givenBy({ fee, tip }: Waiting, baseFeePerGas: bigint): bigint {
  const left = fee - baseFeePerGas
  return left < tip ? left : tip
}

function pays(a: Offer, b: Offer): boolean {
  if (a.gives !== b.gives) return a.gives > b.gives
  return a.entry.arrival < b.entry.arrival
}

function before(a: Waiting | undefined, b: Waiting | undefined, by: 'tip' | 'fee'): boolean {
  if (a === undefined || b === undefined) return a !== undefined
  return a[by] === b[by] ? a.arrival < b.arrival : a[by] > b[by]
}
