/** Gets the blocks that others have decided and this node has not, in ranges, as long as somebody has the next. */

import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Timer } from '../base/clock.ts'
import type { ChainNetwork, Hearing } from './chain-network.ts'
import { checkCertificate } from './consensus/certificate.ts'
import type { ValidatorSet } from './consensus/messages.ts'
import { schemes as allSchemes } from './consensus/schemes.ts'
import type { SignatureSchemes } from './consensus/signatures.ts'
import { decodeTravellingBlock } from './consensus/travelling-block.ts'
import { decodeDecidedBlock } from './decided-block.ts'
import type { Block } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'
import { isLater, mostDecided, syncMessages } from './syncing/sync-messages.ts'

/** The chain that is behind. */
export interface LateChain {
  /** What checks signatures; the schemes that there are unless given. */
  readonly schemes?: SignatureSchemes | undefined
  readonly chainKey: Hash
  readonly timer: Timer
  readonly head: () => Block
  /** The set that signs the next block. */
  readonly validators: () => ValidatorSet | undefined
  /** Gives a block with its certificate to the engine, which has it run. */
  readonly hear: (bytes: Uint8Array) => Hearing
}

/** From where to where the chain is got. */
export interface CatchUpProgress {
  readonly from: bigint
  /** Highest block that somebody says to have. */
  readonly to: bigint
}

interface Range {
  readonly peer: string
  readonly first: bigint
  readonly blocks: readonly Uint8Array[]
}

/** Who lacks fewer blocks than these is where the others are. */
const near = 16n
/** How long a block is waited for that was given to the engine. */
const runMs = 30_000

/** The catching up of one chain. */
export class DecidedCatchUp {
  readonly #chain: LateChain
  #network: ChainNetwork | undefined
  #isRunning = false
  #hasStopped = false
  #progress: CatchUpProgress | undefined
  #came = () => {}
  /** Peers before this one were asked in this turn. */
  #turn = 0

  constructor(chain: LateChain) {
    this.#chain = chain
  }

  join(network: ChainNetwork | undefined): void {
    this.#network = network
  }

  /** While it is under way, and not near its end. */
  get progress(): CatchUpProgress | undefined {
    const { to = 0n } = this.#progress ?? {}
    return to - this.#next() < near ? undefined : this.#progress
  }

  /** A block came into the chain. */
  came(): void {
    this.#came()
  }

  stop(): void {
    this.#hasStopped = true
    this.#came()
  }

  /** Begins, if it is not under way. */
  async run(): Promise<void> {
    if (this.#isRunning || !this.#network) return
    this.#isRunning = true
    try {
      let next = this.#ask(this.#next())
      while (!this.#hasStopped) {
        const range = await next
        if (range === undefined) return
        // The blocks behind these come while these run.
        next = this.#ask(range.first + BigInt(range.blocks.length))
        if (!(await this.#takeAll(range))) next = this.#ask(this.#next())
      }
    } finally {
      this.#isRunning = false
      this.#progress = undefined
    }
  }

  #next(): bigint {
    return this.#chain.head().header.number + 1n
  }

  /** Blocks from a height on, of the first peer that has any. */
  async #ask(first: bigint): Promise<Range | undefined> {
    const network = this.#network
    const peers = network?.peers() ?? []
    for (let tries = 0; network && tries < peers.length; tries += 1) {
      this.#turn = (this.#turn + 1) % peers.length
      const { id } = peers[this.#turn] as (typeof peers)[number]
      const wanted = { from: first, to: first + BigInt(mostDecided - 1) }
      const answer = await network.ask(id, 'decided', syncMessages.stretch.encode(wanted))
      if (this.#hasStopped) return undefined
      const blocks = answer && !isLater(answer) ? this.#read(id, answer) : undefined
      if (blocks && blocks.length > 0) return { peer: id, first, blocks }
    }
    return undefined
  }

  #read(peer: string, answer: Uint8Array): readonly Uint8Array[] | undefined {
    try {
      const { head, what } = syncMessages.blocks.decode(answer)
      const { from = this.#next() - 1n, to = head } = this.#progress ?? {}
      this.#progress = { from, to: to > head ? to : head }
      return what
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#network?.score(peer, 'bad-encoding')
      return undefined
    }
  }

  /** Runs blocks one after the other; false if one was not what it should be. */
  async #takeAll({ peer, first, blocks }: Range): Promise<boolean> {
    for (const [at, bytes] of blocks.entries()) {
      const height = first + BigInt(at)
      if (this.#hasStopped) return false
      if (this.#next() > height) continue
      if (this.#next() < height) return false
      if (!this.#isDecided(bytes, height)) {
        this.#network?.score(peer, 'bad-block')
        return false
      }
      await this.#run(bytes)
      if (this.#next() > height) continue
      // Its body may be another one than its header's, or the disk fails: others are asked.
      return false
    }
    return true
  }

  /** Whether a quorum decided the block; whether it is right shows when it is run. */
  #isDecided(bytes: Uint8Array, height: bigint): boolean {
    try {
      const { chainKey, validators, schemes = allSchemes } = this.#chain
      const { block, certificate } = decodeDecidedBlock(bytes)
      const { hash, header } = decodeTravellingBlock(block).block
      const set = validators()
      const { value } = certificate
      const isIts = certificate.type === 'commit' && certificate.height === height && value
      if (!isIts || header.number !== height || !equalBytes(value, hash) || !set) return false
      return checkCertificate(certificate, { chainKey, validators: set, schemes }).kind === 'valid'
    } catch (error) {
      if (error instanceof AppError) return false
      throw error
    }
  }

  #run(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#chain.timer.after(runMs, resolve)
      this.#came = () => {
        cancel()
        resolve()
      }
      if (this.#chain.hear(bytes) === 'bad-encoding') this.#came()
    })
  }
}
