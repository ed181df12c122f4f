/** Compares the chains of all validators, and looks for every transaction on them. */

import assert from 'node:assert/strict'
import type { Hex } from '../../src/base/bytes.ts'
import type { Validators } from '../e2e/validator-nodes.ts'

/** What the chains of a network have shown so far. */
export class Agreement {
  readonly #validators: Validators
  /** Number of the block that has each transaction. */
  readonly #places = new Map<string, number>()
  /** Blocks that are equal everywhere, from the first on. */
  compared = 0

  constructor(validators: Validators) {
    this.#validators = validators
  }

  /** Lets all come to one height and compares what is new: hashes, roots, and that no transaction is there twice. */
  async compare(): Promise<void> {
    const { all, grown, blockAt } = this.#validators
    const heights = await Promise.all(all.map((at) => grown(at, this.compared + 1, 90_000)))
    const height = Math.max(...heights)
    await Promise.all(all.map((at) => grown(at, height, 90_000)))
    for (let number = this.compared + 1; number <= height; number += 1) {
      const name = `0x${number.toString(16)}`
      const blocks = await Promise.all(all.map((at) => blockAt(at, name)))
      const told = blocks.map((block) => [block?.hash, block?.stateRoot, block?.receiptsRoot])
      for (const one of told) assert.deepEqual(one, told[0], `block ${number} differs`)
      for (const hash of blocks[0]?.transactions ?? []) {
        const before = this.#places.get(hash)
        assert.equal(before, undefined, `${hash} is in blocks ${before} and ${number}`)
        this.#places.set(hash, number)
      }
      this.compared = number
    }
  }

  /** Each of these is on the chain; twice none was found. */
  hasAll(hashes: Iterable<Hex>): void {
    const lost = [...hashes].filter((hash) => !this.#places.has(hash))
    assert.deepEqual(lost, [], `${lost.length} transactions are in no block`)
  }

  /** Nobody has signed two things, and nobody found a decision wrong. */
  nobodyLied(): void {
    const { all, output } = this.#validators
    for (const at of all) {
      assert.doesNotMatch(output(at), /signed twice|consensus-failure/, `validator ${at}`)
    }
  }
}
