/** Moves events that are final, and that no reorganisation can reach any more, into the archive. */

import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Archive } from '../store/archive.ts'
import type { SqlRow, SqlSession, SqlStore } from '../store/sql.ts'
import { dropMarks } from './events/final-marks.ts'

/** Rows of one look. */
const maxRows = 1_000

/** What the archive of events needs. */
export interface EventArchiveDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly archive: Archive
  /** How long events stay after they were seen, in ms. */
  readonly retentionMs: number
}

/**
 * Gives what moves some events; whether there were any. An event goes once its listener will not read its block again:
 * below all block hashes that are kept, and outside of the history that is still to be read. So it cannot appear twice.
 */
export function createEventArchive({
  sql,
  clock,
  archive,
  retentionMs,
}: EventArchiveDependencies): () => Promise<boolean> {
  let cursor = 0
  return async () => {
    const nowMs = clock.nowMs()
    const rows = await sql.all(
      'SELECT seq, seen_at_ms FROM events WHERE seq > ? ORDER BY seq LIMIT ?',
      ...[cursor, maxRows],
    )
    const old = rows.filter(({ seen_at_ms: seenAtMs }) => Number(seenAtMs) <= nowMs - retentionMs)
    const [from, to] = [cursor, Number(old.at(-1)?.seq ?? cursor)]
    const isLast = old.length < maxRows
    if (to > from) {
      const day = new Date(nowMs).toISOString().slice(0, 10)
      await archive.move<readonly SqlRow[]>({
        file: `events-${day}`,
        find: (session) => over(session, from, to),
        lines: (found) => found.map(lineOf),
        remove: (session, found) => remove(session, found),
      })
    }
    cursor = isLast ? 0 : to
    return !isLast
  }
}

async function over(
  session: SqlSession,
  from: number,
  to: number,
): Promise<readonly SqlRow[] | undefined> {
  const rows = await session.all(
    `SELECT events.*, chain_id, type, name, signature, arguments FROM events JOIN event_kinds ON event_kinds.kind = events.kind
      WHERE events.seq > ? AND events.seq <= ? AND state IN ('finalized', 'retracted')
      AND block_number < (SELECT min(number) FROM listened_blocks WHERE listened_blocks.chain = events.chain)
      AND block_number < coalesce((SELECT min(next) FROM backfills WHERE backfills.chain = events.chain), block_number + 1)
      ORDER BY events.seq`,
    ...[from, to],
  )
  return rows.length === 0 ? undefined : rows
}

/** One event as JSON, its arguments by name. */
function lineOf({ seq, kind, args, arguments: names, ...row }: SqlRow): string {
  const values = JSON.parse(String(args)) as readonly unknown[]
  const named = (JSON.parse(String(names)) as readonly string[]).map((name, at) => [
    name,
    values[at],
  ])
  return JSON.stringify({ ...row, args: Object.fromEntries(named) })
}

async function remove(session: SqlSession, found: readonly SqlRow[]): Promise<void> {
  const marks = found.map(() => '?').join(', ')
  const removed = await session.run(
    `DELETE FROM events WHERE seq IN (${marks}) AND state IN ('finalized', 'retracted')`,
    ...found.map(({ seq = 0 }) => seq),
  )
  if (removed === found.length) return dropMarksOf(session, found)
  const message = 'events changed while they were archived'
  throw new AppError({ code: 'store/conflict', message, retry: 'now' })
}

async function dropMarksOf(session: SqlSession, found: readonly SqlRow[]): Promise<void> {
  const last = new Map<string, number>()
  for (const { chain, block_number: block } of found) {
    last.set(String(chain), Math.max(last.get(String(chain)) ?? 0, Number(block)))
  }
  for (const [chain, upTo] of last) await dropMarks(session, chain, upTo)
}
