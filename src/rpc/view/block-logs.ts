/** Picks the logs of one block that a client asks for. */

import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { type LogJson, logJson, logsOf } from '../format/receipt-json.ts'
import { type LogCriteria, matchesLog, mayHoldLogs } from '../params/log-criteria.ts'

/** Matching logs in order; `removed` says that the block has left the chain. */
export function logsOfBlock(
  criteria: LogCriteria,
  executed: ExecutedBlock,
  removed = false,
): readonly LogJson[] {
  if (!mayHoldLogs(criteria, executed.block.header.logsBloom)) return []
  return Array.from(logsOf(executed))
    .filter((placed) => matchesLog(criteria, placed.log))
    .map((placed) => logJson(executed, placed, removed))
}
