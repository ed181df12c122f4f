/** Writes what a run does: a line and the instance in one transaction, told once it is on disk. */

import { AppError } from '../base/app-error.ts'
import type { SqlSession } from '../store/sql.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import {
  addEntry,
  bytesOf,
  findInstance,
  type InstanceUpdate,
  isNewReason,
  type StoredInstance,
  updateInstance,
  writeEnd,
} from './instance-store.ts'
import { isOpen, type Line } from './step-data.ts'
import type { InstanceChange, JournalEntry } from './workflow.ts'

/** What the writes need. */
interface JournalDependencies extends Pick<EngineDependencies, 'sql' | 'clock' | 'ended'> {
  tell(change: InstanceChange): Promise<void>
}

/** One write; without `wakeAtMs` the instance stays due. */
interface Write {
  readonly line: Line
  readonly update: Omit<InstanceUpdate, 'wakeAtMs'> & { readonly wakeAtMs?: number }
}

/** A result, with what the step's function writes along. */
interface ResultWrite extends Write {
  readonly commit: ((session: SqlSession) => Promise<void>) | undefined
}

/** What became of a result; it is refused when the function's own writing fails, and nothing is written then. */
type ResultWritten =
  | { readonly kind: 'open' | 'closed' }
  | { readonly kind: 'refused'; readonly error: unknown }

/** The journal of one instance, for the run that has it. */
export class InstanceJournal {
  readonly #id: string
  readonly #with: JournalDependencies
  #instance: StoredInstance | undefined
  #bytes = 0

  constructor(id: string, dependencies: JournalDependencies) {
    this.#id = id
    this.#with = dependencies
  }

  /** The instance as it was last seen. */
  get instance(): StoredInstance {
    if (this.#instance !== undefined) return this.#instance
    throw new Error(`the journal of ${this.#id} was used before it was opened`)
  }

  /** Bytes of all lines. */
  get bytes(): number {
    return this.#bytes
  }

  /** Begins with an instance as it was read. */
  open(instance: StoredInstance, bytes: number): void {
    this.#instance = instance
    this.#bytes = bytes
  }

  /** Writes a line and the instance; whether the instance is still open. One that was cancelled gets neither. */
  async write({ line, update }: Write): Promise<boolean> {
    return this.#write(async (session, current) => {
      if (!isOpen(current)) return undefined
      return this.#put(session, { line, current, update })
    })
  }

  /** Writes that the instance waits, with a line if the reason is new. */
  async writeWait({ line, update }: Write): Promise<void> {
    await this.#write(async (session, current) => {
      if (!isOpen(current)) return undefined
      const isNew = await isNewReason(session, this.#id, line.error ?? '')
      return this.#put(session, { line: isNew ? line : undefined, current, update })
    })
  }

  /**
   * Writes a result. One that was cancelled meanwhile keeps it, so that the step is not run again when its event comes
   * back; it stays cancelled unless nothing is left to do.
   */
  async writeResult({ line, update, commit }: ResultWrite): Promise<ResultWritten> {
    let refusal: { readonly error: unknown } | undefined
    try {
      const open = await this.#write(async (session, current) => {
        if (!isOpen(current) && current.status !== 'cancelled') return undefined
        try {
          await commit?.(session)
        } catch (error) {
          // The database's own errors are not the function's.
          if (!isOfStore(error)) refusal = { error }
          throw error
        }
        const { status, reason } = current
        const stays = status === 'cancelled' && update.status !== 'completed'
        const kept = stays ? { ...update, status, reason } : update
        return this.#put(session, { line, current, update: kept })
      })
      return { kind: open ? 'open' : 'closed' }
    } catch (error) {
      if (refusal === undefined) throw error
      return { kind: 'refused', ...refusal }
    }
  }

  async #write(
    put: (session: SqlSession, current: StoredInstance) => Promise<Written | undefined>,
  ): Promise<boolean> {
    const written = await this.#with.sql.transaction(async (session) => {
      const current = await findInstance(session, this.#id)
      return current && put(session, current)
    })
    if (written === undefined) return false
    const { instance, entry } = written
    this.#instance = instance
    if (entry !== undefined) {
      this.#bytes += bytesOf(entry)
      await this.#with.tell({ instance, entry })
    }
    return isOpen(instance)
  }

  async #put(
    session: SqlSession,
    {
      line,
      current,
      update,
    }: { line?: Line | undefined; current: StoredInstance } & Pick<Write, 'update'>,
  ): Promise<Written> {
    const nowMs = this.#with.clock.nowMs()
    const entry = line && (await addEntry(session, this.#id, { ...line, atMs: nowMs }))
    await updateInstance(session, this.#id, { wakeAtMs: nowMs, ...update, nowMs })
    const { status, step, reason, output, attempts } = update
    const changed = { status, step, reason, output, attempts, updatedAtMs: nowMs }
    const instance = { ...current, ...changed }
    if (!isOpen(instance)) await writeEnd(session, instance, this.#with.ended)
    return { entry, instance }
  }
}

interface Written {
  readonly instance: StoredInstance
  readonly entry: JournalEntry | undefined
}

function isOfStore(error: unknown): boolean {
  return error instanceof AppError && error.code.startsWith('store/')
}
