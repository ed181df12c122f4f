/** Follows a chain block by block, stores the wanted events once, and takes back those whose blocks left. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import type { WritableEventStore } from './event-store.ts'
import { Alarms } from './follow/alarms.ts'
import { HistoryReader } from './follow/back-fill.ts'
import { RangeReader } from './follow/block-range.ts'
import type { ListenerContext } from './follow/context.ts'
import { EventLife, type LifeMarks, marksOf } from './follow/event-life.ts'
import { FactorySearch } from './follow/factory-search.ts'
import { firstCheckpoint } from './follow/first-checkpoint.ts'
import { type Anchor, type Checkpoint, KeptBlocks } from './follow/kept-blocks.ts'
import { leavingSource } from './follow/leaving-source.ts'
import { listenerMeasures } from './follow/measures.ts'
import { RangeWriter } from './follow/range-writer.ts'
import { Rounds } from './follow/rounds.ts'
import {
  blockAt,
  type Comparison,
  commonAncestor,
  mustCatchUp,
  mustHaveChainId,
  mustHaveGenesis,
} from './follow/same-chain.ts'
import { type CompleteOptions, completeOptions, type ListenerOptions } from './listener-options.ts'
import type { Source, SourceHead } from './source.ts'
import type {
  EventHandler,
  Listener,
  ListenerAlarm,
  ListenerStatus,
  StreamEvent,
} from './stream.ts'

/** What a listener needs of the world. */
export interface ListenerDependencies {
  readonly source: Source
  readonly sql: SqlStore
  readonly events: WritableEventStore
  readonly handler: EventHandler
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Rounds of answers that do not fit together before people are told. */
const quietFailures = 3

/** A listener; it begins with `start`. @throws AppError `stream/bad-setting` */
export function createListener(
  options: ListenerOptions,
  dependencies: ListenerDependencies,
): Listener {
  return new ChainListener(completeOptions(options), dependencies)
}

class ChainListener implements Listener {
  readonly #options: CompleteOptions
  readonly #with: ListenerDependencies
  readonly #kept: KeptBlocks
  readonly #alarms: Alarms
  readonly #life: EventLife
  readonly #writer: RangeWriter
  readonly #measures
  readonly #live: Rounds
  readonly #history: Rounds
  readonly #search = new FactorySearch()
  #source: Source
  #reader: RangeReader
  #historyReader: HistoryReader
  #leave = new AbortController()
  #raising: Promise<void> = Promise.resolve()
  #unsubscribe = () => {}
  #endMeasures = () => {}
  #status: ListenerStatus
  /** Whether chain id and genesis have been compared since the endpoint was last away. */
  #isVerified = false
  /** The last head that was seen, and the marks that it gave. */
  #seen: { readonly head: SourceHead; readonly marks: LifeMarks } | undefined

  constructor(options: CompleteOptions, dependencies: ListenerDependencies) {
    const { chain, pollMs } = options
    const { sql, clock, timer } = dependencies
    this.#options = options
    this.#with = dependencies
    this.#kept = new KeptBlocks(sql, options)
    this.#alarms = new Alarms(sql, chain)
    this.#life = new EventLife({ ...dependencies, chain })
    this.#writer = new RangeWriter(
      { ...options, type: dependencies.source.type },
      { sql, clock, life: this.#life, tell: (events) => this.#tell(events) },
    )
    this.#measures = listenerMeasures(dependencies.metrics, chain)
    this.#source = dependencies.source
    this.#reader = new RangeReader(this.#source, options)
    this.#historyReader = new HistoryReader(this.#context)
    this.#live = new Rounds({
      ...{ pollMs, timer, look: () => this.#look() },
      failed: (error, times) => this.#failed(error, times),
    })
    this.#history = new Rounds({
      ...{ pollMs, timer, look: () => this.#lookBack() },
      failed: (error, times) => this.#failedBack(error, times),
    })
    this.#status = {
      ...{ chain, state: 'starting', checkpoint: undefined, head: undefined },
      ...{ problem: undefined, alarms: [], backFill: undefined, endpoints: [] },
      ...{ marks: undefined, quorum: undefined },
    }
  }

  get #context(): ListenerContext {
    const { maxRange, window } = this.#options
    const options = { maxRange, window }
    return { options, source: this.#source, kept: this.#kept, writer: this.#writer }
  }

  get #comparison(): Comparison {
    return { ...this.#options, source: this.#source, kept: this.#kept }
  }

  status(): ListenerStatus {
    const { backFill } = this.#status
    const { source } = this.#with
    const alarms = this.#alarms.open
    const alarm = alarms.findLast(({ kind }) => kind === 'finality-violated')
    const { problem = backFill?.problem ?? alarm?.detail ?? source.problem?.() } = this.#status
    const [endpoints, quorum] = [source.endpoints?.() ?? [], source.quorum?.()]
    return { ...this.#status, problem, alarms, marks: this.#seen?.marks, quorum, endpoints }
  }

  alarms: Listener['alarms'] = (query) => this.#alarms.list(query)

  acknowledge: Listener['acknowledge'] = (who, number) =>
    this.#alarms.acknowledge(who, this.#with.clock.nowMs(), number)

  async start(): Promise<void> {
    this.#isVerified = false
    this.#seen = undefined
    await this.#alarms.look()
    this.#endMeasures = this.#measures.observe({
      finalized: () => this.#seen?.marks.finalized,
      openAlarms: () => this.#alarms.open.length,
    })
    const fresh = { problem: undefined, backFill: undefined }
    this.#status = { ...this.#status, state: 'starting', ...fresh }
    this.#leave = new AbortController()
    this.#source = leavingSource(this.#with.source, this.#leave.signal)
    this.#reader = new RangeReader(this.#source, this.#options)
    this.#historyReader = new HistoryReader(this.#context)
    this.#unsubscribe = this.#with.source.subscribe(() => this.#live.wake())
    this.#live.start()
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#endMeasures()
    this.#leave.abort()
    await Promise.all([this.#live.stop(), this.#history.stop()])
    await Promise.all([this.#reader.forget(), this.#historyReader.stop()])
    await this.#raising
    await this.#with.source.idle?.()
  }

  #failed(error: unknown, times: number): boolean {
    const { chain } = this.#options
    const problem = error instanceof Error ? error.message : String(error)
    const code = error instanceof AppError ? error.code : undefined
    const isTriedElsewhere = this.#blame(code, problem)
    if (code === 'stream/cannot-go-on' && !isTriedElsewhere) {
      this.#status = { ...this.#status, state: 'stopped', problem }
      this.#with.logger.error('the listener stopped', { chain, problem })
      this.#raising = this.#raiseAlone({ kind: 'source-stopped', detail: problem })
      return false
    }
    this.#isVerified = false
    if (code !== 'stream/inconsistent' || times > quietFailures) {
      if (this.#status.problem !== problem) {
        this.#with.logger.warn('the listener waits and tries again', { chain, problem })
      }
      this.#status = { ...this.#status, state: 'waiting', problem }
    }
    return true
  }

  #failedBack(error: unknown, times: number): boolean {
    const { chain } = this.#options
    const problem = error instanceof Error ? error.message : String(error)
    const code = error instanceof AppError ? error.code : undefined
    this.#blame(code, problem)
    const { backFill } = this.#status
    if (backFill && (code !== 'stream/inconsistent' || times > quietFailures)) {
      if (backFill.problem !== problem) {
        this.#with.logger.warn('the back-fill waits and tries again', { chain, problem })
      }
      this.#status = { ...this.#status, backFill: { ...backFill, problem } }
    }
    return code !== 'stream/cannot-go-on'
  }

  /** Tells the source that its chain is another one; whether another endpoint is asked now. */
  #blame(code: string | undefined, problem: string): boolean {
    return code === 'stream/cannot-go-on' && (this.#source.blame?.(problem) ?? false)
  }

  /** One look at the chain: everything up to its head is stored then, or it went back. */
  async #look(): Promise<'again' | 'wait'> {
    const head = await this.#source.head()
    // Somebody may have acknowledged them at another process.
    if (this.#alarms.open.length > 0) await this.#alarms.look()
    const checkpoint = await this.#verified(head.number)
    this.#source.discoveries?.dropAbove(checkpoint.number)
    if (!(await this.#isOnChain(checkpoint, head.number))) return 'again'
    const marks = marksOf(head, this.#options)
    const isSame = JSON.stringify(this.#seen?.marks) === JSON.stringify(marks)
    this.#seen = { head, marks }
    this.#history.start()
    const end = Math.min(head.number, this.#options.endBlock ?? head.number)
    if (end > checkpoint.number) return this.#follow(checkpoint, { end, head: head.number }, marks)
    if (!isSame) await this.#advanceOnly(checkpoint.number, marks)
    this.#reached(checkpoint.number, end)
    return 'wait'
  }

  /** Stores everything up to the head, or to the end that was asked for. */
  async #follow(
    from: Checkpoint,
    to: { readonly end: number; readonly head: number },
    marks: LifeMarks,
  ): Promise<'again' | 'wait'> {
    let checkpoint = from
    let ranges = 0
    let before: Anchor | undefined
    const hash = await this.#kept.hashAt(from.number)
    if (hash !== undefined) before = { number: from.number, hash }
    try {
      while (checkpoint.number < to.end) {
        const reach = { from: checkpoint.number + 1, ...to, before }
        const range = await this.#reader.read(reach)
        this.#reader.prefetch(range, to)
        await this.#store(checkpoint, range, marks)
        checkpoint = { ...checkpoint, number: range.to }
        before = range.blocks.at(-1)
        ranges += 1
        this.#reached(range.to, to.end)
      }
    } finally {
      await this.#reader.forget()
    }
    // While it caught up, the head went on.
    return ranges > 1 ? 'again' : 'wait'
  }

  #store(checkpoint: Checkpoint, range: Parameters<RangeWriter['write']>[0], marks: LifeMarks) {
    return this.#writer.write(range, marks, {
      before: (session) => this.#life.advance(session, marks, checkpoint.number),
      keep: async (session, { to, blocks, discovered }) => {
        await this.#kept.keep(session, blocks)
        await this.#kept.addDiscoveries(session, discovered)
        await this.#kept.setCheckpoint(session, { ...checkpoint, number: to })
      },
    })
  }

  #reached(checkpoint: number, head: number): void {
    const state = checkpoint >= head ? 'following' : 'catching-up'
    this.#status = { ...this.#status, state, checkpoint, head, problem: undefined }
    this.#measures.reached(checkpoint, head)
  }

  /** One range of the history, while there is some. */
  async #lookBack(): Promise<'again' | 'end'> {
    if (this.#seen === undefined) return 'end'
    const { head, marks } = this.#seen
    const before = await this.#kept.backFill()
    if (before) this.#filled(before.next, before.last)
    const left = await this.#historyReader.advance(head.number, marks)
    if (left) this.#filled(left.next, left.last)
    else this.#status = { ...this.#status, backFill: undefined }
    return left ? 'again' : 'end'
  }

  #filled(next: number, last: number): void {
    this.#status = { ...this.#status, backFill: { next, last, problem: undefined } }
    this.#measures.left(last + 1 - next)
  }

  /** The checkpoint, of an endpoint that is known to serve the same chain as before. */
  async #verified(head: number): Promise<Checkpoint> {
    const stored = await this.#kept.checkpoint()
    if (this.#isVerified && stored) return stored
    await mustHaveChainId(this.#comparison, stored)
    const genesis = await mustHaveGenesis(this.#comparison, stored)
    this.#source.discoveries?.add(await this.#kept.discoveries())
    const from = { options: this.#options, source: this.#source, kept: this.#kept, head, genesis }
    const checkpoint = stored ? { ...stored, genesis } : await firstCheckpoint(this.#with.sql, from)
    const { sql } = this.#with
    await this.#search.upTo(checkpoint.number, { sql, ...from })
    this.#status = { ...this.#status, checkpoint: checkpoint.number, head }
    const fill = await this.#kept.backFill()
    if (fill) this.#filled(fill.next, fill.last)
    this.#isVerified = true
    return checkpoint
  }

  /** Whether the checkpoint is on the endpoint's chain; if not, goes back to where it is. */
  async #isOnChain(checkpoint: Checkpoint, head: number): Promise<boolean> {
    if (checkpoint.number < 0) return true
    const at = Math.min(checkpoint.number, head)
    const known = await this.#kept.hashAt(at)
    if (known === undefined) return mustCatchUp(this.#comparison, checkpoint, head)
    const block = await blockAt(this.#source, at)
    if (block.hash === known) return true
    await mustHaveGenesis(this.#comparison, checkpoint)
    await this.#goBack(checkpoint, at)
    return false
  }

  async #goBack(checkpoint: Checkpoint, from: number): Promise<void> {
    const ancestor = await commonAncestor(this.#comparison, from)
    const { chain } = this.#options
    const { sql, logger, clock } = this.#with
    const { gone, finalized } = await sql.transaction(async (session) => {
      const left = await this.#life.retract(session, { from: ancestor + 1, to: checkpoint.number })
      await this.#kept.dropAbove(session, ancestor)
      await this.#kept.setCheckpoint(session, { ...checkpoint, number: ancestor })
      if (left.finalized > 0) {
        const detail = violation(left.finalized, ancestor)
        await this.#alarms.raise(session, {
          kind: 'finality-violated',
          detail,
          atMs: clock.nowMs(),
        })
      }
      return left
    })
    this.#source.discoveries?.dropAbove(ancestor)
    const blocks = checkpoint.number - ancestor
    const told = { chain, above: ancestor, blocks, events: gone.length }
    logger.warn('blocks left the chain', told)
    this.#measures.reorganised(blocks)
    this.#status = { ...this.#status, checkpoint: ancestor }
    if (finalized > 0) {
      logger.error('finality was violated', { chain, detail: violation(finalized, ancestor) })
      this.#measures.finalityViolated()
      await this.#alarms.look()
    }
    this.#tell(gone)
  }

  /** An alarm about what is in no transaction. */
  async #raiseAlone(alarm: Pick<ListenerAlarm, 'kind' | 'detail'>): Promise<void> {
    const { sql, logger, clock } = this.#with
    try {
      await this.#alarms.raise(sql, { ...alarm, atMs: clock.nowMs() })
      await this.#alarms.look()
    } catch (error) {
      logger.error('an alarm could not be kept', { ...alarm, error: String(error) })
    }
  }

  /** What waited for more than it needs by now, as after a change of settings, or when only tags moved. */
  async #advanceOnly(checkpoint: number, marks: LifeMarks): Promise<void> {
    const { sql } = this.#with
    if (!(await this.#life.isDue(sql, marks, checkpoint))) return
    this.#tell(await sql.transaction((session) => this.#life.advance(session, marks, checkpoint)))
  }

  #tell(events: readonly StreamEvent[]): void {
    this.#measures.stored(events)
    try {
      this.#with.events.tell(events)
    } catch (error) {
      const { chain } = this.#options
      this.#with.logger.error('an event is stored, but not all were told', { chain, error })
    }
  }
}

function violation(finalized: number, ancestor: number): string {
  const events = finalized === 1 ? 'event' : 'events'
  return `${finalized} finalized ${events} left the chain above block ${ancestor}`
}
