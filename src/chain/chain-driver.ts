/** Drives a chain: gives its engine time, runs and stores what it asks for, and tells listeners. */

import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import { type BuiltBlock, buildBlock } from './block-building.ts'
import { BlockImport } from './block-import.ts'
import { BlockWaiters } from './block-waiters.ts'
import type { Chain, ChainEvent } from './chain.ts'
import { ChainListeners } from './chain-listeners.ts'
import type { ChainParts, DrivenChain } from './chain-parts.ts'
import { mustHaveRoomForChange, stopped } from './chain-refusals.ts'
import type { ConsensusEngine, Effect, HeadSummary, Input, Verdict } from './consensus/consensus.ts'
import { createEngine } from './consensus/create-engine.ts'
import type { Evm } from './evm/evm.ts'
import { nextBaseFee } from './ledger/base-fee.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'
import type { State, StateOverlay } from './state/state.ts'
import { createOverlay } from './state/state-overlay.ts'
import { TransactionIntake } from './transaction-intake.ts'
import type { PoolHead, TxPool } from './txpool/txpool.ts'
import { WayBack } from './way-back.ts'

type BuildEffect = Extract<Effect, { kind: 'build-block' }>

/** A chain that runs: the one place that gives an engine time, messages and disk. */
export class ChainDriver implements DrivenChain {
  readonly manifest: Manifest
  readonly rules: ChainRules
  readonly evm: Evm
  readonly #parts: ChainParts
  readonly #engine: ConsensusEngine<unknown>
  readonly #import: BlockImport
  readonly #listeners: ChainListeners
  readonly #blocksSealed
  readonly #intake: TransactionIntake
  readonly #wayBack: WayBack
  #head: Block | undefined
  #engineState: unknown
  #final = 0n
  #cancelAlarm = () => {}
  /** A block that waits for the engine's word, what it stands on, and what asked for it. */
  #candidate: { built: BuiltBlock; on: State; effect: BuildEffect } | undefined
  /** Changes of the chain, one after the other. */
  #work: Promise<unknown> = Promise.resolve()
  #running = false
  #failure: AppError | undefined
  readonly #waiters = new BlockWaiters()

  constructor(parts: ChainParts) {
    this.#parts = parts
    this.manifest = parts.options.manifest
    this.rules = parts.rules
    this.evm = parts.evm
    const { dependencies, options } = parts
    this.#listeners = new ChainListeners(dependencies.logger)
    this.#engine = createEngine(this.manifest, parts.rules)
    this.#import = new BlockImport({
      ...{ engine: this.#engine, nowMs: () => this.#nowMs(), site: () => this.#site() },
      ...{ head: () => this.head(), byHash: (hash) => this.byHash(hash) },
      ...{ byNumber: (at) => this.byNumber(at), stateAt: (hash) => parts.past.stateAt(hash) },
      sendersOf: (block) => this.#intake.sendersOf(block, this.rules.rulesAt(block.header)),
      add: (built) => this.#add(built),
      rewindTo: (number) => this.#wayBack.rewindTo(number),
    })
    this.#intake = new TransactionIntake({
      ...{ options, dependencies, head: this.#poolHead() },
      tell: (event) => this.#listeners.tell(event),
    })
    this.#wayBack = new WayBack({
      ...parts,
      wentBack: (...blocks) => this.#wentBack(...blocks),
    })
    this.#blocksSealed = dependencies.metrics.counter(
      ...(['quantumstream_chain_blocks_total', 'Blocks added to the chain', ['chain']] as const),
    )
  }

  readonly dev: Chain['dev'] = {
    sealNow: async () => {
      if (this.#failure) throw this.#failure
      if (!this.#running) throw stopped(this.manifest.name)
      const sealed = this.#waiters.next()
      this.#feed({ kind: 'seal-now', nowMs: this.#nowMs() })
      await sealed
      return this.head()
    },
    setBlockTimeMs: (blockTimeMs) =>
      this.#feed({ kind: 'set-block-time', blockTimeMs, nowMs: this.#nowMs() }),
    setAutomine: (on) => {
      this.#feed({ kind: 'set-automine', on })
      this.#tellOfWork()
    },
    isAutomine: () =>
      this.#engineState !== undefined && this.#engine.isAutomine?.(this.#engineState) === true,
    increaseTime: (seconds) => this.#feed({ kind: 'shift-time', seconds, nowMs: this.#nowMs() }),
    shapeNext: (shape) => this.#feed({ kind: 'shape-next', shape }),
    submitAs: async (unsigned, sender) => {
      if (this.#failure) throw this.#failure
      const hash = this.#intake.submitAs(unsigned, sender)
      this.#tellOfWork()
      await this.#sealedAtOnce(hash)
      return hash
    },
    change: (edit) => this.#exclusive(() => this.#change(edit)),
    mark: () => this.#wayBack.mark(this.draft()?.timestamp),
    returnTo: (mark) =>
      this.#exclusive(async () => {
        await this.#wayBack.returnTo(mark)
        this.#setTime(mark.timestamp)
      }),
    beginAnew: () =>
      this.#exclusive(async () => {
        await this.#wayBack.beginAnew()
        this.#setTime(BigInt(Math.floor(this.#nowMs() / 1_000)))
      }),
    rewindTo: (number) => this.#exclusive(() => this.#wayBack.rewindTo(number)),
  }

  get pool(): TxPool {
    return this.#intake.pool
  }

  get key(): Hash {
    return this.#parts.key
  }

  get failure(): AppError | undefined {
    return this.#failure
  }

  draft() {
    if (this.#engineState === undefined) return undefined
    return this.#engine.draft?.(this.#engineState, this.#nowMs())
  }

  head(): Block {
    const { header, hash } = this.#parts.past.head
    // What came from elsewhere than this process was not read beyond its head.
    if (!this.#head || !equalBytes(this.#head.hash, hash)) {
      this.#head = this.byNumber(header.number)?.block
    }
    if (this.#head === undefined) throw new Error('the log has no block that is the head')
    return this.#head
  }

  safe(): Block {
    return this.finalized()
  }

  finalized(): Block {
    return this.byNumber(this.#final)?.block ?? this.#parts.genesis.block
  }

  byNumber(number: bigint): ExecutedBlock | undefined {
    return number === 0n ? this.#parts.genesis : this.#parts.log.byNumber(number)
  }

  loggedBlock: Chain['loggedBlock'] = (number, mayHold) =>
    number === 0n ? this.#parts.genesis : this.#parts.log.loggedBlock(number, mayHold)

  byHash(hash: Hash): ExecutedBlock | undefined {
    const { genesis, log } = this.#parts
    if (equalBytes(hash, genesis.block.hash)) return genesis
    const number = log.numberOf(hash)
    return number === undefined ? undefined : log.byNumber(number)
  }

  findTransaction(hash: Hash) {
    return this.#parts.log.findTransaction(hash)
  }

  stateAt(hash: Hash): State | undefined {
    const { past, archive } = this.#parts
    const kept = past.stateAt(hash)
    const header = kept || !archive ? undefined : this.byHash(hash)?.block.header
    return header ? archive?.stateAt(header.number, hash, header.stateRoot) : kept
  }

  blockHash(number: bigint): Hash | undefined {
    return number === 0n ? this.#parts.genesis.block.hash : this.#parts.log.hashOf(number)
  }

  async submit(raw: Uint8Array): Promise<Hash> {
    if (this.#failure) throw this.#failure
    const hash = await this.#intake.submit(raw)
    this.#tellOfWork()
    if (this.dev.isAutomine()) await this.#sealedAtOnce(hash)
    return hash
  }

  /** Where each transaction gets a block, clients look for it as soon as they have its hash. */
  async #sealedAtOnce(hash: Hash): Promise<void> {
    const isDue = () =>
      this.#running && this.dev.isAutomine() && this.#hasWork() && this.pool.get(hash) !== undefined
    // The block under way may not hold it, but the next one does.
    for (let blocks = 0; blocks < 2 && isDue(); blocks += 1) {
      const failed = await this.#waiters.next().then(
        () => false,
        () => true,
      )
      if (failed) return
    }
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    return this.#listeners.add(listener)
  }

  importBlock(block: Block): Promise<Verdict> {
    return this.#exclusive(() => this.#import.take(block))
  }

  copyState: DrivenChain['copyState'] = (...asked) => this.#parts.checkpoints.copy(...asked)

  async start(): Promise<void> {
    this.#running = true
    const { header } = this.head()
    const step = this.#engine.start({
      ...{ head: this.#summary(), header, nowMs: this.#nowMs() },
      beneficiary: this.#parts.options.beneficiary,
    })
    this.#take(step.state, step.effects)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#cancelAlarm()
    await this.#work
    this.#waiters.reject(stopped(this.manifest.name))
    this.#listeners.clear()
    await this.#intake.stop()
    await this.#parts.checkpoints.close()
    await this.#parts.log.close()
  }

  /** Gives the engine an input and does what it asks for. */
  #feed(input: Input): void {
    if (!this.#running || this.#engineState === undefined) return
    const step = this.#engine.step(this.#engineState, input)
    this.#take(step.state, step.effects)
  }

  #take(state: unknown, effects: readonly Effect[]): void {
    this.#engineState = state
    for (const effect of effects) {
      if (effect.kind === 'wake-at') this.#wakeAt(effect.atMs)
      else if (effect.kind === 'set-head') this.#setHead(effect)
      else if (effect.kind === 'set-final') this.#final = effect.number
      else if (effect.kind === 'build-block') this.#background(() => this.#build(effect))
    }
  }

  #wakeAt(atMs: number): void {
    this.#cancelAlarm()
    const { timer } = this.#parts.dependencies
    const delayMs = Math.max(0, atMs - this.#nowMs())
    this.#cancelAlarm = timer.after(delayMs, () =>
      this.#feed({ kind: 'tick', nowMs: this.#nowMs() }),
    )
  }

  async #build(effect: BuildEffect) {
    const { request, on, draft, deadlineMs } = effect
    const failed = () => this.#feed({ kind: 'build-failed', request, nowMs: this.#nowMs() })
    if (!this.#running || !equalBytes(on, this.head().hash)) return failed()
    try {
      const isLate = () => this.#nowMs() > deadlineMs
      const site = this.#site()
      const built = await buildBlock(site, { draft, pool: this.pool, isLate })
      this.#candidate = { built, on: site.state, effect }
      this.#feed({ kind: 'block-built', request, hash: built.executed.block.hash })
    } catch (error) {
      this.#parts.dependencies.logger.error('a block could not be built', { error: String(error) })
      failed()
      this.#waiters.reject(error)
    }
  }

  #setHead({ hash, finalNumber }: Extract<Effect, { kind: 'set-head' }>): void {
    const candidate = this.#candidate
    if (!candidate || !equalBytes(candidate.built.executed.block.hash, hash)) return
    const { built, on, effect } = candidate
    this.#candidate = undefined
    this.#background(async () => {
      if (!equalBytes(effect.on, this.head().hash)) return
      // The state was changed by hand meanwhile.
      if (on !== this.#parts.past.state) return this.#build(effect)
      this.#final = finalNumber
      await this.#add(built)
    })
  }

  /** Stores a block; it is told only when it is on disk. */
  async #add({ executed, difference, state }: BuiltBlock): Promise<void> {
    const { past, log, checkpoints } = this.#parts
    await log.append(executed, difference)
    past.add(executed.block, state)
    checkpoints.consider()
    this.#blocksSealed.add(1, { chain: this.manifest.name })
    this.#intake.followed(this.#poolHead(), executed)
    this.#moved([executed], [])
    this.#waiters.resolve()
  }

  async #change(edit: (overlay: StateOverlay) => void): Promise<void> {
    const { past, log } = this.#parts
    mustHaveRoomForChange(past.changes)
    const overlay = createOverlay(past.state)
    edit(overlay)
    const difference = overlay.difference()
    const state = past.state.apply(difference)
    await log.appendChange(difference)
    past.change(state)
    this.#intake.reset(this.#poolHead(), [])
    this.#moved([], [])
  }

  #wentBack(
    number: bigint,
    removed: readonly ExecutedBlock[],
    returned: readonly ExecutedBlock[],
  ): void {
    if (this.#final > number) this.#final = number
    this.#intake.reset(this.#poolHead(), returned)
    this.#moved([], removed)
    if (this.#waiters.size > 0) this.#feed({ kind: 'seal-now', nowMs: this.#nowMs() })
  }

  #setTime(timestamp: bigint | undefined): void {
    if (timestamp === undefined) return
    this.#feed({ kind: 'set-time', timestamp, nowMs: this.#nowMs() })
  }

  #moved(added: readonly ExecutedBlock[], removed: readonly ExecutedBlock[]): void {
    this.#listeners.tell({ kind: 'head', added, removed })
    const { header } = this.head()
    this.#feed({ kind: 'block-imported', head: this.#summary(), header, nowMs: this.#nowMs() })
    this.#tellOfWork()
  }

  /** What cannot be in the next block is no work: an engine that seals for it would seal without end. */
  #tellOfWork(): void {
    if (this.#hasWork()) this.#feed({ kind: 'work-waiting', count: 1, nowMs: this.#nowMs() })
  }

  #hasWork(): boolean {
    return this.pool.hasWork()
  }

  /** Work that nobody waits for; its failure is logged where it is queued. */
  #background(work: () => Promise<void>): void {
    this.#exclusive(work).catch((error: unknown) => this.#waiters.reject(error))
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch((error: unknown) => {
      this.#parts.dependencies.logger.error('the chain stopped', { error: String(error) })
      if (error instanceof AppError && error.code.startsWith('store/')) this.#failure = error
    })
    return done
  }

  #site() {
    const { evm, rules, past } = this.#parts
    const blockHash = (number: bigint) => this.blockHash(number)
    return { evm, rules, parent: this.head().header, state: past.state, blockHash }
  }

  #poolHead(): PoolHead {
    const { past } = this.#parts
    const { header } = past.head
    const next = { number: header.number + 1n, timestamp: header.timestamp + 1n }
    return {
      ...{ state: past.state, baseFeePerGas: nextBaseFee(header), gasLimit: header.gasLimit },
      rules: this.rules.rulesAt(next),
    }
  }

  #summary(): HeadSummary {
    const { header, hash } = this.head()
    const { number, parentHash: parent, timestamp } = header
    return { number, hash, parent, timestampMs: timestamp * 1_000n, finalNumber: this.#final }
  }

  #nowMs(): number {
    return this.#parts.dependencies.clock.nowMs()
  }
}
