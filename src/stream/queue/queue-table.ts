/** Keeps the messages of a queue in SQL: what waits, who has what, what is done and what was given up. */

import { randomUUID } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore } from '../../store/sql.ts'
import type { DeadLetter, QueueMessage, QueueOptions, TakenMessage } from '../queue.ts'
import { type QueueMeasures, queueMeasures } from './measures.ts'

/**
 * Tables of queues. `state` is `waiting`, `out`, `behind` (an earlier message of its key is not done), `done` or `dead`;
 * one index lets no key have two that wait or are out.
 */
export const tableMigrations: readonly Migration[] = [
  {
    id: 'stream/queue-001',
    statements: [
      `CREATE TABLE queue_messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        message_key TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due_at_ms INTEGER NOT NULL,
        put_at_ms INTEGER NOT NULL,
        owner TEXT,
        reason TEXT,
        UNIQUE (queue, id)
      )`,
      `CREATE UNIQUE INDEX queue_first_of_key ON queue_messages (queue, message_key)
        WHERE state IN ('waiting', 'out')`,
      `CREATE INDEX queue_behind ON queue_messages (queue, message_key, seq) WHERE state = 'behind'`,
      'CREATE TABLE queue_identities (queue TEXT PRIMARY KEY, identity TEXT NOT NULL)',
      'CREATE INDEX queue_by_state ON queue_messages (queue, state, due_at_ms, seq)',
    ],
  },
  {
    id: 'stream/queue-002',
    statements: ['ALTER TABLE queue_messages ADD COLUMN requeued INTEGER NOT NULL DEFAULT 0'],
  },
]

/** How long the id of a message that is done is remembered: 7 days. */
const rememberedMs = 7 * 24 * 3_600_000
/** Rows that one sweep changes at most. */
const sweepRows = 1_000
const maxReason = 4_096

const columns = 'seq, id, message_key, body, attempts, requeued'
const open = "state IN ('waiting', 'out', 'behind')"

interface TableDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly metrics?: Metrics
}

/** The rows of one queue. While a message is out, `due_at_ms` is the end of its lease. */
export class QueueTable {
  readonly name: string
  readonly capacity: number
  readonly leaseMs: number
  readonly #attempts: number
  readonly #sql: SqlStore
  readonly #clock: Clock
  /** Marks what this process has. */
  readonly #owner = randomUUID()
  readonly #measures: QueueMeasures | undefined
  #depth = 0

  constructor({ sql, clock, metrics }: TableDependencies, options: Required<QueueOptions>) {
    this.name = options.name
    this.capacity = options.capacity
    this.leaseMs = options.leaseMs
    this.#attempts = options.attempts
    this.#sql = sql
    this.#clock = clock
    this.#measures = metrics && queueMeasures(metrics, this.name, () => this.#ageMs())
  }

  get channel(): string {
    return `queue ${this.name}`
  }

  get isFull(): boolean {
    return this.#depth >= this.capacity
  }

  /** Tells the queue from those of one name in other databases, which may use one server with it. */
  async identity(): Promise<string> {
    const insert = 'INSERT INTO queue_identities VALUES (?, ?) ON CONFLICT (queue) DO NOTHING'
    await this.#sql.run(insert, this.name, randomUUID())
    const query = 'SELECT identity FROM queue_identities WHERE queue = ?'
    return `${this.name}-${(await this.#sql.get(query, this.name))?.identity}`
  }

  async put(session: SqlSession, message: QueueMessage): Promise<'put' | 'known' | 'full'> {
    if (this.isFull) return 'full'
    const { id, key, body } = message
    const nowMs = this.#clock.nowMs()
    const values = [this.name, id, key, JSON.stringify(body), nowMs, nowMs]
    const insert = `INSERT INTO queue_messages (queue, id, message_key, body, due_at_ms, put_at_ms, state, attempts)`
    const first = await session.run(
      `${insert} SELECT ?, ?, ?, ?, CAST(? AS INTEGER), CAST(? AS INTEGER), 'waiting', 0 WHERE NOT EXISTS (
        SELECT 1 FROM queue_messages WHERE queue = ? AND message_key = ? AND ${open}) ON CONFLICT DO NOTHING`,
      ...[...values, this.name, key],
    )
    const behind =
      first > 0 ||
      (await session.run(
        `${insert} VALUES (?, ?, ?, ?, ?, ?, 'behind', 0) ON CONFLICT (queue, id) DO NOTHING`,
        ...values,
      )) > 0
    if (behind) this.#depth += 1
    return behind ? 'put' : 'known'
  }

  /** Gives out what waits and is due, oldest first. */
  async take(most: number): Promise<readonly TakenMessage[]> {
    const nowMs = this.#clock.nowMs()
    const rows = await this.#sql.all(
      `UPDATE queue_messages SET state = 'out', owner = ?, attempts = attempts + 1, due_at_ms = ? WHERE seq IN (
        SELECT seq FROM queue_messages WHERE queue = ? AND state = 'waiting' AND due_at_ms <= ?
        ORDER BY due_at_ms, seq LIMIT ? FOR UPDATE SKIP LOCKED) RETURNING ${columns}`,
      ...[this.#owner, nowMs + this.leaseMs, this.name, nowMs, most],
    )
    return rows.map(takenOf).toSorted((a, b) => a.seq - b.seq)
  }

  async done(session: SqlSession, { seq, key, attempt }: TakenMessage): Promise<void> {
    const changed = await session.run(
      `UPDATE queue_messages SET state = 'done', body = '', owner = NULL, due_at_ms = ? WHERE seq = ? AND attempts = ?
        AND state = 'out'`,
      ...[this.#clock.nowMs(), seq, attempt],
    )
    if (changed === 0) throw lostLease(seq)
    await this.#bringForward(session, key)
  }

  async #ageMs(): Promise<number> {
    const oldestAtMs = await this.oldestAtMs()
    return oldestAtMs === undefined ? 0 : Math.max(0, this.#clock.nowMs() - oldestAtMs)
  }

  /** To be called after the transaction of `done`. */
  settled(): void {
    this.#depth -= 1
    this.#measures?.ended('done')
  }

  async fail(
    { seq, key, attempt }: TakenMessage,
    { reason, retryAfterMs }: { reason: string; retryAfterMs: number },
  ): Promise<void> {
    const isDead = attempt >= this.#attempts
    const dueAtMs = this.#clock.nowMs() + (isDead ? 0 : retryAfterMs)
    await this.#sql.transaction(async (session) => {
      const changed = await session.run(
        `UPDATE queue_messages SET state = ?, owner = NULL, due_at_ms = ?, reason = ? WHERE seq = ? AND attempts = ?
          AND state = 'out'`,
        ...[isDead ? 'dead' : 'waiting', dueAtMs, reason.slice(0, maxReason), seq, attempt],
      )
      if (changed > 0 && isDead) await this.#bringForward(session, key)
    })
    this.#measures?.ended(isDead ? 'dead' : 'failed')
  }

  /** What went out and was not heard of within its lease waits again; so does what stayed behind by a race of puts. */
  async sweep(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    await this.#sql.run(
      `UPDATE queue_messages SET state = CASE WHEN attempts >= ? THEN 'dead' ELSE 'waiting' END, owner = NULL,
        reason = 'its lease ended' WHERE queue = ? AND state = 'out' AND due_at_ms <= ?`,
      ...[this.#attempts, this.name, nowMs],
    )
    await this.#sql.run(
      `UPDATE queue_messages SET state = 'waiting' WHERE seq IN (SELECT min(seq) FROM queue_messages b WHERE queue = ?
        AND state = 'behind' AND NOT EXISTS (SELECT 1 FROM queue_messages f WHERE f.queue = b.queue
          AND f.message_key = b.message_key AND f.state IN ('waiting', 'out')) GROUP BY message_key LIMIT ?)`,
      ...[this.name, sweepRows],
    )
    await this.#sql.run(
      `DELETE FROM queue_messages WHERE seq IN (SELECT seq FROM queue_messages WHERE queue = ? AND state = 'done'
        AND due_at_ms < ? LIMIT ?)`,
      ...[this.name, nowMs - rememberedMs, sweepRows],
    )
    const counts = await this.counts()
    this.#depth = counts.depth
    this.#measures?.counted(counts)
  }

  /** Keeps what this process has given to a carrier for another lease. */
  async renew(): Promise<void> {
    await this.#sql.run(
      `UPDATE queue_messages SET due_at_ms = ? WHERE queue = ? AND state = 'out' AND owner = ?`,
      ...[this.#clock.nowMs() + this.leaseMs, this.name, this.#owner],
    )
  }

  /** All that is out waits again: what carried it has lost it. */
  async takeBack(): Promise<number> {
    return this.#sql.run(
      `UPDATE queue_messages SET state = 'waiting', owner = NULL, due_at_ms = ?, reason = 'its carrier lost it'
        WHERE queue = ? AND state = 'out'`,
      ...[this.#clock.nowMs(), this.name],
    )
  }

  async counts(): Promise<{ readonly depth: number; readonly out: number; readonly dead: number }> {
    const rows = await this.#sql.all(
      `SELECT state, count(*) AS n FROM queue_messages WHERE queue = ?
        AND state IN ('waiting', 'out', 'behind', 'dead') GROUP BY state`,
      this.name,
    )
    const of = (state: string) => Number(rows.find((row) => row.state === state)?.n ?? 0)
    return { depth: of('waiting') + of('out') + of('behind'), out: of('out'), dead: of('dead') }
  }

  /** When the oldest message that is not done was put. */
  async oldestAtMs(): Promise<number | undefined> {
    const row = await this.#sql.get(
      `SELECT min(put_at_ms) AS oldest FROM queue_messages WHERE queue = ? AND ${open}`,
      this.name,
    )
    return typeof row?.oldest === 'number' ? row.oldest : undefined
  }

  async keys(): Promise<readonly { readonly key: string; readonly waiting: number }[]> {
    const rows = await this.#sql.all(
      `SELECT message_key, count(*) AS n FROM queue_messages WHERE queue = ? AND ${open} GROUP BY message_key
        ORDER BY n DESC, message_key LIMIT 20`,
      this.name,
    )
    return rows.map(({ message_key, n }) => ({ key: String(message_key), waiting: Number(n) }))
  }

  deadLetters(query: PageQuery): Promise<Page<DeadLetter>> {
    return sequencePage(this.#sql, {
      ...query,
      select: `SELECT ${columns}, reason, due_at_ms FROM queue_messages WHERE queue = ? AND state = 'dead'`,
      values: [this.name],
      read: (row) => {
        const { attempt, isRequeued: _, ...message } = takenOf(row)
        const told = { reason: String(row.reason), diedAtMs: Number(row.due_at_ms) }
        return { ...message, ...told, attempts: attempt }
      },
    })
  }

  async requeue(seq: number): Promise<boolean> {
    return this.#sql.transaction(async (session) => {
      const row = await session.get(
        `UPDATE queue_messages SET state = 'behind', attempts = 0, requeued = 1, due_at_ms = ?
          WHERE queue = ? AND seq = ?
          AND state = 'dead' RETURNING message_key`,
        ...[this.#clock.nowMs(), this.name, seq],
      )
      if (row === undefined) return false
      await this.#bringForward(session, String(row.message_key))
      return true
    })
  }

  async purge(): Promise<number> {
    return this.#sql.run("DELETE FROM queue_messages WHERE queue = ? AND state = 'dead'", this.name)
  }

  /** The next message of a key waits, unless one does or is out. */
  async #bringForward(session: SqlSession, key: string): Promise<void> {
    await session.run(
      `UPDATE queue_messages SET state = 'waiting' WHERE seq = (SELECT min(seq) FROM queue_messages WHERE queue = ?
        AND message_key = ? AND state = 'behind') AND NOT EXISTS (SELECT 1 FROM queue_messages WHERE queue = ?
        AND message_key = ? AND state IN ('waiting', 'out'))`,
      ...[this.name, key, this.name, key],
    )
  }
}

function takenOf(row: SqlRow): TakenMessage {
  return {
    ...{ seq: Number(row.seq), attempt: Number(row.attempts) },
    ...{ id: String(row.id), key: String(row.message_key) },
    body: JSON.parse(String(row.body)) as Json,
    ...(Number(row.requeued) === 1 ? { isRequeued: true } : {}),
  }
}

function lostLease(seq: number): AppError {
  const message = `message ${seq} was given to another, or is done; nothing of this attempt is written`
  return new AppError({ code: 'stream/lost-lease', message })
}
