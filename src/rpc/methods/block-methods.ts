/** Answers questions about blocks. */

import type { Json } from '../../base/json-rpc.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { JoinedText, type WrittenJson, writtenList } from '../envelope/written-text.ts'
import { blockJson, fieldsAround, headerJson, transactionsJson } from '../format/block-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { receiptsJson } from '../format/receipt-json.ts'
import { type BlockReference, blockNumber, blockReference } from '../params/block-reference.ts'
import { optional, type Parser } from '../params/parser.ts'
import { flag, hash, quantity64 } from '../params/values.ts'
import { findBlock } from '../view/blocks.ts'
import type { CallContext } from '../view/context.ts'
import { type Method, type MethodTable, method } from './method.ts'

const full = optional(flag, false)

/** A block by its hash. */
export const blockHash: Parser<BlockReference> = (value, path) => ({
  kind: 'hash',
  hash: hash(value, path),
})

export const blockMethods: MethodTable = {
  eth_getBlockByNumber: block(blockNumber),
  eth_getBlockByHash: block(blockHash),
  eth_getHeaderByNumber: ofBlock(blockNumber, ({ block }, at) => shown(at, headerJson(block))),
  eth_getHeaderByHash: ofBlock(blockHash, ({ block }) => headerJson(block)),
  eth_getBlockTransactionCountByNumber: ofBlock(blockNumber, transactionCount),
  eth_getBlockTransactionCountByHash: ofBlock(blockHash, transactionCount),
  eth_getBlockReceipts: ofBlock(blockReference, (executed, _, { chain }) => {
    const receipts = receiptsJson(executed, chain.rules.rulesAt(executed.block.header))
    return isLarge(executed) ? writtenList(receipts) : [...receipts]
  }),
  eth_getUncleCountByBlockNumber: ofBlock(blockNumber, () => toQuantity(0)),
  eth_getUncleCountByBlockHash: ofBlock(blockHash, () => toQuantity(0)),
  eth_getUncleByBlockNumberAndIndex: method([blockNumber, quantity64], () => null),
  eth_getUncleByBlockHashAndIndex: method([blockHash, quantity64], () => null),
}

function block(reference: Parser<BlockReference>): Method {
  return method([reference, full], async (context, [at, whole]) => {
    const executed = await findBlock(context, at)
    if (!executed) return null
    return whole && isLarge(executed)
      ? largeBlock(executed, at)
      : shown(at, blockJson(executed, whole))
  })
}

/** Transactions and logs of a block above which it is shown bit by bit. */
const large = 500

function isLarge({ receipts }: ExecutedBlock): boolean {
  return receipts.reduce((sum, { logs }) => sum + 1 + logs.length, 0) > large
}

/** The same as `blockJson` with all transactions. */
async function largeBlock(executed: ExecutedBlock, at: BlockReference): Promise<WrittenJson> {
  const { before, after } = fieldsAround(executed)
  const [begin, end] = [shown(at, before), after].map((fields) => JSON.stringify(fields))
  const transactions = await writtenList(transactionsJson(executed))
  return new JoinedText([
    ...[`${begin?.slice(0, -1)},"transactions":`, transactions],
    `,${end?.slice(1)}`,
  ])
}

function ofBlock(
  reference: Parser<BlockReference>,
  show: (
    executed: ExecutedBlock,
    at: BlockReference,
    context: CallContext,
  ) => Json | Promise<WrittenJson>,
): Method {
  return method([reference], async (context, [at]) => {
    const executed = await findBlock(context, at)
    return executed ? show(executed, at, context) : null
  })
}

function transactionCount({ block }: ExecutedBlock): Json {
  return toQuantity(block.transactions.length)
}

/** What the block to come does not have yet is null, as geth shows it. */
function shown(at: BlockReference, fields: { readonly [key: string]: Json }): Json {
  const isPending = at.kind === 'tag' && at.tag === 'pending'
  return isPending ? { ...fields, hash: null, nonce: null, miner: null } : fields
}
