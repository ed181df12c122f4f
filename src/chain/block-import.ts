/** Takes blocks that come from elsewhere: on top of the head, or beside it until another branch is the better one. */

import { equalBytes } from '../base/bytes.ts'
import { type BuildingSite, type BuiltBlock, runBlock } from './block-building.ts'
import { bodyFault } from './body-rules.ts'
import type { ConsensusEngine, HeadSummary, ParentHeader, Verdict } from './consensus/consensus.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'

/** Blocks beside the chain that are kept; the oldest is forgotten first. */
const mostAside = 128

/** What importing does with the chain; nothing else may change it meanwhile. */
export interface ImportPlace {
  readonly engine: ConsensusEngine<unknown>
  readonly nowMs: () => number
  readonly site: () => BuildingSite
  readonly head: () => Block
  readonly byHash: (hash: Hash) => ExecutedBlock | undefined
  readonly byNumber: (number: bigint) => ExecutedBlock | undefined
  readonly stateAt: (hash: Hash) => State | undefined
  /** Who signed the transactions of a block; `undefined` where nobody can have. */
  readonly sendersOf: (block: Block) => Promise<readonly (Address | undefined)[]>
  /** Stores a block that was run on top of the head. */
  readonly add: (built: BuiltBlock) => Promise<void>
  /** Goes back to a block of the chain. */
  readonly rewindTo: (number: bigint) => Promise<void>
}

type Invalid = Extract<Verdict, { kind: 'invalid' }>

const valid: Verdict = { kind: 'valid' }

/** Imports into one chain, one block after the other. */
export class BlockImport {
  readonly #place: ImportPlace
  /** Blocks whose headers are right, but which are not in the chain, by hash. */
  readonly #aside = new Map<string, Block>()
  /** Difficulties of the chain up to its head, added up; counted when first asked for. */
  #work: { readonly head: Hash; readonly total: bigint } | undefined

  constructor(place: ImportPlace) {
    this.#place = place
  }

  /** Checks a block, and runs and stores it if it becomes the head; one that is known already is valid. */
  async take(block: Block): Promise<Verdict> {
    const { engine, head, site } = this.#place
    if (this.#blockOf(block.hash)) return valid
    const parent = this.#blockOf(block.header.parentHash)
    if (!parent) return invalid('parent', 'the parent is not known')
    const verdict = this.#check(block, parent)
    if (verdict.kind !== 'valid') return verdict
    if (equalBytes(parent.hash, head().hash)) return this.#run(block)
    const fault = bodyFault(block, site().rules.rulesAt(block.header))
    if (fault) return fault
    this.#keepAside(block)
    if (engine.compare(this.#summary(head()), this.#summary(block)) >= 0) return valid
    return this.#moveTo(block)
  }

  #check(block: Block, parent: Block): Verdict {
    const { engine, nowMs } = this.#place
    const totalWork = this.#totalWork(parent)
    const known: ParentHeader = { ...parent.header, totalWork }
    const verdict = engine.checkHeader(known, block.header, nowMs())
    if (verdict.kind !== 'valid') return verdict
    return engine.checkOmmers(block, (hash) => this.#blockOf(hash))
  }

  async #run(block: Block): Promise<Verdict> {
    const { site, add, sendersOf } = this.#place
    const ran = await runBlock(site(), { block, senders: await sendersOf(block) })
    if ('kind' in ran) return ran
    const { difficulty } = block.header
    if (this.#work && difficulty > 0n) {
      this.#work = { head: block.hash, total: this.#work.total + difficulty }
    }
    await add(ran)
    return valid
  }

  /** Leaves the chain for the branch that ends in `block`; when a block of that turns out wrong, comes back. */
  async #moveTo(block: Block): Promise<Verdict> {
    const { byHash, stateAt, rewindTo } = this.#place
    const branch = this.#branchOf(block)
    const fork = branch[0] && byHash(branch[0].header.parentHash)?.block
    if (!fork) return invalid('parent', 'the branch has no place in the chain')
    if (!stateAt(fork.hash))
      return invalid('parent', 'the branch begins before the states that are kept')
    const left = this.#blocksAfter(fork.header.number)
    await rewindTo(fork.header.number)
    this.#work = undefined
    const fault = await this.#runAll(branch)
    if (!fault) {
      for (const one of branch) this.#aside.delete(one.hash.toHex())
      for (const one of left) this.#keepAside(one)
      return valid
    }
    await rewindTo(fork.header.number)
    this.#work = undefined
    await this.#runAll(left)
    return fault
  }

  /** Runs blocks until one is wrong, which is forgotten with all that stand on it. */
  async #runAll(blocks: readonly Block[]): Promise<Invalid | undefined> {
    for (const [at, block] of blocks.entries()) {
      const verdict = await this.#run(block)
      if (verdict.kind !== 'invalid') continue
      for (const one of blocks.slice(at)) this.#aside.delete(one.hash.toHex())
      return verdict
    }
    return undefined
  }

  /** The blocks beside the chain up to this one, oldest first. */
  #branchOf(block: Block): readonly Block[] {
    const branch: Block[] = []
    let next: Block | undefined = block
    while (next) {
      branch.push(next)
      next = this.#aside.get(next.header.parentHash.toHex())
    }
    return branch.reverse()
  }

  #blocksAfter(number: bigint): readonly Block[] {
    const { head, byNumber } = this.#place
    const blocks: Block[] = []
    for (let at = number + 1n; at <= head().header.number; at += 1n) {
      const executed = byNumber(at)
      if (executed) blocks.push(executed.block)
    }
    return blocks
  }

  #blockOf(hash: Hash): Block | undefined {
    return this.#place.byHash(hash)?.block ?? this.#aside.get(hash.toHex())
  }

  #keepAside(block: Block): void {
    const oldest = this.#aside.keys().next()
    if (this.#aside.size >= mostAside && !oldest.done) this.#aside.delete(oldest.value)
    this.#aside.set(block.hash.toHex(), block)
  }

  #summary(block: Block): HeadSummary {
    const { number, parentHash: parent, timestamp } = block.header
    return {
      ...{ number, hash: block.hash, parent, timestampMs: timestamp * 1_000n, finalNumber: 0n },
      totalWork: this.#totalWork(block),
    }
  }

  /** Difficulties up to a block, added up; `undefined` for a block without difficulty, where they no longer count. */
  #totalWork(block: Block): bigint | undefined {
    if (block.header.difficulty === 0n) return undefined
    const aside = this.#branchOf(block).filter(({ hash }) => this.#aside.has(hash.toHex()))
    const first = aside[0]?.header.number ?? block.header.number + 1n
    const beside = aside.reduce((sum, { header }) => sum + header.difficulty, 0n)
    const above = this.#blocksAfter(first - 1n)
    return (
      this.#workOfChain() - above.reduce((sum, { header }) => sum + header.difficulty, 0n) + beside
    )
  }

  #workOfChain(): bigint {
    const { head, byNumber } = this.#place
    const { hash, header } = head()
    if (this.#work && equalBytes(this.#work.head, hash)) return this.#work.total
    let total = 0n
    for (let at = 0n; at <= header.number; at += 1n) {
      total += byNumber(at)?.block.header.difficulty ?? 0n
    }
    this.#work = { head: hash, total }
    return total
  }
}

function invalid(rule: string, detail: string): Invalid {
  return { kind: 'invalid', rule, detail }
}
