/** Keeps which addresses were discovered, and from which block on each is listened to. */

import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Discoveries, Discovery } from '../source.ts'

/** Addresses of one listener. */
const maxAddresses = 1_000_000

/** Addresses by the factory that made them. */
export class DiscoveredAddresses implements Discoveries {
  readonly #byFactory = new Map<string, Map<Hex, number>>()
  readonly #factories = new Set<string>()
  #size = 0
  #settled = -1

  get factories(): readonly string[] {
    return [...this.#factories]
  }

  /** A factory that is listened to. */
  expect(factory: string): void {
    this.#factories.add(factory)
  }

  add(found: readonly Discovery[]): void {
    for (const { factory, address, blockNumber } of found) {
      const known = this.#byFactory.get(factory) ?? new Map<Hex, number>()
      this.#byFactory.set(factory, known)
      const before = known.get(address)
      if (before === undefined) this.#size += 1
      if (before === undefined || blockNumber < before) known.set(address, blockNumber)
    }
    if (this.#size <= maxAddresses) return
    const message = `more than ${maxAddresses} addresses were discovered; listen to fewer factories, or from a later block on`
    throw new AppError({ code: 'stream/cannot-go-on', message })
  }

  settle(block: number): void {
    this.#settled = block
  }

  /** Adds what was named in blocks that were not searched. */
  learn(found: readonly Discovery[]): void {
    this.add(found.filter(({ blockNumber }) => blockNumber > this.#settled))
  }

  dropAbove(block: number): void {
    this.#settled = Math.min(this.#settled, block)
    for (const known of this.#byFactory.values()) {
      for (const [address, from] of known) {
        if (from <= block) continue
        known.delete(address)
        this.#size -= 1
      }
    }
  }

  has(factory: string, address: Hex, block: number): boolean {
    const from = this.#byFactory.get(factory)?.get(address)
    return from !== undefined && from <= block
  }

  of(factory: string): readonly Hex[] {
    return [...(this.#byFactory.get(factory)?.keys() ?? [])]
  }

  count(factory: string): number {
    return this.#byFactory.get(factory)?.size ?? 0
  }
}
