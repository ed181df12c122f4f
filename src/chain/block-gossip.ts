/** Tells other nodes of blocks that no vote decides, hears of theirs, and answers what they ask. */

import { AppError } from '../base/app-error.ts'
import type { ChainNetwork, Hearing, NetworkedChain } from './chain-network.ts'
import type { HeadSummary } from './consensus/consensus.ts'
import { isOfBody, isOfHeader } from './gossip/block-faults.ts'
import {
  decodeHashes,
  decodeHeadersQuestion,
  decodeStatus,
  encodeBlocks,
  encodeHeaders,
  encodeStatus,
  headerEntry,
} from './gossip/block-messages.ts'
import { Budget } from './gossip/budget.ts'
import { CatchUp, type CatchUpPlace } from './gossip/catch-up.ts'
import type { Block } from './ledger/block.ts'
import { blockSize, decodeBlock, encodeBlock } from './ledger/block-codec.ts'
import type { Hash } from './ledger/transaction.ts'
import { turnTaking } from './turn-taking.ts'

/** The chain whose blocks are told. */
export interface GossipPlace extends Omit<CatchUpPlace, 'sealBudget' | 'turns'> {
  /** Makes pauses that let others have their turn, if not by the machine's clock. */
  readonly turns: CatchUpPlace['turns'] | undefined
  readonly finalized: () => Block
  readonly byNumber: (number: bigint) => { readonly block: Block } | undefined
}

/** What a node has is said at most once in the first time, and at least once in the other, in ms. */
const [tellMs, retellMs] = [1_000, 15_000]
const minuteMs = 60_000
/** Of each peer: statuses, questions, and checks of dear seals, in a minute. */
const [mostStatuses, mostQuestions, mostDearSeals] = [120, 600, 64]
/** Bytes of an answer, after which it ends. */
const [mostHeaderBytes, mostBlockBytes] = [2 * 1024 * 1024, 8 * 1024 * 1024]
/** A block this far above the head is caught up with, and not kept. */
const farAhead = 64n

type Networked = Pick<
  NetworkedChain,
  'hearStatus' | 'hearNewBlock' | 'answer' | 'peerCame' | 'peerWent'
>

/** The gossip of one chain; where blocks are voted on it says and hears nothing. */
export class BlockGossip {
  readonly #place: GossipPlace & Pick<CatchUpPlace, 'turns'>
  readonly #isActive: boolean
  readonly #catchUp: CatchUp
  readonly #statuses = new Budget(mostStatuses, minuteMs)
  readonly #questions = new Budget(mostQuestions, minuteMs)
  readonly #seals = new Budget(mostDearSeals, minuteMs)
  #network: ChainNetwork | undefined
  #toldMs = 0
  #cancelTelling = () => {}
  #hasStopped = false

  constructor(place: GossipPlace) {
    this.#place = { ...place, turns: place.turns ?? turnTaking }
    this.#isActive = place.engine.checkAhead !== undefined
    this.#catchUp = new CatchUp({ ...this.#place, sealBudget: this.#seals })
  }

  join(network: ChainNetwork | undefined): void {
    if (!this.#isActive) return
    this.#network = network
    this.#catchUp.join(network)
    this.#tell()
  }

  /** The chain as the network sees it. */
  readonly networked: Networked = {
    hearStatus: (from, bytes) => this.#hearStatus(from, bytes),
    hearNewBlock: (from, bytes) => this.#hearNewBlock(from, bytes),
    answer: async (question, from, bytes) => {
      if (!this.#isActive || !this.#questions.take(from, this.#place.nowMs())) return undefined
      const answered = question === 'headers' ? this.#headers(bytes) : this.#blocks(bytes)
      return answered.catch((error: unknown) => {
        if (error instanceof AppError) return 'bad-encoding'
        throw error
      })
    },
    peerCame: (id) => this.#network?.sayStatus(this.#status(), id),
    peerWent: (id) => {
      this.#catchUp.claims.drop(id)
      for (const budget of [this.#statuses, this.#questions, this.#seals]) budget.drop(id)
    },
  }

  /** Height of the chain that a peer says it has. */
  headOf(peer: string): bigint | undefined {
    return this.#catchUp.claims.headOf(peer)
  }

  /** Tells of a block that this node has made. */
  tell(block: Block): void {
    this.#network?.sayNewBlock(encodeBlock(block))
  }

  /** The head is another one: others hear of it soon. */
  moved(): void {
    if (!this.#network || this.#hasStopped) return
    this.#tellIn(this.#toldMs + tellMs - this.#place.nowMs())
  }

  /** Asks others for a block, and those that lead to it. */
  seek(hash: Hash): void {
    void this.#catchUp.seek(hash)
  }

  async stop(): Promise<void> {
    this.#hasStopped = true
    this.#cancelTelling()
    await this.#catchUp.stop()
  }

  #tellIn(ms: number): void {
    this.#cancelTelling()
    this.#cancelTelling = this.#place.timer.after(Math.max(0, ms), () => this.#tell())
  }

  /** Says what this node has, and again after a while: what was said may have been lost. */
  #tell(): void {
    if (!this.#network || this.#hasStopped) return
    this.#toldMs = this.#place.nowMs()
    this.#network.sayStatus(this.#status())
    this.#tellIn(retellMs)
    this.#catchUp.consider()
  }

  #status(): Uint8Array {
    const { summary, finalized } = this.#place
    const { number, hash, totalWork = 0n }: HeadSummary = summary()
    const final = finalized()
    return encodeStatus({
      ...{ head: number, headHash: hash, totalWork },
      ...{ final: final.header.number, finalHash: final.hash },
    })
  }

  #hearStatus(from: string, bytes: Uint8Array): Hearing {
    if (!this.#isActive) return 'ignore'
    if (!this.#statuses.take(from, this.#place.nowMs())) return 'out-of-place'
    try {
      this.#catchUp.claims.set(from, decodeStatus(bytes))
    } catch (error) {
      if (error instanceof AppError) return 'bad-encoding'
      throw error
    }
    this.#catchUp.consider()
    return 'accept'
  }

  /** One whose parent is not known waits; that its sender has more is known by its status. */
  async #hearNewBlock(from: string, bytes: Uint8Array): Promise<Hearing> {
    const { chain, summary, importBlock, engine, nowMs, logger } = this.#place
    if (!this.#isActive || this.#hasStopped) return 'ignore'
    const block = decoded(bytes)
    if (!block) return 'bad-encoding'
    if (this.#catchUp.isBad(block.hash)) return 'bad-block'
    if (chain.blockOf(block.hash) || block.header.number > summary().number + farAhead) {
      return 'ignore'
    }
    if (engine.isSealDear && !this.#seals.take(from, nowMs())) return 'ignore'
    const verdict = await importBlock(block).catch((error: unknown) => {
      logger.error('a block that came from a peer was not taken', { error: String(error) })
      return undefined
    })
    if (!verdict || verdict.kind === 'too-early') return 'ignore'
    if (verdict.kind === 'valid') return 'accept'
    if (verdict.rule === 'parent' && !chain.blockOf(block.header.parentHash)) return 'ignore'
    if (!isOfBody(verdict)) this.#catchUp.noteBad(block)
    return isOfHeader(verdict) ? 'bad-block' : 'bad-body'
  }

  async #headers(bytes: Uint8Array): Promise<Uint8Array> {
    const { from, count } = decodeHeadersQuestion(bytes)
    const pause = this.#place.turns()
    const entries: ReturnType<typeof headerEntry>[] = []
    let size = 0
    for (let at = from; at < from + BigInt(count) && size < mostHeaderBytes; at += 1n) {
      const found = this.#place.byNumber(at)
      if (!found) break
      const entry = headerEntry(found.block)
      size += entry.header.length + entry.record.length
      if (size > mostHeaderBytes && entries.length > 0) break
      entries.push(entry)
      await pause()
    }
    return encodeHeaders(entries)
  }

  async #blocks(bytes: Uint8Array): Promise<Uint8Array> {
    const pause = this.#place.turns()
    const blocks: Uint8Array[] = []
    let size = 0
    for (const hash of decodeHashes(bytes)) {
      const block = this.#place.chain.blockOf(hash)
      size += block ? blockSize(block) : 0
      if (size > mostBlockBytes && blocks.length > 0) break
      blocks.push(block ? encodeBlock(block) : new Uint8Array())
      await pause()
    }
    return encodeBlocks(blocks)
  }
}

function decoded(bytes: Uint8Array): Block | undefined {
  try {
    return decodeBlock(bytes)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}
