/** Computes the base fee of the next block (EIP-1559). */

import type { Header } from './block.ts'

/** Wei per gas of the first block of London (EIP-1559, INITIAL_BASE_FEE). */
const initialBaseFee = 1_000_000_000n

/**
 * Wei per gas for the child of a block, if London's rules hold for the child; the target is half of the gas limit, the
 * step at most an eighth. A parent without a base fee stands before London.
 */
export function nextBaseFee(
  parent: Pick<Header, 'baseFeePerGas' | 'gasUsed' | 'gasLimit'>,
): bigint {
  const { baseFeePerGas: fee, gasUsed } = parent
  if (fee === undefined) return initialBaseFee
  const target = parent.gasLimit / 2n
  if (gasUsed === target) return fee
  if (gasUsed > target) {
    const step = (fee * (gasUsed - target)) / target / 8n
    return fee + (step > 1n ? step : 1n)
  }
  return fee - (fee * (target - gasUsed)) / target / 8n
}
