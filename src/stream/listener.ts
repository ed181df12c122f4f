/** Follows a chain block by block, stores the wanted events once, and takes back those whose blocks left. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import { createEventDecoder, type EventDecoder, type Subscription } from './event-decoder.ts'
import type { WritableEventStore } from './event-store.ts'
import { RangeReader, type ReadRange } from './follow/block-range.ts'
import {
  blockAt,
  blocksAt,
  type ChainLog,
  headOf,
  inconsistent,
  leavingClient,
  placesOf,
  type TaggedHeads,
  taggedHeads,
} from './follow/chain-reader.ts'
import { EventLife, type LifeMarks, marksOf } from './follow/event-life.ts'
import { type Checkpoint, KeptBlocks } from './follow/kept-blocks.ts'
import { listenerMeasures } from './follow/measures.ts'
import {
  type Comparison,
  commonAncestor,
  mustCatchUp,
  mustHaveChainId,
  mustHaveGenesis,
} from './follow/same-chain.ts'
import type { EventHandler, Listener, ListenerStatus, StreamEvent } from './stream.ts'

/** Which chain and which events. */
export interface ListenerOptions {
  /** Name of the chain in this process. */
  readonly chain: string
  readonly chainId: number
  readonly subscriptions: readonly Subscription[]
  /** First block that is read when there is no checkpoint yet; `latest` is what comes after the head. */
  readonly startBlock: number | 'latest'
  /** Blocks on top of an event's block before it is confirmed; default 1, 0 is at once. */
  readonly confirmations?: number
  /** Blocks on top before it is safe and finalized, where the endpoint has no such tag; default 64. */
  readonly finalityDepth?: number
  readonly pollMs: number
  /** Most blocks asked for at once; default 2,000. */
  readonly maxRange?: number
  /** The deepest reorganisation that is followed, in blocks; default 128. */
  readonly window?: number
}

/** What a listener needs of the world. */
export interface ListenerDependencies {
  readonly client: JsonRpcClient
  readonly sql: SqlStore
  readonly events: WritableEventStore
  readonly handler: EventHandler
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Longest pause after failures. */
const maxPauseMs = 10_000
/** Rounds of answers that do not fit together before people are told. */
const quietFailures = 3
/** Alarms that are kept until somebody looks. */
const maxAlarms = 16

/** A listener; it begins with `start`. @throws AppError `stream/bad-event`, `stream/bad-address`, `stream/no-events`, `stream/bad-setting` */
export function createListener(
  options: ListenerOptions,
  dependencies: ListenerDependencies,
): Listener {
  const { startBlock, confirmations = 1, finalityDepth = 64 } = options
  const { maxRange = 2_000, window = 128 } = options
  const first = startBlock === 'latest' ? 0 : startBlock
  const whole = { startBlock: first, confirmations, finalityDepth }
  for (const [name, value] of Object.entries({ ...whole, maxRange, window })) {
    const least = name in whole ? 0 : 1
    if (Number.isSafeInteger(value) && value >= least) continue
    const message = `${name} of the listener of "${options.chain}" is ${value}, not a whole number from ${least}`
    throw new AppError({ code: 'stream/bad-setting', message })
  }
  return new ChainListener(
    { ...options, confirmations, finalityDepth, maxRange, window },
    dependencies,
  )
}

class ChainListener implements Listener {
  readonly #options: Required<ListenerOptions>
  readonly #with: ListenerDependencies
  readonly #decoder: EventDecoder
  readonly #kept: KeptBlocks
  readonly #life: EventLife
  readonly #measures
  #client: JsonRpcClient
  #reader: RangeReader
  #leave = new AbortController()
  #status: ListenerStatus
  /** Whether chain id and genesis have been compared since the endpoint was last away. */
  #isVerified = false
  #tags: (TaggedHeads & { readonly head: number }) | undefined
  #failures = 0
  #running = false
  #round: Promise<void> = Promise.resolve()
  #cancelPause = () => {}

  constructor(options: Required<ListenerOptions>, dependencies: ListenerDependencies) {
    this.#options = options
    this.#with = dependencies
    this.#decoder = createEventDecoder(options.subscriptions)
    this.#kept = new KeptBlocks(dependencies.sql, options)
    this.#life = new EventLife({ ...dependencies, chain: options.chain })
    this.#measures = listenerMeasures(dependencies.metrics, options.chain)
    this.#client = dependencies.client
    this.#reader = new RangeReader(this.#client, this.#decoder, options)
    this.#status = {
      ...{ chain: options.chain, state: 'starting' },
      ...{ checkpoint: undefined, head: undefined, problem: undefined, alarms: [] },
    }
  }

  get #comparison(): Comparison {
    return { ...this.#options, client: this.#client, kept: this.#kept }
  }

  status(): ListenerStatus {
    const { problem = this.#status.alarms.at(-1)?.detail } = this.#status
    return { ...this.#status, problem }
  }

  acknowledge(): void {
    this.#status = { ...this.#status, alarms: [] }
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#isVerified = false
    this.#failures = 0
    this.#status = { ...this.#status, state: 'starting', problem: undefined, alarms: [] }
    this.#leave = new AbortController()
    this.#client = leavingClient(this.#with.client, this.#leave.signal)
    this.#reader = new RangeReader(this.#client, this.#decoder, this.#options)
    this.#next(0)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#cancelPause()
    this.#leave.abort()
    await this.#round
  }

  #next(delayMs: number): void {
    if (!this.#running) return
    this.#cancelPause = this.#with.timer.after(delayMs, () => {
      this.#round = this.#run()
    })
  }

  async #run(): Promise<void> {
    try {
      const caughtUp = await this.#advance()
      this.#failures = 0
      this.#next(caughtUp ? this.#options.pollMs : 0)
    } catch (error) {
      if (this.#running) this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    const { chain, pollMs } = this.#options
    const problem = error instanceof Error ? error.message : String(error)
    const code = error instanceof AppError ? error.code : undefined
    if (code === 'stream/cannot-go-on') {
      this.#status = { ...this.#status, state: 'stopped', problem }
      this.#with.logger.error('the listener stopped', { chain, problem })
      return
    }
    this.#failures += 1
    this.#isVerified = false
    if (code !== 'stream/inconsistent' || this.#failures > quietFailures) {
      if (this.#status.problem !== problem) {
        this.#with.logger.warn('the listener waits and tries again', { chain, problem })
      }
      this.#status = { ...this.#status, state: 'waiting', problem }
    }
    this.#next(Math.min(pollMs * 2 ** Math.min(this.#failures, 16), maxPauseMs))
  }

  /** One look at the chain; whether everything up to its head is stored. */
  async #advance(): Promise<boolean> {
    const head = await headOf(this.#client)
    const checkpoint = await this.#verified(head)
    const from = checkpoint.number + 1
    if (!(await this.#isOnChain(checkpoint, head))) return false
    const marks = await this.#marks(head)
    let reached = checkpoint.number
    if (head >= from) {
      const hash = await this.#kept.hashAt(from - 1)
      const before = hash === undefined ? undefined : { number: from - 1, hash }
      const range = await this.#reader.read({ from, head, before })
      await this.#store(checkpoint, range, marks)
      reached = range.to
    } else {
      await this.#advanceOnly(reached, marks)
    }
    const caughtUp = reached >= head
    const state = caughtUp ? 'following' : 'catching-up'
    this.#status = { ...this.#status, state, checkpoint: reached, head, problem: undefined }
    this.#measures.reached(reached, head)
    return caughtUp
  }

  /** The checkpoint, of an endpoint that is known to serve the same chain as before. */
  async #verified(head: number): Promise<Checkpoint> {
    const stored = await this.#kept.checkpoint()
    if (this.#isVerified && stored) return stored
    await mustHaveChainId(this.#comparison, stored)
    const genesis = await mustHaveGenesis(this.#comparison, stored)
    const checkpoint = stored ? { ...stored, genesis } : await this.#begin(head, genesis)
    this.#status = { ...this.#status, checkpoint: checkpoint.number, head }
    this.#isVerified = true
    return checkpoint
  }

  /** Writes the first checkpoint: the block before the first one that is read. */
  async #begin(head: number, genesis: string | undefined): Promise<Checkpoint> {
    const { startBlock, window, chainId } = this.#options
    const number = (startBlock === 'latest' ? head + 1 : startBlock) - 1
    if (number > head) {
      const message = `waiting for block ${number}, before which nothing is read; the head is block ${head}`
      throw new AppError({ code: 'stream/not-yet', message, retry: 'later' })
    }
    // Near the head a reorganisation may go back before the first block that is read.
    const first = Math.max(0, Math.min(number, head - window))
    const before = Array.from({ length: number + 1 - first }, (_, at) => first + at)
    const blocks = await blocksAt(this.#client, before)
    const checkpoint = { number, chainId, genesis }
    await this.#with.sql.transaction(async (session) => {
      await this.#kept.keep(session, blocks)
      await this.#kept.setCheckpoint(session, checkpoint)
    })
    return checkpoint
  }

  /** Whether the checkpoint is on the endpoint's chain; if not, goes back to where it is. */
  async #isOnChain(checkpoint: Checkpoint, head: number): Promise<boolean> {
    if (checkpoint.number < 0) return true
    const at = Math.min(checkpoint.number, head)
    const known = await this.#kept.hashAt(at)
    if (known === undefined) return mustCatchUp(this.#comparison, checkpoint, head)
    const block = await blockAt(this.#client, at)
    if (block.hash === known) return true
    await mustHaveGenesis(this.#comparison, checkpoint)
    await this.#goBack(checkpoint, at)
    return false
  }

  async #goBack(checkpoint: Checkpoint, from: number): Promise<void> {
    const ancestor = await commonAncestor(this.#comparison, from)
    const { chain } = this.#options
    const { sql, logger } = this.#with
    const { gone: retracted, finalized } = await sql.transaction(async (session) => {
      const left = await this.#life.retract(session, { from: ancestor + 1, to: checkpoint.number })
      await this.#kept.dropAbove(session, ancestor)
      await this.#kept.setCheckpoint(session, { ...checkpoint, number: ancestor })
      return left
    })
    const blocks = checkpoint.number - ancestor
    logger.warn('blocks left the chain', {
      chain,
      above: ancestor,
      blocks,
      events: retracted.length,
    })
    this.#measures.reorganised(blocks)
    this.#status = { ...this.#status, checkpoint: ancestor }
    if (finalized > 0)
      this.#alarm(`${finalized} finalized events left the chain above block ${ancestor}`)
    this.#tell(retracted)
  }

  /** Tells people that what was final was not; the status says so until somebody has looked. */
  #alarm(detail: string): void {
    const { logger, clock } = this.#with
    logger.error('finality was violated', { chain: this.#options.chain, detail })
    this.#measures.finalityViolated()
    const alarm = { kind: 'finality-violated', atMs: clock.nowMs(), detail } as const
    this.#status = { ...this.#status, alarms: [...this.#status.alarms, alarm].slice(-maxAlarms) }
  }

  /** The marks by the endpoint's tags, which are asked for when there is another head. */
  async #marks(head: number): Promise<LifeMarks> {
    if (this.#tags?.head !== head) this.#tags = { head, ...(await taggedHeads(this.#client)) }
    return marksOf(this.#tags, this.#options)
  }

  /** Stores what was read: checkpoint, events and what the handler does with them, all or nothing. */
  async #store(checkpoint: Checkpoint, range: ReadRange, marks: LifeMarks): Promise<void> {
    const found = await this.#eventsOf(range)
    const told = await this.#with.sql.transaction(async (session) => {
      const advanced = await this.#life.advance(session, marks, checkpoint.number)
      const fresh = await this.#life.appear(session, found, marks)
      await this.#kept.keep(session, range.blocks)
      await this.#kept.setCheckpoint(session, { ...checkpoint, number: range.to })
      return [...advanced, ...fresh]
    })
    this.#tell(told)
  }

  /** What waited for more than it needs by now, as after a change of settings, or when only tags moved. */
  async #advanceOnly(checkpoint: number, marks: LifeMarks): Promise<void> {
    const { sql } = this.#with
    if (!(await this.#life.isDue(sql, marks, checkpoint))) return
    this.#tell(await sql.transaction((session) => this.#life.advance(session, marks, checkpoint)))
  }

  async #eventsOf({ blocks, logs }: ReadRange): Promise<readonly StreamEvent[]> {
    const { chain, chainId } = this.#options
    const byNumber = new Map(blocks.map((block) => [block.number, block]))
    const blockOf = ({ blockNumber, blockHash }: ChainLog) => {
      const block = byNumber.get(blockNumber)
      if (block?.hash === blockHash) return block
      throw inconsistent(`a log names another block ${blockNumber}`)
    }
    // Before receipts are asked for in vain.
    for (const log of logs) blockOf(log)
    const seenAtMs = this.#with.clock.nowMs()
    const found: StreamEvent[] = []
    for (const { log, place } of await placesOf(this.#client, logs)) {
      const { address, blockNumber, blockHash, transactionHash, logIndex } = log
      const decoded = this.#decoder.decode(log)
      if (decoded === undefined) {
        this.#measures.malformed()
        this.#with.logger.warn('a log does not fit its event', { chain, transactionHash, logIndex })
        continue
      }
      found.push({
        id: `${chain}:${transactionHash}:${place}`,
        ...{ chain, chainId, ...decoded, state: 'pending', seenAtMs, address },
        ...{ blockNumber, blockHash, transactionHash, logIndex, blockTimeMs: blockOf(log).timeMs },
      })
    }
    return found.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
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
