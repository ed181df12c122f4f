/** Computes the root of a block's receipts, which its header holds. */

import { toRlp } from 'viem'
import { fromHex, type Hex } from '../../base/bytes.ts'
import { badAnswer, bytesOf, type Fields, fieldsOf, logContent, numberOf } from './evm-answers.ts'
import { orderedRoot, short } from './ordered-root.ts'

const method = 'eth_getBlockReceipts'

/**
 * Root of receipts as JSON-RPC gives them, in the order of their transactions.
 *
 * @throws AppError `stream/bad-answer`
 * @see Yellow Paper 4.4.1 and appendix D, EIP-2718
 */
export function receiptsRoot(receipts: readonly Fields[]): Hex {
  return orderedRoot(receipts.map(encodedReceipt))
}

function encodedReceipt(receipt: Fields): Uint8Array {
  const { logs, type, root, status } = receipt
  if (!Array.isArray(logs)) throw badAnswer(method, 'no logs')
  // Before Byzantium a root stood in place of the status.
  const outcome = status === undefined ? bytesOf(root, method) : short(numberOf(status, method))
  const body = [
    typeof outcome === 'string' ? fromHex(outcome) : outcome,
    short(numberOf(receipt.cumulativeGasUsed, method)),
    fromHex(bytesOf(receipt.logsBloom, method)),
    logs.map((log) => {
      const { address, topics, data } = logContent(fieldsOf(log, method), method)
      return [fromHex(address), topics.map(fromHex), fromHex(data)]
    }),
  ]
  const encoded = toRlp(body as never, 'bytes')
  const kind = type === undefined ? 0 : numberOf(type, method)
  return kind === 0 ? encoded : new Uint8Array([kind, ...encoded])
}
