/** Drives a chain: gives its engine time, runs and stores what it asks for, and tells listeners. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import { type BuiltBlock, buildBlock, runBlock } from './block-building.ts'
import type { Chain, ChainEvent } from './chain.ts'
import { type ChainLog, openChainLog } from './chain-log.ts'
import { ChainPast } from './chain-past.ts'
import type { Effect, HeadSummary, Input, Verdict } from './consensus/consensus.ts'
import { type DevState, devEngine } from './consensus/dev.ts'
import { createEvm } from './evm/create-evm.ts'
import type { Evm } from './evm/evm.ts'
import { genesisOf } from './genesis.ts'
import { nextBaseFee } from './ledger/base-fee.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import { type ChainRules, rulesOf, rulesOfOne } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Address, Hash, Transaction } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import { turnTaking } from './turn-taking.ts'
import { createTxPool } from './txpool/create-txpool.ts'
import type { PoolHead, TxPool } from './txpool/txpool.ts'

/** Which chain, and where. */
export interface ChainOptions {
  readonly manifest: Manifest
  /** Of all chains; this one gets a folder of its name. */
  readonly folder: string
  /** Gets the tips. */
  readonly beneficiary: Address
  /** States kept for questions about the past; default 128. */
  readonly history?: number
}

/** What a chain needs of the world. */
export interface ChainDependencies {
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A chain that also takes blocks from elsewhere. */
export interface DrivenChain extends Chain {
  /** Checks, runs and stores a block on top of the head. */
  importBlock(block: Block): Promise<Verdict>
}

/**
 * Opens a chain: reads its log, or writes its birth.
 *
 * @throws AppError `chain/manifest-differs`, `chain/root-differs`, `store/damaged-log`
 */
export async function createChain(
  options: ChainOptions,
  dependencies: ChainDependencies,
): Promise<DrivenChain> {
  const { manifest } = options
  const rules = rulesOfOne(manifest.chainId, manifest.hardfork)
  const evm = await createEvm(rules, turnTaking())
  const past = new ChainPast(options.history ?? 128)
  const genesis = genesisOf(manifest)
  past.add(genesis.executed, genesis.state)
  const log = await openChainLog({
    folder: path.join(options.folder, manifest.name),
    manifest,
    logger: dependencies.logger,
    listener: {
      block: (executed, difference) => past.add(executed, past.state.apply(difference)),
      rewind: (number) => past.rewindTo(number),
    },
  })
  try {
    past.check(manifest.name)
  } catch (error) {
    await log.close()
    throw error
  }
  return new ChainDriver({
    ...{ options, dependencies, rules, evm, past, log },
    genesis: genesis.executed,
  })
}

interface Parts {
  readonly options: ChainOptions
  readonly dependencies: ChainDependencies
  readonly rules: ChainRules
  readonly evm: Evm
  readonly past: ChainPast
  readonly log: ChainLog
  readonly genesis: ExecutedBlock
}

class ChainDriver implements DrivenChain {
  readonly manifest: Manifest
  readonly rules: ChainRules
  readonly evm: Evm
  readonly pool: TxPool
  readonly #parts: Parts
  readonly #engine: ReturnType<typeof devEngine>
  readonly #listeners = new Set<(event: ChainEvent) => void>()
  readonly #blocksSealed
  #engineState: DevState | undefined
  #final = 0n
  #cancelAlarm = () => {}
  #candidate: BuiltBlock | undefined
  /** Changes of the chain, one after the other. */
  #work: Promise<unknown> = Promise.resolve()
  #running = false
  #failure: AppError | undefined
  /** Those who wait for a block. */
  readonly #seals = new Set<PromiseWithResolvers<void>>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.manifest = parts.options.manifest
    this.rules = parts.rules
    this.evm = parts.evm
    this.#engine = devEngine(this.manifest.consensus, parts.rules)
    const { chainId, hardfork } = this.manifest
    this.pool = createTxPool({ rules: rulesOf(hardfork), chainId }, this.#poolHead())
    this.#blocksSealed = parts.dependencies.metrics.counter(
      ...(['quantumstream_chain_blocks_total', 'Blocks added to the chain', ['chain']] as const),
    )
  }

  readonly dev: Chain['dev'] = {
    sealNow: async () => {
      if (this.#failure) throw this.#failure
      if (!this.#running) throw stopped(this.manifest.name)
      const sealed = Promise.withResolvers<void>()
      this.#seals.add(sealed)
      this.#feed({ kind: 'seal-now', nowMs: this.#nowMs() })
      await sealed.promise
      return this.head()
    },
    setBlockTimeMs: (blockTimeMs) =>
      this.#feed({ kind: 'set-block-time', blockTimeMs, nowMs: this.#nowMs() }),
    increaseTime: (seconds) => this.#feed({ kind: 'shift-time', seconds }),
    rewindTo: (number, transactions = 'return') =>
      this.#exclusive(() => this.#rewindTo(number, transactions === 'return')),
  }

  head(): Block {
    return this.#parts.past.head
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
    return this.#parts.past.stateAt(hash)
  }

  blockHash(number: bigint): Hash | undefined {
    return number === 0n ? this.#parts.genesis.block.hash : this.#parts.log.hashOf(number)
  }

  async submit(raw: Uint8Array): Promise<Hash> {
    if (this.#failure) throw this.#failure
    const { hash, transaction } = this.pool.add(raw)
    this.#tell({ kind: 'pending', hash, transaction })
    this.#tellOfWork()
    return hash
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  importBlock(block: Block): Promise<Verdict> {
    return this.#exclusive(async () => {
      const verdict = this.#engine.checkHeader(this.head().header, block.header, this.#nowMs())
      if (verdict.kind !== 'valid') return verdict
      const ran = await runBlock(this.#site(), block)
      if ('kind' in ran) return ran
      await this.#add(ran)
      return { kind: 'valid' }
    })
  }

  async start(): Promise<void> {
    this.#running = true
    const { header } = this.head()
    const step = this.#engine.start({
      ...{ head: this.#summary(), header, nowMs: this.#nowMs() },
      beneficiary: this.#parts.options.beneficiary,
    })
    const depth = header.number - 2n
    this.#final = depth > 0n ? depth : 0n
    this.#take(step.state, step.effects)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#cancelAlarm()
    await this.#work
    this.#endSeals(stopped(this.manifest.name))
    this.#listeners.clear()
    await this.#parts.log.close()
  }

  /** Gives the engine an input and does what it asks for. */
  #feed(input: Input): void {
    if (!this.#running || this.#engineState === undefined) return
    const step = this.#engine.step(this.#engineState, input)
    this.#take(step.state, step.effects)
  }

  #take(state: DevState, effects: readonly Effect[]): void {
    this.#engineState = state
    for (const effect of effects) {
      if (effect.kind === 'wake-at') this.#wakeAt(effect.atMs)
      else if (effect.kind === 'set-head') this.#setHead(effect)
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

  async #build({ request, on, draft, deadlineMs }: Extract<Effect, { kind: 'build-block' }>) {
    const failed = () => this.#feed({ kind: 'build-failed', request, nowMs: this.#nowMs() })
    if (!this.#running || !equalBytes(on, this.head().hash)) return failed()
    try {
      const isLate = () => this.#nowMs() > deadlineMs
      this.#candidate = await buildBlock(this.#site(), { draft, pool: this.pool, isLate })
      this.#feed({ kind: 'block-built', request, hash: this.#candidate.executed.block.hash })
    } catch (error) {
      this.#parts.dependencies.logger.error('a block could not be built', { error: String(error) })
      failed()
      this.#endSeals(error)
    }
  }

  #setHead({ hash, finalNumber }: Extract<Effect, { kind: 'set-head' }>): void {
    const built = this.#candidate
    if (built === undefined || !equalBytes(built.executed.block.hash, hash)) return
    this.#candidate = undefined
    this.#background(async () => {
      if (!equalBytes(built.executed.block.header.parentHash, this.head().hash)) return
      this.#final = finalNumber
      await this.#add(built)
    })
  }

  /** Stores a block; it is told only when it is on disk. */
  async #add({ executed, difference, state }: BuiltBlock): Promise<void> {
    const { past, log } = this.#parts
    await log.append(executed, difference)
    past.add(executed, state)
    this.#blocksSealed.add(1, { chain: this.manifest.name })
    this.#moved([executed], [], [])
    this.#endSeals()
  }

  async #rewindTo(number: bigint, returns: boolean): Promise<void> {
    const { past, log } = this.#parts
    if (number >= this.head().header.number) return
    const removed: ExecutedBlock[] = []
    for (let at = number + 1n; at <= this.head().header.number; at += 1n) {
      const executed = this.byNumber(at)
      if (executed) removed.push(executed)
    }
    past.rewindTo(number)
    await log.rewindTo(number)
    if (this.#final > number) this.#final = number
    const returned = returns ? removed.flatMap(({ block }) => block.transactions) : []
    this.#moved([], removed, returned)
    if (this.#seals.size > 0) this.#feed({ kind: 'seal-now', nowMs: this.#nowMs() })
  }

  #moved(
    added: readonly ExecutedBlock[],
    removed: readonly ExecutedBlock[],
    returned: readonly Transaction[],
  ): void {
    this.pool.moveTo(this.#poolHead(), returned)
    this.#tell({ kind: 'head', added, removed })
    const { header } = this.head()
    this.#feed({ kind: 'block-imported', head: this.#summary(), header, nowMs: this.#nowMs() })
    this.#tellOfWork()
  }

  /** What cannot be in the next block is no work: an engine that seals for it would seal without end. */
  #tellOfWork(): void {
    if (!this.pool.hasWork(nextBaseFee(this.head().header))) return
    this.#feed({ kind: 'work-waiting', count: 1, nowMs: this.#nowMs() })
  }

  #tell(event: ChainEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#parts.dependencies.logger.error('a listener failed', { error: String(error) })
      }
    }
  }

  /** Answers those who wait for a block. */
  #endSeals(error?: unknown): void {
    for (const seal of this.#seals) {
      if (error === undefined) seal.resolve()
      else seal.reject(error)
    }
    this.#seals.clear()
  }

  /** Work that nobody waits for; its failure is logged where it is queued. */
  #background(work: () => Promise<void>): void {
    this.#exclusive(work).catch((error: unknown) => this.#endSeals(error))
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
    return { state: past.state, baseFeePerGas: nextBaseFee(header), gasLimit: header.gasLimit }
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

function stopped(name: string): AppError {
  return new AppError({ code: 'chain/stopped', message: `the chain "${name}" is not running` })
}
