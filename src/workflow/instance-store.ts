/** Keeps instances, journals and definitions in SQL. */

import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore, SqlWrite } from '../store/sql.ts'
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

/** Lines about waiting of one step, after which only the instance's reason changes. */
const maxWaitingLines = 100

/** An instance as the engine needs it. */
export interface StoredInstance extends Instance {
  readonly input: Json
  /** Times the present step has failed. */
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
async function journalOf(session: SqlSession, id: string): Promise<readonly JournalEntry[]> {
  const rows = await session.all('SELECT * FROM journal WHERE instance_id = ? ORDER BY seq', id)
  return rows.map(entryOf)
}

/** One line of a journal by its number. */
export async function findEntry(
  session: SqlSession,
  id: string,
  seq: number,
): Promise<JournalEntry | undefined> {
  const query = 'SELECT * FROM journal WHERE instance_id = ? AND seq = ?'
  const row = await session.get(query, id, seq)
  return row && entryOf(row)
}

/** What an instance has done so far. */
export interface Progress {
  /** Steps that were completed, each as often as it was. */
  readonly executed: number
  /** The last result of each step. */
  readonly results: Map<string, Json>
  /** What the journal holds. */
  readonly journalBytes: number
}

/** What the journal of an instance says it has done. */
export async function progressOf(session: SqlSession, id: string): Promise<Progress> {
  const sizes = await session.get(
    `SELECT sum(CASE kind WHEN 'completed' THEN 1 ELSE 0 END) AS executed, sum(octet_length(step) + octet_length(kind)
      + coalesce(octet_length(input), 0) + coalesce(octet_length(output), 0)
      + coalesce(octet_length(error), 0)) AS bytes FROM journal WHERE instance_id = ?`,
    id,
  )
  const rows = await session.all(
    `SELECT step, output FROM journal WHERE instance_id = ? AND seq IN (
      SELECT max(seq) FROM journal WHERE instance_id = ? AND kind = 'completed' GROUP BY step)
      ORDER BY seq`,
    ...[id, id],
  )
  return {
    executed: Number(sizes?.executed ?? 0),
    results: new Map(rows.map(({ step, output }) => [String(step), jsonOf(output) ?? null])),
    journalBytes: Number(sizes?.bytes ?? 0),
  }
}

/** Whether a wait needs a line: for each reason one, since the step was begun, and not without end. */
export async function isNewReason(
  session: SqlSession,
  id: string,
  reason: string,
): Promise<boolean> {
  const row = await session.get(
    `SELECT count(*) AS lines, sum(CASE error WHEN ? THEN 1 ELSE 0 END) AS same FROM journal WHERE instance_id = ?
      AND seq > (SELECT coalesce(max(seq), 0) FROM journal WHERE instance_id = ? AND kind <> 'waiting')`,
    ...[reason, id, id],
  )
  return Number(row?.lines ?? 0) < maxWaitingLines && Number(row?.same ?? 0) === 0
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

/** Where the unfinished instances of an event are. */
export async function openInstancesOf(
  session: SqlSession,
  eventId: string,
): Promise<readonly { readonly id: string; readonly step: string; readonly attempts: number }[]> {
  const rows = await session.all(
    `SELECT id, step, attempts FROM instances WHERE event_id = ? AND status IN ('running', 'waiting')`,
    eventId,
  )
  return rows.map(({ id, step, attempts }) => ({
    ...{ id: String(id), step: String(step ?? ''), attempts: Number(attempts) },
  }))
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

/** Puts off an instance that could not be read or written, and says why, whatever its row holds. */
export async function postpone(
  sql: SqlStore,
  id: string,
  { reason, wakeAtMs }: { readonly reason: string; readonly wakeAtMs: number },
): Promise<void> {
  await sql.run(
    `UPDATE instances SET reason = ?, wake_at_ms = ? WHERE id = ? AND status IN ('running', 'waiting')`,
    ...[reason, wakeAtMs, id],
  )
}

/** Bytes that a line takes, counted as `progressOf` counts them. */
export function bytesOf({ step, kind, input, output, error = '' }: JournalEntry): number {
  const texts = [step, kind, textOrNull(input) ?? '', textOrNull(output) ?? '', error]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
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

function entryOf(row: SqlRow): JournalEntry {
  return {
    seq: Number(row.seq),
    step: String(row.step),
    kind: row.kind as JournalEntry['kind'],
    attempt: Number(row.attempt),
    atMs: Number(row.at_ms),
    input: jsonOf(row.input),
    output: jsonOf(row.output),
    error: row.error === null ? undefined : String(row.error),
  }
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

/** Writes what belongs to the end of an instance, in the transaction that ends it. */
export async function writeEnd(
  session: SqlSession,
  instance: Instance,
  ended: ((instance: Instance) => readonly SqlWrite[]) | undefined,
): Promise<void> {
  for (const { sql, values } of ended?.(instance) ?? []) await session.run(sql, ...values)
}
