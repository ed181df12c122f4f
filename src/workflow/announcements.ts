/** Tells subscribers what happened to instances: only what is on disk, and each instance's lines in order. */

import type { Logger } from '../base/logger.ts'
import type { SqlStore } from '../store/sql.ts'
import { findEntry, findInstance } from './instance-store.ts'
import type { InstanceChange } from './workflow.ts'

/** Lines that wait to be told; the oldest are dropped beyond this, since the journal has them. */
const maxPending = 10_000

/** What is told, and who is to know of an instance that was cancelled. */
interface AnnouncementDependencies {
  readonly sql: SqlStore
  readonly logger: Logger
  /** Called for each instance that is cancelled, once that is on disk. */
  readonly cancelled: (instanceId: string) => void
}

/** A line by its place in the journal of an instance. */
export interface NotedLine {
  readonly id: string
  readonly seq: number
  readonly kind: 'cancelled' | 'failed'
}

/** A line that is to be told, or to be read back first. */
type Pending = NotedLine | InstanceChange

/** The subscribers, and what they have not been told yet. */
export class Announcements {
  readonly #with: AnnouncementDependencies
  readonly #listeners = new Set<(change: InstanceChange) => void>()
  #pending = new Map<string, Pending>()
  #flushing: Promise<void> = Promise.resolve()

  constructor(dependencies: AnnouncementDependencies) {
    this.#with = dependencies
  }

  /** Adds a subscriber; gives what takes it off. A subscriber that throws disturbs nobody. */
  subscribe(listener: (change: InstanceChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Notes a line of somebody else's transaction, which may still be rolled back. */
  note(line: NotedLine): void {
    this.#add(keyOf(line.id, line.seq), line)
  }

  /** Tells a line that is on disk, after those before it. */
  async tell(change: InstanceChange): Promise<void> {
    this.#add(keyOfChange(change), change)
    // What could not be read now is told at the next occasion.
    await this.flush().catch((error: unknown) => {
      this.#with.logger.warn('lines of a journal could not be read', { error: String(error) })
    })
  }

  /** Tells everything that has been committed; what was rolled back is forgotten. */
  flush(): Promise<void> {
    const done = this.#flushing.then(() => this.#flush())
    this.#flushing = done.catch(() => {})
    return done
  }

  #add(key: string, line: Pending): void {
    this.#pending.set(key, line)
    const [oldest] = this.#pending.keys()
    if (this.#pending.size > maxPending && oldest !== undefined) this.#pending.delete(oldest)
  }

  async #flush(): Promise<void> {
    const due = this.#pending
    if (due.size === 0) return
    this.#pending = new Map()
    try {
      const lines = [...due.values()]
      const read = await this.#read(lines.filter((line) => 'seq' in line))
      const changes = [...lines.filter((line) => 'entry' in line), ...read].sort(
        (a, b) => a.entry.seq - b.entry.seq,
      )
      for (const change of changes) this.#say(change)
    } catch (error) {
      this.#pending = new Map([...due, ...this.#pending])
      throw error
    }
  }

  /** Read in a transaction: it begins when the one that wrote the lines has ended, whichever way. */
  async #read(lines: readonly NotedLine[]): Promise<readonly InstanceChange[]> {
    if (lines.length === 0) return []
    const changes: InstanceChange[] = []
    const cancelled: string[] = []
    await this.#with.sql.transaction(async (session) => {
      for (const { id, seq, kind } of lines) {
        const instance = await findInstance(session, id)
        const entry = await findEntry(session, id, seq)
        if (instance?.status === 'cancelled') cancelled.push(id)
        // Another line has this place if the noted one was rolled back.
        if (instance === undefined || entry?.kind !== kind) continue
        const then = { ...instance, status: kind, reason: entry.error, output: undefined }
        changes.push({ instance: then, entry })
      }
    })
    // The same place noted twice, by a transaction that was rolled back and one that was not, is told once.
    for (const change of changes) this.#pending.delete(keyOfChange(change))
    for (const id of cancelled) this.#with.cancelled(id)
    return changes
  }

  #say(change: InstanceChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        const { id: instance } = change.instance
        this.#with.logger.error('a subscriber failed', { instance, error: String(error) })
      }
    }
  }
}

function keyOf(id: string, seq: number): string {
  return `${id}:${seq}`
}

function keyOfChange({ instance, entry }: InstanceChange): string {
  return keyOf(instance.id, entry.seq)
}
