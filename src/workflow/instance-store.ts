/** Keeps instances, journals and definitions in SQL. */

import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore } from '../store/sql.ts'
import type { Instance, InstanceDetail, InstanceStatus, JournalEntry } from './workflow.ts'

/** Tables of the engine. */
export const engineMigrations: readonly Migration[] = [
  {
    id: 'workflow/001-engine',
    statements: [
      'CREATE TABLE definitions (hash TEXT PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL)',
      `CREATE TABLE instances (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        workflow TEXT NOT NULL,
        definition_hash TEXT NOT NULL REFERENCES definitions (hash),
        status TEXT NOT NULL,
        step TEXT,
        reason TEXT,
        event_id TEXT NOT NULL,
        input TEXT NOT NULL,
        output TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        wake_at_ms INTEGER NOT NULL,
        created_at_ms INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL,
        UNIQUE (workflow, event_id)
      )`,
      'CREATE INDEX instances_by_status ON instances (status, wake_at_ms)',
      'CREATE INDEX instances_by_event ON instances (event_id)',
      `CREATE TABLE journal (
        instance_id TEXT NOT NULL REFERENCES instances (id),
        seq INTEGER NOT NULL,
        step TEXT NOT NULL,
        kind TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        input TEXT,
        output TEXT,
        error TEXT,
        PRIMARY KEY (instance_id, seq)
      )`,
    ],
  },
]

/** An instance as the engine needs it. */
export interface StoredInstance extends Instance {
  readonly input: Json
  /** Times the present step was begun or asked again. */
  readonly attempts: number
}

/** What a list of instances is asked for. */
export interface InstanceQuery extends PageQuery {
  readonly workflow?: string | undefined
  readonly status?: InstanceStatus | undefined
  readonly eventId?: string | undefined
}

/** Fields of an instance that change. */
export interface InstanceUpdate {
  readonly status: InstanceStatus
  readonly step: string | undefined
  readonly reason: string | undefined
  readonly output?: Json | undefined
  readonly attempts: number
  readonly wakeAtMs: number
}

/** One instance by its id. */
export async function findInstance(
  session: SqlSession,
  id: string,
): Promise<StoredInstance | undefined> {
  const row = await session.get('SELECT * FROM instances WHERE id = ?', id)
  return row && instanceOf(row)
}

/** An instance with its journal. */
export async function instanceDetail(
  sql: SqlStore,
  id: string,
): Promise<InstanceDetail | undefined> {
  const instance = await findInstance(sql, id)
  return instance && { ...instance, journal: await journalOf(sql, id) }
}

/** The journal of an instance, oldest first. */
export async function journalOf(session: SqlSession, id: string): Promise<readonly JournalEntry[]> {
  const rows = await session.all('SELECT * FROM journal WHERE instance_id = ? ORDER BY seq', id)
  return rows.map((row) => ({
    seq: Number(row.seq),
    step: String(row.step),
    kind: row.kind as JournalEntry['kind'],
    attempt: Number(row.attempt),
    atMs: Number(row.at_ms),
    input: jsonOf(row.input),
    output: jsonOf(row.output),
    error: row.error === null ? undefined : String(row.error),
  }))
}

/** Instances, newest first. */
export function listInstances(sql: SqlStore, query: InstanceQuery): Promise<Page<Instance>> {
  const { workflow = null, status = null, eventId = null, ...page } = query
  return sequencePage(sql, {
    ...page,
    select: `SELECT * FROM instances WHERE (? IS NULL OR workflow = ?) AND (? IS NULL OR status = ?)
      AND (? IS NULL OR event_id = ?)`,
    values: [workflow, workflow, status, status, eventId, eventId],
    read: instanceOf,
  })
}

/** Unfinished instances that are due, oldest first. */
export async function dueInstances(
  sql: SqlStore,
  nowMs: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await sql.all(
    `SELECT id FROM instances WHERE status IN ('running', 'waiting') AND wake_at_ms <= ?
      ORDER BY wake_at_ms LIMIT ?`,
    ...[nowMs, limit],
  )
  return rows.map(({ id }) => String(id))
}

/** When the next unfinished instance is due. */
export async function nextWake(sql: SqlStore, afterMs: number): Promise<number | undefined> {
  const row = await sql.get(
    `SELECT min(wake_at_ms) AS at FROM instances WHERE status IN ('running', 'waiting') AND wake_at_ms > ?`,
    afterMs,
  )
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at)
}

/** Writes the changed fields of an instance. */
export async function updateInstance(
  session: SqlSession,
  id: string,
  update: InstanceUpdate & { readonly nowMs: number },
): Promise<void> {
  const { status, step = null, reason = null, output, attempts, wakeAtMs, nowMs } = update
  await session.run(
    `UPDATE instances SET status = ?, step = ?, reason = ?, output = ?, attempts = ?, wake_at_ms = ?,
      updated_at_ms = ? WHERE id = ?`,
    ...[status, step, reason, textOrNull(output), attempts, wakeAtMs, nowMs, id],
  )
}

/** Adds a line to a journal and gives it with its number. */
export async function addEntry(
  session: SqlSession,
  id: string,
  line: Omit<JournalEntry, 'seq'>,
): Promise<JournalEntry> {
  const row = await session.get('SELECT max(seq) AS last FROM journal WHERE instance_id = ?', id)
  const entry = { ...line, seq: Number(row?.last ?? 0) + 1 }
  const { seq, step, kind, attempt, atMs, input, output, error = null } = entry
  await session.run(
    'INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[id, seq, step, kind, attempt, atMs, textOrNull(input), textOrNull(output), error],
  )
  return entry
}

function instanceOf(row: SqlRow): StoredInstance {
  const optional = (value: unknown) => (value === null ? undefined : String(value))
  return {
    id: String(row.id),
    workflow: String(row.workflow),
    definitionHash: String(row.definition_hash),
    status: row.status as InstanceStatus,
    step: optional(row.step),
    reason: optional(row.reason),
    eventId: String(row.event_id),
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
    output: jsonOf(row.output),
    input: jsonOf(row.input) ?? null,
    attempts: Number(row.attempts),
  }
}

function jsonOf(text: unknown): Json | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as Json) : undefined
}

function textOrNull(value: Json | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
