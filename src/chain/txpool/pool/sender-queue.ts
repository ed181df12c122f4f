/** Holds what one sender has waiting, in the order of nonces, and knows how far it can run. */

import type { Address } from '../../ledger/transaction.ts'
import type { PooledTransaction } from '../txpool.ts'

/** A waiting transaction with what the pool compares. Amounts are in wei. */
export interface Waiting extends PooledTransaction {
  /** Most that it pays for a unit of gas, and of that the most for the block's maker. */
  readonly fee: bigint
  readonly tip: bigint
  /** The most that it takes from its sender. */
  readonly cost: bigint
  /** Counts up: what came earlier goes first among equals. */
  readonly arrival: number
}

/** The waiting transactions of one sender. */
export class SenderQueue {
  readonly sender: Address
  readonly name: string
  /** Of the account, at the head that `head` counts. */
  nonce = 0n
  balance = 0n
  hasCode = false
  head = -1
  /** Ascending nonces, one entry each. */
  #list: Waiting[] = []
  /** How many from the account's nonce on have no gap. */
  #ready = 0
  #cost = 0n

  constructor(sender: Address, name: string) {
    this.sender = sender
    this.name = name
  }

  get size(): number {
    return this.#list.length
  }

  /** How many could run one after the other. */
  get readyCount(): number {
    return this.#ready
  }

  /** What all of them may take from the sender. */
  get cost(): bigint {
    return this.#cost
  }

  /** The next that could run. */
  get front(): Waiting | undefined {
    return this.#ready > 0 ? this.#list[0] : undefined
  }

  get last(): Waiting | undefined {
    return this.#list.at(-1)
  }

  /** Whether the last one waits for a nonce before it. */
  get hasGap(): boolean {
    return this.#ready < this.#list.length
  }

  ready(): readonly Waiting[] {
    return this.readyFrom(0)
  }

  /** Those that could run, from a place on. */
  readyFrom(place: number): readonly Waiting[] {
    return this.#list.slice(place, this.#ready)
  }

  queued(): readonly Waiting[] {
    return this.#list.slice(this.#ready)
  }

  at(nonce: bigint): Waiting | undefined {
    const found = this.#list[this.#placeOf(nonce)]
    return found?.transaction.nonce === nonce ? found : undefined
  }

  /** Puts an entry in, in the place of one with its nonce. */
  put(entry: Waiting): void {
    const place = this.#placeOf(entry.transaction.nonce)
    const old = this.#list[place]
    const replaces = old?.transaction.nonce === entry.transaction.nonce
    if (old && replaces) this.#cost -= old.cost
    this.#list.splice(place, replaces ? 1 : 0, entry)
    this.#cost += entry.cost
    this.#count()
  }

  remove(entry: Waiting): void {
    const place = this.#placeOf(entry.transaction.nonce)
    if (this.#list[place] !== entry) return
    this.#list.splice(place, 1)
    this.#cost -= entry.cost
    this.#ready = Math.min(this.#ready, place)
    this.#count()
  }

  /** Takes out what a condition holds for. */
  removeWhere(condition: (entry: Waiting) => boolean): readonly Waiting[] {
    const removed = this.#list.filter(condition)
    if (removed.length > 0) {
      this.#list = this.#list.filter((entry) => !condition(entry))
      for (const { cost } of removed) this.#cost -= cost
    }
    this.#ready = 0
    this.#count()
    return removed
  }

  /** Carries on counting from what is known to be without a gap. */
  #count(): void {
    while (this.#list[this.#ready]?.transaction.nonce === this.nonce + BigInt(this.#ready)) {
      this.#ready += 1
    }
  }

  /** Where a nonce stands, or would. */
  #placeOf(nonce: bigint): number {
    const last = this.last
    if (last === undefined || nonce > last.transaction.nonce) return this.#list.length
    let [low, high] = [0, this.#list.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#list[middle] as Waiting).transaction.nonce < nonce) low = middle + 1
      else high = middle
    }
    return low
  }
}
