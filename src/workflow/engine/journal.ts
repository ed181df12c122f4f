/** Holds what the journal of one instance says, for the run that has it. */

import { createHash } from 'node:crypto'
import type { Json } from '../../base/json-rpc.ts'
import { bulkSelect } from '../../store/bulk-select.ts'
import type { SqlRow, SqlSession, SqlWrite } from '../../store/sql.ts'
import type { JournalEntry } from '../workflow.ts'
import { type Problem, WorkflowError } from '../workflow-error.ts'
import { jsonOf } from './instance-rows.ts'

/** What is known under a key. */
export interface Known {
  readonly seq: number
  readonly action: string
  readonly output: Json
  readonly problem?: Problem
}

/** A line before it has its number. */
export interface NewLine {
  readonly step: string
  readonly kind: JournalEntry['kind']
  readonly action: string
  readonly attempt: number
  readonly startedAtMs: number
  readonly atMs: number
  /** JSON texts. */
  readonly input?: string | undefined
  readonly output?: string | undefined
  readonly error?: string | undefined
}

/** What failed attempts of an action have led to. */
export interface Trouble {
  readonly failures: number
  /** Not before this time it is tried again. */
  readonly untilMs: number
  readonly reason: string
}

const columns =
  'instance_id, seq, step, kind, action, attempt, started_at_ms, at_ms, input, output, error'

/** A line, whoever has the instance; and the same for one of several workers, which must still have it. */
const insertLine = `INSERT INTO journal (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const insertFenced = `INSERT INTO journal (${columns}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM instances
  WHERE id = ? AND owner = ?`

/** The lines of some instances that a journal is made of; those of each oldest first. */
export function journalRows(
  sql: SqlSession,
  instanceIds: readonly string[],
): Promise<readonly SqlRow[]> {
  return bulkSelect(sql, {
    query: (marks) =>
      `SELECT instance_id, seq, step, kind, action, attempt, at_ms, output, error, dropped FROM journal
        WHERE instance_id IN (${marks}) ORDER BY instance_id, seq`,
    values: instanceIds,
  })
}

/** The journal of an instance, as it will be on disk when all that was added is written. */
export class Journal {
  readonly #id: string
  readonly #known = new Map<string, Known>()
  #begun: Set<string> | undefined
  #troubles: Map<string, Trouble> | undefined
  #generations: Map<string, number> | undefined
  #seq = 0
  #bytes = 0

  constructor(instanceId: string) {
    this.#id = instanceId
  }

  /** Reads the journal of an instance. */
  static async load(sql: SqlSession, instanceId: string): Promise<Journal> {
    return Journal.of(instanceId, await journalRows(sql, [instanceId]))
  }

  /** The journal that these rows are, oldest first. */
  static of(instanceId: string, rows: readonly SqlRow[]): Journal {
    const journal = new Journal(instanceId)
    for (const row of rows) journal.#take(row)
    return journal
  }

  get lines(): number {
    return this.#seq
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Everything that is known, oldest first. */
  known(): ReadonlyMap<string, Known> {
    return this.#known
  }

  get(key: string): Known | undefined {
    return this.#known.get(key)
  }

  /** Whether an action whose beginning is journaled has begun. */
  hasBegun(key: string): boolean {
    return this.#begun?.has(key) === true
  }

  /** Whether something of a task, or of one within it, was done or has begun; times and chance are nothing yet. */
  hasActed(task: string): boolean {
    const isWithin = (key: string) =>
      key.startsWith(task) && (key.length === task.length || '/#'.includes(key.charAt(task.length)))
    const isDone = ([key, { action }]: readonly [string, Known]) =>
      isWithin(key) && !['now', 'random', 'sleep'].includes(action)
    return this.#known.entries().some(isDone) || this.#begun?.values().some(isWithin) === true
  }

  troubleOf(key: string): Trouble | undefined {
    return this.#troubles?.get(key)
  }

  /** The same for each attempt of an action; another one after it was undone. */
  idempotencyKeyOf(key: string): `0x${string}` {
    const generation = this.#generations?.get(key) ?? 0
    const text = generation === 0 ? `${this.#id}\n${key}` : `${this.#id}\n${key}\n${generation}`
    return `0x${createHash('sha256').update(text).digest('hex')}`
  }

  /** Adds a line and gives what writes it. */
  add(
    line: NewLine,
    output: Json | undefined,
    owner: number | null,
  ): { write: SqlWrite; seq: number } {
    this.#seq += 1
    const seq = this.#seq
    const { step, kind, action, attempt, startedAtMs, atMs } = line
    const { input = null, output: text = null, error = null } = line
    this.#bytes += step.length + (input?.length ?? 0) + (text?.length ?? 0) + (error?.length ?? 0)
    if (kind === 'completed') this.#known.set(step, { seq, action, output: output ?? null })
    if (kind === 'failed') this.#fail(step, seq, { action, error })
    if (kind === 'started') this.#begin(step)
    const values = [
      ...[this.#id, seq, step, kind, action, attempt, startedAtMs, atMs],
      ...[input, text, error],
    ]
    return owner === null
      ? { seq, write: { sql: insertLine, values } }
      : { seq, write: { sql: insertFenced, values: [...values, this.#id, owner], changes: 1 } }
  }

  /** Notes that an action is tried again, or waits. */
  trouble(key: string, trouble: Trouble): void {
    this.#troubles ??= new Map()
    this.#troubles.set(key, trouble)
  }

  #take(row: SqlRow): void {
    const [seq, step, kind] = [Number(row.seq), String(row.step), String(row.kind)]
    this.#seq = seq
    const [output, error] = [row.output as string | null, row.error as string | null]
    this.#bytes += step.length + (output?.length ?? 0) + (error?.length ?? 0)
    const action = String(row.action)
    if (Number(row.dropped) === 1) {
      if (kind !== 'completed') return
      this.#generations ??= new Map()
      this.#generations.set(step, (this.#generations.get(step) ?? 0) + 1)
      return
    }
    if (kind === 'completed') this.#known.set(step, { seq, action, output: jsonOf(output) ?? null })
    if (kind === 'failed') this.#fail(step, seq, { action, error })
    if (kind === 'started') this.#begin(step)
    if (kind !== 'retrying' && kind !== 'waiting') return
    const failures = kind === 'retrying' ? Number(row.attempt) : Number(row.attempt) - 1
    this.trouble(step, { failures, untilMs: Number(output ?? 0), reason: String(error) })
  }

  #begin(step: string): void {
    this.#begun ??= new Set()
    this.#begun.add(step)
  }

  #fail(
    step: string,
    seq: number,
    { action, error }: { action: string; error: string | null },
  ): void {
    const problem = JSON.parse(error ?? '{}') as Problem
    this.#known.set(step, { seq, action, output: null, problem })
  }
}

/** What a key gives. @throws WorkflowError what it failed with */
export function given({ output, problem }: Known): Json {
  if (problem === undefined) return output
  throw errorOf(problem)
}

/** A problem as it was thrown. */
export function errorOf(problem: Problem): WorkflowError {
  const { type, status, title, detail, instance } = problem
  return new WorkflowError({ type, status, title, detail, instance })
}

/** A line as readers see it. */
export function entryOf(row: SqlRow): JournalEntry {
  return {
    ...{ seq: Number(row.seq), step: String(row.step), action: String(row.action) },
    ...{ kind: row.kind as JournalEntry['kind'], attempt: Number(row.attempt) },
    ...{ startedAtMs: Number(row.started_at_ms), atMs: Number(row.at_ms) },
    input: jsonOf(row.input),
    output: row.kind === 'completed' ? jsonOf(row.output) : undefined,
    error: shownError(row.error === null ? undefined : String(row.error)),
    dropped: Number(row.dropped) === 1,
  }
}

/** What readers see of an error, which a failed line has as a problem. */
export function shownError(text: string | undefined): string | undefined {
  if (!text?.startsWith('{')) return text
  const { detail, title, type } = JSON.parse(text) as Problem
  return detail ?? title ?? type
}
