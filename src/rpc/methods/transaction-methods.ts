/** Answers questions about transactions, in blocks and in the pool, and takes raw ones. */

import { toHex } from '../../base/bytes.ts'
import { receiptJson } from '../format/receipt-json.ts'
import { minedTransaction, pooledTransaction } from '../format/transaction-json.ts'
import { type BlockReference, blockNumber } from '../params/block-reference.ts'
import type { Parser } from '../params/parser.ts'
import { bytes, hash, quantity64 } from '../params/values.ts'
import { findBlock } from '../view/blocks.ts'
import { rawTransaction } from '../view/raw-transaction.ts'
import { blockHash } from './block-methods.ts'
import { type Method, type MethodTable, method } from './method.ts'

export const transactionMethods: MethodTable = {
  eth_sendRawTransaction: method([bytes], async ({ chain }, [raw]) =>
    toHex(await chain.submit(raw)),
  ),
  eth_getTransactionByHash: method([hash], async ({ chain }, [wanted]) => {
    const place = await chain.findTransaction(wanted)
    if (place) return minedTransaction(place.executed, place.position) ?? null
    const pooled = chain.pool.get(wanted)
    return pooled ? pooledTransaction(pooled) : null
  }),
  eth_getRawTransactionByHash: method([hash], async ({ chain }, [wanted]) => {
    const raw = rawTransaction(chain, wanted)
    return raw ? toHex(raw) : null
  }),
  eth_getTransactionByBlockNumberAndIndex: byPosition(blockNumber),
  eth_getTransactionByBlockHashAndIndex: byPosition(blockHash),
  eth_getTransactionReceipt: method([hash], async ({ chain }, [wanted]) => {
    const place = await chain.findTransaction(wanted)
    if (!place) return null
    const { executed, position } = place
    const rules = chain.rules.rulesAt(executed.block.header)
    return receiptJson(executed, position, rules) ?? null
  }),
}

function byPosition(reference: Parser<BlockReference>): Method {
  return method([reference, quantity64], async (context, [at, position]) => {
    const executed = await findBlock(context, at)
    return executed ? (minedTransaction(executed, Number(position)) ?? null) : null
  })
}
