/** Says how long ended instances of each definition stay where they are. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import { durationMs } from '../language/durations.ts'

/** How long they stay, in ms; `undefined` for ever. */
export interface Retentions {
  readonly usual: number | undefined
  /** By hash, of definitions that say it themselves. */
  readonly own: ReadonlyMap<string, number | undefined>
}

/** What the definitions of a database say in `document.metadata.retention`: a duration, or `forever`. */
export async function retentions(sql: SqlStore, usual: number | undefined): Promise<Retentions> {
  const rows = await sql.all(
    `SELECT hash, document FROM definitions WHERE document LIKE '%"retention"%'`,
  )
  const own = new Map<string, number | undefined>()
  for (const { hash, document } of rows) {
    const wanted = wantedOf(JSON.parse(String(document)) as Json)
    if (wanted === 'forever') own.set(String(hash), undefined)
    else if (wanted !== undefined) own.set(String(hash), wanted)
  }
  return { usual, own }
}

function wantedOf(document: Json): number | 'forever' | undefined {
  const { document: head } = (document ?? {}) as { document?: { metadata?: { retention?: Json } } }
  const retention = head?.metadata?.retention
  return retention === 'forever' ? 'forever' : durationMs(retention)
}
