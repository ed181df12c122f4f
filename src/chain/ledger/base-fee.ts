/** Computes the base fee of the next block (EIP-1559). */

import type { Header } from './block.ts'

/** Wei per gas for the child of a block; the target is half of the gas limit, the step at most an eighth. */
export function nextBaseFee(
  parent: Pick<Header, 'baseFeePerGas' | 'gasUsed' | 'gasLimit'>,
): bigint {
  const { baseFeePerGas: fee, gasUsed } = parent
  const target = parent.gasLimit / 2n
  if (gasUsed === target) return fee
  if (gasUsed > target) {
    const step = (fee * (gasUsed - target)) / target / 8n
    return fee + (step > 1n ? step : 1n)
  }
  return fee - (fee * (target - gasUsed)) / target / 8n
}
