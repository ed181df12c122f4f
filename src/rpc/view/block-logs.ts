/** Picks the logs of one block that a client asks for. */

import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { type LogJson, logJson, type PlacedLog } from '../format/receipt-json.ts'
import { type LogCriteria, matchesLog, mayHoldLogs } from '../params/log-criteria.ts'

/** Matching logs in order; `removed` says that the block has left the chain. */
export function logsOfBlock(
  criteria: LogCriteria,
  executed: ExecutedBlock,
  removed = false,
): readonly LogJson[] {
  return placedLogs(criteria, executed).map((placed) => logJson(executed, placed, removed))
}

/** Matching logs in order, with their places. */
export function placedLogs(criteria: LogCriteria, executed: ExecutedBlock): readonly PlacedLog[] {
  if (!mayHoldLogs(criteria, executed.block.header.logsBloom)) return []
  const found: PlacedLog[] = []
  let logIndex = 0
  // Most logs are not asked for: nothing is made for them.
  for (const [position, { logs }] of executed.receipts.entries()) {
    for (const log of logs) {
      if (matchesLog(criteria, log)) found.push({ log, position, logIndex })
      logIndex += 1
    }
  }
  return found
}
