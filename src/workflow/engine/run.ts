/** Runs one instance in memory: writes what it does, parks it while it waits, and ends it. */

import { AppError } from '../../base/app-error.ts'
import type { SqlWrite } from '../../store/sql.ts'
import type { RunnableWorkflow } from '../durable-context.ts'
import type { JournalEntry } from '../workflow.ts'
import { firstLeft } from './consumed-events.ts'
import { endEntry, ending, endOf, type RunEnd } from './endings.ts'
import { shownInstance } from './instance-lists.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import { type Journal, type NewLine, shownError } from './journal.ts'
import { beginning, taskEnd } from './lifecycle.ts'
import { OutsideCalls } from './outside-calls.ts'
import { never, PieceWriter } from './piece-writer.ts'
import type { LineExtras, LiveRun, RunEnvironment } from './run-environment.ts'
import { checkRoom, RunTime } from './run-limits.ts'
import { Scope } from './scope.ts'
import { lookAt, type Wait, Waits } from './waits.ts'

/** What a run begins with. */
export interface RunParts {
  readonly row: InstanceRow
  readonly journal: Journal
  readonly workflow: RunnableWorkflow
  /** What writes the instance itself, where it is new. */
  readonly insertion?: SqlWrite
  /** Failures of actions whose own writes were refused. */
  readonly refusals?: ReadonlyMap<string, unknown>
}

/** Hears what becomes of a run. */
export interface RunHost {
  /** The run waits for a time, perhaps beside what it does. */
  waits(untilMs: number): void
  /** The run waits, and need not stay in memory. */
  parked(run: Run): void
  /** The run goes on. */
  resumed(run: Run): void
  /** The run has ended, durably; or it is paused, and goes on as another run. */
  ended(run: Run): void
  /** What the run did could not be written; it does nothing more. `refused` are actions whose own writes were along. */
  broken(run: Run, error: unknown, refused: readonly string[]): void
  /** Its event came back while the run undid what it had done: it begins again, with what was not undone. */
  goesOn(run: Run): Promise<void>
}

/** One run of an instance. */
export class Run implements LiveRun {
  readonly with: RunEnvironment
  readonly #host: RunHost
  readonly journal: Journal
  readonly workflow: RunnableWorkflow
  readonly root = new Scope()
  readonly shelter = new Scope()
  readonly outside = new OutsideCalls()
  readonly refusals: Map<string, unknown>
  row: InstanceRow
  /** Whether it has opened inboxes, and asked questions: then something is to be cleared at its end. */
  listens = false
  asks = false
  /** The step that it is at. */
  step: string | undefined
  undoneFrom = 0
  readonly #waits = new Waits(() => this.#goOn())
  readonly #time: RunTime
  readonly #writer: PieceWriter
  /** Operations under way that are no waits. */
  #busy = 0
  #isLooking = false
  #looksAgain = false
  #isChecking = false
  #isParked = false
  #isPaused = false
  #isGone = false
  #isInterrupted = false
  readonly #stops = new Set<() => void>()

  constructor(environment: RunEnvironment, host: RunHost, parts: RunParts) {
    this.#host = host
    this.with = environment
    this.row = parts.row
    this.journal = parts.journal
    this.workflow = parts.workflow
    this.refusals = new Map(parts.refusals)
    this.step = parts.row.step
    this.#time = new RunTime(parts.row.createdAtMs, environment.maxRunMs)
    this.#writer = new PieceWriter({
      ...{ with: environment, id: parts.row.id, insertion: parts.insertion },
      isGone: () => this.#isGone,
      written: (entry) => this.#written(entry),
      broken: (error, along) => this.#break(error, along),
    })
  }

  get id(): string {
    return this.row.id
  }

  get isParked(): boolean {
    return this.#isParked
  }

  /** When the first of its waits is over by itself, or its time. */
  get wakeAtMs(): number | undefined {
    return this.#time.next(this.#waits.summary().wakeAtMs)
  }

  /** Whether it undoes what it did. */
  get isInterrupted(): boolean {
    return this.#isInterrupted
  }

  /** Runs from the beginning of the definition; never throws. */
  async go(): Promise<void> {
    try {
      if (this.row.interrupt !== undefined && !(await this.#interrupt(this.row.interrupt))) {
        return this.#break(new AppError({ code: 'store/busy', message: 'changed meanwhile' }))
      }
      const context = this.with.context(this, this.root)
      this.#writer.add(...beginning(this))
      this.#time.look(this, this.with.clock.nowMs())
      // Whoever looked at what is next while it was read did not see its time.
      if (this.wakeAtMs !== undefined) this.#host.waits(this.wakeAtMs)
      const running = this.workflow.run(context, this.row.input)
      const end = await endOf(this, this.#time.bounded(running))
      if (!this.#isGone) await this.#finish(end)
    } catch (error) {
      this.#break(error)
    }
  }

  /** Lets it do nothing more: signals fire, and what is still given to it is not looked at. */
  drop(): void {
    this.#isGone = true
    for (const stop of this.#stops) stop()
  }

  /** Lets it do nothing new: what is under way ends, its result is written, and the run is over. */
  leave(): void {
    this.#isPaused = true
    this.#check()
  }

  /** Calls back when the run is dropped; gives what takes that off. */
  onDrop(stop: () => void): () => void {
    this.#stops.add(stop)
    return () => this.#stops.delete(stop)
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Lets an operation through that the journal does not know. @throws Interrupted, AppError for limits */
  async admit(scope: Scope): Promise<void> {
    this.#time.look(this, this.with.clock.nowMs())
    scope.check()
    if (this.#isGone) return never
    if (this.#isPaused) {
      this.#check()
      return never
    }
    if (scope !== this.shelter) checkRoom(this.journal)
  }

  /** Counts an operation that is under way while `work` runs. */
  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1
    try {
      return await work()
    } finally {
      this.#busy -= 1
      if (this.#waits.size > 0 || this.#isPaused) this.#check()
    }
  }

  /** Adds a line, which is on disk before anything that follows from it is done. */
  line(line: NewLine, given?: LineExtras): void {
    const { write, seq } = this.journal.add(line, given?.output, this.with.owner())
    this.#writer.add(write, ...taskEnd(this, line, { seq, output: given?.output }))
    if (given?.along !== undefined && given.along.length > 0) {
      this.#writer.along(line.step, given.along)
    }
    if (this.with.isHeard()) {
      const { input, output } = given ?? {}
      const error = shownError(line.error)
      this.#writer.note({ ...line, seq, input, output, error, dropped: false })
    }
    this.#check()
  }

  /** Tells what is not journaled. */
  tell(entry: JournalEntry): void {
    if (this.with.isHeard())
      this.with.tell({ instance: { ...shownInstance(this.row), step: this.step }, entry })
  }

  /** Writes along with the next line, or soon. */
  add(...writes: readonly SqlWrite[]): void {
    this.#writer.add(...writes)
    this.#check()
  }

  /** Resolves when all that was added is on disk; never, if it cannot be written. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  /** Waits until `look` finds it over. @throws Interrupted */
  async wait<Value, Found>(wait: Wait<Value, Found>): Promise<Value> {
    wait.scope.check()
    if (this.#isGone) return never
    const { done, waiting } = this.#waits.add(wait)
    if (wait.untilMs !== undefined) this.#host.waits(wait.untilMs)
    this.busy(() => lookAt(waiting, this.row, this.with.clock.nowMs())).catch((error: unknown) =>
      this.#break(error),
    )
    return done
  }

  once: LiveRun['once'] = async (_key, give) => give(this.with.clock)

  attempt: LiveRun['attempt'] = (_key, judge) => judge({ clock: this.with.clock })

  /** Looks at what has come from outside: a nudge, the time. Without a row it is read. */
  async refresh(row?: InstanceRow): Promise<void> {
    if (this.#isLooking) {
      this.#looksAgain = true
      return
    }
    this.#isLooking = true
    this.#busy += 1
    try {
      await this.#refresh(row)
      while (this.#looksAgain && !this.#isGone) {
        this.#looksAgain = false
        await this.#refresh()
      }
    } catch (error) {
      this.#break(error)
    } finally {
      this.#isLooking = false
      this.#busy -= 1
      this.#check()
    }
  }

  async #refresh(given?: InstanceRow): Promise<void> {
    const row = given ?? (await this.#read())
    if (row === undefined) return this.#break(trouble('no-instance'))
    if (row.definitionHash !== this.row.definitionHash) return this.#break(trouble('changed'))
    this.row = row
    if (
      row.interrupt !== undefined &&
      !this.#isInterrupted &&
      !(await this.#interrupt(row.interrupt))
    ) {
      this.#looksAgain = true
      return
    }
    if (row.status === 'paused') {
      this.#isPaused = true
      return
    }
    this.#time.look(this, this.with.clock.nowMs())
    await this.#waits.look(this.row, this.with.clock.nowMs())
  }

  async #read(): Promise<InstanceRow | undefined> {
    const found = await this.with.sql.get('SELECT * FROM instances WHERE id = ?', this.id)
    const owner = this.with.owner()
    if (owner !== null && found?.owner !== owner) return undefined
    return found && instanceOf(found)
  }

  /** Writes that it undoes what it did before anything is told to end; false if something has changed meanwhile. */
  async #interrupt(reason: NonNullable<InstanceRow['interrupt']>): Promise<boolean> {
    const written = await this.#writer.guarded({
      sql: `UPDATE instances SET status = 'compensating', updated_at_ms = ? WHERE id = ? AND interrupt = ?`,
      values: [this.with.clock.nowMs(), this.id, reason],
    })
    if (!written) return false
    if (reason === 'rewound') {
      this.undoneFrom = (await firstLeft(this.with.sql, this.id)) ?? Number.POSITIVE_INFINITY
    }
    this.row = { ...this.row, status: 'compensating' }
    this.#isInterrupted = true
    this.root.stop(reason === 'rewound' ? 'retracted' : reason)
    return true
  }

  /** Once nothing is under way, and what follows by itself has followed: parks, or writes what nobody waits for. */
  #check(): void {
    if (this.#isChecking || this.#isGone) return
    this.#isChecking = true
    setImmediate(() => {
      this.#isChecking = false
      if (this.#isGone) return
      if (this.#busy === 0 && this.#isPaused) void this.#leave()
      else if (this.#busy === 0 && this.#waits.size > 0) void this.#park()
      else if (!this.#writer.isEmpty) void this.flush()
    })
  }

  async #leave(): Promise<void> {
    await this.flush()
    this.drop()
    this.#host.ended(this)
  }

  async #park(): Promise<void> {
    this.#busy += 1
    try {
      const { step, reason } = this.#waits.summary()
      const [{ wakeAtMs }, { changes }] = [this, this.#waits]
      const status = this.#isInterrupted ? 'compensating' : 'waiting'
      const nowMs = this.with.clock.nowMs()
      const parked = await this.#writer.guarded({
        sql: `UPDATE instances SET status = ?, step = ?, reason = ?, wake_at_ms = ?, updated_at_ms = ?
          WHERE id = ? AND nudge = ?`,
        values: [
          status,
          step ?? null,
          reason ?? null,
          wakeAtMs ?? null,
          nowMs,
          this.id,
          this.row.nudge,
        ],
      })
      if (!parked) {
        this.#looksAgain = true
      } else {
        this.row = { ...this.row, status, step, reason, wakeAtMs, updatedAtMs: nowMs }
        this.#isParked = true
        // Some were over while this was written, or others began.
        if (this.#waits.changes !== changes) this.#goOn()
      }
    } catch (error) {
      return this.#break(error)
    } finally {
      this.#busy -= 1
    }
    if (this.#looksAgain) {
      this.#looksAgain = false
      void this.refresh()
    } else if (this.#isParked) this.#host.parked(this)
    else this.#check()
  }

  /** Notes that it goes on after it was parked. */
  #goOn(): void {
    if (!this.#isParked) return
    this.#isParked = false
    this.#host.resumed(this)
    if (this.#isInterrupted) return
    this.row = { ...this.row, status: 'running', reason: undefined }
    const sql = `UPDATE instances SET status = 'running', reason = NULL WHERE id = ? AND status = 'waiting'`
    this.#writer.addFirst({ sql, values: [this.id] })
  }

  #written(entry: JournalEntry): void {
    this.with.observe?.('journaled', this.id, entry.step)
    this.with.tell({ instance: { ...shownInstance(this.row), step: this.step }, entry })
  }

  #break(error: unknown, refused: readonly string[] = []): void {
    if (this.#isGone) return
    this.drop()
    this.#host.broken(this, error, refused)
  }

  async #finish(end: RunEnd): Promise<void> {
    const { interrupt, comesBack } = this.row
    if (this.#isInterrupted && end.kind !== 'failed' && (interrupt === 'rewound' || comesBack)) {
      await this.flush()
      this.drop()
      return this.#host.goesOn(this)
    }
    // What began it has left, too: all of it is to be undone.
    if (this.undoneFrom > 0 && interrupt === 'retracted') return this.#break(trouble('changed'))
    const { row, guard, values, more, line } = ending(this, end)
    if (line) this.line(line)
    const before = this.row
    this.row = row
    if (!this.#writer.hasEntries && this.with.isHeard())
      this.#writer.note(endEntry(row, this.step ?? ''))
    if (!(await this.#writer.guarded({ sql: guard, values }, more))) {
      this.row = before
      if ((await this.#read())?.status === 'paused') return this.#leave()
      return this.#break(trouble('changed'))
    }
    this.#isGone = true
    this.#host.ended(this)
  }
}

function trouble(what: 'no-instance' | 'changed'): AppError {
  return new AppError({ code: `workflow/${what}`, message: 'somebody has changed or removed it' })
}
