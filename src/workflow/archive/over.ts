/** Finds instances that are over and whose time in the tables is over, too. */

import type { SqlRow, SqlStore } from '../../store/sql.ts'
import type { Retentions } from './retentions.ts'

/** Rows of one look, and instances of one piece. */
const [maxRows, maxMarked] = [1_000, 200]
/** How long an id is remembered after its instance was moved: until then it starts nothing. */
const rememberedMs = 400 * 86_400_000

/**
 * An instance that nothing can happen to any more by itself: nothing is asked of it, its event is final, and whoever
 * started it has ended. One whose event left the chain stays: the event may come back.
 */
export const isOver = `instances.status IN ('completed', 'failed', 'cancelled') AND instances.interrupt IS NULL
  AND instances.wake_at_ms IS NULL AND instances.life = 3 AND NOT EXISTS (SELECT 1 FROM instances AS parent
    WHERE parent.id = instances.parent_id AND parent.status NOT IN ('completed', 'failed', 'cancelled', 'retracted'))`

/**
 * Marks instances to be moved, and forgets ids that were moved very long ago. A mark keeps the id from starting anything,
 * and is on disk before the instance leaves the table.
 */
export async function markOver(
  sql: SqlStore,
  {
    kept,
    nowMs,
    cursor,
  }: { readonly kept: Retentions; readonly nowMs: number; readonly cursor: number },
): Promise<{ readonly cursor: number; readonly marked: number; readonly hasMore: boolean }> {
  const times = [kept.usual, ...kept.own.values()].filter((ms) => ms !== undefined)
  if (times.length === 0) return { cursor: 0, marked: 0, hasMore: false }
  // Whoever was created later has not ended long enough ago.
  const latestMs = nowMs - Math.min(...times)
  const rows = await sql.all(
    `SELECT seq, id, namespace, workflow, definition_hash, status, event_id, created_at_ms, updated_at_ms, ${isOver} AS is_over
      FROM instances WHERE seq > ? ORDER BY seq LIMIT ?`,
    ...[cursor, maxRows],
  )
  const over: SqlRow[] = []
  let last = cursor
  let isLast = rows.length < maxRows
  for (const row of rows) {
    if (Number(row.created_at_ms) > latestMs) isLast = true
    if (over.length === maxMarked || Number(row.created_at_ms) > latestMs) break
    last = Number(row.seq)
    if (row.is_over === 1 && Number(row.updated_at_ms) <= nowMs - timeOf(kept, row)) over.push(row)
  }
  if (over.length > 0) await mark(sql, over, nowMs)
  if (over.length < maxMarked && isLast) {
    await forget(sql, nowMs)
    return { cursor: 0, marked: over.length, hasMore: false }
  }
  return { cursor: last, marked: over.length, hasMore: true }
}

function timeOf({ usual, own }: Retentions, { definition_hash: hash }: SqlRow): number {
  const ms = own.has(String(hash)) ? own.get(String(hash)) : usual
  return ms ?? Number.POSITIVE_INFINITY
}

async function mark(sql: SqlStore, rows: readonly SqlRow[], nowMs: number): Promise<void> {
  const insert = `INSERT INTO archived_instances (id, namespace, workflow, status, event_id, created_at_ms, ended_at_ms,
    archived_at_ms, is_gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING`
  await sql.write(
    rows.map(
      ({ id = '', namespace = '', workflow = '', status = '', event_id = null, ...row }) => ({
        sql: insert,
        values: [
          ...[id, namespace, workflow, status, event_id],
          ...[Number(row.created_at_ms), Number(row.updated_at_ms), nowMs],
        ],
      }),
    ),
  )
}

/** Ids are kept in the order in which they were moved. */
async function forget(sql: SqlStore, nowMs: number): Promise<void> {
  await sql.run(
    `DELETE FROM archived_instances WHERE seq IN (SELECT seq FROM archived_instances ORDER BY seq LIMIT 1000)
      AND is_gone = 1 AND archived_at_ms < ?`,
    nowMs - rememberedMs,
  )
}
