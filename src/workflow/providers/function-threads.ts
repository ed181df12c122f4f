/** Runs functions in threads that are kept from one call to the next, each for one function. */

import { cpus } from 'node:os'
import type { Json } from '../../base/json-rpc.ts'
import type { Invocation } from '../functions.ts'
import { type Fail, failuresOf } from './call-failures.ts'
import { FunctionThread } from './one-thread.ts'
import type { ThreadFunction } from './thread-calls.ts'

/** How many threads, and how many calls that wait for one. */
export interface ThreadsOptions {
  /** Default: twice the processors, 4 to 16. */
  readonly most?: number
  /** Default 256. */
  readonly mostWaiting?: number
  /** A thread without a call ends after this; default 30,000. */
  readonly idleMs?: number
}

interface Waiter {
  readonly of: ThreadFunction
  /** How many that came later went before it. */
  passed: number
  take(thread: FunctionThread): void
}

/** How often calls that find their thread warm may go before one that does not. */
const mostPassed = 32

/** Threads of all local functions. */
export class FunctionThreads {
  readonly #most: number
  readonly #mostWaiting: number
  readonly #idleMs: number
  readonly #threads = new Set<FunctionThread>()
  /** The one that has been idle for longest first. */
  readonly #idle: FunctionThread[] = []
  readonly #waiting: Waiter[] = []
  #isStopped = false

  constructor({ most, mostWaiting = 256, idleMs = 30_000 }: ThreadsOptions = {}) {
    this.#most = most ?? Math.min(16, Math.max(4, 2 * cpus().length))
    this.#mostWaiting = mostWaiting
    this.#idleMs = idleMs
  }

  /** Threads that there are. */
  get size(): number {
    return this.#threads.size
  }

  /** Calls a function once a thread is free for it. */
  async call(of: ThreadFunction, payload: Json, invocation: Invocation): Promise<Json> {
    const fail = failuresOf(of.name)
    if (invocation.signal.aborted) throw fail('function-cancelled', 'was interrupted')
    const thread = await this.#threadFor(of, invocation.signal, fail)
    try {
      return await thread.call(payload, { invocation, fail, timeoutMs: of.timeoutMs })
    } finally {
      this.#free(thread)
    }
  }

  /** Ends all threads; calls under way end as cancelled. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#threads].map((thread) => thread.end()))
  }

  /** Ends the idle threads of a function, whose files are about to go. */
  async forget(isIt: (file: string) => boolean): Promise<void> {
    await Promise.all(
      this.#idle.filter((thread) => isIt(thread.of.file)).map((thread) => this.#drop(thread)),
    )
  }

  #threadFor(of: ThreadFunction, signal: AbortSignal, fail: Fail): Promise<FunctionThread> {
    if (this.#isStopped) throw fail('function-cancelled', 'was interrupted by the stop')
    const at = this.#idle.findLastIndex((thread) => thread.of.file === of.file)
    const [warm] = at === -1 ? [] : this.#idle.splice(at, 1)
    if (warm !== undefined) return Promise.resolve(warm)
    if (this.#threads.size >= this.#most && this.#idle[0] !== undefined) {
      void this.#drop(this.#idle[0])
    }
    if (this.#threads.size < this.#most) return Promise.resolve(this.#start(of))
    if (this.#waiting.length >= this.#mostWaiting) {
      throw fail('function-busy', `has to wait: ${this.#mostWaiting} calls wait for a thread`)
    }
    return new Promise((resolve, reject) => {
      const cancel = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(fail('function-cancelled', 'was interrupted while it waited for a thread'))
      }
      const take = (thread: FunctionThread) => {
        signal.removeEventListener('abort', cancel)
        resolve(thread)
      }
      const waiter: Waiter = { of, passed: 0, take }
      this.#waiting.push(waiter)
      signal.addEventListener('abort', cancel, { once: true })
    })
  }

  #start(of: ThreadFunction): FunctionThread {
    const thread = new FunctionThread(of, () => {
      this.#threads.delete(thread)
      const at = this.#idle.indexOf(thread)
      if (at !== -1) this.#idle.splice(at, 1)
    })
    this.#threads.add(thread)
    return thread
  }

  /** The count falls at once, so that another may start in its place. */
  async #drop(thread: FunctionThread): Promise<void> {
    this.#threads.delete(thread)
    const at = this.#idle.indexOf(thread)
    if (at !== -1) this.#idle.splice(at, 1)
    await thread.end()
  }

  #free(thread: FunctionThread): void {
    const next = this.#nextFor(thread)
    if (next !== undefined) {
      const isWarm = !thread.isOver && next.of.file === thread.of.file
      if (!isWarm) void this.#drop(thread)
      next.take(isWarm ? thread : this.#start(next.of))
      return
    }
    if (thread.isOver || this.#isStopped) return
    this.#idle.push(thread)
    thread.rest(this.#idleMs, () => void this.#drop(thread))
  }

  /** The call that has waited longest, unless the thread is warm for another and the first can wait some more. */
  #nextFor(thread: FunctionThread): Waiter | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const isWarm = ({ of }: Waiter) => of.file === thread.of.file
    const at =
      thread.isOver || first.passed >= mostPassed ? 0 : Math.max(0, this.#waiting.findIndex(isWarm))
    if (at > 0) first.passed += 1
    return this.#waiting.splice(at, 1)[0]
  }
}
