/** Searches the nonces of blocks in worker threads, each in a range of its own. */

import type { Worker } from 'node:worker_threads'
import { fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { startThread, threadProgram } from '../base/thread.ts'
import type { ChainOptions, ChainParts } from './chain-parts.ts'
import { nonceBytes, type Sealing, sealDigest } from './consensus/seal.ts'
import { isWorked } from './ledger/manifest.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import { type FoundNonce, firstNonces, MiningBoard, type MiningJob } from './mining/mining-job.ts'

/** What a miner works with. */
interface MinerOptions {
  readonly sealing: Sealing
  /** 0 leaves the work to others. */
  readonly threads: number
  readonly clock: Clock
  readonly logger: Logger
}

/** A block whose nonce is wanted. */
export interface WantedNonce {
  readonly sealHash: Hash
  /** Highest digest of the seal. */
  readonly target: bigint
  /** Hears of one nonce, unless the search ends before. */
  readonly found: (nonce: bigint) => void
}

/** Who is paid for blocks of this node; `undefined` for one that only follows. */
export function payeeOf({ manifest, mining, beneficiary }: ChainOptions): Address | undefined {
  return isWorked(manifest.consensus) ? mining?.payTo : beneficiary
}

/** The miner of a chain whose blocks this node helps to seal by work; `undefined` for others. */
export function createMiner({
  options: { manifest, mining },
  dependencies: { clock, logger },
  key: chainKey,
}: Pick<ChainParts, 'options' | 'dependencies' | 'key'>): Miner | undefined {
  const { consensus } = manifest
  if (!isWorked(consensus) || mining === undefined) return undefined
  const sealing = { seal: consensus.seal, chainKey }
  return new Miner({ sealing, threads: mining.threads, clock, logger })
}

/** Time over which the rate is counted, at least. */
const rateMs = 10_000

/** One search at a time; the threads start with the first. */
export class Miner {
  readonly #options: MinerOptions
  readonly #board = new MiningBoard()
  readonly #threads = new Set<Worker>()
  #hasStarted = false
  #job = 0
  #wanted: WantedNonce | undefined
  #rate = 0
  #counted: { readonly hashes: bigint; readonly atMs: number } | undefined

  constructor(options: MinerOptions) {
    this.#options = options
  }

  /** Searches this; what was searched before is left. */
  search(wanted: WantedNonce): void {
    const { sealing, threads } = this.#options
    this.#start()
    this.#job += 1
    this.#wanted = wanted
    this.#board.job = this.#job
    const firsts = firstNonces(threads)
    for (const [place, thread] of [...this.#threads].entries()) {
      const job: MiningJob = {
        ...{ job: this.#job, ...sealing, sealHash: wanted.sealHash },
        ...{ highest: padStart(fromBigInt(wanted.target), 32), from: firsts[place] ?? 0n },
      }
      thread.ref()
      thread.postMessage(job)
    }
  }

  /** Whether this nonce is one that is wanted. */
  isSealedBy({ sealHash, target }: Omit<WantedNonce, 'found'>, nonce: bigint): boolean {
    const digest = sealDigest(this.#options.sealing, sealHash, nonceBytes(nonce))
    return toBigInt(digest) <= target
  }

  /** Ends the search. */
  cancel(): void {
    this.#wanted = undefined
    this.#board.job = 0
    for (const thread of this.#threads) thread.unref()
  }

  /** Digests a second of the last time that was looked at; 0 while nothing is searched. */
  hashesPerSecond(): number {
    if (this.#wanted === undefined || this.#threads.size === 0) return 0
    this.#count()
    return this.#rate
  }

  async stop(): Promise<void> {
    this.cancel()
    this.#hasStarted = true
    await Promise.all([...this.#threads].map((thread) => thread.terminate()))
  }

  #start(): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    const { threads, logger, clock } = this.#options
    this.#counted = { hashes: 0n, atMs: clock.nowMs() }
    for (let made = 0; made < threads; made += 1) {
      const thread = startThread<FoundNonce>(
        threadProgram('./mining/miner-thread', import.meta.url),
        { workerData: this.#board.memory },
        {
          answered: ({ job, nonce }) => this.#heard(job, nonce),
          ended: (error) => {
            this.#threads.delete(thread)
            if (this.#board.job !== 0) logger.error('a miner ended', { error: String(error) })
          },
        },
      )
      this.#threads.add(thread)
    }
  }

  #heard(job: number, nonce: bigint): void {
    const wanted = this.#wanted
    if (job !== this.#job || wanted === undefined) return
    this.#count()
    this.cancel()
    wanted.found(nonce)
  }

  #count(): void {
    const before = this.#counted
    const nowMs = this.#options.clock.nowMs()
    if (before === undefined || nowMs <= before.atMs) return
    const { hashes } = this.#board
    this.#rate = Math.round((Number(hashes - before.hashes) * 1_000) / (nowMs - before.atMs))
    if (nowMs - before.atMs >= rateMs) this.#counted = { hashes, atMs: nowMs }
  }
}
