/** Finds the least gas limit with which a message succeeds. */

import type { CallMessage, CallResult } from './evm.ts'

/**
 * Halves the span between what is too little and what is enough.
 *
 * @returns the gas, or the failed result at the highest limit
 */
export async function estimateGas(
  call: (message: CallMessage) => Promise<CallResult>,
  message: CallMessage,
): Promise<bigint | CallResult> {
  const highest = await call(message)
  if (highest.halt !== undefined) return highest
  let low = highest.gasUsed - 1n
  let high = message.gasLimit
  const guess = (highest.gasUsed * 64n) / 63n + 2_300n
  let middle = guess < high ? guess : (low + high) / 2n
  while (low + 1n < high) {
    const result = await call({ ...message, gasLimit: middle })
    if (result.halt === 'too-long') return result
    if (result.halt === undefined) high = middle
    else low = middle
    middle = (low + high) / 2n
  }
  return high
}
