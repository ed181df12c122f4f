/** Finds final events by id without an index of all ids: four bytes of a digest of each, by blocks. */

import { hash } from 'node:crypto'
import type { SqlSession } from '../../store/sql.ts'

/** Bytes of a mark: one of four thousand million events looks like another. */
const markBytes = 4
/** Marks of one row: 16 KiB. */
const maxMarks = 4_096
/** Rows that are read at once: half a mebibyte. */
const page = 32

/** A final event, as far as a mark tells of it. */
export interface MarkedEvent {
  readonly id: string
  readonly blockNumber: number
}

/** Blocks of a chain that may hold an event. */
export interface MarkedBlocks {
  readonly chain: string
  readonly from: number
  readonly to: number
}

/** Marks events that are final now, in the transaction that makes them so. */
export async function addMarks(
  session: SqlSession,
  chain: string,
  events: readonly MarkedEvent[],
): Promise<void> {
  const sorted = events.toSorted((a, b) => a.blockNumber - b.blockNumber)
  for (let at = 0; at < sorted.length; at += maxMarks) {
    await addRow(session, chain, sorted.slice(at, at + maxMarks))
  }
}

/** Goes on with the row of the blocks before, while it has room, so that single events do not make rows of their own. */
async function addRow(
  session: SqlSession,
  chain: string,
  events: readonly MarkedEvent[],
): Promise<void> {
  const from = events[0]?.blockNumber ?? 0
  const to = events.at(-1)?.blockNumber ?? from
  const marks = Buffer.concat(events.map(({ id }) => markOf(id)))
  const before = await session.get(
    `SELECT seq, to_block, marks FROM event_marks WHERE chain = ? AND to_block <= ? ORDER BY to_block DESC, seq DESC
      LIMIT 1 FOR UPDATE`,
    ...[chain, from],
  )
  const kept = before?.marks as Uint8Array | undefined
  if (before && kept && kept.length + marks.length <= maxMarks * markBytes) {
    await session.run(
      'UPDATE event_marks SET to_block = ?, marks = ? WHERE seq = ?',
      ...[to, Buffer.concat([kept, marks]), before.seq ?? 0],
    )
    return
  }
  await session.run(
    'INSERT INTO event_marks (chain, from_block, to_block, marks) VALUES (?, ?, ?, ?)',
    ...[chain, from, to, marks],
  )
}

/** Blocks in which a final event may be, the latest first; nearly always those alone in which it is. */
export async function* findMarked(session: SqlSession, id: string): AsyncGenerator<MarkedBlocks> {
  const chain = id.slice(0, id.indexOf(':'))
  const mark = markOf(id)
  let after = { to: Number.MAX_SAFE_INTEGER, seq: 0 }
  for (;;) {
    const rows = await session.all(
      `SELECT seq, from_block, to_block, marks FROM event_marks WHERE chain = ? AND (to_block, seq) < (?, ?)
        ORDER BY to_block DESC, seq DESC LIMIT ?`,
      ...[chain, after.to, after.seq, page],
    )
    for (const { from_block: from, to_block: to, marks } of rows) {
      if (!holds(marks as Uint8Array, mark)) continue
      yield { chain, from: Number(from), to: Number(to) }
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < page) return
    after = { to: Number(last.to_block), seq: Number(last.seq) }
  }
}

/** Forgets the marks of blocks up to one of which no final event is left. */
export async function dropMarks(session: SqlSession, chain: string, upTo: number): Promise<void> {
  await session.run(
    `DELETE FROM event_marks WHERE chain = ? AND to_block <= ? AND NOT EXISTS (SELECT 1 FROM events
      WHERE events.chain = event_marks.chain AND block_number BETWEEN from_block AND to_block AND state = 'finalized')`,
    ...[chain, upTo],
  )
}

const markOf = (id: string) => hash('sha256', id, 'buffer').subarray(0, markBytes)

function holds(marks: Uint8Array, mark: Buffer): boolean {
  const all = Buffer.from(marks.buffer, marks.byteOffset, marks.byteLength)
  let at = all.indexOf(mark)
  while (at >= 0 && at % markBytes !== 0) at = all.indexOf(mark, at + 1)
  return at >= 0
}
