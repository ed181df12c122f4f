/** Reckons the hash chains of validators from their keys, and knows what they have to reveal. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { equalBytes } from '../../base/bytes.ts'
import type { Derived } from '../consensus/derived.ts'
import {
  type HashChain,
  hashChain,
  hashChainSecret,
  hashChainSlices,
  type RevealSource,
} from '../consensus/randao.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

/** A validator of this node. */
interface RevealingValidator {
  readonly address: Address
  /** What its hash chains come from. */
  readonly seed: Uint8Array
}

/** Chains that one key may have used up. */
const mostChains = 256

/**
 * What validators reveal. Their present hash chains are reckoned before this resolves, a slice at a time; one that a
 * validator commits to later is reckoned when it is first needed, which takes the time of 65,536 hashes.
 *
 * @param derived - what follows from the chain so far
 */
export async function openReveals(
  validators: readonly RevealingValidator[],
  place: { readonly chainId: bigint; readonly derived: Derived | undefined },
): Promise<RevealSource> {
  const owned = new Map<string, OwnChains>()
  for (const validator of validators) {
    const own = new OwnChains(validator, place.chainId)
    await own.reckon(commitmentOf(validator.address, place.derived))
    owned.set(validator.address.toHex(), own)
  }
  return { before: (validator, commitment) => owned.get(validator.toHex())?.before(commitment) }
}

/** Hash chains of one validator, by number. */
class OwnChains {
  readonly #secretOf: (number: number) => Uint8Array
  readonly #chains: HashChain[] = []
  /** A commitment that is of none of its next chains either. */
  #strange: Hash | undefined

  constructor({ seed }: RevealingValidator, chainId: bigint) {
    this.#secretOf = (number) => hashChainSecret(seed, { chainId, number })
  }

  /** Reckons the first chain, and on to that of a commitment if there is one, while other things go on. */
  async reckon(commitment: Hash | undefined): Promise<void> {
    do {
      const slices = hashChainSlices(this.#secretOf(this.#chains.length))
      for (;;) {
        const { done, value } = slices.next()
        if (done) {
          this.#chains.push(value)
          break
        }
        await nextTurn()
      }
    } while (commitment && !this.#known(commitment) && this.#chains.length < mostChains)
    if (commitment && !this.#known(commitment)) this.#strange = commitment
  }

  before(commitment: Hash): Hash | undefined {
    const isStrange = this.#strange && equalBytes(this.#strange, commitment)
    const known = isStrange ? undefined : this.#known(commitment)
    if (known || isStrange || this.#chains.length >= mostChains) return known
    // Who commits anew commits to the next chain; what is of somebody else's making is looked for once.
    this.#chains.push(hashChain(this.#secretOf(this.#chains.length)))
    const found = this.#known(commitment)
    if (found === undefined) this.#strange = commitment
    return found
  }

  #known(commitment: Hash): Hash | undefined {
    for (const chain of this.#chains.toReversed()) {
      const found = chain.before(commitment)
      if (found) return found
    }
    return undefined
  }
}

/** What a validator is committed to; nothing if it is in no set, or has used up its chain. */
function commitmentOf(address: Address, derived: Derived | undefined): Hash | undefined {
  const at = derived?.validators.list.findIndex((one) => equalBytes(one.address, address)) ?? -1
  const commitment = derived?.commitments[at]
  return commitment?.some((byte) => byte !== 0) ? commitment : undefined
}
