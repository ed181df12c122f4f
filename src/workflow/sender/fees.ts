/** Works out what a transaction offers for gas, under a ceiling. */

import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { JsonRpcClient } from '../../base/json-rpc.ts'

/** What a transaction offers, in wei per gas; without a tip where the chain has no base fee (before London). */
export interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint | undefined
}

const defaultTip: Hex = '0x3b9aca00'
const larger = (a: bigint, b: bigint) => (a > b ? a : b)
const smaller = (a: bigint, b: bigint) => (a < b ? a : b)
/** A replacement must pay 12.5 % more, rounded up, in both fees. */
const raised = (fee: bigint) => (fee * 1_125n + 999n) / 1_000n

/**
 * Twice the base fee and the tip that the node names, at most the ceiling (EIP-1559).
 *
 * @throws AppError `workflow/fee-too-high`, retry `later`
 */
export async function feesOf(client: JsonRpcClient, ceiling: bigint): Promise<Fees> {
  const block = (await client.request('eth_getBlockByNumber', ['latest', false])) as {
    readonly baseFeePerGas?: Hex
  }
  if (block.baseFeePerGas === undefined) {
    const price = BigInt((await client.request('eth_gasPrice')) as Hex)
    if (price > ceiling) throw tooHigh(`the gas price of ${price} wei is`, ceiling)
    return { maxFeePerGas: price, maxPriorityFeePerGas: undefined }
  }
  const base = BigInt(block.baseFeePerGas)
  if (base > ceiling) throw tooHigh(`the base fee of ${base} wei is`, ceiling)
  const named = await client.request('eth_maxPriorityFeePerGas').catch(() => defaultTip)
  const tip = BigInt(named as Hex)
  const maxFeePerGas = smaller(base * 2n + tip, ceiling)
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(tip, maxFeePerGas) }
}

/**
 * What must be offered to take the place of an earlier offer, at least what is asked now.
 *
 * @throws AppError `workflow/fee-too-high`, retry `later`
 */
export function raisedFees(before: Fees, asked: Fees, ceiling: bigint): Fees {
  const maxFeePerGas = larger(raised(before.maxFeePerGas), asked.maxFeePerGas)
  if (maxFeePerGas > ceiling) {
    throw tooHigh(
      `what the node asks for is more than ${before.maxFeePerGas} wei per gas,`,
      ceiling,
    )
  }
  if (before.maxPriorityFeePerGas === undefined || asked.maxPriorityFeePerGas === undefined) {
    return { maxFeePerGas, maxPriorityFeePerGas: undefined }
  }
  const tip = larger(raised(before.maxPriorityFeePerGas), asked.maxPriorityFeePerGas)
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(tip, maxFeePerGas) }
}

function tooHigh(what: string, ceiling: bigint): AppError {
  const message = `${what} over the ceiling of ${ceiling} (setting maxFee)`
  return new AppError({ code: 'workflow/fee-too-high', message, retry: 'later' })
}
