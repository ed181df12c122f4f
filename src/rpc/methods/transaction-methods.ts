/** Answers questions about transactions, in blocks and in the pool, and takes raw ones. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { TransactionPlace } from '../../chain/chain.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import { receiptJson } from '../format/receipt-json.ts'
import { minedTransaction, pooledTransaction } from '../format/transaction-json.ts'
import { type BlockReference, blockNumber } from '../params/block-reference.ts'
import { optional, type Parser } from '../params/parser.ts'
import { bytes, hash, looseQuantity, quantity64 } from '../params/values.ts'
import { findBlock } from '../view/blocks.ts'
import type { CallContext } from '../view/context.ts'
import { rawTransaction } from '../view/raw-transaction.ts'
import { blockHash } from './block-methods.ts'
import { type Method, type MethodTable, method } from './method.ts'

/** How long a client waits for a block unless it says so, at most, and between two looks; in milliseconds. */
const [usualMs, mostMs, lookAgainMs] = [20_000n, 60_000n, 250]

const patience: Parser<bigint> = (value, path) => {
  const wanted = optional(looseQuantity, usualMs)(value, path)
  return wanted < mostMs ? wanted : mostMs
}

export const transactionMethods: MethodTable = {
  eth_sendRawTransaction: method([bytes], async ({ chain }, [raw]) =>
    toHex(await chain.submit(raw)),
  ),
  eth_sendRawTransactionSync: method([bytes, patience], async (context, [raw, timeoutMs]) => {
    const wanted = await context.chain.submit(raw)
    const place = await inBlock(context, wanted, Number(timeoutMs))
    if (place) return receiptOf(context, place)
    const message =
      'The transaction was added to the mempool but was not processed within the designated timeout.'
    throw rpcError(errorCodes.notProcessed, message, toHex(wanted))
  }),
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
  eth_getTransactionReceipt: method([hash], async (context, [wanted]) => {
    const place = await context.chain.findTransaction(wanted)
    return place ? receiptOf(context, place) : null
  }),
}

function receiptOf({ chain }: CallContext, { executed, position }: TransactionPlace): Json {
  const rules = chain.rules.rulesAt(executed.block.header)
  return receiptJson(executed, position, rules) ?? null
}

/** Waits until a block holds a transaction (EIP-7966); nothing when it takes too long, or the node stops. */
async function inBlock(
  { chain, isStopping }: CallContext,
  wanted: Hash,
  timeoutMs: number,
): Promise<TransactionPlace | undefined> {
  const end = performance.now() + timeoutMs
  let wake = () => {}
  const stopListening = chain.subscribe(({ kind }) => {
    if (kind === 'head') wake()
  })
  try {
    for (;;) {
      const place = await chain.findTransaction(wanted)
      const leftMs = end - performance.now()
      if (place || leftMs <= 0 || isStopping()) return place
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, lookAgainMs))
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  } finally {
    stopListening()
  }
}

function byPosition(reference: Parser<BlockReference>): Method {
  return method([reference, quantity64], async (context, [at, position]) => {
    const executed = await findBlock(context, at)
    return executed ? (minedTransaction(executed, Number(position)) ?? null) : null
  })
}
