/** Lists the tables of sinks, and the statements that put messages into them. */

import type { Migration, SqlWrite } from '../../store/sql.ts'

/** Tables of the sinks. */
export const sinkMigrations: readonly Migration[] = [
  {
    id: 'services/002-sinks',
    statements: [
      `CREATE TABLE sinks (
        name TEXT PRIMARY KEY,
        paused INTEGER NOT NULL,
        sent BIGINT NOT NULL,
        last_sent_at_ms BIGINT,
        owner TEXT,
        owned_until_ms BIGINT NOT NULL
      )`,
      `CREATE TABLE sink_messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        sink TEXT NOT NULL,
        subject TEXT NOT NULL,
        nth BIGINT NOT NULL,
        life TEXT NOT NULL,
        latest INTEGER NOT NULL,
        route TEXT NOT NULL,
        order_key TEXT NOT NULL,
        payload TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due_at_ms BIGINT NOT NULL,
        reason TEXT,
        at_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX sink_messages_by_state ON sink_messages (sink, state, seq)',
      'CREATE INDEX sink_messages_by_subject ON sink_messages (sink, subject)',
    ],
  },
]

/** What a sink is told of an event or an instance. */
export interface Told {
  readonly sink: string
  /** Id of the event or instance. */
  readonly subject: string
  /** Life of the event, status of the instance. */
  readonly life: string
  readonly route: string
  readonly key: string
  /** The message without its id: an object of at least one member, as JSON. */
  readonly payload: string
  readonly atMs: number
}

const latest = 'SELECT 1 FROM sink_messages WHERE sink = ? AND subject = ? AND latest = 1'

/** Tells of a subject, unless the sink was told already and nothing was taken back since. */
export function tellOnce(told: Told): readonly SqlWrite[] {
  const condition = `NOT EXISTS (${latest} AND life <> 'retracted')`
  return tell(told, condition, [told.sink, told.subject])
}

/** Tells of a subject once for each life that it comes to. */
export function tellEach(told: Told): readonly SqlWrite[] {
  return tell(told, `NOT EXISTS (${latest} AND life = ?)`, [told.sink, told.subject, told.life])
}

/** Tells that a subject was taken back, if the sink has been told of it. */
export function tellRetraction(told: Told): readonly SqlWrite[] {
  return tell(told, `EXISTS (${latest} AND life <> 'retracted')`, [told.sink, told.subject])
}

function tell(told: Told, condition: string, values: readonly string[]): readonly SqlWrite[] {
  const { sink, subject, life, route, key, payload, atMs } = told
  return [
    {
      sql: `INSERT INTO sink_messages
        (sink, subject, nth, life, latest, route, order_key, payload, state, attempts, due_at_ms, at_ms)
        SELECT CAST(? AS TEXT), CAST(? AS TEXT),
          (SELECT count(*) FROM sink_messages WHERE sink = ? AND subject = ?),
          CAST(? AS TEXT), 1, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), 'waiting', 0, 0, CAST(? AS BIGINT)
        WHERE ${condition}`,
      values: [sink, subject, sink, subject, life, route, key, payload, atMs, ...values],
    },
    {
      sql: `UPDATE sink_messages SET latest = 0 WHERE sink = ? AND subject = ? AND latest = 1
        AND seq < (SELECT max(seq) FROM sink_messages WHERE sink = ? AND subject = ?)`,
      values: [sink, subject, sink, subject],
    },
  ]
}
