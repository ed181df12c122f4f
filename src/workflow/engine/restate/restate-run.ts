/**
 * One invocation of Restate that runs an instance: what its definition asks becomes operations of the invocation, on top of
 * the journal that the database has from invocations before it.
 */

import type { RestatePromise, WorkflowContext } from '@restatedev/restate-sdk'
import type { Clock } from '../../../base/clock.ts'
import type { SqlWrite } from '../../../store/sql.ts'
import type { RunnableWorkflow } from '../../durable-context.ts'
import type { JournalEntry } from '../../workflow.ts'
import { endOf, type RunEnd } from '../endings.ts'
import { shownInstance } from '../instance-lists.ts'
import { type InstanceRow, instanceOf } from '../instance-rows.ts'
import { type Journal, type NewLine, shownError } from '../journal.ts'
import type { Judged, Judging } from '../judged.ts'
import { beginning, taskEnd } from '../lifecycle.ts'
import { OutsideCalls } from '../outside-calls.ts'
import { never } from '../piece-writer.ts'
import type { LineExtras, LiveRun, RunEnvironment } from '../run-environment.ts'
import { checkRoom, RunTime } from '../run-limits.ts'
import { Scope } from '../scope.ts'
import { lookAt, type Wait, type Waiting, Waits } from '../waits.ts'
import type { Driver } from './driver.ts'
import { beginUndoing, type Found, findRow } from './invocation-rows.ts'
import { keepOnce, RunWrites } from './run-writes.ts'

/** Something by which others have a run look at its row. */
export interface Ear {
  readonly id: string
  readonly promise: RestatePromise<string>
}

/** What a run is made of. */
export interface RestateRunParts {
  /** How the program is set; its clock is that of this process. */
  readonly with: RunEnvironment
  readonly context: WorkflowContext
  readonly driver: Driver
  readonly ear: Ear
  readonly found: Found
  readonly number: number
  readonly workflow: RunnableWorkflow
  readonly journal: Journal
  /** Whether somebody is told of each task: then each line is an operation. */
  readonly isTold: boolean
  /** Lines that are on disk already. */
  readonly onDisk: number
}

/** One run. */
export class RestateRun implements LiveRun {
  readonly with: RunEnvironment
  readonly workflow: RunnableWorkflow
  readonly journal: Journal
  readonly root = new Scope()
  readonly shelter = new Scope()
  readonly refusals = new Map<string, unknown>()
  readonly outside = new OutsideCalls()
  readonly writes: RunWrites
  row: InstanceRow
  listens = false
  asks = false
  step: string | undefined
  undoneFrom = 0
  readonly #parts: RestateRunParts
  readonly #clock: Clock
  readonly #waits = new Waits(() => {})
  readonly #left = Promise.withResolvers<'left'>()
  #time: RunTime
  #isTimed = false
  /** Time of the latest answer: the same in a replay. */
  #nowMs: number
  #busy = 0
  #isInterrupted = false
  #isLeaving = false
  #isRefused = false
  #isRenewed = false
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: RestateRunParts) {
    const { found, number } = parts
    this.#parts = parts
    this.#clock = parts.with.clock
    this.#nowMs = found.nowMs
    this.with = { ...parts.with, clock: { nowMs: () => this.#nowMs } }
    this.row = instanceOf(found.row)
    this.workflow = parts.workflow
    this.journal = parts.journal
    this.step = this.row.step
    this.#time = new RunTime(this.row.createdAtMs)
    this.writes = new RunWrites({
      ...{ sql: this.with.sql, id: this.id, number, onDisk: parts.onDisk },
      nowMs: () => this.#clock.nowMs(),
      tell: (entry) => this.#tell(entry),
      written: (step) => this.with.observe?.('journaled', this.id, step),
    })
  }

  get id(): string {
    return this.row.id
  }

  get number(): number {
    return this.#parts.number
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted
  }

  /** It leaves for somebody who changes the instance. */
  get isRenewed(): boolean {
    return this.#isRenewed
  }

  /** Nobody listens to this attempt of the invocation any more. */
  get isGone(): boolean {
    return this.#over.aborted
  }

  get #over(): AbortSignal {
    return this.#parts.context.request().attemptCompletedSignal
  }

  /** Runs to the end of the definition, or to where another invocation is to go on. */
  go(): Promise<RunEnd | 'left'> {
    void this.#hear(this.#parts.ear)
    void this.#limit(this.#parts.found.maxRunMs)
    return Promise.race([this.#left.promise, this.#run()])
  }

  async #run(): Promise<RunEnd | 'left'> {
    if (this.row.interrupt !== undefined && !(await this.#interrupt(this.row.interrupt))) {
      return 'left'
    }
    if (this.#parts.isTold) this.#owe(beginning(this))
    const running = this.workflow.run(this.with.context(this, this.root), this.row.input)
    const bounded = running.catch((error: unknown) => this.#time.bounded(Promise.reject(error)))
    const end = await endOf(this, bounded)
    await this.#writing
    return end
  }

  /** All branches wait. */
  rest(): void {
    if (this.writes.owes) void this.flush()
    const { step, reason } = this.#waits.summary()
    this.writes.rest(
      this.#busy > 0 || step === undefined
        ? { status: 'running', step: this.step, reason: undefined }
        : { status: 'waiting', step, reason },
    )
  }

  async admit(scope: Scope): Promise<void> {
    this.#time.look(this, this.#nowMs)
    scope.check()
    if (this.#isLeaving) return never
    if (scope !== this.shelter) checkRoom(this.journal)
  }

  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1
    try {
      return await work()
    } finally {
      this.#busy -= 1
      this.#checkLeave()
    }
  }

  line(line: NewLine, given?: LineExtras): void {
    const { write, seq } = this.journal.add(line, given?.output, null)
    const along = given?.along ?? []
    const told = this.#parts.isTold ? taskEnd(this, line, { seq, output: given?.output }) : []
    const { input, output } = given ?? {}
    const entry = { ...line, seq, input, output, error: shownError(line.error), dropped: false }
    const isOwed = along.length > 0 || this.#parts.isTold
    this.writes.add({ seq, line: write, entry, owed: isOwed ? [...told, ...along] : undefined })
  }

  tell(entry: JournalEntry): void {
    this.writes.tellNext(entry)
  }

  add(...writes: readonly SqlWrite[]): void {
    this.#owe(writes)
  }

  #owe(owed: readonly SqlWrite[]): void {
    this.writes.add({ seq: this.journal.lines, line: undefined, entry: undefined, owed })
  }

  /** Lines that only readers wait for are with the cluster already. */
  flush(): Promise<void> {
    if (this.#isRefused) return never
    if (this.writes.owes) this.#writing = this.#write()
    return this.#writing
  }

  async #write(): Promise<void> {
    const piece = this.writes.take()
    const [isWritten] = await Promise.all([
      this.#does('#write', () => this.writes.write(piece)),
      this.#writing,
    ])
    this.writes.settled(piece)
    if (isWritten) return
    this.#isRefused = true
    this.#left.resolve('left')
    return never
  }

  async wait<Value, Found>(wait: Wait<Value, Found>): Promise<Value> {
    wait.scope.check()
    const { done, waiting } = this.#waits.add(wait)
    const over = done.then(
      () => {},
      () => {},
    )
    void this.#attend(waiting, over)
    return done
  }

  async #attend(wait: Waiting, over: Promise<void>): Promise<void> {
    await this.#lookAt(wait)
    const { untilMs, step } = wait
    if (untilMs === undefined) return
    // A nudge may end it meanwhile; and it is over by our own clock.
    while (!wait.isOver()) {
      await this.#sleep(step, untilMs, over)
      if (!wait.isOver()) await this.#lookAt(wait)
    }
  }

  async #sleep(name: string, untilMs: number, over: Promise<void> = never): Promise<void> {
    const { driver, context } = this.#parts
    const { done, leave } = driver.ask(() =>
      context.sleep(Math.max(1, untilMs - this.#nowMs), name),
    )
    const end = await Promise.race([done.then(() => 'slept'), over])
    leave()
    if (end === 'slept') await this.#does('#time', () => null)
  }

  /** Begins to look at the time that it has, once there is a limit. */
  async #limit(maxRunMs: number | null): Promise<void> {
    if (maxRunMs === null || this.#isTimed) return
    this.#isTimed = true
    this.#time = new RunTime(this.row.createdAtMs, maxRunMs)
    for (let untilMs = this.#time.next(undefined); untilMs !== undefined; ) {
      await this.#sleep('maxRunTime', untilMs)
      this.#time.look(this, this.#nowMs)
      untilMs = this.#time.next(undefined)
    }
  }

  once<T>(key: string, give: (clock: Clock) => T | Promise<T>): Promise<T> {
    return this.#does(key, () => give(this.#clock))
  }

  attempt(key: string, judge: (judging: Judging) => Promise<Judged>): Promise<Judged> {
    const { id } = this
    return this.#does(key, () =>
      judge({
        clock: this.#clock,
        keep: (idempotencyKey, writes) => keepOnce(this.with.sql, idempotencyKey, { id, writes }),
      }),
    )
  }

  onDrop(stop: () => void): () => void {
    this.#over.addEventListener('abort', stop)
    return () => this.#over.removeEventListener('abort', stop)
  }

  /** Does something once, and gives what it gave. */
  async #does<T>(name: string, act: () => T | Promise<T>): Promise<T> {
    const { driver, context } = this.#parts
    const { value, atMs } = await driver.ask(() =>
      context.run(name, async () => ({ value: await act(), atMs: this.#clock.nowMs() })),
    ).done
    this.#nowMs = Math.max(this.#nowMs, atMs)
    return value
  }

  /** Looks at its row whenever it is told to. */
  async #hear(first: Ear): Promise<void> {
    const { driver, context, number } = this.#parts
    let ear = first
    for (;;) {
      // Who rejects it says as much as who resolves it.
      const told = await driver.ask(() => ear.promise).done.catch(() => 'look')
      const found = await driver.ask(() => {
        const next = context.awakeable<string>()
        ear = next
        return context.run('#row', () =>
          findRow(this.#parts.with, this.id, { number, ear: next.id }),
        )
      }).done
      this.#isRenewed ||= told === 'leave'
      if (found === null || told === 'leave') this.#leave()
      if (found !== null) await this.#refresh(found)
    }
  }

  async #refresh({ row: found, nowMs, maxRunMs }: Found): Promise<void> {
    const row = instanceOf(found)
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    if (row.definitionHash !== this.row.definitionHash) return this.#leave()
    this.row = row
    if (row.interrupt !== undefined && !this.#isInterrupted) {
      await this.#interrupt(row.interrupt)
      return
    }
    if (row.status === 'paused') return this.#leave()
    void this.#limit(maxRunMs)
    this.#time.look(this, this.#nowMs)
    await Promise.all(this.#waits.all().map((wait) => this.#lookAt(wait)))
  }

  /** What is read beside the row is an operation. */
  async #lookAt(wait: Waiting): Promise<void> {
    const { find, step } = wait
    const journaled = find && (() => this.once(`${step}#look`, (clock) => find(clock.nowMs())))
    await lookAt({ ...wait, ...(journaled ? { find: journaled } : {}) }, this.row, this.#nowMs)
  }

  /** Writes that it undoes what it did before anything is told to end; false if something has changed meanwhile. */
  async #interrupt(reason: NonNullable<InstanceRow['interrupt']>): Promise<boolean> {
    await this.flush()
    const from = await this.#does('#interrupt', () =>
      beginUndoing(this.#parts.with, this.id, { reason, number: this.#parts.number }),
    )
    if (from === null) return false
    this.undoneFrom = from < 0 ? Number.POSITIVE_INFINITY : from
    this.row = { ...this.row, status: 'compensating' }
    this.#isInterrupted = true
    this.root.stop(reason === 'rewound' ? 'retracted' : reason)
    return true
  }

  /** Does nothing new; once what is under way has ended, the next invocation goes on. */
  #leave(): void {
    this.#isLeaving = true
    this.#checkLeave()
  }

  #checkLeave(): void {
    if (!this.#isLeaving || this.#busy > 0) return
    void this.#writing.then(() => this.#left.resolve('left'))
  }

  #tell(entry: JournalEntry): void {
    const isOpen = this.row.status === 'waiting' || this.row.status === 'paused'
    const status = isOpen ? 'running' : this.row.status
    const instance = { ...shownInstance(this.row), status, step: this.step }
    this.with.tell({ instance, entry })
  }
}
