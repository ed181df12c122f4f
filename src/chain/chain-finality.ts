/** Proves that blocks of a chain are final, also on the way to the block that a joined chain begins on. */

import type { OpenBase } from './chain-parts.ts'
import {
  decodeFinality,
  type FinalityProof,
  type FinalitySource,
  joinFinality,
  partOfFinality,
  proveFinality,
} from './consensus/finality-proof.ts'
import type { ValidatorSet } from './consensus/messages.ts'
import { decodeHeader } from './ledger/block-codec.ts'

/**
 * The way from one block to a later one. What lies before the base is known as far as the chain itself was given it.
 *
 * @returns `undefined` where there is none
 */
export function chainFinality(
  source: FinalitySource,
  base: Pick<OpenBase, 'number' | 'proof'> | undefined,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): FinalityProof | undefined {
  if (base === undefined || from >= base.number) return proveFinality(source, { from, to })
  const given = decodeFinality(base.proof)
  if (to <= base.number) return partOfFinality(given, { from, to })
  const before = partOfFinality(given, { from, to: base.number })
  const after = before && proveFinality(source, { from: base.number, to })
  return after && joinFinality(before, after)
}

/** What a proof says of the sets of a joined chain. */
export interface ProvenSets {
  /** The first height of all whose sets seem to be known. */
  readonly from: bigint
  /** The set of a height before the base. It may have been another for some heights between two of the same set. */
  at(height: bigint): ValidatorSet | undefined
}

/** The sets that signed the heights on the way to the block that a joined chain begins on. */
export function provenSets({ proof }: Pick<OpenBase, 'proof'>): ProvenSets {
  const { start, steps } = decodeFinality(proof)
  let set: ValidatorSet | undefined
  const signed = steps.map(({ header, validators }) => {
    set = validators ?? set
    return { until: decodeHeader(header).number, set }
  })
  const from = decodeHeader(start.header).number + 1n
  return {
    from,
    at: (height) => (height < from ? undefined : signed.find(({ until }) => height <= until)?.set),
  }
}
