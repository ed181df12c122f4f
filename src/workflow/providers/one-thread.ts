/** Runs the calls of one function in one thread, one after the other, and ends the thread that breaks a limit. */

import type { Worker } from 'node:worker_threads'
import type { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { startThread, threadProgram } from '../../base/thread.ts'
import type { Invocation } from '../functions.ts'
import { answered, type Fail, thrown, tooLong, withinTime } from './call-failures.ts'
import { waitedFor } from './function-event.ts'
import {
  logBounds,
  type ThreadAnswer,
  type ThreadCall,
  type ThreadFunction,
  type ThreadTask,
} from './thread-calls.ts'

const program = threadProgram('function-thread', import.meta.url)

/** Pause between two looks at the memory of a call that goes on. */
const lookMs = 200
/** Memory beside V8's heap that a thread has before its function does anything, with some room. */
const spareBytes = 16 * 2 ** 20

/** How one call is made. */
interface CallOptions {
  readonly invocation: Invocation
  readonly fail: Fail
  readonly timeoutMs: number
}

/** The call that the thread works on. */
interface OpenCall extends CallOptions {
  resolve(result: Json): void
  reject(error: AppError): void
}

/** A thread that has its function loaded. */
export class FunctionThread {
  readonly of: ThreadFunction
  readonly #worker: Worker
  #open: OpenCall | undefined
  #isOver = false
  #rest: NodeJS.Timeout | undefined

  /** @param over - called once, when the thread has ended */
  constructor(of: ThreadFunction, over: () => void) {
    this.of = of
    const task: ThreadTask = { file: of.file, network: of.network, ...logBounds }
    this.#worker = startThread<ThreadAnswer>(
      program,
      {
        ...{ env: {}, stdout: true, stderr: true, workerData: task },
        resourceLimits: { maxOldGenerationSizeMb: of.memoryMb, maxYoungGenerationSizeMb: 16 },
      },
      {
        answered: (answer) => this.#answered(answer),
        ended: (error) => {
          this.#isOver = true
          this.#open?.reject(endOf(error, this.#open.fail))
          over()
        },
      },
    )
    // What is written past the console is read and dropped, or it would pile up here.
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Calls the function; a call that does not end in time, is interrupted or eats memory ends the thread. */
  async call(payload: Json, options: CallOptions): Promise<Json> {
    clearTimeout(this.#rest)
    this.#worker.ref()
    const { idempotencyKey, deadlineMs, traceparent } = waitedFor(
      options.invocation,
      options.timeoutMs,
    )
    const context = {
      ...{ idempotencyKey, deadlineMs },
      ...(traceparent === undefined ? {} : { traceparent }),
    }
    const call: ThreadCall = { payload, context }
    const looks = setInterval(() => void this.#look(options.fail), lookMs)
    try {
      return await withinTime(options, (signal) => {
        const ending = new Promise<Json>((resolve, reject) => {
          const open = { ...options, resolve, reject }
          this.#open = open
          signal.addEventListener('abort', () => {
            // The time of a call runs out after it was answered, too, while the thread works on another one.
            if (this.#open !== open) return
            reject(signal.reason)
            void this.end()
          })
        })
        this.#worker.postMessage(call)
        return ending
      })
    } finally {
      clearInterval(looks)
      this.#open = undefined
      this.#worker.unref()
    }
  }

  /** Waits for the next call, and says so when none came. */
  rest(ms: number, tired: () => void): void {
    this.#rest = setTimeout(tired, ms).unref()
  }

  /** Resolves when the thread has ended. */
  async end(): Promise<void> {
    clearTimeout(this.#rest)
    this.#isOver = true
    await this.#worker.terminate()
  }

  /** Buffers lie outside the heap that V8 bounds. */
  async #look(fail: Fail): Promise<void> {
    const { external_memory: bytes } = await this.#worker
      .getHeapStatistics()
      .catch(() => ({ external_memory: 0 }))
    if (bytes <= this.of.memoryMb * 2 ** 20 + spareBytes) return
    this.#open?.reject(fail('function-memory', `needs more memory than ${this.of.memoryMb} MB`))
    await this.end()
  }

  #answered(answer: ThreadAnswer): void {
    const open = this.#open
    if (open === undefined) return
    const { fail } = open
    if (answer.kind === 'log') {
      const { atMs, level, text } = answer
      open.invocation.log?.({ atMs, level, text })
    } else if (answer.kind === 'result') {
      try {
        open.resolve(answered(answer.text, fail))
      } catch (error) {
        open.reject(error as AppError)
      }
    } else if (answer.kind === 'error') open.reject(thrown(fail, answer))
    else if (answer.kind === 'too-long') open.reject(tooLong(fail))
    else open.reject(fail('function-answer', `gave something that is no JSON: ${answer.message}`))
  }
}

function endOf(error: unknown, fail: Fail): AppError {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? fail('function-memory', `stopped: ${message}`)
    : fail('function-refused', `stopped: ${message}`)
}
