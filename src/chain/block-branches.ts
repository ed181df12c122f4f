/** Keeps the blocks beside a chain, so that another branch can become the better one, and looks at both together. */

import { equalBytes } from '../base/bytes.ts'
import { closingOn } from './block-closing.ts'
import type { ChainReader, ConsensusEngine, HeadSummary } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import type { ValidatorSet } from './consensus/messages.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import { blockSize } from './ledger/block-codec.ts'
import type { Hash } from './ledger/transaction.ts'

/** Blocks beside the chain, and bytes of them; the oldest is forgotten first. */
const [mostAside, mostAsideBytes] = [2_048, 256 * 1024 * 1024]

/** The chain that the branches part from. */
export interface BranchedChain {
  readonly engine: ConsensusEngine<unknown>
  readonly head: () => Block
  readonly byHash: (hash: Hash) => ExecutedBlock | undefined
  readonly byNumber: (number: bigint) => ExecutedBlock | undefined
  readonly finalNumber: () => bigint
  /** What follows from the chain up to a block of it; `undefined` where blocks have no records. */
  readonly derivedOf: (hash: Hash) => Derived | undefined
  /** Who signs a height of it. */
  readonly validatorsAt: (height: bigint) => ValidatorSet | undefined
  readonly likelySetAt: (height: bigint) => ValidatorSet | undefined
}

interface AsideBlock {
  readonly block: Block
  readonly derived: Derived | undefined
}

/** The chain and what lies beside it. */
export class BlockBranches implements ChainReader {
  readonly #chain: BranchedChain
  /** Blocks whose headers are right, but which are not in the chain, by hash. */
  readonly #aside = new Map<string, AsideBlock>()
  #asideBytes = 0
  /** Difficulties of the chain up to its head, added up; counted when first asked for. */
  #work: { readonly head: Hash; readonly total: bigint } | undefined

  constructor(chain: BranchedChain) {
    this.#chain = chain
  }

  blockOf(hash: Hash): Block | undefined {
    return this.#chain.byHash(hash)?.block ?? this.#aside.get(hash.toHex())?.block
  }

  header(hash: Hash): Block | undefined {
    return this.blockOf(hash)
  }

  derived(hash: Hash): Derived | undefined {
    return this.#aside.get(hash.toHex())?.derived ?? this.#chain.derivedOf(hash)
  }

  /** Where blocks are voted on none lies beside the chain. */
  setAt(height: bigint): ValidatorSet | undefined {
    return this.#chain.validatorsAt(height)
  }

  likelySetAt(height: bigint): ValidatorSet | undefined {
    return this.#chain.likelySetAt(height)
  }

  /** Difficulties up to a block, added up; `undefined` for one without difficulty, where they no longer count. */
  totalWork(hash: Hash): bigint | undefined {
    const derived = this.derived(hash)
    if (derived) return derived.totalWork
    const block = this.blockOf(hash)
    if (block === undefined || block.header.difficulty === 0n) return undefined
    const aside = this.branchTo(block).filter((one) => this.#aside.has(one.hash.toHex()))
    const first = aside[0]?.header.number ?? block.header.number + 1n
    const beside = aside.reduce((sum, { header }) => sum + header.difficulty, 0n)
    const above = this.blocksAfter(first - 1n)
    return (
      this.#workOfChain() - above.reduce((sum, { header }) => sum + header.difficulty, 0n) + beside
    )
  }

  summary({ header, hash }: Block): HeadSummary {
    const { number, parentHash: parent, timestamp } = header
    return {
      ...{ number, hash, parent, timestampMs: timestamp * 1_000n },
      finalNumber: this.#finalOf(hash),
      totalWork: this.totalWork(hash),
    }
  }

  /** The block of the chain that a known block stands on, or is. */
  forkOf(hash: Hash): Block | undefined {
    const block = this.blockOf(hash)
    const first = block && this.branchTo(block).find((one) => this.#aside.has(one.hash.toHex()))
    return first ? this.#chain.byHash(first.header.parentHash)?.block : block
  }

  /** The best of the branches with a block beside the chain. */
  bestWith(hash: Hash): Block | undefined {
    const known = this.#aside.get(hash.toHex())?.block
    const work = (block: Block) => this.totalWork(block.hash) ?? 0n
    const isOn = ({ block }: AsideBlock) =>
      this.branchTo(block).some((one) => equalBytes(one.hash, hash))
    return [...this.#aside.values()]
      .filter((one) => known && one.block.header.number >= known.header.number && isOn(one))
      .reduce((best, { block }) => (best && work(best) >= work(block) ? best : block), known)
  }

  /** Up to which block those that are final are in the chain up to one. */
  #finalOf(hash: Hash): bigint {
    const final = this.#chain.finalNumber()
    const fork = this.forkOf(hash)?.header.number ?? 0n
    return fork < final ? fork : final
  }

  /** Keeps a block, whose parent is known, beside the chain. */
  keep(block: Block): void {
    this.forget(block)
    const { header, record } = block
    const { engine } = this.#chain
    // What contracts say is not known before the block is run.
    const before = engine.readsContracts ? undefined : this.derived(header.parentHash)
    const close = closingOn(engine, before)
    const derived = close?.({ header, gasUsed: header.gasUsed, record })?.derived
    this.#aside.set(block.hash.toHex(), { block, derived })
    this.#asideBytes += blockSize(block)
    for (const oldest of this.#aside.values()) {
      if (this.#aside.size <= mostAside && this.#asideBytes <= mostAsideBytes) return
      this.forget(oldest.block)
    }
  }

  forget({ hash }: Block): void {
    const known = this.#aside.get(hash.toHex())
    if (known === undefined) return
    this.#aside.delete(hash.toHex())
    this.#asideBytes -= blockSize(known.block)
  }

  /** The blocks beside the chain up to this one, oldest first. */
  branchTo(block: Block): readonly Block[] {
    const branch: Block[] = []
    let next: Block | undefined = block
    while (next) {
      branch.push(next)
      next = this.#aside.get(next.header.parentHash.toHex())?.block
    }
    return branch.reverse()
  }

  /** Blocks of the chain above a number. */
  blocksAfter(number: bigint): readonly Block[] {
    const { head, byNumber } = this.#chain
    const blocks: Block[] = []
    for (let at = number + 1n; at <= head().header.number; at += 1n) {
      const executed = byNumber(at)
      if (executed) blocks.push(executed.block)
    }
    return blocks
  }

  /** The chain is about to get this block on its head. */
  grows({ header, hash }: Block): void {
    const before = this.#work
    this.#work =
      before && header.difficulty > 0n && equalBytes(before.head, header.parentHash)
        ? { head: hash, total: before.total + header.difficulty }
        : undefined
  }

  #workOfChain(): bigint {
    const { head, byNumber } = this.#chain
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
