/** Checks the rules of a header that all engines share. */

import { equalBytes } from '../../base/bytes.ts'
import { nextBaseFee } from '../ledger/base-fee.ts'
import { gasPerBlob, nextExcessBlobGas } from '../ledger/blobs.ts'
import type { BlockHead, Header } from '../ledger/block.ts'
import { headerHash } from '../ledger/block-codec.ts'
import { isAtLeast, type Rules } from '../ledger/fork-rules.ts'
import type { ChainReader, SealedHeader, Verdict } from './consensus.ts'

/** A verdict that says no. */
export type Invalid = Extract<Verdict, { kind: 'invalid' }>

/** Least and most gas of a block (Yellow Paper, section 4.3.4; EIP-1985). */
const [minGasLimit, maxGasLimit] = [5_000n, 2n ** 63n - 1n]
/** The first block of London may double the limit, since half of it is the target from then on (EIP-1559). */
const elasticity = 2n
const maxExtraBytes = 32

/**
 * Checks a header against its parent's; the first broken rule is the verdict. Which fields a header must have is for
 * the engine to say: one that is absent breaks nothing here.
 *
 * @param rules - those of the header's block
 */
export function checkCommonRules(parent: Header, header: Header, rules: Rules): Verdict {
  return placeFault(parent, header) ?? usageFault(parent, header, rules) ?? { kind: 'valid' }
}

/** Checks gas and blob gas of a block against their bounds; `undefined` when they keep them. */
export function usageFault(parent: Header, header: Header, rules: Rules): Invalid | undefined {
  return usedGasFault(header) ?? blobFault(parent, header, rules)
}

/** The parent of a header, or that there is none. */
export function parentOf(chain: ChainReader, { header }: BlockHead): SealedHeader | Invalid {
  return chain.header(header.parentHash) ?? invalid('parent', 'the parent is not known')
}

/** Checks that gas limit and base fee follow from the parent's; `undefined` when they do. */
export function gasFault(parent: Header, header: Header, rules: Rules): Invalid | undefined {
  return gasLimitFault(parent, header) ?? feeFault(parent, header, rules)
}

/** A verdict that names the broken rule. */
export function invalid(rule: string, detail: string): Invalid {
  return { kind: 'invalid', rule, detail }
}

/** Whether a header stands behind its parent, in place and in time. */
export function placeFault(parent: Header, header: Header): Invalid | undefined {
  if (!equalBytes(header.parentHash, headerHash(parent))) {
    return invalid('parent', 'the parent hash is that of another block')
  }
  if (header.number !== parent.number + 1n) {
    return invalid('parent', `number ${header.number} does not follow ${parent.number}`)
  }
  if (header.timestamp <= parent.timestamp) {
    return invalid('timestamp', `${header.timestamp} is not after ${parent.timestamp}`)
  }
  const { length } = header.extraData
  if (length <= maxExtraBytes) return undefined
  return invalid('constants', `extraData has ${length} bytes, over ${maxExtraBytes}`)
}

function gasLimitFault(parent: Header, header: Header): Invalid | undefined {
  const { gasLimit, baseFeePerGas } = header
  const isFirstOfLondon = parent.baseFeePerGas === undefined && baseFeePerGas !== undefined
  const before = isFirstOfLondon ? parent.gasLimit * elasticity : parent.gasLimit
  const change = gasLimit > before ? gasLimit - before : before - gasLimit
  if (change < before / 1_024n && gasLimit >= minGasLimit && gasLimit <= maxGasLimit)
    return undefined
  return invalid('gas', `gas limit ${gasLimit} after ${parent.gasLimit}`)
}

function usedGasFault({ gasUsed, gasLimit }: Header): Invalid | undefined {
  if (gasUsed <= gasLimit) return undefined
  return invalid('gas', `gas used ${gasUsed} is over the limit ${gasLimit}`)
}

function feeFault(parent: Header, header: Header, { hardfork }: Rules): Invalid | undefined {
  const { baseFeePerGas } = header
  if (baseFeePerGas === undefined || !isAtLeast(hardfork, 'london')) return undefined
  const fee = nextBaseFee(parent)
  if (baseFeePerGas === fee) return undefined
  return invalid('gas', `base fee ${baseFeePerGas}, by the rule ${fee}`)
}

function blobFault(parent: Header, header: Header, rules: Rules): Invalid | undefined {
  const { blobGasUsed = 0n, excessBlobGas = 0n } = header
  const most = BigInt(rules.blobs?.max ?? 0) * gasPerBlob
  if (blobGasUsed > most || blobGasUsed % gasPerBlob !== 0n) {
    return invalid('gas', `blob gas ${blobGasUsed}, at most ${most} in steps of ${gasPerBlob}`)
  }
  const excess = nextExcessBlobGas(parent, rules)
  if (excessBlobGas === excess) return undefined
  return invalid('gas', `excess blob gas ${excessBlobGas}, by the rule ${excess}`)
}
