/** Finds the logs that a query asks for. */

import type { LoggedBlock } from '../../chain/ledger/block.ts'
import { turnTaking } from '../../chain/turn-taking.ts'
import { errorCodes, invalidParams, rpcError, serverError } from '../envelope/rpc-error.ts'
import type { WrittenJson } from '../envelope/written-text.ts'
import { FoundLogs } from '../format/found-logs.ts'
import type { LogQuery } from '../params/log-criteria.ts'
import { visitLogs } from './block-logs.ts'
import { mustHave, numberOf } from './blocks.ts'
import type { ChainContext } from './context.ts'

/** How long others wait for their turn. */
const stretchMs = 5

/**
 * All logs of a query, oldest first.
 *
 * @throws AppError `json-rpc/error` -32602 for a range that cannot be, -32005 for one that is too wide or gives
 * too much, -32000 for a block that is unknown, and when it takes too long
 */
export async function findLogs(context: ChainContext, query: LogQuery): Promise<WrittenJson> {
  const { chain, limits } = context
  const found = new FoundLogs()
  if (query.blocks.kind === 'hash') {
    const executed = chain.byHash(query.blocks.hash)
    if (!executed) throw serverError('unknown block')
    collect(found, executed, query, limits.logResults)
    return found
  }
  const { from, to } = rangeOf(context, query.blocks)
  mustHave(chain, from === 0n && to > 0n ? 1n : from)
  const assertTime = timeOf(context)
  const pause = turnTaking(stretchMs)
  const mayHold = (bloom: Uint8Array) => query.criteria.mayBeIn(bloom)
  for (let number = from; number <= to; number += 1n) {
    const others = pause()
    if (others) {
      await others
      assertTime()
    }
    const block = chain.loggedBlock(number, mayHold)
    if (!block) continue
    collect(found, block, query, limits.logResults)
    // One block can always be had within the process; more than an answer holds is not gathered.
    if (number > from && found.dataLength > limits.responseLength)
      throw tooMuch(`${limits.responseLength} characters of`)
  }
  return found
}

function rangeOf(
  { chain, limits }: ChainContext,
  blocks: Extract<LogQuery['blocks'], { kind: 'range' }>,
): { readonly from: bigint; readonly to: bigint } {
  const from = numberOf(chain, blocks.from)
  const to = numberOf(chain, blocks.to)
  if (from > to) throw invalidParams(`invalid block range params: ${from} is after ${to}`)
  if (to > chain.head().header.number)
    throw invalidParams('block range extends beyond current head block')
  if (to - from >= limits.logRange) {
    throw rpcError(
      errorCodes.limitExceeded,
      `the range of ${to - from + 1n} blocks is wider than ${limits.logRange}; ask for it in parts`,
    )
  }
  return { from, to }
}

function collect(
  found: FoundLogs,
  executed: LoggedBlock,
  { criteria }: LogQuery,
  most: number,
): void {
  visitLogs(criteria, executed, (cursor, position, logIndex) => {
    if (found.count >= most) throw tooMuch(`${most}`)
    found.add(executed, position, cursor, logIndex)
  })
}

/** Throws once the time of a query is over, or nobody waits for it any more. */
function timeOf({ clock, limits, isStopping }: ChainContext): () => void {
  const endMs = clock.nowMs() + limits.callMs
  return () => {
    if (!isStopping() && clock.nowMs() <= endMs) return
    throw serverError(
      `the query took more than ${limits.callMs / 1_000} s; ask for fewer blocks at a time`,
    )
  }
}

function tooMuch(most: string): Error {
  return rpcError(
    errorCodes.limitExceeded,
    `the query gives more than ${most} logs; ask for fewer blocks, or name addresses or topics`,
  )
}
