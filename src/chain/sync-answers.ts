/** Answers nodes that want to get a chain that is voted on: with limits for each. */

import { AppError } from '../base/app-error.ts'
import { hashesBefore } from './chain-base.ts'
import type { ChainBlocks } from './chain-blocks.ts'
import type { ChainDerived } from './chain-derived.ts'
import type { ChainQuestion, PeerWrong } from './chain-network.ts'
import type { ChainSnapshots } from './chain-snapshots.ts'
import { encodeDerived } from './consensus/derived.ts'
import { encodeFinality } from './consensus/finality-proof.ts'
import { encodeCertificate } from './consensus/travelling-block.ts'
import type { Pause } from './evm/evm.ts'
import { Budget } from './gossip/budget.ts'
import { encodeHeader } from './ledger/block-codec.ts'
import { later, mostDecided, type SnapshotOffer, syncMessages } from './syncing/sync-messages.ts'
import { turnTaking } from './turn-taking.ts'

/** Questions that are answered here. */
const syncQuestions = ['proof', 'snapshot', 'chunk', 'decided'] as const
type SyncQuestion = (typeof syncQuestions)[number]

/** The chain that is asked for. */
interface AnsweringChain {
  readonly blocks: ChainBlocks
  readonly derived: ChainDerived
  readonly snapshots: ChainSnapshots
  readonly nowMs: () => number
  /** Makes pauses that let others have their turn, if not by the machine's clock. */
  readonly turns: (() => Pause) | undefined
}

const minuteMs = 60_000
/** Of one peer in a minute: other questions, and chunks, some 6 GiB. */
export const [mostQuestions, mostChunks] = [1_200, 6_000]
/** Bytes of blocks, after which an answer ends. */
const mostBlockBytes = 8 * 1024 * 1024

/** Whether a question is one of these. */
export function isSyncQuestion(question: ChainQuestion): question is SyncQuestion {
  return syncQuestions.some((one) => one === question)
}

/** The answers of one chain. */
export class SyncAnswers {
  readonly #chain: AnsweringChain
  readonly #questions = new Budget(mostQuestions, minuteMs)
  readonly #chunks = new Budget(mostChunks, minuteMs)

  constructor(chain: AnsweringChain) {
    this.#chain = chain
  }

  /** An answer; `undefined` if there is none here, `later` for who asks more than its share. */
  async answer(
    question: SyncQuestion,
    from: string,
    bytes: Uint8Array,
  ): Promise<Uint8Array | undefined | PeerWrong> {
    const budget = question === 'chunk' ? this.#chunks : this.#questions
    // Who is told nothing takes it for a lie: it was said that there is a snapshot, or that there are blocks.
    if (!budget.take(from, this.#chain.nowMs())) return later
    try {
      if (question === 'proof') return this.#proof(bytes)
      if (question === 'snapshot') return this.#snapshot(bytes)
      return question === 'chunk' ? this.#chunk(bytes) : await this.#decided(bytes)
    } catch (error) {
      if (error instanceof AppError && error.code === 'ledger/bad-rlp') return 'bad-encoding'
      throw error
    }
  }

  /** A peer went. */
  drop(peer: string): void {
    this.#questions.drop(peer)
    this.#chunks.drop(peer)
  }

  #head(): bigint {
    return this.#chain.blocks.head().header.number
  }

  #proof(bytes: Uint8Array): Uint8Array | undefined {
    const { from, to } = syncMessages.stretch.decode(bytes)
    if (from > to || to > this.#head()) return undefined
    const proof = this.#chain.blocks.finalityProof(from, to)
    return proof && encodeFinality(proof)
  }

  #snapshot(bytes: Uint8Array): Uint8Array {
    const wanted = syncMessages.wanted.decode(bytes)
    const facts = this.#chain.snapshots.facts(this.#head(), wanted === 0n ? undefined : wanted)
    const what = facts && this.#offer(facts)
    return syncMessages.offer.encode({ head: this.#head(), what })
  }

  #offer(facts: Pick<SnapshotOffer, 'number' | 'byteLength' | 'root'>): SnapshotOffer | undefined {
    const { blocks, derived } = this.#chain
    const { number, byteLength, root } = facts
    const block = blocks.byNumber(number)?.block
    const after = block && derived.of(block.hash)
    const before = block && derived.of(block.header.parentHash)
    const proof = blocks.proofsOf(number)?.proof
    if (!after || !before || !proof) return undefined
    const headers: Uint8Array[] = []
    const first = number > BigInt(hashesBefore) ? number - BigInt(hashesBefore) : 0n
    for (let at = first; at <= number; at += 1n) {
      const header = blocks.byNumber(at)?.block.header
      if (!header) return undefined
      headers.push(encodeHeader(header))
    }
    return {
      ...{ number, byteLength, root, headers, certificate: encodeCertificate(proof) },
      ...{ derived: encodeDerived(after), parentDerived: encodeDerived(before) },
    }
  }

  #chunk(bytes: Uint8Array): Uint8Array | undefined {
    const { number, index } = syncMessages.place.decode(bytes)
    const chunk = this.#chain.snapshots.chunk(number, index)
    return chunk && syncMessages.chunk.encode(chunk)
  }

  async #decided(bytes: Uint8Array): Promise<Uint8Array> {
    const { from, to } = syncMessages.stretch.decode(bytes)
    const end = to < from + BigInt(mostDecided) ? to : from + BigInt(mostDecided - 1)
    const { turns = turnTaking } = this.#chain
    const pause = turns()
    const blocks: Uint8Array[] = []
    let size = 0
    for (let at = from; at <= end && size < mostBlockBytes; at += 1n) {
      const block = this.#chain.blocks.decidedBlock(at)
      size += block?.length ?? 0
      if (!block || (size > mostBlockBytes && blocks.length > 0)) break
      blocks.push(block)
      await pause()
    }
    return syncMessages.blocks.encode({ head: this.#head(), what: blocks })
  }
}
