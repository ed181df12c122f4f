/** Takes blocks that come from elsewhere: on top of the head, or beside it until another branch is the better one. */

import { equalBytes } from '../base/bytes.ts'
import { BlockBranches, type BranchedChain } from './block-branches.ts'
import { type BuildingSite, type BuiltBlock, runBlock } from './block-building.ts'
import { closingOn } from './block-closing.ts'
import { bodyFault } from './body-rules.ts'
import type { ChainReader, Verdict } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import { unknownSet } from './consensus/evidence.ts'
import type { Block, BlockHead } from './ledger/block.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import { WaitingBlocks } from './waiting-blocks.ts'
import { isAgainst, type TrustedPlace } from './weak-subjectivity.ts'

/** What importing does with the chain; nothing else may change it meanwhile. */
export interface ImportPlace extends BranchedChain {
  readonly nowMs: () => number
  /** A block that somebody vouches for. */
  readonly trust: TrustedPlace | undefined
  readonly site: () => BuildingSite
  readonly stateAt: (hash: Hash) => State | undefined
  /** Who signed the transactions of a block; `undefined` where nobody can have. */
  readonly sendersOf: (block: Block) => Promise<readonly (Address | undefined)[]>
  /** Stores a block that was run on top of the head. */
  readonly add: (built: BuiltBlock) => Promise<void>
  /** Goes back to a block of the chain. */
  readonly rewindTo: (number: bigint) => Promise<void>
  /** A better branch is not followed, because it parts too far back. */
  readonly tooDeep: (branch: TooDeep) => void
  /** Asks for `takeDue` at this time; a later wish replaces it. */
  readonly wakeAt: (atMs: number) => void
}

/** A branch, and the block of the chain that it stands on. */
export interface TooDeep {
  readonly end: BlockHead
  readonly fork: Block
}

type Invalid = Extract<Verdict, { kind: 'invalid' }>

const valid: Verdict = { kind: 'valid' }
const noHash = new Uint8Array()
/** Between two looks whether a block has been decided that this node cannot judge. */
const retryMs = 500
const endOfTime = Number.MAX_SAFE_INTEGER

/** Imports into one chain, one block after the other. */
export class BlockImport {
  readonly #place: ImportPlace
  readonly #branches: BlockBranches
  readonly #waiting = new WaitingBlocks()
  /** Where the branch parts that was last told to be too deep. */
  #tooDeep: Hash | undefined

  constructor(place: ImportPlace) {
    this.#place = place
    this.#branches = new BlockBranches(place)
  }

  /** Blocks of the chain and beside it. */
  get known(): BlockBranches {
    return this.#branches
  }

  /** Tells of a better branch that is not followed; once of all that part at one block. */
  reportTooDeep(branch: TooDeep): void {
    if (equalBytes(this.#tooDeep ?? noHash, branch.fork.hash)) return
    this.#tooDeep = branch.fork.hash
    this.#place.tooDeep(branch)
  }

  /**
   * Checks a block, and runs and stores it if it becomes the head; one that is known already is valid. One whose parent
   * is not known, or that is too early, is taken again when it can be.
   */
  async take(block: Block): Promise<Verdict> {
    const verdict = await this.#takeOne(block)
    if (verdict.kind === 'valid') await this.#takeChildren(block)
    return verdict
  }

  /** Takes what can be taken of blocks that were in the chain before. */
  async takeAll(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) await this.#takeOne(block)
  }

  /** Runs a block on the head without adding it; bytes of another body than the header's are not that block. */
  async tryRun(block: Block, isDecided: boolean): Promise<BuiltBlock | Verdict | 'not-this-block'> {
    const { site, sendersOf, nowMs, engine, trust } = this.#place
    if (isAgainst(trust, block)) return invalid('trust', 'another block of its height is trusted')
    // What is decided had its time judged by a quorum.
    const verdict = engine.checkHeader(this.#branches, block, isDecided ? endOfTime : nowMs())
    // Whom old evidence convicts, who joined later may not know: that it was decided tells, and is waited for.
    const isUnknown = verdict.kind === 'invalid' && verdict.rule === unknownSet
    if (isUnknown && !isDecided) return { kind: 'too-early', retryAtMs: nowMs() + retryMs }
    if (verdict.kind !== 'valid' && !isUnknown) return verdict
    if (bodyFault(block, site().rules.rulesAt(block.header))) return 'not-this-block'
    return runBlock(site(), { block, senders: await sendersOf(block) })
  }

  /**
   * Runs the blocks beside the chain up to one, and leaves the chain where it is; `unknown` if the block, or the state before
   * its branch, is not here.
   */
  async checkAside(hash: Hash): Promise<'valid' | 'invalid' | 'unknown'> {
    const { stateAt, head, engine, finalNumber } = this.#place
    const branches = this.#branches
    const [block, fork] = [branches.blockOf(hash), branches.forkOf(hash)]
    if (!block || !fork) return 'unknown'
    if (fork.header.number < finalNumber()) return 'invalid'
    if (equalBytes(fork.hash, hash)) return 'valid'
    const state = stateAt(fork.hash)
    const depth = Number(head().header.number - fork.header.number)
    if (!state || depth > (engine.maxReorg ?? depth)) return 'unknown'
    return (await this.#runAside(branches.branchTo(block), { block: fork, state })) ?? 'valid'
  }

  /** Has a block in the chain: goes to the best branch with it, if it is beside. */
  async moveWith(hash: Hash): Promise<boolean> {
    const { byHash } = this.#place
    const best = byHash(hash) ? undefined : this.#branches.bestWith(hash)
    if (best) await this.#moveTo(best)
    const itself = byHash(hash) ? undefined : this.#branches.blockOf(hash)
    if (itself) await this.#moveTo(itself)
    return byHash(hash) !== undefined
  }

  async #runAside(
    branch: readonly Block[],
    from: { readonly block: Block; readonly state: State },
  ): Promise<'invalid' | undefined> {
    const { site, engine, sendersOf } = this.#place
    const derivedAside = new Map<string, Derived | undefined>()
    const derivedOf = (hash: Hash) => derivedAside.get(hash.toHex()) ?? this.#branches.derived(hash)
    const reader: ChainReader = {
      header: (hash) => this.#branches.header(hash),
      ...{ derived: derivedOf, totalWork: (hash) => this.#branches.totalWork(hash) },
    }
    const states: State[] = []
    let { block: parent, state } = from
    try {
      for (const block of branch) {
        if (engine.checkHeader(reader, block, endOfTime).kind !== 'valid') return 'invalid'
        const before = parent
        const close = closingOn(engine, derivedOf(before.hash), derivedOf)
        const blockHash = (number: bigint) =>
          branch.find(({ header }) => header.number === number)?.hash ?? site().blockHash(number)
        const ground = { ...site(), ...{ parent: before.header, state, blockHash, close } }
        const ran = await runBlock(ground, { block, senders: await sendersOf(block) })
        if ('kind' in ran) return 'invalid'
        states.push(ran.state)
        derivedAside.set(block.hash.toHex(), ran.derived)
        ;[parent, state] = [block, ran.state]
      }
      return undefined
    } finally {
      for (const one of states.reverse()) one.release()
    }
  }

  /** Takes the blocks whose time has come. */
  async takeDue(): Promise<void> {
    const { nowMs, wakeAt } = this.#place
    for (const block of this.#waiting.due(nowMs())) await this.take(block)
    const next = this.#waiting.nextDueMs()
    if (next !== undefined) wakeAt(next)
  }

  /** Those that waited for a block, those that waited for these, and so on. */
  async #takeChildren(block: Block): Promise<void> {
    const parents = [block]
    for (const parent of parents) {
      for (const child of this.#waiting.childrenOf(parent.hash)) {
        const verdict = await this.#takeOne(child)
        if (verdict.kind === 'valid') parents.push(child)
      }
    }
  }

  async #takeOne(block: Block): Promise<Verdict> {
    const { head, site, engine, nowMs } = this.#place
    const branches = this.#branches
    if (branches.blockOf(block.hash)) return valid
    const verdict = this.#check(block)
    if (verdict.kind === 'too-early') this.#wait(block, verdict.retryAtMs)
    const { parentHash } = block.header
    const isOrphan = verdict.kind === 'invalid' && verdict.rule === 'parent'
    if (isOrphan && !branches.blockOf(parentHash)) this.#waiting.add(block, nowMs())
    if (verdict.kind !== 'valid') return verdict
    if (equalBytes(parentHash, head().hash)) return this.#run(block)
    if (engine.maxReorg === 0) return invalid('final', 'another block of its height is final')
    const fault = bodyFault(block, site().rules.rulesAt(block.header))
    if (fault) return fault
    branches.keep(block)
    if (engine.compare(branches.summary(head()), branches.summary(block)) >= 0) return valid
    return this.#moveTo(block)
  }

  #check(block: Block): Verdict {
    const { engine, nowMs } = this.#place
    const branches = this.#branches
    const { parentHash } = block.header
    // What contracts said before a block beside the chain is not known: the rest of its rules waits until it is run.
    const isAhead =
      engine.readsContracts && branches.header(parentHash) && !branches.derived(parentHash)
    const verdict =
      isAhead && engine.checkAhead
        ? engine.checkAhead(branches, block, { nowMs: nowMs(), isSealChecked: true })
        : engine.checkHeader(branches, block, nowMs())
    if (verdict.kind !== 'valid') return verdict
    return engine.checkOmmers(block, (hash) => this.#branches.blockOf(hash))
  }

  #wait(block: Block, dueMs: number): void {
    const { nowMs, wakeAt } = this.#place
    this.#waiting.add(block, nowMs(), dueMs)
    wakeAt(this.#waiting.nextDueMs() ?? dueMs)
  }

  async #run(block: Block): Promise<Verdict> {
    const { site, add, sendersOf } = this.#place
    const ran = await runBlock(site(), { block, senders: await sendersOf(block) })
    if ('kind' in ran) return ran
    this.#branches.grows(block)
    await add(ran)
    return valid
  }

  /** Leaves the chain for the branch that ends in `block`; when a block of that turns out wrong, comes back. */
  async #moveTo(block: Block): Promise<Verdict> {
    const { byHash, stateAt, rewindTo, head, engine } = this.#place
    const branches = this.#branches
    const branch = branches.branchTo(block)
    const fork = branch[0] && byHash(branch[0].header.parentHash)?.block
    if (!fork) return invalid('parent', 'the branch has no place in the chain')
    const depth = Number(head().header.number - fork.header.number)
    if (engine.maxReorg !== undefined && (depth > engine.maxReorg || !stateAt(fork.hash))) {
      this.reportTooDeep({ end: block, fork })
      return valid
    }
    if (!stateAt(fork.hash))
      return invalid('parent', 'the branch begins before the states that are kept')
    const left = branches.blocksAfter(fork.header.number)
    await rewindTo(fork.header.number)
    const fault = await this.#runAll(branch)
    if (!fault) {
      for (const one of branch) branches.forget(one)
      for (const one of left) branches.keep(one)
      return valid
    }
    await rewindTo(fork.header.number)
    await this.#runAll(left)
    return fault
  }

  /** Runs blocks until one is wrong, which is forgotten with all that stand on it. */
  async #runAll(blocks: readonly Block[]): Promise<Invalid | undefined> {
    const { engine } = this.#place
    for (const [at, block] of blocks.entries()) {
      const checked = engine.readsContracts ? this.#check(block) : valid
      const verdict = checked.kind === 'valid' ? await this.#run(block) : checked
      if (verdict.kind !== 'invalid') continue
      for (const one of blocks.slice(at)) this.#branches.forget(one)
      return verdict
    }
    return undefined
  }
}

function invalid(rule: string, detail: string): Invalid {
  return { kind: 'invalid', rule, detail }
}
