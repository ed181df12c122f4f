/** Picks the logs of one block that a client asks for. */

import type { ExecutedBlock, LoggedBlock } from '../../chain/ledger/block.ts'
import { LogCursor } from '../../chain/ledger/log-list.ts'
import { type LogJson, logJson } from '../format/receipt-json.ts'
import type { LogCriteria } from '../params/log-criteria.ts'

/** Matching logs in order; `removed` says that the block has left the chain. */
export function logsOfBlock(
  criteria: LogCriteria,
  executed: ExecutedBlock,
  removed = false,
): readonly LogJson[] {
  const found: LogJson[] = []
  visitLogs(criteria, executed, (cursor, position, logIndex) => {
    found.push(logJson(executed, { log: cursor.log(), position, logIndex }, removed))
  })
  return found
}

/** Stands on each matching log in order; `position` is its transaction's in the block, `logIndex` its own. */
export function visitLogs(
  criteria: LogCriteria,
  { block, receipts }: LoggedBlock,
  visit: (cursor: LogCursor, position: number, logIndex: number) => void,
): void {
  if (!criteria.mayBeIn(block.header.logsBloom)) return
  const cursor = new LogCursor()
  let logIndex = 0
  for (const [position, { logs }] of receipts.entries()) {
    if (logs.length === 0) continue
    cursor.open(logs.bytes)
    for (; cursor.next(); logIndex += 1)
      if (criteria.accepts(cursor)) visit(cursor, position, logIndex)
  }
}
