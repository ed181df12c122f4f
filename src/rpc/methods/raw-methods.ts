/** Gives blocks, receipts and transactions in the bytes of their encodings. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { encodeBlock, encodeHeader, encodeReceipt } from '../../chain/ledger/block-codec.ts'
import { serverError } from '../envelope/rpc-error.ts'
import { blockReference } from '../params/block-reference.ts'
import { hash } from '../params/values.ts'
import { findBlock } from '../view/blocks.ts'
import { rawTransaction } from '../view/raw-transaction.ts'
import { type Method, type MethodTable, method } from './method.ts'

export const rawMethods: MethodTable = {
  debug_getRawHeader: ofBlock(({ block }) => toHex(encodeHeader(block.header))),
  debug_getRawBlock: ofBlock(({ block }) => toHex(encodeBlock(block))),
  debug_getRawReceipts: ofBlock(({ receipts }) => receipts.map((one) => toHex(encodeReceipt(one)))),
  debug_getRawTransaction: method([hash], ({ chain }, [wanted]) => {
    const raw = rawTransaction(chain, wanted)
    return raw ? toHex(raw) : '0x'
  }),
  // What is wrong with a block is told to whoever gives it; none is kept.
  debug_getBadBlocks: method([], () => []),
}

function ofBlock(show: (executed: ExecutedBlock) => Json): Method {
  return method([blockReference], async (context, [at]) => {
    const executed = await findBlock(context, at)
    if (executed) return show(executed)
    throw serverError('block not found')
  })
}
