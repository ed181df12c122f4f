/** Answers questions about fees. */

import { nextBaseFee } from '../../chain/ledger/base-fee.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { invalidParams, serverError } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import { blockNumber } from '../params/block-reference.ts'
import { listOf, optional, type Parser } from '../params/parser.ts'
import { looseQuantity, number } from '../params/values.ts'
import { mustHave, numberOf } from '../view/blocks.ts'
import type { ChainContext } from '../view/context.ts'
import { blobFeeOf, feeHistory, suggestedTip } from '../view/fees.ts'
import { type MethodTable, method } from './method.ts'

/** The methods; how many percentiles may be asked for is a limit. */
export function feeMethods(mostPercentiles: number): MethodTable {
  const percentiles = optional(ascending(listOf(number, mostPercentiles)))
  return {
    eth_gasPrice: method([], async ({ chain }) =>
      toQuantity((chain.head().header.baseFeePerGas ?? 0n) + (await suggestedTip(chain))),
    ),
    eth_maxPriorityFeePerGas: method([], async ({ chain }) =>
      toQuantity(await suggestedTip(chain)),
    ),
    eth_baseFee: method([], ({ chain }) => toQuantity(nextBaseFee(chain.head().header))),
    eth_blobBaseFee: method([], ({ chain }) =>
      toQuantity(blobFeeOf(chain.head().header, chain.rules)),
    ),
    eth_feeHistory: method(
      [looseQuantity, blockNumber, percentiles],
      async (context, [count, newest, asked]) => {
        const blocks = await lastBlocks(context, count, numberOf(context.chain, newest))
        return feeHistory(blocks, asked, context.chain.rules)
      },
    ),
  }
}

/** The blocks up to `newest` that exist, oldest first. */
async function lastBlocks(
  { chain, limits }: ChainContext,
  count: bigint,
  newest: bigint,
): Promise<readonly ExecutedBlock[]> {
  const head = chain.head().header.number
  if (newest > head)
    throw serverError(`request beyond head block: requested ${newest}, head ${head}`)
  const most = count < limits.feeHistoryBlocks ? count : limits.feeHistoryBlocks
  const oldest = newest + 1n > most ? newest + 1n - most : 0n
  mustHave(chain, oldest)
  const blocks: ExecutedBlock[] = []
  for (let at = oldest; at <= newest; at += 1n) {
    const executed = await chain.byNumber(at)
    if (executed) blocks.push(executed)
  }
  return blocks
}

function ascending(parse: Parser<readonly number[]>): Parser<readonly number[]> {
  return (value, path) => {
    const list = parse(value, path)
    for (const [at, one] of list.entries()) {
      if (one >= 0 && one <= 100 && one >= (list[at - 1] ?? 0)) continue
      throw invalidParams(
        `${path}[${at}]: expected percentiles from 0 to 100, ascending, got ${one}`,
      )
    }
    return list
  }
}
