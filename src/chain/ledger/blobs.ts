/** Computes what blobs use and what they cost (EIP-4844, 7840, 7918). */

import type { Header } from './block.ts'
import type { BlobParameters, Rules } from './fork-rules.ts'
import type { Transaction } from './transaction.ts'

/** Blob gas of one blob (EIP-4844, GAS_PER_BLOB). */
export const gasPerBlob = 131_072n

/** More than any transaction can offer, and where computing on would only cost time. */
const unpayable = 2n ** 256n - 1n

/** Blob gas that transactions use. */
export function blobGasOf(...transactions: readonly Transaction[]): bigint {
  let blobs = 0
  for (const one of transactions) if (one.type === 3) blobs += one.blobVersionedHashes.length
  return BigInt(blobs) * gasPerBlob
}

/**
 * Wei per blob gas in a block (EIP-4844, get_base_fee_per_blob_gas): e to the power of excess over fraction, by its
 * Taylor series in whole numbers; at most 2^256 - 1.
 */
export function blobBaseFee(excessBlobGas: bigint, { updateFraction }: BlobParameters): bigint {
  const fraction = BigInt(updateFraction)
  if (excessBlobGas / fraction > 177n) return unpayable
  let sum = 0n
  let term = fraction
  for (let at = 1n; term > 0n; at += 1n) {
    sum += term
    term = (term * excessBlobGas) / (fraction * at)
  }
  return sum / fraction
}

/**
 * Excess blob gas of a child that follows these rules (EIP-4844, calc_excess_blob_gas); from Osaka on blobs that cost
 * less than the gas behind them lower it no further (EIP-7918).
 *
 * @param parent - a parent from before Cancun counts as one without blobs
 */
export function nextExcessBlobGas(
  parent: Pick<Header, 'excessBlobGas' | 'blobGasUsed' | 'baseFeePerGas'>,
  { blobs, numbers }: Rules,
): bigint {
  if (blobs === undefined || blobs.max === 0) return 0n
  const { excessBlobGas = 0n, blobGasUsed = 0n, baseFeePerGas = 0n } = parent
  const target = BigInt(blobs.target) * gasPerBlob
  const sum = excessBlobGas + blobGasUsed
  if (sum < target) return 0n
  const reserve = BigInt(numbers.blobReserveGas) * baseFeePerGas
  if (reserve > gasPerBlob * blobBaseFee(excessBlobGas, blobs)) {
    return excessBlobGas + (blobGasUsed * BigInt(blobs.max - blobs.target)) / BigInt(blobs.max)
  }
  return sum - target
}
