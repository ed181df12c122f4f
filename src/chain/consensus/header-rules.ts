/** Checks the rules of a header that all engines share. */

import { equalBytes } from '../../base/bytes.ts'
import { nextBaseFee } from '../ledger/base-fee.ts'
import type { Header } from '../ledger/block.ts'
import { emptyOmmersHash, headerHash } from '../ledger/block-codec.ts'
import type { Verdict } from './consensus.ts'

/** Least gas limit of a block. */
const minGasLimit = 5_000n

/** Checks a header against its parent's; the first broken rule is the verdict. */
export function checkCommonRules(parent: Header, header: Header): Verdict {
  const invalid = (rule: string, detail: string): Verdict => ({ kind: 'invalid', rule, detail })
  if (!equalBytes(header.parentHash, headerHash(parent))) {
    return invalid('parent', 'the parent hash is that of another block')
  }
  if (header.number !== parent.number + 1n) {
    return invalid('parent', `number ${header.number} does not follow ${parent.number}`)
  }
  if (header.timestamp <= parent.timestamp) {
    return invalid('timestamp', `${header.timestamp} is not after ${parent.timestamp}`)
  }
  const change = header.gasLimit - parent.gasLimit
  const most = parent.gasLimit / 1_024n
  if (change >= most || -change >= most || header.gasLimit < minGasLimit) {
    if (change !== 0n)
      return invalid('gas', `gas limit ${header.gasLimit} after ${parent.gasLimit}`)
  }
  if (header.gasUsed > header.gasLimit) {
    return invalid('gas', `gas used ${header.gasUsed} is over the limit ${header.gasLimit}`)
  }
  const fee = nextBaseFee(parent)
  if (header.baseFeePerGas !== fee) {
    return invalid('gas', `base fee ${header.baseFeePerGas}, by the rule ${fee}`)
  }
  if (header.blobGasUsed !== 0n || header.excessBlobGas !== 0n) {
    return invalid('gas', 'blobs are off on this chain')
  }
  if (!equalBytes(header.ommersHash, emptyOmmersHash)) return invalid('constants', 'ommers')
  if (header.extraData.length > 32) return invalid('constants', 'extraData is over 32 bytes')
  return { kind: 'valid' }
}
