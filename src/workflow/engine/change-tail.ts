/** Hears in the database what workers elsewhere do with instances, for those who watch from a process that runs none. */

import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlRow, SqlStore } from '../../store/sql.ts'
import { type Instance, type InstanceChange, isOpen } from '../workflow.ts'
import { endEntry } from './endings.ts'
import { shownInstance } from './instance-lists.ts'
import { instanceOf } from './instance-rows.ts'
import { entryOf } from './journal.ts'

/** The newest instances are looked at, so often; lines of one that are told at once. */
const [everyMs, mostInstances, mostLines] = [500, 200, 1_000]

const newest = `SELECT i.*, (SELECT coalesce(max(j.seq), 0) FROM journal j WHERE j.instance_id = i.id) AS lines
  FROM instances i ORDER BY i.seq DESC LIMIT ${mostInstances}`

interface TailParts {
  readonly sql: SqlStore
  readonly timer: Timer
  readonly logger: Logger
  tell(change: InstanceChange): void
}

/** What was told of an instance. */
interface Told {
  readonly lines: number
  readonly status: Instance['status']
}

/** The tail of one engine. */
export class ChangeTail {
  readonly #with: TailParts
  #told: ReadonlyMap<string, Told> | undefined
  #isActive = false
  #cancel = () => {}

  constructor(parts: TailParts) {
    this.#with = parts
  }

  start(): void {
    this.#isActive = true
    this.#lookLater(0)
  }

  stop(): void {
    this.#isActive = false
    this.#cancel()
  }

  #lookLater(delayMs: number): void {
    this.#cancel = this.#with.timer.after(delayMs, async () => {
      try {
        await this.#look()
      } catch (error) {
        this.#with.logger.debug('changes of instances were not heard', { error: String(error) })
      }
      if (this.#isActive) this.#lookLater(everyMs)
    })
  }

  /** The first look only remembers where all are. */
  async #look(): Promise<void> {
    const rows = await this.#with.sql.all(newest)
    const before = this.#told
    const told = new Map<string, Told>()
    for (const row of rows.reverse()) {
      const { status } = instanceOf(row)
      const [id, lines] = [String(row.id), Number(row.lines)]
      told.set(id, { lines, status })
      if (before === undefined || !this.#isActive) continue
      const known = before.get(id)
      if (known?.lines !== lines || known.status !== status) await this.#tell(row, known)
    }
    this.#told = told
  }

  /** The last of the lines comes with the instance as it is now. */
  async #tell(row: SqlRow, known: Told | undefined): Promise<void> {
    const { sql, tell } = this.#with
    const found = instanceOf(row)
    const instance = shownInstance(found)
    const lines = await sql.all(
      `SELECT * FROM journal WHERE instance_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ${mostLines}`,
      ...[found.id, known?.lines ?? 0, Number(row.lines)],
    )
    for (const [at, line] of lines.entries()) {
      const isLast = at === lines.length - 1
      tell({
        instance: isLast ? instance : { ...instance, status: 'running' },
        entry: entryOf(line),
      })
    }
    if (lines.length === 0 && !isOpen(instance))
      tell({ instance, entry: endEntry(found, found.step ?? '') })
  }
}
