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
