/** Drives a chain: gives its engine time, runs and stores what it asks for, and tells listeners. */

import type { AppError } from '../base/app-error.ts'
import { Alarm } from './alarm.ts'
import type { BuiltBlock } from './block-building.ts'
import { BlockGossip } from './block-gossip.ts'
import { BlockImport } from './block-import.ts'
import { BlockProposals } from './block-proposals.ts'
import { BlockVoting } from './block-voting.ts'
import { BlockWaiters } from './block-waiters.ts'
import type { Chain, ChainEvent } from './chain.ts'
import { ChainBlocks } from './chain-blocks.ts'
import { ChainListeners } from './chain-listeners.ts'
import { ChainMeasures } from './chain-measures.ts'
import type { ChainParts, DrivenChain } from './chain-parts.ts'
import { stopped } from './chain-refusals.ts'
import { ChainSync } from './chain-sync.ts'
import type { ConsensusEngine, Effect, Input, Verdict } from './consensus/consensus.ts'
import { encodeDerived } from './consensus/derived.ts'
import { devControls } from './dev-controls.ts'
import type { Evm } from './evm/evm.ts'
import { FinalPoints, votesOn } from './final-points.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'
import { createMiner, type Miner, payeeOf } from './miner.ts'
import { TransactionIntake } from './transaction-intake.ts'
import type { TxPool } from './txpool/txpool.ts'
import { WayBack } from './way-back.ts'
import { WorkQueue } from './work-queue.ts'

/** A chain that runs: the one place that gives an engine time, messages and disk. */
export class ChainDriver extends ChainBlocks implements DrivenChain {
  readonly manifest: Manifest
  readonly rules: ChainRules
  readonly evm: Evm
  readonly #engine: ConsensusEngine<unknown>
  readonly #import: BlockImport
  readonly #listeners: ChainListeners
  readonly #measures: ChainMeasures
  readonly #intake: TransactionIntake
  readonly #wayBack: WayBack
  #engineState: unknown
  readonly #proposals: BlockProposals
  readonly #voting: BlockVoting
  readonly #gossip: BlockGossip
  readonly #finals: FinalPoints | undefined
  /** The last that votes made final, where they make some blocks so. */
  #finalInstance = 0n
  readonly #sync: ChainSync
  readonly #miner: Miner | undefined
  readonly #alarm: Alarm
  readonly #importAlarm: Alarm
  /** Changes of the chain. */
  readonly #queue: WorkQueue
  #running = false
  #failure: AppError | undefined
  readonly #waiters = new BlockWaiters()

  constructor(parts: ChainParts) {
    super(parts)
    this.manifest = parts.options.manifest
    this.rules = parts.rules
    this.evm = parts.evm
    const { dependencies, options } = parts
    this.#listeners = new ChainListeners(dependencies.logger)
    this.#engine = parts.engine
    this.#queue = new WorkQueue(dependencies.logger, (error) => {
      this.#failure = error
    })
    this.#alarm = new Alarm(dependencies, () => this.#feed({ kind: 'tick', nowMs: this.#nowMs() }))
    this.#importAlarm = new Alarm(dependencies, () =>
      this.#background(() => this.#import.takeDue()),
    )
    this.#import = this.#createImport()
    this.#miner = createMiner(parts)
    this.#proposals = this.#createProposals()
    this.#voting = this.#createVoting()
    this.#gossip = this.#createGossip()
    this.#finals = this.#createFinals()
    this.#sync = new ChainSync(parts, this)
    this.#intake = new TransactionIntake({
      ...{ options, dependencies, head: this.poolHead() },
      tell: (event) => this.#listeners.tell(event),
      isRunning: () => this.#running,
      isInBlock: (hash) => this.findTransaction(hash) !== undefined,
      came: () => this.#tellOfWork(),
    })
    const wentBack = this.#wentBack.bind(this)
    this.#wayBack = new WayBack({ ...parts, wentBack })
    this.#measures = new ChainMeasures(this, dependencies)
  }

  #createImport(): BlockImport {
    const { past, derived } = this.parts
    return new BlockImport({
      ...{ engine: this.#engine, nowMs: () => this.#nowMs(), site: () => this.site() },
      trust: this.parts.options.trust,
      ...{ head: () => this.head(), byHash: (hash) => this.byHash(hash) },
      ...{ byNumber: (at) => this.byNumber(at), stateAt: (hash) => past.stateAt(hash) },
      ...{ derivedOf: (hash) => derived.of(hash), finalNumber: () => this.finalNumber },
      ...{ validatorsAt: (at) => this.validatorsAt(at), likelySetAt: (at) => this.likelySetAt(at) },
      sendersOf: (block) => this.#intake.sendersOf(block, this.rules.rulesAt(block.header)),
      add: (built) => this.#add(built),
      rewindTo: (number) => this.#wayBack.rewindTo(number),
      tooDeep: (branch) => this.#listeners.tellTooDeep(this.manifest.name, this.head(), branch),
      wakeAt: (atMs) => this.#importAlarm.set(atMs),
    })
  }

  #createProposals(): BlockProposals {
    return new BlockProposals({
      ...{ site: () => this.site(), head: () => this.head(), pool: () => this.pool },
      ...{ nowMs: () => this.#nowMs(), logger: this.parts.dependencies.logger },
      ...{ miner: this.#miner, isRunning: () => this.#running },
      feed: (input) => this.#feed(input),
      queue: (work) => this.#background(work),
      keep: (built) => this.#voting.keep(built),
      add: (built, finalNumber) =>
        this.#add(built, { finalNumber }).then(() => this.#gossip.tell(built.executed.block)),
      failed: (error) => this.#waiters.reject(error),
    })
  }

  #createVoting(): BlockVoting {
    return new BlockVoting({
      ...{ ...this.votedChain(), instance: votesOn(this.#engine) },
      feed: (input) => this.#feed(input),
      decided: () => (this.#finals ? this.#finalInstance : this.head().header.number),
      queue: (work) => this.#background(work),
      tryRun: (block, isDecided) => this.#import.tryRun(block, isDecided),
      add: (built, proofs) => {
        const { number: finalNumber } = built.executed.block.header
        return this.#add(built, { proofs, finalNumber })
      },
      headOf: (peer) => this.#gossip.headOf(peer),
      halted: (error) => {
        this.#failure = error
      },
    })
  }

  #createGossip(): BlockGossip {
    const { logger, timer, chance = Math.random, turns } = this.parts.dependencies
    return new BlockGossip({
      ...{ logger, timer, nowMs: () => this.#nowMs(), chance, turns },
      ...{ engine: this.#engine, chain: this.#import.known, summary: () => this.summary() },
      ...{ finalized: () => this.finalized(), byNumber: (at) => this.byNumber(at) },
      importBlock: (block) => this.importBlock(block),
      settled: () => this.#exclusive(async () => {}),
      tooDeep: (branch) => this.#import.reportTooDeep(branch),
    })
  }

  #createFinals(): FinalPoints | undefined {
    const { finals, dependencies } = this.parts
    if (!finals) return undefined
    return new FinalPoints(finals, {
      ...{ nowMs: () => this.#nowMs(), logger: dependencies.logger },
      ...{ feed: (input) => this.#feed(input), queue: (work) => this.#background(work) },
      ...{
        check: (hash) => this.#import.checkAside(hash),
        seek: (hash) => this.#gossip.seek(hash),
      },
      ...{ moveTo: (hash) => this.#import.moveWith(hash) },
      begin: (...next) => this.#voting.begin(...next),
      kept: (instance) => {
        this.#finalInstance = instance
        this.#voting.moved()
      },
    })
  }

  readonly dev: Chain['dev'] = devControls({
    parts: () => this.parts,
    intake: () => this.#intake,
    wayBack: () => this.#wayBack,
    waiters: () => this.#waiters,
    head: () => this.head(),
    nextTime: () => this.draft()?.timestamp,
    isAutomine: () =>
      this.#engineState !== undefined && this.#engine.isAutomine?.(this.#engineState) === true,
    mustWork: () => this.#mustWork(),
    mustRun: () => {
      this.#mustWork()
      if (!this.#running) throw stopped(this.manifest.name)
    },
    sealedAtOnce: (hash) => this.#sealedAtOnce(hash),
    tellOfWork: () => this.#tellOfWork(),
    feed: (input) => this.#feed(input),
    exclusive: (work) => this.#exclusive(work),
    changed: () => {
      this.#intake.reset(this.poolHead(), [])
      this.#moved([], [])
    },
  })

  get mining() {
    return this.#proposals.mining
  }

  network = () => this.#voting.network
  syncing = () => this.#voting.syncing

  round = () =>
    this.#engineState === undefined ? undefined : this.#engine.round?.(this.#engineState)

  get pool(): TxPool {
    return this.#intake.pool
  }

  get failure(): AppError | undefined {
    return this.#failure
  }

  draft() {
    if (this.#engineState === undefined) return undefined
    return this.#engine.draft?.(this.#engineState, this.#nowMs())
  }

  async submit(raw: Uint8Array): Promise<Hash> {
    this.#mustWork()
    const hash = await this.#intake.submit(raw)
    if (this.dev.isAutomine()) await this.#sealedAtOnce(hash)
    return hash
  }

  #mustWork(): void {
    if (this.#failure) throw this.#failure
  }

  /** Where each transaction gets a block, clients look for it as soon as they have its hash. */
  async #sealedAtOnce(hash: Hash): Promise<void> {
    const isWanted = () => this.pool.hasWork() && this.pool.get(hash) !== undefined
    const isDue = () => this.#running && this.dev.isAutomine() && isWanted()
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
    return this.#exclusive(async () => {
      const verdict = await this.#import.take(block)
      // One that was known already may have come with another record.
      if (verdict.kind === 'valid') this.#finals?.heard(this.#import.known.blockOf(block.hash))
      return verdict
    })
  }

  async start(): Promise<void> {
    this.mustBeTrusted()
    this.#running = true
    const finals = this.#finals?.finals ?? []
    if (this.#finals) {
      const { instance, number } = this.lastFinal(finals)
      this.#finalInstance = instance
      this.#setFinal({ number })
    }
    // A kill may have come between the blocks of a reorganisation: what was left may have more work, or its transactions wait.
    const left = this.#engine.maxReorg ? this.parts.log.left() : []
    await this.#import.takeAll(left.map(({ block }) => block))
    if (left.length > 0) this.#intake.reset(this.poolHead(), left)
    const { header, hash } = this.head()
    const { derived, options, dependencies } = this.parts
    if (this.#engine.maxReorg === 0) this.finalNumber = this.safeNumber = header.number
    const networked = this.#sync.networked(this.#gossip.networked, () => this.#voting.catchUp())
    const votes = this.#voting.networked(this.key)
    const network = dependencies.join?.({ ...votes, ...this.#intake.networked(networked) })
    for (const part of [this.#voting, this.#gossip, this.#intake]) part.join(network)
    const step = this.#engine.start({
      ...{ head: this.summary(), header, derived: derived.of(hash) },
      ...{
        parentDerived: derived.of(header.parentHash),
        proof: this.proofsOf(header.number)?.proof,
      },
      ...{ ...this.#voting.start(this.#finals ? this.#finalInstance : header.number), finals },
      ...(this.#finals && { points: this.points() ?? [] }),
      ...{ beneficiary: payeeOf(options), nowMs: this.#nowMs() },
    })
    this.#take(step.state, step.effects)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#alarm.cancel()
    this.#importAlarm.cancel()
    await this.#miner?.stop()
    await Promise.all([this.#voting.stop(), this.#gossip.stop(), this.#sync.stop()])
    await this.#queue.idle
    this.#waiters.reject(stopped(this.manifest.name))
    this.#measures.end()
    this.#listeners.clear()
    await this.#intake.stop()
    await this.#finals?.close()
    await this.parts.checkpoints.close()
    await this.parts.log.close()
  }

  /** Gives the engine an input and does what it asks for. */
  #feed(input: Input): void {
    if (!this.#running || this.#engineState === undefined) return
    const step = this.#engine.step(this.#engineState, input)
    this.#take(step.state, step.effects)
  }

  #take(state: unknown, effects: readonly Effect[]): void {
    this.#engineState = state
    this.#measures.stepped(this.round(), effects)
    for (const effect of effects) {
      if (effect.kind === 'wake-at') this.#alarm.set(effect.atMs)
      else if (effect.kind === 'set-final') this.#setFinal(effect)
      else if (!this.#finals?.take(effect) && !this.#voting.take(effect)) {
        this.#proposals.take(effect)
      }
    }
  }

  #setFinal({ number, safe = number }: Omit<Extract<Effect, { kind: 'set-final' }>, 'kind'>): void {
    this.finalNumber = number
    this.safeNumber = safe
  }

  /** Stores a block; it is told only when it is on disk. */
  async #add(
    built: BuiltBlock,
    { proofs, finalNumber }: { readonly proofs?: Uint8Array; readonly finalNumber?: bigint } = {},
  ): Promise<void> {
    const { executed, difference, state, derived } = built
    const { past, log, checkpoints } = this.parts
    await log.append(executed, { difference, derived: derived && encodeDerived(derived), proofs })
    past.add(executed.block, state)
    // Only what is on disk is final; a vote may have ended since the block was sealed.
    if (finalNumber !== undefined && finalNumber > this.finalNumber) {
      const safe = finalNumber > this.safeNumber ? finalNumber : this.safeNumber
      this.#setFinal({ number: finalNumber, safe })
    }
    if (derived) this.parts.derived.keep(executed.block.hash, derived)
    checkpoints.consider()
    this.#sync.moved(executed.block, state)
    this.#measures.added(executed)
    this.#intake.followed(this.poolHead(), executed)
    this.#voting.moved()
    this.#gossip.moved()
    this.#moved([executed], [])
    this.#waiters.resolve()
  }

  #wentBack(
    number: bigint,
    removed: readonly ExecutedBlock[],
    returned: readonly ExecutedBlock[],
  ): void {
    if (this.finalNumber > number) this.finalNumber = number
    if (this.safeNumber > number) this.safeNumber = number
    this.#intake.reset(this.poolHead(), returned)
    this.#moved([], removed)
    if (this.#waiters.size > 0) this.#feed({ kind: 'seal-now', nowMs: this.#nowMs() })
  }

  #moved(added: readonly ExecutedBlock[], removed: readonly ExecutedBlock[]): void {
    this.#listeners.tell({ kind: 'head', added, removed })
    const { header, hash } = this.head()
    const derived = this.parts.derived.of(hash)
    const [head, nowMs, points] = [this.summary(), this.#nowMs(), this.points()]
    this.#feed({ kind: 'block-imported', head, header, derived, nowMs, ...(points && { points }) })
    this.#tellOfWork()
  }

  /** For what cannot be in the next block an engine would seal without end. */
  #tellOfWork(): void {
    if (this.pool.hasWork()) this.#feed({ kind: 'work-waiting', count: 1, nowMs: this.#nowMs() })
  }

  /** Work that nobody waits for; its failure is logged where it is queued. */
  #background(work: () => Promise<void>): void {
    this.#exclusive(work).catch((error: unknown) => this.#waiters.reject(error))
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work)
  }

  #nowMs(): number {
    return this.parts.dependencies.clock.nowMs()
  }
}
