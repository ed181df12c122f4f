/** Keeps what one sink has to send, in SQL: there until it was sent or given up. */

import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlRow, SqlStore, SqlWrite } from '../../store/sql.ts'
import type { DeadMessage, SinkMessage } from '../sink.ts'

/** A message with its place in the table. */
export interface StoredMessage extends SinkMessage {
  readonly seq: number
  readonly attempts: number
}

/** A message that was not taken. */
export interface Refusal {
  readonly seq: number
  readonly attempts: number
  readonly reason: string
  /** When it is tried again; never, if absent. */
  readonly dueAtMs: number | undefined
}

/** What came of a batch; what was left out by the filter is not counted as sent. */
export interface Settlement {
  readonly sent: readonly number[]
  readonly leftOut: readonly number[]
  readonly refused: readonly Refusal[]
}

/** Figures of one sink. */
export interface OutboxCounts {
  readonly isPaused: boolean
  readonly waiting: number
  readonly oldestAtMs: number | undefined
  readonly dead: number
  readonly sent: number
  readonly lastSentAtMs: number | undefined
}

/** How long it is remembered that a message was sent, so that its retraction goes out: 7 days. */
const rememberedMs = 7 * 24 * 3_600_000

/** The rows of one sink. */
export class SinkOutbox {
  readonly #sql: SqlStore
  readonly #sink: string

  constructor(sql: SqlStore, sink: string) {
    this.#sql = sql
    this.#sink = sink
  }

  /** Makes the sink's row, if it has none. */
  async open(): Promise<void> {
    const sql = `INSERT INTO sinks (name, paused, sent, owned_until_ms) VALUES (?, 0, 0, 0)
      ON CONFLICT (name) DO NOTHING`
    await this.#sql.run(sql, this.#sink)
  }

  /** Takes the sink for this process, or keeps it; false while another has it, or while it is paused. */
  async own(owner: string, nowMs: number, forMs: number): Promise<boolean> {
    const sql = `UPDATE sinks SET owner = ?, owned_until_ms = ?
      WHERE name = ? AND paused = 0 AND (owner = ? OR owner IS NULL OR owned_until_ms <= ?)`
    return (await this.#sql.run(sql, owner, nowMs + forMs, this.#sink, owner, nowMs)) > 0
  }

  /** Lets others have it. */
  async disown(owner: string): Promise<void> {
    const sql = 'UPDATE sinks SET owner = NULL, owned_until_ms = 0 WHERE name = ? AND owner = ?'
    await this.#sql.run(sql, this.#sink, owner)
  }

  async setPaused(paused: boolean): Promise<void> {
    await this.#sql.run('UPDATE sinks SET paused = ? WHERE name = ?', paused ? 1 : 0, this.#sink)
  }

  /** Due messages in their order; one whose key waits for an earlier one is not due. */
  async due(nowMs: number, most: number): Promise<readonly StoredMessage[]> {
    const rows = await this.#sql.all(
      `SELECT seq, subject, nth, route, order_key, payload, attempts FROM sink_messages
        WHERE sink = ? AND state = 'waiting' AND order_key NOT IN
          (SELECT order_key FROM sink_messages WHERE sink = ? AND state = 'waiting' AND due_at_ms > ?)
        ORDER BY seq LIMIT ?`,
      ...[this.#sink, this.#sink, nowMs, most],
    )
    return rows.map(messageOf)
  }

  /** Writes what came of a batch, all or nothing. */
  async settle({ sent, leftOut, refused }: Settlement, nowMs: number): Promise<void> {
    const writes: SqlWrite[] = [...sent, ...leftOut].map((seq) => ({
      sql: "UPDATE sink_messages SET state = 'sent', payload = '', reason = NULL WHERE seq = ?",
      values: [seq],
    }))
    for (const { seq, attempts, reason, dueAtMs } of refused) {
      const sql =
        'UPDATE sink_messages SET state = ?, attempts = ?, reason = ?, due_at_ms = ? WHERE seq = ?'
      const state = dueAtMs === undefined ? 'dead' : 'waiting'
      writes.push({ sql, values: [state, attempts, reason, dueAtMs ?? 0, seq] })
    }
    if (sent.length > 0) {
      const sql = 'UPDATE sinks SET sent = sent + ?, last_sent_at_ms = ? WHERE name = ?'
      writes.push({ sql, values: [sent.length, nowMs, this.#sink] })
    }
    if (writes.length > 0) await this.#sql.write(writes)
  }

  /** Forgets some of what was sent long ago. */
  async sweep(nowMs: number): Promise<void> {
    const sql = `DELETE FROM sink_messages WHERE seq IN (SELECT seq FROM sink_messages
      WHERE sink = ? AND state = 'sent' AND at_ms < ? ORDER BY seq LIMIT 1000)`
    await this.#sql.run(sql, this.#sink, nowMs - rememberedMs)
  }

  /** How many wait. */
  async waiting(): Promise<number> {
    const sql = "SELECT count(*) AS n FROM sink_messages WHERE sink = ? AND state = 'waiting'"
    return Number((await this.#sql.get(sql, this.#sink))?.n ?? 0)
  }

  async counts(): Promise<OutboxCounts> {
    const row = await this.#sql.get(
      `SELECT paused, sent, last_sent_at_ms,
        (SELECT count(*) FROM sink_messages WHERE sink = ? AND state = 'waiting') AS waiting,
        (SELECT min(at_ms) FROM sink_messages WHERE sink = ? AND state = 'waiting') AS oldest,
        (SELECT count(*) FROM sink_messages WHERE sink = ? AND state = 'dead') AS dead
        FROM sinks WHERE name = ?`,
      ...[this.#sink, this.#sink, this.#sink, this.#sink],
    )
    const optional = (value: unknown) => (value == null ? undefined : Number(value))
    return {
      ...{ isPaused: Number(row?.paused ?? 0) === 1, sent: Number(row?.sent ?? 0) },
      ...{ waiting: Number(row?.waiting ?? 0), dead: Number(row?.dead ?? 0) },
      ...{ lastSentAtMs: optional(row?.last_sent_at_ms), oldestAtMs: optional(row?.oldest) },
    }
  }

  dead(query: PageQuery): Promise<Page<DeadMessage>> {
    return sequencePage(this.#sql, {
      ...query,
      select: "SELECT * FROM sink_messages WHERE sink = ? AND state = 'dead'",
      values: [this.#sink],
      read: (row) => {
        const { seq: number, id, key, payload, attempts } = messageOf(row)
        const [reason, atMs] = [String(row.reason ?? ''), Number(row.at_ms)]
        return { number, id, sink: this.#sink, key, attempts, reason, atMs, payload }
      },
    })
  }

  /** Has one dead message sent again, or all; how many. */
  async requeue(seq: number | undefined): Promise<number> {
    const sql = `UPDATE sink_messages SET state = 'waiting', attempts = 0, due_at_ms = 0
      WHERE sink = ? AND state = 'dead'`
    if (seq === undefined) return this.#sql.run(sql, this.#sink)
    return this.#sql.run(`${sql} AND seq = ?`, this.#sink, seq)
  }
}

/** The id goes in front of what the message was stored with. */
function messageOf(row: SqlRow): StoredMessage {
  const nth = Number(row.nth)
  const id = nth === 0 ? String(row.subject) : `${row.subject}/${nth}`
  return {
    ...{ seq: Number(row.seq), id, key: String(row.order_key), route: String(row.route) },
    payload: `{"specversion":"1.0","id":${JSON.stringify(id)},${String(row.payload).slice(1)}`,
    attempts: Number(row.attempts),
  }
}
