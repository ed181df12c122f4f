/** Follows a peer that says to have more work: its headers first, and their blocks once they show that it is so. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { Recent } from '../../base/recent.ts'
import type { ChainNetwork, ChainQuestion, PeerWrong } from '../chain-network.ts'
import type {
  ChainReader,
  ConsensusEngine,
  HeadSummary,
  SealedHeader,
  Verdict,
} from '../consensus/consensus.ts'
import { recordHash } from '../consensus/record.ts'
import type { Pause } from '../evm/evm.ts'
import type { Block, BlockHead } from '../ledger/block.ts'
import type { Hash } from '../ledger/transaction.ts'
import { isOfBody, isOfHeader } from './block-faults.ts'
import {
  decodeBlocks,
  decodeHeaders,
  encodeHashes,
  encodeHeadersQuestion,
  mostBlocks,
  mostHeaders,
  type PeerStatus,
} from './block-messages.ts'
import type { Budget } from './budget.ts'
import { HeadersAhead } from './headers-ahead.ts'
import { PeerClaims } from './peer-claims.ts'

/** Blocks of the chain and beside it. */
export interface BlockReader extends ChainReader {
  blockOf(hash: Hash): Block | undefined
  /** The block of the chain that a known block stands on, or is. */
  forkOf(hash: Hash): Block | undefined
}

/** The chain that catches up. */
export interface CatchUpPlace {
  readonly logger: Logger
  readonly nowMs: () => number
  readonly timer: Timer
  /** From 0 to 1. */
  readonly chance: () => number
  /** Makes pauses that let others have their turn. */
  readonly turns: () => Pause
  readonly engine: Pick<ConsensusEngine<unknown>, 'checkAhead' | 'maxReorg' | 'isSealDear'>
  readonly chain: BlockReader
  readonly summary: () => HeadSummary
  readonly importBlock: (block: Block) => Promise<Verdict>
  /** Resolves when the blocks that came before have been taken. */
  readonly settled: () => Promise<unknown>
  /** A better branch is not followed, because it parts too far back. */
  readonly tooDeep: (branch: { readonly end: BlockHead; readonly fork: Block }) => void
  /** Checks of dear seals that a peer may cost. */
  readonly sealBudget: Budget
}

/** How it ended with a peer: what it did wrong, or why it is left alone for a while. */
type Outcome = PeerWrong | (typeof noFaults)[number]

/** `too-early`: a clock is behind the other's, and neither is known to be wrong. */
const noFaults = ['done', 'no-answer', 'too-deep', 'too-early'] as const

/** Where headers end: at the last of the peer's, at one that is too early, or where no more may be kept. */
interface HeadersEnd {
  readonly isEnd: boolean
  readonly isEarly?: boolean
  /** The last of those that were given. */
  readonly seen: Hash | undefined
}

/** `headersAhead`: headers without their blocks. Where a seal costs memory, so many that a minute's checks will do. */
const [headersAhead, dearHeadersAhead] = [4_096n, 1_024n]
/** Of dear seals those of the last headers are checked all, and of older ones one in so many. */
const [newest, oneIn] = [512n, 16]
/** How long a peer is left alone, in ms. */
const restMs: Readonly<Partial<Record<Outcome, number>>> = {
  ...{
    done: 2_000,
    'too-early': 2_000,
    'no-answer': 10_000,
    'empty-claim': 30_000,
    'too-deep': 600_000,
  },
}
const usualRestMs = 60_000
const mostBad = 1_024

/** One peer is followed at a time. */
export class CatchUp {
  readonly claims = new PeerClaims()
  readonly #place: CatchUpPlace
  #network: ChainNetwork | undefined
  #running: Promise<void> | undefined
  #sought = false
  #cancelWake = () => {}
  readonly #stopping = new AbortController()
  /** Blocks that were wrong under a right header. */
  readonly #bad = new Recent<string, true>(mostBad)

  constructor(place: CatchUpPlace) {
    this.#place = place
  }

  join(network: ChainNetwork | undefined): void {
    this.#network = network
  }

  isBad(hash: Hash): boolean {
    return this.#bad.has(hash.toHex())
  }

  /**
   * Remembers a block that is wrong, so that no header leads to it again. One that came with another record than its
   * header's may be right: its hash says nothing of those bytes.
   */
  noteBad({ hash, header, record }: Block): void {
    if (record && !equalBytes(recordHash(record), header.extraData)) return
    this.#bad.set(hash.toHex(), true)
  }

  /** Looks whether somebody has more work, and follows. */
  consider(): void {
    if (this.#running || !this.#network || this.#stopping.signal.aborted) return
    if (!this.#best()) {
      this.#wakeLater()
      return
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      this.#wakeLater()
    })
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelWake()
    await this.#running
  }

  /** Asks for a block that is wanted whatever its work is, and for those before it down to one that is known. */
  async seek(hash: Hash): Promise<void> {
    if (this.#sought || !this.#network) return
    this.#sought = true
    try {
      for (const { id } of this.#network.peers()) {
        if (await this.#seekFrom(id, hash).catch(() => false)) return
        if (this.#stopping.signal.aborted) return
      }
    } finally {
      this.#sought = false
    }
  }

  async #seekFrom(peer: string, hash: Hash): Promise<boolean> {
    const { chain, importBlock, engine } = this.#place
    const found: Block[] = []
    let wanted = hash
    while (!chain.blockOf(wanted)) {
      const bytes = await this.#ask(peer, 'blocks', encodeHashes([wanted]))
      const block = bytes && decodeBlocks(bytes)[0]?.()
      if (!block || !equalBytes(block.hash, wanted)) return false
      if (found.length > (engine.maxReorg ?? 0) || this.#stopping.signal.aborted) return false
      found.push(block)
      wanted = block.header.parentHash
    }
    for (const block of found.reverse()) {
      const verdict = await importBlock(block)
      if (verdict.kind !== 'valid') return false
    }
    return true
  }

  #best() {
    return this.claims.best(this.#ownWork(), this.#place.nowMs())
  }

  #ownWork(): bigint {
    return this.#place.summary().totalWork ?? 0n
  }

  #wakeLater(): void {
    this.#cancelWake()
    const { nowMs, timer } = this.#place
    const next = this.claims.nextMs(this.#ownWork())
    if (next === undefined || this.#stopping.signal.aborted) return
    this.#cancelWake = timer.after(Math.max(1, next - nowMs()), () => this.consider())
  }

  async #run(): Promise<void> {
    const { settled, nowMs } = this.#place
    for (;;) {
      // What a peer says to have is often on its way already.
      await settled()
      const best = this.#best()
      if (!best || this.#stopping.signal.aborted) return
      const [peer, status] = best
      const outcome = await this.#follow(peer, status).catch((error) => this.#outcomeOf(error))
      if (this.#stopping.signal.aborted) return
      const fault =
        outcome === 'done' && this.#ownWork() < status.totalWork ? 'empty-claim' : outcome
      if (!isNoFault(fault)) this.#network?.score(peer, fault)
      this.claims.rest(peer, nowMs() + (restMs[fault] ?? usualRestMs))
    }
  }

  /** What fails here, as a disk does, is not the peer's doing; it is tried again. */
  #outcomeOf(error: unknown): Outcome {
    const fault = faultOf(error)
    if (fault === undefined) {
      this.#place.logger.error('catching up with a peer failed', { error: String(error) })
    }
    return fault ?? 'no-answer'
  }

  async #follow(peer: string, status: PeerStatus): Promise<Outcome> {
    const { engine, chain, tooDeep, summary } = this.#place
    let from = await this.#firstUnknown(peer, status)
    while (typeof from === 'bigint' && !this.#stopping.signal.aborted) {
      const ahead = new HeadersAhead({ engine, chain, isBad: (hash) => this.isBad(hash) })
      const end = await this.#takeHeaders(ahead, { peer, status, from })
      if (typeof end === 'string') return end
      const last = ahead.headers.at(-1)
      if (end.isEarly && ahead.work <= this.#ownWork()) return 'too-early'
      if (!last) {
        if (this.#ownWork() >= status.totalWork) return 'done'
        // A branch that is known, and was not followed, is no lie.
        const known = (end.seen && chain.totalWork(end.seen)) ?? 0n
        return known >= status.totalWork ? 'too-deep' : 'empty-claim'
      }
      if (ahead.work <= this.#ownWork()) {
        // The own chain may have grown meanwhile.
        return ahead.work >= status.totalWork ? 'done' : 'empty-claim'
      }
      const fork = chain.forkOf(ahead.headers[0]?.header.parentHash ?? last.hash)
      if (!fork) return 'done'
      const { number, finalNumber } = summary()
      const isTooDeep = Number(number - fork.header.number) > (engine.maxReorg ?? 0)
      if (isTooDeep || fork.header.number < finalNumber) {
        tooDeep({ end: last, fork })
        return 'too-deep'
      }
      const fault = await this.#takeBlocks(peer, ahead.headers)
      if (fault) return fault
      if (end.isEarly) return 'too-early'
      if (end.isEnd) return 'done'
      from = last.header.number + 1n
    }
    return typeof from === 'string' ? from : 'done'
  }

  /** A number from which on the peer's headers are not known here, but stand on what is; farther back step by step. */
  async #firstUnknown(peer: string, status: PeerStatus): Promise<bigint | Outcome> {
    const { number } = this.#place.summary()
    const top = status.head > number ? number + 1n : status.head
    for (let back = 0n; ; back = back === 0n ? 8n : back * 8n) {
      const from = top - back > 1n ? top - back : 1n
      const headers = await this.#askHeaders(peer, from, 1)
      if (headers === undefined) return 'no-answer'
      const [first] = headers
      if (!first) return 'empty-claim'
      if (first.header.number !== from) return 'unasked-answer'
      if (this.#place.chain.header(first.header.parentHash)) return from
      if (from === 1n) return 'bad-block'
    }
  }

  /** Takes headers until they end, or are as many as may be kept. */
  async #takeHeaders(
    ahead: HeadersAhead,
    asked: { readonly peer: string; readonly status: PeerStatus; readonly from: bigint },
  ): Promise<HeadersEnd | Outcome> {
    const { peer, status, from } = asked
    let seen: Hash | undefined
    const pause = this.#place.turns()
    const most = this.#place.engine.isSealDear ? dearHeadersAhead : headersAhead
    let next = from
    while (next < from + most) {
      const headers = await this.#askHeaders(peer, next, mostHeaders)
      if (headers === undefined) return 'no-answer'
      if (headers.length === 0) return { isEnd: true, seen }
      for (const block of headers) {
        if (block.header.number !== next) return 'unasked-answer'
        const verdict = ahead.take(block, await this.#howChecked(peer, { next, status }))
        if (verdict.kind === 'too-early') return { isEnd: true, isEarly: true, seen }
        if (verdict.kind === 'invalid') return 'bad-block'
        seen = block.hash
        next += 1n
        await pause()
        if (this.#stopping.signal.aborted) return 'done'
      }
      if (next > status.head) return { isEnd: true, seen }
    }
    return { isEnd: false, seen }
  }

  /** Whether the seal of a header is checked now; that of each block is before it is run. */
  async #howChecked(
    peer: string,
    { next, status }: { readonly next: bigint; readonly status: PeerStatus },
  ): Promise<{ readonly nowMs: number; readonly isSealChecked: boolean }> {
    const { nowMs, engine, chance, sealBudget } = this.#place
    if (!engine.isSealDear) return { nowMs: nowMs(), isSealChecked: true }
    const isSealChecked = next + newest > status.head || chance() < 1 / oneIn
    while (isSealChecked && !sealBudget.take(peer, nowMs()) && !this.#stopping.signal.aborted) {
      await this.#pause(sealBudget.waitMs(peer, nowMs()))
    }
    return { nowMs: nowMs(), isSealChecked }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stopping
      const cancel = this.#place.timer.after(ms, () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      const stop = () => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  /** Fetches the blocks of headers and takes them, one after the other. */
  async #takeBlocks(peer: string, headers: readonly SealedHeader[]): Promise<Outcome | undefined> {
    let wanted = headers.filter(({ hash }) => !this.#place.chain.blockOf(hash))
    while (wanted.length > 0 && !this.#stopping.signal.aborted) {
      const asked = wanted.slice(0, mostBlocks).map(({ hash }) => hash)
      const bytes = await this.#ask(peer, 'blocks', encodeHashes(asked))
      if (bytes === undefined) return 'no-answer'
      const blocks = decodeBlocks(bytes)
      if (blocks.length > asked.length) return 'unasked-answer'
      if (blocks.length === 0) return 'empty-claim'
      for (const [at, decode] of blocks.entries()) {
        const fault = await this.#takeBlock(decode(), asked[at])
        if (fault) return fault
        if (this.#stopping.signal.aborted) return undefined
      }
      wanted = wanted.slice(blocks.length)
    }
    return undefined
  }

  async #takeBlock(
    block: Block | undefined,
    asked: Hash | undefined,
  ): Promise<Outcome | undefined> {
    if (!block || !asked) return 'empty-claim'
    if (!equalBytes(block.hash, asked)) return 'unasked-answer'
    const verdict = await this.#place.importBlock(block)
    if (verdict.kind !== 'invalid') return undefined
    if (isOfBody(verdict)) return 'bad-body'
    // Its parent was forgotten meanwhile: it is no fault of the peer.
    if (verdict.rule === 'parent') return 'no-answer'
    this.noteBad(block)
    return isOfHeader(verdict) ? 'bad-block' : 'bad-body'
  }

  async #askHeaders(peer: string, from: bigint, count: number) {
    const bytes = await this.#ask(peer, 'headers', encodeHeadersQuestion({ from, count }))
    const headers = bytes && decodeHeaders(bytes)
    // More than was asked for is an answer to another question.
    if (headers && headers.length > count) throw wrongAnswer()
    return headers
  }

  async #ask(peer: string, question: ChainQuestion, bytes: Uint8Array) {
    return this.#network?.ask(peer, question, bytes)
  }
}

function isNoFault(outcome: Outcome): outcome is (typeof noFaults)[number] {
  return noFaults.some((one) => one === outcome)
}

function wrongAnswer(): AppError {
  const message = 'a peer answered another question than was asked; ask another peer'
  return new AppError({ code: 'chain/wrong-answer', message })
}

/** What cannot be decoded is the peer's fault, and nothing else is. */
function faultOf(error: unknown): PeerWrong | undefined {
  if (!(error instanceof AppError)) return undefined
  if (error.code === 'chain/wrong-answer') return 'unasked-answer'
  return /^(ledger|consensus)\//.test(error.code) ? 'bad-encoding' : undefined
}
