/** Remembers a number for each of many hashes, in little memory. */

import { randomInt } from 'node:crypto'
import type { Hash } from './ledger/transaction.ts'

const firstCapacity = 1_024
const entryBytes = 16

/**
 * Numbers below 2^53 by the first eight bytes of a hash. Those who ask check what they find: two hashes may begin
 * alike, and nothing is ever removed.
 */
export class HashPlaces {
  #capacity = firstCapacity
  #size = 0
  /** Four words a place, side by side: two of the hash, two of the number plus one; 0 is a free place. */
  #words = new Uint32Array(firstCapacity * 4)
  /** Odd and unknown to those who choose hashes, so that they cannot choose their places. */
  readonly #mix = randomInt(2 ** 31) * 2 + 1

  add(hash: Hash, value: number): void {
    const [high, low] = halves(hash)
    this.#add(high, low, value)
  }

  /** The first number of a hash that is accepted. */
  find(hash: Hash, accepts: (value: number) => boolean): number | undefined {
    const [high, low] = halves(hash)
    for (let at = this.#start(high, low); ; at = (at + 1) & (this.#capacity - 1)) {
      const value = this.#valueAt(at)
      if (value === 0) return undefined
      if (this.#isAt(at, high, low) && accepts(value - 1)) return value - 1
    }
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.#size * entryBytes)
    const view = new DataView(bytes.buffer)
    let to = 0
    for (let at = 0; at < this.#capacity; at += 1) {
      const value = this.#valueAt(at)
      if (value === 0) continue
      view.setUint32(to, this.#words[at * 4] ?? 0)
      view.setUint32(to + 4, this.#words[at * 4 + 1] ?? 0)
      view.setFloat64(to + 8, value - 1)
      to += entryBytes
    }
    return bytes
  }

  /** Adds what another one encoded. */
  addAll(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const wanted = (this.#size + bytes.length / entryBytes) * 2
    if (wanted > this.#capacity) this.#resize(2 ** Math.ceil(Math.log2(wanted)))
    for (let at = 0; at < bytes.length; at += entryBytes) {
      this.#add(view.getUint32(at), view.getUint32(at + 4), view.getFloat64(at + 8))
    }
  }

  #add(high: number, low: number, value: number): void {
    if ((this.#size + 1) * 2 > this.#capacity) this.#resize(this.#capacity * 2)
    const words = this.#words
    const [above, below] = [Math.floor((value + 1) / 2 ** 32), (value + 1) >>> 0]
    let at = this.#start(high, low)
    for (; this.#valueAt(at) !== 0; at = (at + 1) & (this.#capacity - 1)) {
      const isSame = words[at * 4 + 2] === above && words[at * 4 + 3] === below
      if (isSame && this.#isAt(at, high, low)) return
    }
    words[at * 4] = high
    words[at * 4 + 1] = low
    words[at * 4 + 2] = above
    words[at * 4 + 3] = below
    this.#size += 1
  }

  #isAt(at: number, high: number, low: number): boolean {
    return this.#words[at * 4] === high && this.#words[at * 4 + 1] === low
  }

  #valueAt(at: number): number {
    return (this.#words[at * 4 + 2] ?? 0) * 2 ** 32 + (this.#words[at * 4 + 3] ?? 0)
  }

  #start(high: number, low: number): number {
    const mixed = Math.imul(high ^ Math.imul(low, 0x85ebca6b), this.#mix)
    return (mixed ^ (mixed >>> 15)) & (this.#capacity - 1)
  }

  #resize(capacity: number): void {
    const before = this.#words
    this.#capacity = capacity
    this.#size = 0
    this.#words = new Uint32Array(capacity * 4)
    for (let at = 0; at < before.length; at += 4) {
      const value = (before[at + 2] ?? 0) * 2 ** 32 + (before[at + 3] ?? 0)
      if (value !== 0) this.#add(before[at] ?? 0, before[at + 1] ?? 0, value - 1)
    }
  }
}

function halves(hash: Hash): [number, number] {
  return [wordAt(hash, 0), wordAt(hash, 4)]
}

function wordAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}
