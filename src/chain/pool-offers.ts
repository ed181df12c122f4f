/** Offers other nodes what has waited in the pool for long, and gets from them what this one lacks. */

import { AppError } from '../base/app-error.ts'
import { concatBytes } from '../base/bytes.ts'
import type { Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { ChainNetwork, Hearing, PeerWrong } from './chain-network.ts'
import { Budget } from './gossip/budget.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from './ledger/rlp.ts'
import type { Hash } from './ledger/transaction.ts'
import type { PooledTransaction, TxPool } from './txpool/txpool.ts'

/** The pool that is offered from, and what it lacks is put into. */
export interface OfferPlace {
  readonly pool: () => Pick<TxPool, 'best' | 'get'>
  /** Of the next block. */
  readonly baseFee: () => bigint
  readonly isInBlock: (hash: Hash) => boolean
  /** Whether a transaction of a peer was taken. */
  readonly take: (raw: Uint8Array) => Promise<boolean>
  readonly nowMs: () => number
  readonly timer: Timer
  readonly logger: Logger
}

/** What has waited for so long should have been in a block. */
const patienceMs = 2_000
/** Transactions of an offer, those of a question, and bytes of an answer, after which it ends. */
const [mostOffered, mostAsked, mostAnswerBytes] = [1_024, 256, 1024 * 1024]
/** Of one peer in a minute. */
const [mostOffers, mostQuestions] = [120, 600]
const minuteMs = 60_000
const hashBytes = 32

/**
 * A transaction is told once, when it comes, and a peer may be away then, or have too much to do. What could be in the next
 * block and still waits after `patienceMs` is offered by its hash, and all that waits to a peer that comes.
 */
export class PoolOffers {
  readonly #place: OfferPlace
  readonly #offers = new Budget(mostOffers, minuteMs)
  readonly #questions = new Budget(mostQuestions, minuteMs)
  #network: ChainNetwork | undefined
  /** What waited at the last look. */
  #waited: ReadonlySet<string> = new Set()
  #cancelLook: (() => void) | undefined
  /** Peers that are being asked, and what for. */
  readonly #asking = new Set<string>()
  readonly #asked = new Set<string>()

  constructor(place: OfferPlace) {
    this.#place = place
  }

  join(network: ChainNetwork | undefined): void {
    this.#network = network
  }

  /** There is something in the pool. */
  came(): void {
    if (!this.#network) return
    this.#cancelLook ??= this.#place.timer.after(patienceMs, () => this.#look())
  }

  /** Offers what waits to a node that has come. */
  peerCame(id: string): void {
    const waiting = this.#waiting()
    if (waiting.length > 0) this.#network?.sayOffer(hashesOf(waiting), id)
  }

  peerWent(id: string): void {
    for (const budget of [this.#offers, this.#questions]) budget.drop(id)
  }

  /** Hears what a peer has, and asks for what lacks here. */
  hear(from: string, bytes: Uint8Array): Hearing {
    if (bytes.length % hashBytes !== 0) return 'bad-encoding'
    if (!this.#offers.take(from, this.#place.nowMs()) || this.#asking.has(from)) return 'ignore'
    this.#asking.add(from)
    this.#get(from, hashesIn(bytes))
      .catch((error: unknown) => this.#failed(from, error))
      .finally(() => this.#asking.delete(from))
    return 'accept'
  }

  /** Gives transactions that a peer asks for. */
  answer(from: string, bytes: Uint8Array): Uint8Array | undefined | PeerWrong {
    if (bytes.length % hashBytes !== 0) return 'bad-encoding'
    if (!this.#questions.take(from, this.#place.nowMs())) return undefined
    const given: Uint8Array[] = []
    let left = mostAnswerBytes
    for (const hash of hashesIn(bytes)) {
      const { raw, sidecar } = this.#place.pool().get(hash) ?? {}
      if (!raw || sidecar) continue
      left -= raw.length
      if (left < 0 && given.length > 0) break
      given.push(raw)
    }
    return encodeRlp(given)
  }

  stop(): void {
    this.#network = undefined
    this.#cancelLook?.()
  }

  /** What the next blocks would be filled with; blobs go another way, as they come. */
  #waiting(): readonly PooledTransaction[] {
    const waiting: PooledTransaction[] = []
    for (const one of this.#place.pool().best(this.#place.baseFee())) {
      if (!one.sidecar) waiting.push(one)
      if (waiting.length === mostOffered) break
    }
    return waiting
  }

  #look(): void {
    this.#cancelLook = undefined
    const waiting = this.#waiting()
    const late = waiting.filter(({ id }) => this.#waited.has(id))
    this.#waited = new Set(waiting.map(({ id }) => id))
    if (late.length > 0) this.#network?.sayOffer(hashesOf(late))
    if (waiting.length > 0) this.came()
  }

  /** Goes on while what comes is of use: a node that has too much to do, or is behind, leaves it for later. */
  async #get(from: string, offered: readonly Hash[]): Promise<void> {
    const lacking = offered.filter((hash) => this.#lacks(hash))
    for (let at = 0; at < lacking.length; at += mostAsked) {
      const asked = lacking.slice(at, at + mostAsked)
      const taken = await this.#ask(from, asked)
      if (taken < asked.length / 2) return
    }
  }

  #lacks(hash: Hash): boolean {
    const { pool, isInBlock } = this.#place
    return !this.#asked.has(hash.toHex()) && !pool().get(hash) && !isInBlock(hash)
  }

  /** Asks for some; how many were taken. */
  async #ask(from: string, hashes: readonly Hash[]): Promise<number> {
    for (const hash of hashes) this.#asked.add(hash.toHex())
    try {
      const answer = await this.#network?.ask(from, 'transactions', concatBytes(...hashes))
      if (!answer) return 0
      const given = rlpList(decodeRlp(answer), 'transactions')
      const raws = given.map((one) => rlpBytes(one, 'transaction'))
      const taken = await Promise.all(raws.map((raw) => this.#place.take(raw)))
      return taken.filter((one) => one).length
    } finally {
      for (const hash of hashes) this.#asked.delete(hash.toHex())
    }
  }

  #failed(from: string, error: unknown): void {
    if (error instanceof AppError) this.#network?.score(from, 'bad-encoding')
    else this.#place.logger.error('what a peer offered could not be taken', { error })
  }
}

function hashesOf(transactions: readonly PooledTransaction[]): Uint8Array {
  return concatBytes(...transactions.map(({ hash }) => hash))
}

function hashesIn(bytes: Uint8Array): readonly Hash[] {
  const count = bytes.length / hashBytes
  return Array.from({ length: count }, (_, at) => bytes.slice(at * hashBytes, (at + 1) * hashBytes))
}
