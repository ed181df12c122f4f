/** Holds the runs that are in memory: those that do something, and some of those that wait. */

import { AppError } from '../../base/app-error.ts'
import { keptReason } from '../kept-json.ts'
import { isOpen } from '../workflow.ts'
import type { Definitions } from './definitions.ts'
import { instanceReader, type ReadInstance } from './instance-reader.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import { goOn } from './intake.ts'
import type { Outcomes } from './outcomes.ts'
import { Run, type RunHost, type RunParts } from './run.ts'
import { RunContext } from './run-context.ts'
import type { RunEnvironment } from './run-environment.ts'

/** Runs that wait and stay in memory; others are run again from their journal. */
const maxParked = 1_000
/** Pause after the database failed, or a definition was of no use. */
const restMs = 1_000
const lookAgainMs = 30_000
/** How long a stop waits for actions that do not listen to their signal. */
const maxStopMs = 5_000

/** What the runs of an engine need. */
export interface RunsParts extends Omit<RunEnvironment, 'context'> {
  readonly definitions: Definitions
  readonly outcomes: Outcomes
  /** An instance waits until then, if nothing comes before. */
  readonly waits: (untilMs: number) => void
  /** An instance has ended for now. */
  readonly left: (row: InstanceRow) => void
}

/** What an engine asks of whoever runs its instances. */
export type InstanceRuns = Pick<
  Runs,
  | 'abandon'
  | 'begin'
  | 'busy'
  | 'drain'
  | 'get'
  | 'has'
  | 'look'
  | 'nextWaitMs'
  | 'open'
  | 'owner'
  | 'renew'
  | 'size'
  | 'stop'
  | 'take'
>

/** The runs of one engine. */
export class Runs {
  readonly #with: RunsParts
  readonly #environment: RunEnvironment
  readonly #host: RunHost
  readonly #read: ReadInstance
  readonly #runs = new Map<string, Run>()
  /** The one that has waited longest is first. */
  readonly #parked = new Set<Run>()
  /** Instances that are being read. */
  readonly #loading = new Set<string>()
  #isActive = false
  #idle = () => {}

  constructor(parts: RunsParts) {
    this.#with = parts
    this.#read = instanceReader(parts.sql)
    this.#environment = {
      ...parts,
      owner: () => parts.owner(),
      isHeard: () => parts.isHeard(),
      context: (run, scope) => new RunContext(run, scope),
    }
    this.#host = {
      waits: parts.waits,
      parked: (run) => this.#park(run),
      resumed: (run) => this.#parked.delete(run),
      ended: (run) => this.#end(run),
      broken: (run, error, refused) => void this.#mend(run, error, refused),
      goesOn: (run) => this.#goOn(run),
    }
  }

  /** Stands in every row that this process has. */
  get owner(): number | null {
    return this.#with.owner()
  }

  /** Runs that do something now. */
  get busy(): number {
    return this.#runs.size - this.#parked.size + this.#loading.size
  }

  /** Runs in memory. */
  get size(): number {
    return this.#runs.size + this.#loading.size
  }

  get(id: string): Run | undefined {
    return this.#runs.get(id)
  }

  /** When the first wait is over of a run that also does something. */
  nextWaitMs(): number | undefined {
    let next: number | undefined
    for (const run of this.#runs.values()) {
      if (!run.isParked) next = Math.min(run.wakeAtMs ?? Infinity, next ?? Infinity)
    }
    return next
  }

  /** Whether it is in memory, or about to be. */
  has(id: string): boolean {
    return this.#runs.has(id) || this.#loading.has(id)
  }

  open(): void {
    this.#isActive = true
  }

  /** Starts a run whose instance is written with its first line. */
  begin(parts: RunParts): void {
    const run = new Run(this.#environment, this.#host, parts)
    this.#runs.set(run.id, run)
    void run.go()
  }

  /** Takes up an instance that is due; one that is in memory looks at what has come. */
  async take(id: string, nudge?: number): Promise<void> {
    const run = this.#runs.get(id)
    if (run !== undefined) {
      const { wakeAtMs = Number.POSITIVE_INFINITY } = run
      const isDue = wakeAtMs <= this.#with.clock.nowMs()
      if (run.isParked || isDue || run.row.nudge !== nudge) await run.refresh()
      return
    }
    await this.#load(id)
  }

  /** Has an instance that is in memory look at what was changed. */
  async look(id: string): Promise<void> {
    await this.#runs.get(id)?.refresh()
  }

  /** Changes an instance that rests while nothing of it is in memory, and takes it up anew. */
  async renew(id: string, change: () => Promise<void>): Promise<void> {
    const run = this.#runs.get(id)
    this.#loading.add(id)
    try {
      run?.drop()
      if (run) this.#forget(run)
      await run?.outside.idle()
      await change()
    } finally {
      this.#loading.delete(id)
      await this.#load(id)
    }
  }

  /** Lets each run come to a point at which another worker can go on from the journal, for a while at most. */
  async drain(mostMs: number): Promise<void> {
    this.#isActive = false
    for (const run of this.#runs.values()) if (!run.isParked) run.leave()
    if (mostMs <= 0 || this.busy === 0) return
    await new Promise<void>((resolve) => {
      const cancel = this.#with.timer.after(mostMs, resolve)
      this.#idle = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Lets go of everything; what is under way is asked to end, and left after a while. */
  async stop(): Promise<void> {
    this.#isActive = false
    const runs = [...this.#runs.values()]
    for (const run of runs) run.drop()
    let giveUp = () => {}
    const late = new Promise<void>((resolve) => {
      giveUp = this.#with.timer.after(maxStopMs, resolve)
    })
    const idle = Promise.all(runs.map((run) => run.outside.idle())).then(() => true)
    if ((await Promise.race([idle, late])) !== true) {
      this.#with.logger.warn('an action did not end when it was told to')
    }
    giveUp()
    this.#runs.clear()
    this.#parked.clear()
  }

  /** Lets go of everything since other workers have it now. */
  abandon(): void {
    for (const run of this.#runs.values()) run.drop()
    this.#runs.clear()
    this.#parked.clear()
  }

  async #load(id: string, refusals?: ReadonlyMap<string, unknown>): Promise<void> {
    if (this.#loading.has(id) || !this.#isActive) return
    this.#loading.add(id)
    const { sql, definitions, outcomes } = this.#with
    let parts: RunParts | undefined
    try {
      const stored = await this.#read(id)
      const owner = this.#with.owner()
      if (stored === undefined) return await outcomes.failArchived(sql, id)
      const { found, journal } = stored
      const row = instanceOf(found)
      const isOver = !isOpen(row) && row.interrupt === undefined
      if (!isOver && owner !== null && found.owner !== owner) return
      if (isOver) {
        outcomes.settle(row)
        if (row.wakeAtMs !== undefined) await this.#rest(id)
        return
      }
      if (row.status === 'paused' && row.interrupt === undefined) return
      const workflow = await this.#definitionOf(row, definitions)
      if (workflow === undefined) return
      parts = { row, workflow, journal, ...(refusals ? { refusals } : {}) }
    } catch (error) {
      await this.#postpone(id, error)
    } finally {
      this.#loading.delete(id)
    }
    if (parts !== undefined && this.#isActive) this.begin(parts)
  }

  /** An instance whose definition is of no use waits; another version of the program may know it. */
  async #definitionOf(row: InstanceRow, definitions: Definitions) {
    let reason = `its definition ${row.definitionHash} is not there`
    try {
      const workflow = await definitions.byHash(row.definitionHash)
      if (workflow !== undefined) return workflow
    } catch (error) {
      reason = `its definition cannot be used: ${keptReason(error)}`
    }
    const wakeAtMs = this.#with.clock.nowMs() + lookAgainMs
    await this.#with.sql.run(
      `UPDATE instances SET status = 'waiting', reason = ?, wake_at_ms = ? WHERE id = ? AND status IN ('running', 'waiting')`,
      ...[reason, wakeAtMs, row.id],
    )
    return undefined
  }

  #park(run: Run): void {
    this.#parked.delete(run)
    if (!this.#isActive) return
    // Whoever looked at what is next while the run looked at what had come did not see its time.
    if (run.wakeAtMs !== undefined) this.#with.waits(run.wakeAtMs)
    this.#parked.add(run)
    if (this.#parked.size <= maxParked) return
    const [oldest] = this.#parked
    if (oldest === undefined) return
    oldest.drop()
    this.#forget(oldest)
    if (this.#with.owner() !== null) void this.#release(oldest.id)
  }

  async #release(id: string): Promise<void> {
    const sql = 'UPDATE instances SET owner = NULL WHERE id = ? AND owner = ?'
    await this.#with.sql.run(sql, id, this.#with.owner()).catch(() => {})
  }

  #forget(run: Run): void {
    if (this.#runs.get(run.id) === run) this.#runs.delete(run.id)
    this.#parked.delete(run)
    if (this.busy === 0) this.#idle()
  }

  #end(run: Run): void {
    this.#forget(run)
    if (!isOpen(run.row)) this.#with.outcomes.settle(run.row)
    this.#with.left(run.row)
  }

  async #goOn(run: Run): Promise<void> {
    this.#forget(run)
    const { sql, clock } = this.#with
    try {
      await sql.transaction((session) =>
        goOn(session, run.id, { undoneFrom: run.undoneFrom, nowMs: clock.nowMs() }),
      )
    } catch (error) {
      await this.#postpone(run.id, error)
    }
    this.#with.wake()
  }

  /** Begins again from the journal: at once where something changed meanwhile, after a rest where the database failed. */
  async #mend(run: Run, error: unknown, refused: readonly string[]): Promise<void> {
    this.#forget(run)
    await run.outside.idle()
    if (!this.#isActive) return
    const code = error instanceof AppError ? error.code : ''
    if (code === 'workflow/no-instance') return this.#with.left(run.row)
    const isTrouble = [
      'store/busy',
      'store/closed',
      'store/unwritable-folder',
      'store/damaged-database',
    ]
    if (refused.length > 0 && !isTrouble.includes(code)) {
      return this.#load(run.id, new Map(refused.map((key) => [key, error])))
    }
    if (code === 'store/unexpected-rows' || code === 'workflow/changed') return this.#load(run.id)
    this.#with.logger.error('an instance stopped', { instance: run.id, error: String(error) })
    const found = await this.#with.sql
      .get('SELECT id FROM instances WHERE id = ?', run.id)
      .catch(() => ({ id: run.id }))
    if (found === undefined) this.#with.outcomes.fail(run.id, error)
    else await this.#postpone(run.id, error)
  }

  /** An instance that could not be read or written is not due for a while: others come first. */
  async #postpone(id: string, error: unknown): Promise<void> {
    this.#with.logger.warn('an instance is put off', { instance: id, error: String(error) })
    const { sql, clock, timer } = this.#with
    const reason = keptReason(error)
    await sql
      .run(
        `UPDATE instances SET reason = ?, wake_at_ms = ? WHERE id = ? AND wake_at_ms IS NOT NULL`,
        ...[reason, clock.nowMs() + restMs, id],
      )
      .catch(() => {})
    timer.after(restMs, () => this.#with.wake())
  }

  /** Nothing is to be done for one that has ended. */
  async #rest(id: string): Promise<void> {
    const sql = `UPDATE instances SET wake_at_ms = NULL WHERE id = ? AND interrupt IS NULL
      AND status IN ('completed', 'failed', 'cancelled', 'retracted')`
    await this.#with.sql.run(sql, id)
  }
}
