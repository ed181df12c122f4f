/** Computes what a transaction costs before it runs, and the least it costs in the end. */

import { type Hardfork, hardforks } from './manifest.ts'
import type { AccessListEntry, Address, Authorization } from './transaction.ts'

/** The fields that the price depends on. */
export interface PricedTransaction {
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly accessList?: readonly AccessListEntry[] | undefined
  readonly authorizations?: readonly Authorization[] | undefined
}

/** Longest code that creates a contract, in bytes (EIP-3860). */
export const maxInitCodeBytes = 49_152

/** Gas before the first opcode: Yellow Paper g0 with EIP-2028, 2930, 3860 and 7702. */
export function intrinsicGas(transaction: PricedTransaction): bigint {
  const { to, data, accessList = [], authorizations = [] } = transaction
  const { zeros, others } = countBytes(data)
  const creation = to === undefined ? 32_000 + 2 * Math.ceil(data.length / 32) : 0
  const slots = accessList.reduce((sum, entry) => sum + entry.slots.length, 0)
  const access = 2_400 * accessList.length + 1_900 * slots
  const delegation = 25_000 * authorizations.length
  return BigInt(21_000 + 4 * zeros + 16 * others + creation + access + delegation)
}

/** The least gas that is charged, from Prague on: 21,000 and ten a token of calldata (EIP-7623). */
export function floorGas(data: Uint8Array, hardfork: Hardfork): bigint {
  if (!isAtLeast(hardfork, 'prague')) return 0n
  const { zeros, others } = countBytes(data)
  return BigInt(21_000 + 10 * (zeros + 4 * others))
}

/** Highest gas limit of a transaction, from Osaka on (EIP-7825). */
export function maxTransactionGas(hardfork: Hardfork): bigint | undefined {
  return isAtLeast(hardfork, 'osaka') ? 2n ** 24n : undefined
}

/** Whether a rule set includes another. */
export function isAtLeast(hardfork: Hardfork, other: Hardfork): boolean {
  return hardforks.indexOf(hardfork) >= hardforks.indexOf(other)
}

function countBytes(data: Uint8Array): { zeros: number; others: number } {
  let zeros = 0
  for (const byte of data) if (byte === 0) zeros += 1
  return { zeros, others: data.length - zeros }
}
