/** Spreads signatures over worker threads in batches, and answers in the order in which it was asked. */

import type { Worker } from 'node:worker_threads'
import { startThread, threadProgram } from '../../../base/thread.ts'
import { recoverCompact } from '../../../crypto/secp256k1.ts'
import type { Address } from '../../ledger/transaction.ts'
import type { SignedMessage } from '../../ledger/transaction-codec.ts'
import { Batch, batchesPerThread, batchMemory, batchSize } from './batch.ts'

/** Fewer than this are not worth the way to a thread that rests. */
const leastBatch = 4

const recoveryThread = threadProgram('recovery-thread', import.meta.url)

interface Job {
  readonly message: SignedMessage
  readonly resolve: (signer: Address | undefined) => void
}

/** A batch that a thread has. */
interface Flight {
  readonly thread: Thread
  readonly place: number
  readonly batch: Batch
  readonly jobs: readonly Job[]
  signers: readonly (Address | undefined)[] | undefined
}

interface Thread {
  readonly worker: Worker
  readonly batches: readonly Batch[]
  /** Places of batches that are not in use. */
  readonly free: number[]
}

/** Threads that recover signers; they start with the first batch. */
export class RecoveryCrew {
  readonly #size: number
  readonly #program: URL
  readonly #failed: (error: unknown) => void
  #threads: Thread[] | undefined
  #waiting: Job[] = []
  #isGathering = false
  #isHelping = false
  /** Since this thread last looked whether it has time to help. */
  #asked = 0
  /** In the order in which they left. */
  readonly #flights: Flight[] = []

  /**
   * @param size - threads; 0 does everything where it is asked
   * @param failed - hears of a thread that ended; the others go on without it
   * @param thread - the program of a thread
   */
  constructor(size: number, failed: (error: unknown) => void, thread = recoveryThread) {
    this.#size = size
    this.#failed = failed
    this.#program = thread
  }

  /** Who signed; `undefined` if nobody can have. */
  recover(message: SignedMessage): Promise<Address | undefined> {
    const { promise, resolve } = Promise.withResolvers<Address | undefined>()
    this.#waiting.push({ message, resolve })
    this.#asked += 1
    this.#gather()
    return promise
  }

  /** Ends the threads; what they had is finished here. */
  async stop(): Promise<void> {
    const threads = this.#threads ?? []
    this.#threads = []
    for (const thread of threads) this.#abandon(thread)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  /** Waits for what else is asked in this turn of the event loop. */
  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    setImmediate(() => {
      this.#isGathering = false
      this.#send()
    })
  }

  #send(): void {
    const isSmall = this.#waiting.length < leastBatch && this.#flights.length === 0
    if (this.#size === 0 || isSmall || this.#threads?.length === 0) return void this.#recoverHere()
    this.#threads ??= Array.from({ length: this.#size }, () => this.#startThread())
    const fair = Math.ceil(this.#waiting.length / this.#threads.length)
    const count = Math.min(batchSize, Math.max(leastBatch, fair))
    // Who has least before it is next.
    const threads = this.#threads.toSorted((a, b) => b.free.length - a.free.length)
    for (const thread of threads) while (this.#hand(thread, count));
    this.#help()
  }

  /** Takes part in turns of the event loop in which nothing more is asked. */
  #help(): void {
    if (this.#isHelping) return
    this.#isHelping = true
    setImmediate(() => {
      this.#isHelping = false
      const isFree = this.#asked === 0
      this.#asked = 0
      if (!isFree || this.#helpSome()) this.#help()
    })
  }

  /** Recovers a few of those that are delivered next; false if all are taken. */
  #helpSome(): boolean {
    const flight = this.#flights.find((one) => !one.signers && one.batch.recoverSome())
    if (flight) this.#land(flight)
    return flight !== undefined
  }

  /** Gives a thread a batch, if there is one and it has room. */
  #hand(thread: Thread, count: number): boolean {
    if (this.#waiting.length === 0) return false
    const place = thread.free.pop()
    if (place === undefined) return false
    const jobs = this.#waiting.splice(0, count)
    const batch = thread.batches[place] as Batch
    batch.fill(jobs.map(({ message }) => message))
    this.#flights.push({ thread, place, batch, jobs, signers: undefined })
    thread.worker.ref()
    thread.worker.postMessage(place)
    return true
  }

  /** Ends a flight if all its signers are found. */
  #land(flight: Flight): void {
    const { thread, place, batch, jobs } = flight
    if (flight.signers || !batch.isDone(jobs.length)) return
    flight.signers = jobs.map((_, at) => batch.signer(at))
    thread.free.push(place)
    // A process may end while nothing is under way.
    if (thread.free.length === batchesPerThread) thread.worker.unref()
    this.#deliver()
    if (this.#waiting.length > 0) this.#send()
  }

  #deliver(): void {
    for (let first = this.#flights[0]; first?.signers; first = this.#flights[0]) {
      this.#flights.shift()
      for (const [at, { resolve }] of first.jobs.entries()) resolve(first.signers[at])
    }
  }

  /** Recovers one batch in this thread, then lets others have their turn. */
  #recoverHere(): void {
    for (const { message, resolve } of this.#waiting.splice(0, batchSize)) {
      resolve(recoverCompact(message.hash, message.compact, message.yParity))
    }
    if (this.#waiting.length > 0) this.#gather()
  }

  #startThread(): Thread {
    const memory = batchMemory()
    const worker = startThread<number>(
      this.#program,
      { workerData: memory },
      {
        answered: (place) => {
          const flight = this.#flights.find(
            (one) => one.thread === thread && one.place === place && !one.signers,
          )
          if (flight) this.#land(flight)
        },
        ended: (error) => this.#lose(thread, error),
      },
    )
    const places = Array.from({ length: batchesPerThread }, (_, place) => place)
    const batches = places.map((place) => new Batch(memory, place))
    const thread: Thread = { worker, batches, free: places }
    return thread
  }

  /** Goes on without a thread. */
  #lose(thread: Thread, error: unknown): void {
    if (!this.#threads?.includes(thread)) return
    this.#threads = this.#threads.filter((one) => one !== thread)
    this.#failed(error)
    this.#abandon(thread)
    if (this.#waiting.length > 0) this.#gather()
  }

  /** Finishes here what a thread had before it. */
  #abandon(thread: Thread): void {
    for (const flight of this.#flights) {
      if (flight.thread !== thread || flight.signers) continue
      flight.signers = flight.jobs.map(({ message }) =>
        recoverCompact(message.hash, message.compact, message.yParity),
      )
    }
    this.#deliver()
  }
}
