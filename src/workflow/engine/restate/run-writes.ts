/**
 * Brings what an invocation of Restate has journaled into the database: lines for readers once all branches wait, and
 * what has effects there as an operation of the invocation, once.
 */

import type { SqlSession, SqlStore, SqlWrite } from '../../../store/sql.ts'
import type { InstanceStatus, JournalEntry } from '../../workflow.ts'
import { leavingOf } from './invocation-rows.ts'

/** Something to be written, in the order in which it was added. */
interface Item {
  readonly seq: number
  /** A line of the journal. */
  readonly line: SqlWrite | undefined
  readonly entry: JournalEntry | undefined
  /** What has effects for others; nothing for a line that only readers wait for. */
  readonly owed: readonly SqlWrite[] | undefined
  isTaken: boolean
}

/** What is shown of a run that goes on. */
export interface Shown {
  readonly status: Extract<InstanceStatus, 'running' | 'waiting'>
  readonly step: string | undefined
  readonly reason: string | undefined
}

/** What writes need of their invocation. */
interface WriteParts {
  readonly sql: SqlStore
  readonly id: string
  /** Number of the invocation; once the instance has another one, nothing of this one is written. */
  readonly number: number
  /** Lines up to there are on disk already. */
  readonly onDisk: number
  readonly nowMs: () => number
  readonly tell: (entry: JournalEntry) => void
  /** A line is on disk. */
  readonly written: (step: string) => void
}

/** States that last less are not shown. */
const shownAfterMs = 50
const holding = 'UPDATE instances SET invocation = invocation WHERE id = ? AND invocation = ?'
const mark =
  'INSERT INTO restate_writes (instance_id, key) VALUES (?, ?) ON CONFLICT (key) DO NOTHING'

/** What is written at the end of an invocation. */
interface Ending {
  readonly first?: readonly SqlWrite[]
  readonly last?: readonly SqlWrite[]
  /** When the next invocation is to begin, if there is something left to do. */
  readonly wakeAtMs: number
}

/** The writes of one invocation. */
export class RunWrites {
  readonly #with: WriteParts
  readonly #items: Item[] = []
  /** Writes one after the other, and what is told between them. */
  #chain: Promise<unknown> = Promise.resolve()
  #alarm: ReturnType<typeof setTimeout> | undefined
  #shown: Shown | undefined
  #pieces = 0

  constructor(parts: WriteParts) {
    this.#with = parts
  }

  /** Adds a line, what is written with it, and what is told then. */
  add(item: Pick<Item, 'line' | 'entry' | 'owed' | 'seq'>): void {
    if (item.owed === undefined && item.seq <= this.#with.onDisk) return
    this.#items.push({ ...item, isTaken: false })
  }

  /** Whether others wait for something. */
  get owes(): boolean {
    return this.#items.some(({ owed, isTaken }) => owed !== undefined && !isTaken)
  }

  /** Whether a line waits to be written and told. */
  get hasLines(): boolean {
    return this.#items.some(({ line }) => line !== undefined)
  }

  /** Takes back what was added last. */
  dropLast(): void {
    this.#items.pop()
  }

  /** Takes all that was added, to be written as a piece; the key is the same in a replay. */
  take(): { readonly key: string; readonly items: readonly Item[] } {
    this.#pieces += 1
    const items = this.#items.filter(({ isTaken }) => !isTaken)
    for (const item of items) item.isTaken = true
    return { key: `${this.#with.id}~${this.#with.number}#${this.#pieces}`, items }
  }

  /** Writes a piece once; whether nothing refused it. @throws the database's trouble */
  async write({ key, items }: ReturnType<RunWrites['take']>): Promise<boolean> {
    const { sql, id } = this.#with
    const first = [this.#holding, { sql: mark, values: [id, key], changes: 1 }]
    const isDone = async () =>
      (await sql.get('SELECT key FROM restate_writes WHERE key = ?', key)) !== undefined
    return this.#once(items, { piece: () => [...first, ...writesOf(items)], isDone })
  }

  /** A piece is on disk, whoever wrote it. */
  settled({ items }: ReturnType<RunWrites['take']>): void {
    for (const item of items) this.#drop(item)
  }

  /** Writes what ends the invocation, with all that was added; whether nothing refused it. */
  end({ first = [], last = [], wakeAtMs }: Ending): Promise<boolean> {
    const { sql, id, number } = this.#with
    const isDone = async () => {
      const row = await sql.get('SELECT invocation FROM instances WHERE id = ?', id)
      return row === undefined || Number(row.invocation) > number
    }
    const left = leavingOf({ id, number }, wakeAtMs)
    const piece = () => [...first, left, ...writesOf(this.#items), ...last]
    return this.#once(this.#items, { piece, isDone })
  }

  /** Writes within a transaction all that was added. */
  async writeIn(session: SqlSession): Promise<void> {
    for (const { sql, values } of writesOf(this.#items)) await session.run(sql, ...values)
  }

  /** Writes what ends the invocation, with the lines only that wait for nothing refused. */
  endPlain(ending: Ending): Promise<boolean> {
    const first = this.#items.findIndex(({ owed }) => owed !== undefined)
    if (first >= 0) this.#items.length = first
    return this.end(ending)
  }

  /** All branches wait: readers see the lines, and soon what is waited for. */
  rest(shown: Shown): void {
    const plain = this.#plain()
    if (plain.length > 0) this.#later(() => this.#showLines(plain))
    clearTimeout(this.#alarm)
    const { status, step, reason } = this.#shown ?? {}
    if (shown.status === status && shown.step === step && shown.reason === reason) return
    this.#alarm = setTimeout(() => this.#later(() => this.#show(shown)), shownAfterMs)
  }

  /** Tells something in the order of the lines. */
  tellNext(entry: JournalEntry): void {
    this.#later(async () => this.#with.tell(entry))
  }

  /** Nothing is shown any more; resolves when what is under way is written. */
  async stop(): Promise<void> {
    clearTimeout(this.#alarm)
    await this.#chain
  }

  /** Nobody takes the instance from the invocation before what comes behind is written; refused where it has another one. */
  get #holding(): SqlWrite {
    const { id, number } = this.#with
    return { sql: holding, values: [id, number], changes: 1 }
  }

  /** Lines that nothing is owed before. */
  #plain(): readonly Item[] {
    const first = this.#items.findIndex(({ owed }) => owed !== undefined)
    return first < 0 ? [...this.#items] : this.#items.slice(0, first)
  }

  async #showLines(items: readonly Item[]): Promise<void> {
    const fresh = items.filter((item) => this.#items.includes(item))
    if (fresh.length === 0) return
    await this.#with.sql.write([this.#holding, ...writesOf(fresh)])
    this.#tell(fresh)
  }

  async #show(shown: Shown): Promise<void> {
    this.#shown = shown
    const { sql, id, number, nowMs } = this.#with
    const { status, step = null, reason = null } = shown
    await sql.run(
      `UPDATE instances SET status = ?, step = ?, reason = ?, updated_at_ms = ? WHERE id = ? AND invocation = ?
        AND interrupt IS NULL AND status IN ('running', 'waiting')`,
      ...[status, step, reason, nowMs(), id, number],
    )
  }

  /** After what was asked before; what fails is tried again with the next one. */
  #later(work: () => Promise<unknown>): void {
    this.#chain = this.#chain.then(work).catch(() => {})
  }

  #once(
    items: readonly Item[],
    { piece, isDone }: { piece(): readonly SqlWrite[]; isDone(): Promise<boolean> },
  ): Promise<boolean> {
    const writing = this.#chain.then(async () => {
      try {
        await this.#with.sql.write(piece())
      } catch (error) {
        if (!isRefusal(error)) throw error
        return isDone()
      }
      this.#tell([...items])
      return true
    })
    this.#chain = writing.catch(() => {})
    return writing
  }

  #tell(items: readonly Item[]): void {
    for (const item of items) {
      this.#drop(item)
      if (item.seq <= this.#with.onDisk) continue
      if (item.entry !== undefined) this.#with.tell(item.entry)
      if (item.line !== undefined) this.#with.written(String(item.line.values[2]))
    }
  }

  #drop(item: Item): void {
    const at = this.#items.indexOf(item)
    if (at >= 0) this.#items.splice(at, 1)
  }
}

/** A line that was shown already is left as it is. */
function writesOf(items: readonly Item[]): readonly SqlWrite[] {
  return items.flatMap(({ line, owed = [] }) =>
    line === undefined
      ? owed
      : [{ ...line, sql: `${line.sql} ON CONFLICT (instance_id, seq) DO NOTHING` }, ...owed],
  )
}

/** Whether the database refuses the piece itself, rather than being of no use for now. */
function isRefusal(error: unknown): boolean {
  const code = String((error as { readonly code?: unknown }).code)
  return code === 'store/unexpected-rows'
}

/** Writes what an action gave once, whoever asks again. @throws what refused it */
export async function keepOnce(
  sql: SqlStore,
  key: string,
  { id, writes }: { readonly id: string; readonly writes: readonly SqlWrite[] },
): Promise<void> {
  if (writes.length === 0) return
  try {
    await sql.write([{ sql: mark, values: [id, key], changes: 1 }, ...writes])
  } catch (error) {
    const done = await sql.get('SELECT key FROM restate_writes WHERE key = ?', key)
    if (done === undefined) throw error
  }
}
