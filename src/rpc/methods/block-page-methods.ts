/** Gives blocks one after the other, in pages that are bounded by number and bytes: a part of the group qs. */

import { equalBytes, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { blockSize, encodeBlock } from '../../chain/ledger/block-codec.ts'
import { turnTaking } from '../../chain/turn-taking.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { blockJson } from '../format/block-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { optional } from '../params/parser.ts'
import { looseQuantity } from '../params/values.ts'
import { mustHave } from '../view/blocks.ts'
import type { CallContext } from '../view/context.ts'
import { type Method, type MethodTable, method } from './method.ts'

export const blockPageMethods: MethodTable = {
  qs_blocks: pages((executed) => blockJson(executed, true)),
  qs_rawBlocks: pages(({ block }) => toHex(encodeBlock(block))),
}

/** Blocks from one number up; the page says between which hashes it fits, so that a reader sees a reorganisation. */
function pages(show: (executed: ExecutedBlock) => Json): Method {
  const number = optional(looseQuantity)
  return method([number, number, number], async (context, [from = 0n, to, limit]) => {
    const blocks: Json[] = []
    let [parentHash, lastHash]: [Json, Json] = [null, null]
    const { executed, next } = await gather(context, { from, to, limit })
    for (const one of executed) {
      parentHash ??= toHex(one.block.header.parentHash)
      lastHash = toHex(one.block.hash)
      blocks.push(show(one))
    }
    return { blocks, parentHash, lastHash, next: next === undefined ? null : toQuantity(next) }
  })
}

async function gather(
  { chain, limits }: CallContext,
  {
    from,
    to,
    limit = BigInt(limits.pageItems),
  }: { from: bigint; to: bigint | undefined; limit: bigint | undefined },
): Promise<{ readonly executed: readonly ExecutedBlock[]; readonly next: bigint | undefined }> {
  if (limit < 1n || limit > limits.pageItems) {
    throw invalidParams(`params[2]: expected a number of blocks from 1 to ${limits.pageItems}`)
  }
  mustHave(chain, from)
  const head = chain.head().header.number
  const end = to !== undefined && to < head ? to : head
  const pause = turnTaking()
  const executed: ExecutedBlock[] = []
  let bytes = 0
  let at = from
  for (; at <= end && executed.length < limit && bytes < limits.pageBytes; at += 1n) {
    const one = chain.byNumber(at)
    const last = executed.at(-1)
    const fits = !last || (one && equalBytes(one.block.header.parentHash, last.block.hash))
    // A reorganisation: the next page will not fit behind this one.
    if (one === undefined || !fits) break
    executed.push(one)
    bytes += blockSize(one.block)
    const others = pause()
    if (others) await others
  }
  return { executed, next: at <= end ? at : undefined }
}
