/** Finds a gas limit with which a message succeeds, and not much more than the least. */

import type { CallMessage, CallResult } from './evm.ts'

/** Above what is too little by this part of itself, a limit is near enough: 1.5 %, as in geth. */
const [near, whole] = [15n, 1_000n]

/**
 * Tries what a message with plenty of gas has needed: the least that there is, unless calls within hold back gas (EIP-150)
 * or a write to storage wants some left (EIP-2200). Then the span up to what is surely enough is halved until it is small.
 *
 * @returns the gas, or the failed result at the highest limit
 */
export async function estimateGas(
  call: (message: CallMessage) => Promise<CallResult>,
  message: CallMessage,
): Promise<bigint | CallResult> {
  const highest = await call(message)
  if (highest.halt !== undefined) return highest
  const { gasNeeded } = highest
  let [low, high] = [gasNeeded - 1n, message.gasLimit]
  // What calls hold back is a part of 63 for each that is within another; few are.
  const guesses = [gasNeeded, (gasNeeded * 64n) / 63n + 2_300n]
  while (low + 1n < high) {
    const guess = guesses.shift()
    if (guess === undefined && (high - low) * whole <= high * near) break
    // The least lies nearer to what was used than to a limit of millions.
    const middle = high > 3n * low ? 2n * low : (low + high) / 2n
    const limit = guess !== undefined && guess > low && guess < high ? guess : middle
    const result = await call({ ...message, gasLimit: limit })
    if (result.halt === 'too-long') return result
    if (result.halt === undefined) high = limit
    else low = limit
  }
  return high
}
