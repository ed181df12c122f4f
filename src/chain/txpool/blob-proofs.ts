/** Checks the proofs of blobs away from the main thread, in the order in which they come. */

import type { Worker } from 'node:worker_threads'
import type { Logger } from '../../base/logger.ts'
import { startThread, threadProgram } from '../../base/thread.ts'
import type { BlobSidecar } from '../ledger/blob-sidecar.ts'
import { refusal } from './pool/refusal.ts'
import { proofFault } from './proofs/proof-fault.ts'

/** Transactions whose proofs wait; each takes a thread up to a second. */
const maxWaiting = 32

const proofThread = threadProgram('proofs/proof-thread', import.meta.url)

interface Job {
  readonly sidecar: BlobSidecar
  readonly done: PromiseWithResolvers<string | undefined>
}

/** One thread, which starts with the first blobs. */
export class BlobProofs {
  readonly #logger: Logger
  readonly #program: URL
  #worker: Worker | undefined
  #hasFailed = false
  /** Those that the thread has, oldest first. */
  readonly #jobs: Job[] = []

  /** @param thread - its program */
  constructor({ logger }: { readonly logger: Logger }, thread = proofThread) {
    this.#logger = logger
    this.#program = thread
  }

  /** @throws AppError `txpool/blobs` when a proof does not hold, `txpool/full` when too many wait */
  async check(sidecar: BlobSidecar): Promise<void> {
    if (this.#jobs.length >= maxWaiting) {
      const message = `the proofs of ${maxWaiting} blob transactions are still being checked; send it later`
      throw refusal('full', message, 'later')
    }
    const fault = this.#hasFailed ? proofFault(sidecar) : await this.#ask(sidecar)
    if (fault !== undefined) throw refusal('blobs', fault)
  }

  /** Ends the thread; what it had is refused. */
  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    const stopping = refusal('stopped', 'the node stops', 'later')
    for (const { done } of this.#jobs.splice(0)) done.reject(stopping)
    await worker?.terminate()
  }

  #ask(sidecar: BlobSidecar): Promise<string | undefined> {
    const done = Promise.withResolvers<string | undefined>()
    this.#jobs.push({ sidecar, done })
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage(sidecar)
    return done.promise
  }

  #start(): Worker {
    const worker = startThread<string | undefined>(
      this.#program,
      {},
      {
        answered: (fault) => {
          this.#jobs.shift()?.done.resolve(fault)
          // A process may end while nothing is under way.
          if (this.#jobs.length === 0) worker.unref()
        },
        ended: (error) => {
          if (this.#worker !== worker) return
          this.#logger.warn('the thread for proofs of blobs ended; they are checked without it', {
            error: String(error),
          })
          this.#abandon()
        },
      },
    )
    return worker
  }

  /** Goes on without the thread; what it had is checked here. */
  #abandon(): void {
    this.#worker = undefined
    this.#hasFailed = true
    for (const { sidecar, done } of this.#jobs.splice(0)) done.resolve(proofFault(sidecar))
  }
}
