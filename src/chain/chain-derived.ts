/** Knows what follows from a chain up to each of its blocks, where blocks have records of consensus. */

import { equalBytes } from '../base/bytes.ts'
import { Recent } from '../base/recent.ts'
import type { ChainLog } from './chain-log.ts'
import { engineBirth } from './consensus/birth.ts'
import { type Derived, decodeDerived } from './consensus/derived.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'

/** Blocks of which it is kept in memory. */
const mostKept = 256

/** By hash, so that a reorganisation makes none of it wrong. */
export class ChainDerived {
  readonly #birth: Derived | undefined
  readonly #genesis: Hash
  readonly #log: Pick<ChainLog, 'numberOf' | 'derivedOf'>
  readonly #kept = new Recent<string, Derived>(mostKept)

  constructor(
    { consensus }: Pick<Manifest, 'consensus'>,
    genesis: Hash,
    log: Pick<ChainLog, 'numberOf' | 'derivedOf'>,
  ) {
    this.#birth = engineBirth(consensus)?.derived
    this.#genesis = genesis
    this.#log = log
  }

  /** What follows from the chain up to this block; `undefined` if it is not in it, or blocks have no records. */
  of(hash: Hash): Derived | undefined {
    if (this.#birth === undefined) return undefined
    if (equalBytes(hash, this.#genesis)) return this.#birth
    const known = this.#kept.get(hash.toHex())
    if (known) return known
    const number = this.#log.numberOf(hash)
    const stored = number === undefined ? undefined : this.#log.derivedOf(number)
    if (stored === undefined) return undefined
    const derived = decodeDerived(stored)
    this.#kept.set(hash.toHex(), derived)
    return derived
  }

  /** What follows from a block that has just come into the chain. */
  keep(hash: Hash, derived: Derived): void {
    this.#kept.set(hash.toHex(), derived)
  }
}
