/** Follows a chain block by block, stores the wanted events once, and takes back those whose blocks left. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlSession, SqlStore } from '../store/sql.ts'
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
} from './follow/chain-reader.ts'
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

/** A listener; it begins with `start`. @throws AppError `stream/bad-event`, `stream/bad-address`, `stream/no-events`, `stream/bad-setting` */
export function createListener(
  options: ListenerOptions,
  dependencies: ListenerDependencies,
): Listener {
  const { startBlock, confirmations = 1, maxRange = 2_000, window = 128 } = options
  const whole = { startBlock: startBlock === 'latest' ? 0 : startBlock, confirmations }
  for (const [name, value] of Object.entries({ ...whole, maxRange, window })) {
    const least = name in whole ? 0 : 1
    if (Number.isSafeInteger(value) && value >= least) continue
    const message = `${name} of the listener of "${options.chain}" is ${value}, not a whole number from ${least}`
    throw new AppError({ code: 'stream/bad-setting', message })
  }
  return new ChainListener({ ...options, confirmations, maxRange, window }, dependencies)
}

class ChainListener implements Listener {
  readonly #options: Required<ListenerOptions>
  readonly #with: ListenerDependencies
  readonly #decoder: EventDecoder
  readonly #kept: KeptBlocks
  readonly #measures
  #client: JsonRpcClient
  #reader: RangeReader
  #leave = new AbortController()
  #status: ListenerStatus
  /** Whether chain id and genesis have been compared since the endpoint was last away. */
  #isVerified = false
  #failures = 0
  #running = false
  #round: Promise<void> = Promise.resolve()
  #cancelPause = () => {}

  constructor(options: Required<ListenerOptions>, dependencies: ListenerDependencies) {
    this.#options = options
    this.#with = dependencies
    this.#decoder = createEventDecoder(options.subscriptions)
    this.#kept = new KeptBlocks(dependencies.sql, options)
    this.#measures = listenerMeasures(dependencies.metrics, options.chain)
    this.#client = dependencies.client
    this.#reader = new RangeReader(this.#client, this.#decoder, options)
    this.#status = {
      ...{ chain: options.chain, state: 'starting' },
      ...{ checkpoint: undefined, head: undefined, problem: undefined },
    }
  }

  get #comparison(): Comparison {
    return { ...this.#options, client: this.#client, kept: this.#kept }
  }

  status(): ListenerStatus {
    return this.#status
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#isVerified = false
    this.#failures = 0
    this.#status = { ...this.#status, state: 'starting', problem: undefined }
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
    let reached = checkpoint.number
    if (head >= from) {
      const hash = await this.#kept.hashAt(from - 1)
      const before = hash === undefined ? undefined : { number: from - 1, hash }
      const range = await this.#reader.read({ from, head, before })
      await this.#store(checkpoint, range)
      reached = range.to
    } else {
      await this.#confirmOnly(reached)
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
    const { sql, events, handler, logger } = this.#with
    const retracted = await sql.transaction(async (session) => {
      const range = { chain, from: ancestor + 1, to: checkpoint.number }
      const gone: StreamEvent[] = []
      for (const event of await events.inBlocks(session, range)) {
        const left: StreamEvent = { ...event, state: 'retracted' }
        await events.setState(session, left)
        if (event.state === 'confirmed') await handler.retracted(session, left)
        gone.push(left)
      }
      await this.#kept.dropAbove(session, ancestor)
      await this.#kept.setCheckpoint(session, { ...checkpoint, number: ancestor })
      return gone
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
    this.#tell(retracted)
  }

  /** Stores what was read: checkpoint, events and what the handler does with them, all or nothing. */
  async #store(checkpoint: Checkpoint, range: ReadRange): Promise<void> {
    const found = await this.#eventsOf(range)
    const lastConfirmed = range.to - this.#options.confirmations
    const told = await this.#with.sql.transaction(async (session) => {
      const changed = await this.#confirm(session, Math.min(lastConfirmed, checkpoint.number))
      for (const event of found) {
        const isConfirmed = event.blockNumber <= lastConfirmed
        const placed: StreamEvent = isConfirmed ? { ...event, state: 'confirmed' } : event
        if (!(await this.#with.events.put(session, placed))) continue
        if (isConfirmed) await this.#with.handler.appeared(session, placed)
        changed.push(placed)
      }
      await this.#kept.keep(session, range.blocks)
      await this.#kept.setCheckpoint(session, { ...checkpoint, number: range.to })
      return changed
    })
    this.#tell(told)
  }

  /** What waited for more blocks than it needs by now, as after a change of settings. */
  async #confirmOnly(checkpoint: number): Promise<void> {
    const { sql, events } = this.#with
    const { chain, confirmations } = this.#options
    const upTo = checkpoint - confirmations
    if ((await events.pendingUpTo(sql, chain, upTo)).length === 0) return
    this.#tell(await sql.transaction((session) => this.#confirm(session, upTo)))
  }

  /** Confirms pending events up to a block, oldest first. */
  async #confirm(session: SqlSession, upTo: number): Promise<StreamEvent[]> {
    const { events, handler } = this.#with
    const confirmed: StreamEvent[] = []
    for (;;) {
      const pending = await events.pendingUpTo(session, this.#options.chain, upTo)
      if (pending.length === 0) return confirmed
      for (const event of pending) {
        const after: StreamEvent = { ...event, state: 'confirmed' }
        await events.setState(session, after)
        await handler.appeared(session, after)
        confirmed.push(after)
      }
    }
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
