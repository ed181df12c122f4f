/** Builds the blocks that an engine asks for, has their nonces searched, and adds the one that it chooses. */

import { equalBytes } from '../base/bytes.ts'
import type { Logger } from '../base/logger.ts'
import { type BuildingSite, type BuiltBlock, buildBlock } from './block-building.ts'
import { BuildBudget } from './build-budget.ts'
import type { Mining, Work } from './chain.ts'
import type { Effect, Input } from './consensus/consensus.ts'
import { nonceBytes } from './consensus/seal.ts'
import type { Block } from './ledger/block.ts'
import { headerHash } from './ledger/block-codec.ts'
import type { Hash } from './ledger/transaction.ts'
import type { Miner } from './miner.ts'
import type { State } from './state/state.ts'
import type { TxPool } from './txpool/txpool.ts'

type BuildEffect = Extract<Effect, { kind: 'build-block' }>
type SearchEffect = Extract<Effect, { kind: 'search-nonce' }>

/** The chain that is built on. */
export interface ProposalPlace {
  readonly site: () => BuildingSite
  readonly head: () => Block
  readonly pool: () => TxPool
  readonly nowMs: () => number
  readonly logger: Logger
  /** Searches nonces; absent where there are none. */
  readonly miner: Miner | undefined
  readonly isRunning: () => boolean
  readonly feed: (input: Input) => void
  /** Does work on the chain when it is its turn. */
  readonly queue: (work: () => Promise<void>) => void
  readonly add: (built: BuiltBlock, finalNumber: bigint) => Promise<void>
  /** Hears of each block that was built. */
  readonly keep: (built: BuiltBlock) => void
  /** No block comes of what was asked for. */
  readonly failed: (error: unknown) => void
}

/** A block that waits for the engine's word, what it stands on, and what asked for it. */
interface Candidate {
  readonly built: BuiltBlock
  readonly on: State
  readonly effect: BuildEffect
}

/** The proposals of one chain; the engine wants one at a time. */
export class BlockProposals {
  readonly #place: ProposalPlace
  readonly #budget = new BuildBudget()
  #candidate: Candidate | undefined
  /** The search that is on. */
  #search: SearchEffect | undefined
  /** Requests up to this one were ended, if they had not been answered. */
  #cancelled = 0

  constructor(place: ProposalPlace) {
    this.#place = place
  }

  /** Does what an engine asks for, if it is about a proposal. */
  take(effect: Effect): void {
    if (effect.kind === 'build-block') this.#place.queue(() => this.#build(effect))
    else if (effect.kind === 'cancel') this.#cancel(effect.request)
    else if (effect.kind === 'search-nonce') this.#searchFor(effect)
    else if (effect.kind === 'set-head') this.#choose(effect)
  }

  readonly mining: Mining = {
    isMining: () => this.#place.miner !== undefined,
    hashesPerSecond: () => this.#place.miner?.hashesPerSecond() ?? 0,
    work: () => this.#work(),
    submitWork: (sealHash, nonce) => this.#submitWork(sealHash, nonce),
  }

  #work(): Work | undefined {
    const candidate = this.#candidate
    if (this.#search === undefined || candidate === undefined) return undefined
    const { sealHash, target } = this.#search
    return { sealHash, target, number: candidate.built.executed.block.header.number }
  }

  #submitWork(sealHash: Hash, nonce: bigint): boolean {
    const { miner } = this.#place
    const search = this.#search
    if (!miner || !search || !equalBytes(search.sealHash, sealHash)) return false
    if (!miner.isSealedBy(search, nonce)) return false
    this.#found(search, nonce)
    return true
  }

  async #build(effect: BuildEffect): Promise<void> {
    const { request, on, draft, deadlineMs, mostBytes } = effect
    const { isRunning, head, site, pool, nowMs, feed, logger, failed } = this.#place
    const failedNow = () => feed({ kind: 'build-failed', request, nowMs: nowMs() })
    if (!isRunning() || !equalBytes(on, head().hash)) return failedNow()
    if (request <= this.#cancelled) return
    try {
      this.#budget.begin(nowMs(), deadlineMs)
      const isLate = () => this.#budget.isSpent(nowMs()) || request <= this.#cancelled
      const ground = site()
      const built = await buildBlock(ground, { draft, pool: pool(), isLate, mostBytes })
      this.#budget.end(nowMs())
      this.#candidate = { built, on: ground.state, effect }
      this.#place.keep(built)
      feed({ kind: 'block-built', request, block: built.executed.block })
    } catch (error) {
      logger.error('a block could not be built', { error: String(error) })
      failedNow()
      failed(error)
    }
  }

  #cancel(request: number): void {
    this.#cancelled = request
    if (this.#candidate?.effect.request === request) this.#candidate = undefined
    if (this.#search?.request !== request) return
    this.#search = undefined
    this.#place.miner?.cancel()
  }

  #searchFor(effect: SearchEffect): void {
    const { sealHash, target } = effect
    this.#search = effect
    this.#place.miner?.search({
      ...{ sealHash, target, found: (nonce) => this.#found(effect, nonce) },
    })
  }

  /** The engine says whether the nonce will do: it then chooses the block that has it. */
  #found({ request }: SearchEffect, nonce: bigint): void {
    const candidate = this.#candidate
    if (candidate?.effect.request !== request) return
    this.#candidate = { ...candidate, built: sealed(candidate.built, nonce) }
    this.#place.feed({ kind: 'search-result', request, nonce })
  }

  #choose({ hash, finalNumber }: Extract<Effect, { kind: 'set-head' }>): void {
    const candidate = this.#candidate
    if (!candidate || !equalBytes(candidate.built.executed.block.hash, hash)) return
    const { built, on, effect } = candidate
    const { queue, head, site, add, miner } = this.#place
    this.#candidate = undefined
    this.#search = undefined
    miner?.cancel()
    queue(async () => {
      if (!equalBytes(effect.on, head().hash)) return
      // The state was changed by hand meanwhile.
      if (on !== site().state) return this.#build(effect)
      await add(built, finalNumber)
    })
  }
}

/** The same block with a nonce. */
function sealed(built: BuiltBlock, nonce: bigint): BuiltBlock {
  const { executed } = built
  const header = { ...executed.block.header, nonce: nonceBytes(nonce) }
  const block = { ...executed.block, header, hash: headerHash(header) }
  return { ...built, executed: { ...executed, block } }
}
