/** Finds the logs that a query asks for. */

import { setImmediate } from 'node:timers/promises'
import { errorCodes, invalidParams, rpcError, serverError } from '../envelope/rpc-error.ts'
import { WrittenJson } from '../envelope/written-json.ts'
import { type FoundLog, logsText } from '../format/logs-text.ts'
import { logJson } from '../format/receipt-json.ts'
import type { LogQuery } from '../params/log-criteria.ts'
import { placedLogs } from './block-logs.ts'
import { numberOf } from './blocks.ts'
import type { ChainContext } from './context.ts'

/** Blocks that are searched before others get a turn. */
const blocksPerTurn = 64n

/**
 * All logs of a query, oldest first.
 *
 * @throws AppError `json-rpc/error` -32602 for a range that cannot be, -32005 for one that is too wide or gives
 * too much, -32000 for a block that is unknown
 */
export async function findLogs(context: ChainContext, query: LogQuery): Promise<WrittenJson> {
  const { chain, limits } = context
  if (query.blocks.kind === 'hash') {
    const executed = await chain.byHash(query.blocks.hash)
    if (!executed) throw serverError('unknown block')
    const logs = placedLogs(query, executed).map((placed) => ({ executed, placed }))
    return written(bounded(logs, limits.logResults))
  }
  const from = numberOf(chain, query.blocks.from)
  const to = numberOf(chain, query.blocks.to)
  if (from > to) throw invalidParams(`invalid block range params: ${from} is after ${to}`)
  if (to > chain.head().header.number)
    throw invalidParams('block range extends beyond current head block')
  if (to - from >= limits.logRange) {
    throw rpcError(
      errorCodes.limitExceeded,
      `the range of ${to - from + 1n} blocks is wider than ${limits.logRange}; ask for it in parts`,
    )
  }
  const found: FoundLog[] = []
  let length = 0
  for (let number = from; number <= to; number += 1n) {
    if (number % blocksPerTurn === 0n) await setImmediate()
    const executed = await chain.byNumber(number)
    if (!executed) break
    for (const placed of placedLogs(query, executed)) {
      found.push({ executed, placed })
      length += 2 * placed.log.data.length
    }
    bounded(found, limits.logResults)
    // One block can always be had within the process; more than an answer holds is not gathered.
    if (number > from && length > limits.responseLength)
      throw tooMuch(`${limits.responseLength} characters of`)
  }
  return written(found)
}

function written(found: readonly FoundLog[]): WrittenJson {
  return new WrittenJson(
    () => found.map(({ executed, placed }) => logJson(executed, placed)),
    () => logsText(found),
  )
}

function bounded(logs: readonly FoundLog[], most: number): readonly FoundLog[] {
  if (logs.length <= most) return logs
  throw tooMuch(`${most}`)
}

function tooMuch(most: string): Error {
  return rpcError(
    errorCodes.limitExceeded,
    `the query gives more than ${most} logs; ask for fewer blocks, or name addresses or topics`,
  )
}
