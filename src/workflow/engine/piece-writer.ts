/** Gathers what one run writes, piece by piece: each is on disk before the next, and told of once it is. */

import { AppError } from '../../base/app-error.ts'
import type { SqlWrite } from '../../store/sql.ts'
import type { JournalEntry } from '../workflow.ts'
import type { RunEnvironment } from './run-environment.ts'

/** Never ends; for what nobody looks at any more. */
export const never: Promise<never> = new Promise<never>(() => {})

/** What the writer asks of its run. */
interface WriterParts {
  readonly with: RunEnvironment
  readonly id: string
  /** What writes the instance itself, where it is new. */
  readonly insertion: SqlWrite | undefined
  isGone(): boolean
  /** A line is on disk. */
  written(entry: JournalEntry): void
  /** A piece could not be written; `along` are the steps whose own writes were in it. */
  broken(error: unknown, along: readonly string[]): void
}

/** The writes of one run. */
export class PieceWriter {
  readonly #with: WriterParts
  #first: SqlWrite[]
  #buffer: SqlWrite[] = []
  #entries: JournalEntry[] = []
  #along: string[] = []
  #writing: Promise<void> | undefined

  constructor(parts: WriterParts) {
    this.#with = parts
    this.#first = parts.insertion ? [{ ...parts.insertion, changes: 1 }] : []
  }

  get isEmpty(): boolean {
    return this.#buffer.length === 0 && this.#first.length === 0
  }

  /** Whether a line waits to be told. */
  get hasEntries(): boolean {
    return this.#entries.length > 0
  }

  add(...writes: readonly SqlWrite[]): void {
    this.#buffer.push(...writes)
  }

  /** Goes before all else of the next piece, also before what guards it. */
  addFirst(write: SqlWrite): void {
    this.#first.push(write)
  }

  /** What is told once the next piece is on disk. */
  note(entry: JournalEntry): void {
    this.#entries.push(entry)
  }

  /** Writes of an action of its own, with its line. */
  along(step: string, writes: readonly SqlWrite[]): void {
    this.#buffer.push(...writes)
    this.#along.push(step)
  }

  /** Resolves when all that was added is on disk; never, if it cannot be written. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    if (this.#with.isGone()) return never
    if (this.isEmpty) return
    this.#writing = this.#write([], [])
    await this.#writing
  }

  /**
   * Writes what was added together with a change of the instance that must find it as it is known; whether it did. If
   * not, the rest is written alone.
   */
  async guarded(guard: SqlWrite, more: readonly SqlWrite[] = []): Promise<boolean> {
    while (this.#writing !== undefined) await this.#writing
    if (this.#with.isGone()) return never
    const owner = this.#with.with.owner()
    const { sql, values } = guard
    const fenced =
      owner === null
        ? { sql, values, changes: 1 }
        : { sql: `${sql} AND owner = ?`, values: [...values, owner], changes: 1 }
    let holds = true
    this.#writing = this.#write([fenced], more, () => {
      holds = false
    })
    await this.#writing
    return holds
  }

  async #write(
    guard: readonly SqlWrite[],
    more: readonly SqlWrite[],
    fails?: () => void,
  ): Promise<void> {
    const [first, lines, entries, along] = [
      ...[this.#first, this.#buffer],
      ...[this.#entries, this.#along],
    ] as [readonly SqlWrite[], SqlWrite[], JournalEntry[], string[]]
    this.#first = []
    this.#buffer = []
    this.#entries = []
    this.#along = []
    const { sql } = this.#with.with
    try {
      try {
        await sql.write([...first, ...guard, ...lines, ...more])
      } catch (error) {
        if (guard.length === 0 || !isUnexpected(error)) throw error
        if (first.length + lines.length > 0) await sql.write([...first, ...lines])
        fails?.()
      }
    } catch (error) {
      this.#with.broken(error, along)
      return never
    } finally {
      this.#writing = undefined
    }
    this.#with.with.measures.committed()
    for (const entry of entries) this.#with.written(entry)
  }
}

function isUnexpected(error: unknown): boolean {
  return error instanceof AppError && error.code === 'store/unexpected-rows'
}
