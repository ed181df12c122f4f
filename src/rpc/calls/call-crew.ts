/** Runs calls that are known to be long in worker threads, and all others where they are asked. */

import { MessageChannel, type Worker } from 'node:worker_threads'
import { AppError } from '../../base/app-error.ts'
import { Recent } from '../../base/recent.ts'
import { startThread, threadProgram } from '../../base/thread.ts'
import type { Chain } from '../../chain/chain.ts'
import type { BlockContext, CallMessage, CallResult } from '../../chain/evm/evm.ts'
import type { Manifest } from '../../chain/ledger/manifest.ts'
import type { StateReader } from '../../chain/state/state.ts'
import { answerLine, type LineEnd } from './state-line.ts'

/** What a thread begins with. */
export interface CallThreadData {
  readonly chain: Pick<Manifest, 'chainId' | 'forks' | 'depositContract'>
  readonly seed: bigint
  readonly line: LineEnd
  /** One number of 32 bits: the call that is to end. */
  readonly cancelled: SharedArrayBuffer
}

/** A call for a thread; `state` is the number of a state. */
export interface CallOrder {
  readonly id: number
  readonly state: number
  readonly block: Omit<BlockContext, 'blockHash'>
  readonly message: Omit<CallMessage, 'isLate' | 'moved'>
}

/** What a thread says of a call. */
export type CallAnswer = CallResult | { readonly code: string; readonly message: string }

/** Gas from which on a call is worth the way to a thread. */
const longGas = 200_000n
/** Contracts and functions whose gas is remembered. */
const remembered = 1_024
/** Calls that a thread has before it: one that runs, and one to go on with at once. */
const mostBefore = 2
/** Milliseconds between two looks whether a call is late. */
const lookMs = 20
/** Milliseconds without a call after which threads end, which hold some 10 MB each. */
const restMs = 30_000

const callThread = threadProgram('call-thread', import.meta.url)

interface Flight {
  readonly id: number
  readonly state: StateReader
  readonly block: BlockContext
  readonly message: CallMessage
  readonly resolve: (outcome: CallResult | Promise<CallResult>) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly cancelled: Int32Array
  /** In the order in which they were sent, which is that of the answers. */
  readonly flights: Flight[]
}

/** Whom the crew works for. */
interface CallCrewOptions {
  /** Threads; 0 runs everything where it is asked. */
  readonly size: number
  /** Hears of a thread that ended; the others go on without it. */
  readonly failed: (error: unknown) => void
  /** Another program for the threads. */
  readonly program?: URL
}

/** Threads for calls; they start with a call that is long, and end when there was none for a while. */
export class CallCrew {
  readonly #chain: Pick<Chain, 'evm' | 'manifest'>
  readonly #size: number
  readonly #failed: (error: unknown) => void
  readonly #program: URL
  #threads: Thread[] | undefined
  /** Gas that a function of a contract took the last time. */
  readonly #gasOf = new Recent<string, bigint>(remembered)
  readonly #numbers = new WeakMap<StateReader, number>()
  #lastState = 0
  #lastCall = 0
  #looking: NodeJS.Timeout | undefined
  #resting: NodeJS.Timeout | undefined

  constructor(
    chain: Pick<Chain, 'evm' | 'manifest'>,
    { size, failed, program = callThread }: CallCrewOptions,
  ) {
    this.#chain = chain
    this.#size = size
    this.#failed = failed
    this.#program = program
  }

  /** Runs a call and leaves nothing behind. @throws AppError `evm/capacity` */
  async call(state: StateReader, block: BlockContext, message: CallMessage): Promise<CallResult> {
    const name = this.#size > 0 ? nameOf(state, message) : undefined
    if (name === undefined) return this.#chain.evm.call(state, block, message)
    const isLong = (this.#gasOf.get(name) ?? 0n) >= longGas
    const thread = isLong ? this.#threadWithRoom() : undefined
    const outcome = thread
      ? await this.#send(thread, { state, block, message })
      : await this.#chain.evm.call(state, block, message)
    this.#gasOf.set(name, outcome.gasUsed)
    return outcome
  }

  /** Calls that threads have before them. */
  get underWay(): number {
    return (this.#threads ?? []).reduce((sum, { flights }) => sum + flights.length, 0)
  }

  /** Threads there are at the moment. */
  get size(): number {
    return this.#threads?.length ?? 0
  }

  /** Ends the threads; what they had is refused as late. */
  async stop(): Promise<void> {
    const threads = this.#threads ?? []
    this.#threads = []
    clearInterval(this.#looking)
    clearTimeout(this.#resting)
    for (const { flights } of threads) {
      for (const { resolve } of flights) resolve(tooLate)
    }
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #threadWithRoom(): Thread | undefined {
    this.#threads ??= Array.from({ length: this.#size }, () => this.#startThread())
    const [freest] = this.#threads.toSorted((a, b) => a.flights.length - b.flights.length)
    return freest && freest.flights.length < mostBefore ? freest : undefined
  }

  #send(thread: Thread, call: Pick<Flight, 'state' | 'block' | 'message'>): Promise<CallResult> {
    const { promise, resolve, reject } = Promise.withResolvers<CallResult>()
    this.#lastCall = (this.#lastCall + 1) | 0
    clearTimeout(this.#resting)
    const id = this.#lastCall
    const { blockHash: _, ...block } = call.block
    const { isLate: _late, moved: _moved, ...message } = call.message
    thread.flights.push({ ...call, id, resolve, reject })
    thread.worker.ref()
    const order: CallOrder = { id, state: this.#numberOf(call.state), block, message }
    thread.worker.postMessage(order)
    this.#looking ??= setInterval(() => this.#look(), lookMs)
    return promise
  }

  #numberOf(state: StateReader): number {
    const known = this.#numbers.get(state)
    if (known !== undefined) return known
    this.#lastState += 1
    this.#numbers.set(state, this.#lastState)
    return this.#lastState
  }

  /** Ends calls that nobody waits for any more, or that take too long. */
  #look(): void {
    for (const { flights, cancelled } of this.#threads ?? []) {
      const [running] = flights
      if (running?.message.isLate?.()) Atomics.store(cancelled, 0, running.id)
    }
    if (this.underWay > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
    this.#resting = setTimeout(() => this.#rest(), restMs).unref()
  }

  /** Ends the threads, which start again with the next long call. */
  #rest(): void {
    const threads = this.#threads ?? []
    this.#threads = undefined
    for (const { worker } of threads) void worker.terminate()
  }

  #startThread(): Thread {
    const { port1, port2 } = new MessageChannel()
    const [bell, cancelled] = [new SharedArrayBuffer(4), new SharedArrayBuffer(4)]
    const { chainId, forks, depositContract } = this.#chain.manifest
    const workerData: CallThreadData = {
      chain: { chainId, forks, ...(depositContract && { depositContract }) },
      seed: crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n,
      line: { port: port2, bell },
      cancelled,
    }
    const options = { workerData, transferList: [port2] }
    const worker = startThread<CallAnswer>(this.#program, options, {
      answered: (answer) => land(thread, answer),
      ended: (error) => this.#lose(thread, error),
    })
    const thread: Thread = { worker, cancelled: new Int32Array(cancelled), flights: [] }
    answerLine({ port: port1, bell }, () => thread.flights[0])
    return thread
  }

  /** Goes on without a thread; what it had runs here. */
  #lose(thread: Thread, error: unknown): void {
    if (!this.#threads?.includes(thread)) return
    this.#threads = this.#threads.filter((one) => one !== thread)
    this.#failed(error)
    for (const { state, block, message, resolve } of thread.flights.splice(0)) {
      resolve(this.#chain.evm.call(state, block, message))
    }
  }
}

function land(thread: Thread, answer: CallAnswer): void {
  const flight = thread.flights.shift()
  // A process may end while nothing is under way.
  if (thread.flights.length === 0) thread.worker.unref()
  if ('code' in answer) flight?.reject(new AppError(answer))
  else flight?.resolve(answer)
}

const tooLate: CallResult = {
  ...{ halt: 'too-long', output: new Uint8Array(), gasUsed: 0n, gasNeeded: 0n },
}

/** What a call is known by; undefined for one that can only run here, since its state or its precompiles are pretended. */
function nameOf(state: StateReader, { to, data, moved = [] }: CallMessage): string | undefined {
  if (to === undefined || moved.length > 0 || 'setAccount' in state) return undefined
  return to.toHex() + data.subarray(0, 4).toHex()
}
