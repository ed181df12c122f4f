/** Keeps notifications in SQL from the step that orders them until they are sent or given up. */

import { AppError } from '../../base/app-error.ts'
import type { Page } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlStore, SqlWrite } from '../../store/sql.ts'
import type { ChannelName, Notification, NotificationQuery } from '../notification.ts'
import type { Letter } from './channel.ts'
import { notificationOf } from './notification-tables.ts'

/** A notification that is to be written. */
export interface NewNotification {
  readonly id: string
  readonly instanceId: string
  readonly channel: ChannelName
  readonly to: string
  readonly subject: string
  readonly body: string
  readonly formatted: string | undefined
}

/** A letter with what the sender needs to know of its row. */
export interface DueLetter extends Letter {
  readonly seq: number
  readonly channel: ChannelName
  readonly attempts: number
}

/** What an attempt came to. */
export type Ending =
  | { readonly state: 'sent' }
  | { readonly state: 'dead'; readonly reason: string }
  | {
      readonly state: 'waiting'
      readonly reason: string
      readonly dueAtMs: number
      readonly done: readonly string[]
    }

/** How long a sender has a letter to itself; after a crash it is due again then. */
const claimMs = 120_000
const hourMs = 3_600_000
const open = "state IN ('waiting', 'held', 'sending')"

/** The statement that writes a notification, once however often it is run. */
export function notificationWrite(one: NewNotification, nowMs: number): SqlWrite {
  const { id, instanceId, channel, to, subject, body, formatted = null } = one
  const state = channel === 'outbox' ? 'stored' : 'waiting'
  return {
    sql: `INSERT INTO notifications (id, instance_id, channel, recipient, subject, body, formatted, state, attempts,
      due_at_ms, done, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '[]', ?) ON CONFLICT (id) DO NOTHING`,
    values: [id, instanceId, channel, to, subject, body, formatted, state, nowMs, nowMs],
  }
}

/** The rows. */
export class NotificationOutbox {
  readonly #sql: SqlStore

  constructor(sql: SqlStore) {
    this.#sql = sql
  }

  list({ channel, state, ...query }: NotificationQuery): Promise<Page<Notification>> {
    const [ofChannel, ofState] = [channel ?? '', state ?? '']
    return sequencePage(this.#sql, {
      ...query,
      select: "SELECT * FROM notifications WHERE (? = '' OR channel = ?) AND (? = '' OR state = ?)",
      values: [ofChannel, ofChannel, ofState, ofState],
      read: notificationOf,
    })
  }

  async get(id: string): Promise<Notification | undefined> {
    const row = await this.#sql.get('SELECT * FROM notifications WHERE id = ?', id)
    return row && notificationOf(row)
  }

  /** Those that were written after a place, oldest first, and the place after them. */
  async after(place: number, most: number) {
    const sql = 'SELECT * FROM notifications WHERE seq > ? ORDER BY seq LIMIT ?'
    const rows = await this.#sql.all(sql, place, most)
    return { items: rows.map(notificationOf), place: Number(rows.at(-1)?.seq ?? place) }
  }

  /** The place after all. */
  async end(): Promise<number> {
    const row = await this.#sql.get('SELECT max(seq) AS seq FROM notifications')
    return Number(row?.seq ?? 0)
  }

  async due(nowMs: number, most: number): Promise<readonly DueLetter[]> {
    const rows = await this.#sql.all(
      `SELECT * FROM notifications WHERE ${open} AND due_at_ms <= ? ORDER BY seq LIMIT ?`,
      ...[nowMs, most],
    )
    return rows.map((row) => ({
      ...{ seq: Number(row.seq), id: String(row.id), to: String(row.recipient) },
      ...{ channel: row.channel as ChannelName, attempts: Number(row.attempts) },
      ...{ subject: String(row.subject), body: String(row.body) },
      formatted: row.formatted === null ? undefined : String(row.formatted),
      done: JSON.parse(String(row.done)) as readonly string[],
    }))
  }

  /**
   * Takes a letter for this process, unless another has it, or its recipient had `perHour` within the hour: then it is held
   * until there is room.
   */
  async claim(letter: DueLetter, nowMs: number, perHour: number): Promise<boolean> {
    const { seq, channel, to } = letter
    const among = `FROM notifications n WHERE n.channel = ? AND n.recipient = ? AND n.seq <> ?`
    const taken = await this.#sql.run(
      `UPDATE notifications SET state = 'sending', due_at_ms = ?
        WHERE seq = ? AND ${open} AND due_at_ms <= ?
          AND (SELECT count(*) ${among} AND (n.state = 'sending' OR n.sent_at_ms > ?)) < ?`,
      ...[nowMs + claimMs, seq, nowMs, channel, to, seq, nowMs - hourMs, perHour],
    )
    if (taken > 0) return true
    await this.#sql.run(
      `UPDATE notifications SET state = 'held', reason = ?,
        due_at_ms = coalesce((SELECT min(n.sent_at_ms) ${among} AND n.sent_at_ms > ?), CAST(? AS BIGINT)) + ?
        WHERE seq = ? AND ${open} AND due_at_ms <= ?`,
      ...[`over ${perHour} an hour to this recipient`, channel, to, seq, nowMs - hourMs],
      ...[nowMs - hourMs + 1_000, hourMs, seq, nowMs],
    )
    return false
  }

  async settle(letter: DueLetter, ending: Ending, nowMs: number): Promise<void> {
    const attempts = letter.attempts + 1
    const { state } = ending
    const reason = state === 'sent' ? null : ending.reason.slice(0, 1_000)
    const done = JSON.stringify(state === 'waiting' ? ending.done : letter.done)
    const dueAtMs = state === 'waiting' ? ending.dueAtMs : 0
    await this.#sql.run(
      `UPDATE notifications SET state = ?, attempts = ?, reason = ?, done = ?, due_at_ms = ?, sent_at_ms = ?
        WHERE seq = ?`,
      ...[state, attempts, reason, done, dueAtMs, state === 'sent' ? nowMs : null, letter.seq],
    )
  }

  /** When the next one is due. */
  async nextDue(): Promise<number | undefined> {
    const row = await this.#sql.get(`SELECT min(due_at_ms) AS at FROM notifications WHERE ${open}`)
    return row?.at == null ? undefined : Number(row.at)
  }

  /** @throws AppError `services/unknown-notification` */
  async requeue(id: string): Promise<void> {
    const changed = await this.#sql.run(
      `UPDATE notifications SET state = 'waiting', attempts = 0, due_at_ms = 0, reason = NULL
        WHERE id = ? AND state IN ('dead', 'held')`,
      id,
    )
    if (changed > 0) return
    const message = `there is no notification "${id}" that was given up or is held`
    throw new AppError({ code: 'services/unknown-notification', message })
  }

  /** How many wait, are held, being sent, or were given up. */
  async unsent(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#sql.all(
      `SELECT state, count(*) AS n FROM notifications WHERE state IN ('waiting', 'held', 'sending', 'dead') GROUP BY state`,
    )
    const none = { waiting: 0, held: 0, sending: 0, dead: 0 }
    return {
      ...none,
      ...Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)])),
    }
  }
}
