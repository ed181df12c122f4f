/** Suggests fees, and tells the history of fees. */

import type { Json } from '../../base/json-rpc.ts'
import type { Chain } from '../../chain/chain.ts'
import { nextBaseFee } from '../../chain/ledger/base-fee.ts'
import { blobBaseFee } from '../../chain/ledger/blobs.ts'
import type { ExecutedBlock, Header } from '../../chain/ledger/block.ts'
import type { ChainRules } from '../../chain/ledger/fork-rules.ts'
import { toQuantity } from '../format/quantity.ts'

/** Blocks whose tips the suggestion is made of, and tips of each. */
const sampledBlocks = 20n
const sampledTips = 3
const defaultTip = 1_000_000_000n
const highestTip = 500_000_000_000n
/** Tips below this say nothing about what a block asks for. */
const ignoredTip = 2n

/** Wei per gas that got transactions into the last blocks: the 60th percentile of each block's lowest tips. */
export async function suggestedTip(chain: Chain): Promise<bigint> {
  const tips: bigint[] = []
  const head = chain.head().header.number
  for (let number = head; number > 0n && head - number < sampledBlocks; number -= 1n) {
    const executed = await chain.byNumber(number)
    if (!executed) break
    const paid = tipsOf(executed).map(({ tip }) => tip)
    tips.push(...paid.filter((tip) => tip >= ignoredTip).slice(0, sampledTips))
  }
  const sorted = tips.sort(ascending)
  const tip = sorted[Math.floor((sorted.length - 1) * 0.6)] ?? defaultTip
  return tip < highestTip ? tip : highestTip
}

/** Wei per blob gas in a block; 0 before there are blobs. */
export function blobFeeOf(header: Header, rules: ChainRules): bigint {
  const { blobs } = rules.rulesAt(header)
  return blobs === undefined ? 0n : blobBaseFee(header.excessBlobGas ?? 0n, blobs)
}

/** The answer of eth_feeHistory for blocks that exist, oldest first; rewards only for percentiles. */
export function feeHistory(
  blocks: readonly ExecutedBlock[],
  percentiles: readonly number[] | undefined,
  rules: ChainRules,
): Json {
  const headers = blocks.map(({ block }) => block.header)
  const newest = headers.at(-1)
  const oldest = headers[0]
  if (!newest || !oldest) return { oldestBlock: '0x0', gasUsedRatio: [], baseFeePerGas: [] }
  const blobFees = headers.map((header) => blobFeeOf(header, rules))
  return {
    oldestBlock: toQuantity(oldest.number),
    baseFeePerGas: [...headers.map((one) => one.baseFeePerGas ?? 0n), nextBaseFee(newest)].map(
      toQuantity,
    ),
    gasUsedRatio: headers.map((one) => Number(one.gasUsed) / Number(one.gasLimit)),
    baseFeePerBlobGas: [...blobFees, ...blobFees.slice(-1)].map(toQuantity),
    blobGasUsedRatio: headers.map(() => 0),
    ...(percentiles && { reward: blocks.map((one) => rewards(one, percentiles)) }),
  }
}

/** The tip below which each percentage of a block's gas was paid. */
function rewards(executed: ExecutedBlock, percentiles: readonly number[]): Json {
  const paid = tipsOf(executed)
  const gasUsed = Number(executed.block.header.gasUsed)
  let at = 0
  let sum = Number(paid[0]?.gasUsed ?? 0n)
  return percentiles.map((percentile) => {
    const threshold = (gasUsed * percentile) / 100
    while (sum < threshold && at < paid.length - 1) {
      at += 1
      sum += Number(paid[at]?.gasUsed ?? 0n)
    }
    return toQuantity(paid[at]?.tip ?? 0n)
  })
}

/** What each transaction paid over the base fee, least first. */
function tipsOf({ block, receipts }: ExecutedBlock): { tip: bigint; gasUsed: bigint }[] {
  const { baseFeePerGas = 0n } = block.header
  return receipts
    .map(({ effectiveGasPrice, gasUsed }) => ({ tip: effectiveGasPrice - baseFeePerGas, gasUsed }))
    .sort((a, b) => ascending(a.tip, b.tip))
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b)
}
