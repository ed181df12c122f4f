/** Writes receipts and logs as JSON. */

import { type Hex, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { blobBaseFee, blobGasOf } from '../../chain/ledger/blobs.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import type { Rules } from '../../chain/ledger/fork-rules.ts'
import type { Log } from '../../chain/ledger/log-list.ts'
import type { Transaction } from '../../chain/ledger/transaction.ts'
import { toQuantity } from './quantity.ts'

type Fields = { readonly [key: string]: Json }

/** A log as JSON. */
export type LogJson = Fields & { readonly data: Hex }

/** A log and where it stands in its block. */
export interface PlacedLog {
  readonly log: Log
  /** Place of the transaction in the block. */
  readonly position: number
  /** Place of the log in the block. */
  readonly logIndex: number
}

/** A log; `removed` says that its block has left the chain. */
export function logJson(executed: ExecutedBlock, placed: PlacedLog, removed = false): LogJson {
  const { block, transactionHashes } = executed
  const { log, position, logIndex } = placed
  const hash = transactionHashes[position]
  return {
    address: toHex(log.address),
    topics: log.topics.map(toHex),
    data: toHex(log.data),
    blockNumber: toQuantity(block.header.number),
    transactionHash: hash ? toHex(hash) : null,
    transactionIndex: toQuantity(position),
    blockHash: toHex(block.hash),
    blockTimestamp: toQuantity(block.header.timestamp),
    logIndex: toQuantity(logIndex),
    removed,
  }
}

/** The receipt of a block's transaction; undefined if there is none at this position. */
export function receiptJson(
  executed: ExecutedBlock,
  position: number,
  rules: Rules,
): Fields | undefined {
  const logIndex = executed.receipts
    .slice(0, position)
    .reduce((sum, { logs }) => sum + logs.length, 0)
  return placedReceipt(executed, { position, logIndex }, rules)
}

/** All receipts of a block with these rules, one by one. */
export function* receiptsJson(executed: ExecutedBlock, rules: Rules): Generator<Json> {
  let logIndex = 0
  for (const [position, { logs }] of executed.receipts.entries()) {
    yield placedReceipt(executed, { position, logIndex }, rules) ?? null
    logIndex += logs.length
  }
}

function placedReceipt(
  executed: ExecutedBlock,
  { position, logIndex: first }: Pick<PlacedLog, 'position' | 'logIndex'>,
  rules: Rules,
): Fields | undefined {
  const { block, receipts, senders, transactionHashes } = executed
  const receipt = receipts[position]
  const transaction = block.transactions[position]
  const sender = senders[position]
  const hash = transactionHashes[position]
  if (!receipt || !transaction || !sender || !hash) return undefined
  return {
    blockHash: toHex(block.hash),
    blockNumber: toQuantity(block.header.number),
    transactionHash: toHex(hash),
    transactionIndex: toQuantity(position),
    from: toHex(sender),
    to: transaction.to ? toHex(transaction.to) : null,
    contractAddress: receipt.createdAddress ? toHex(receipt.createdAddress) : null,
    gasUsed: toQuantity(receipt.gasUsed),
    cumulativeGasUsed: toQuantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: toQuantity(receipt.effectiveGasPrice),
    logs: Array.from(receipt.logs, (log, at) =>
      logJson(executed, { log, position, logIndex: first + at }),
    ),
    logsBloom: toHex(receipt.logsBloom),
    ...(receipt.stateRoot
      ? { root: toHex(receipt.stateRoot) }
      : { status: receipt.succeeded ? '0x1' : '0x0' }),
    type: toQuantity(receipt.type),
    ...blobFields(executed, transaction, rules),
  }
}

/** What blobs used and cost (EIP-4844). */
function blobFields({ block }: ExecutedBlock, transaction: Transaction, { blobs }: Rules): Fields {
  if (transaction.type !== 3 || !blobs) return {}
  return {
    blobGasUsed: toQuantity(blobGasOf(transaction)),
    blobGasPrice: toQuantity(blobBaseFee(block.header.excessBlobGas ?? 0n, blobs)),
  }
}
