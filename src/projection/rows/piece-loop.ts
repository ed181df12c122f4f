/** Does long work in pieces, beside what happens meanwhile. */

import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'

/** Pauses after failures: doubled from the first up to the last, in milliseconds. */
const [firstPauseMs, longestPauseMs] = [500, 30_000]

/** What does a piece of work in one transaction of its own. */
export interface PieceWork {
  readonly name: string
  /** Does the next piece; `idle` when there is nothing left for now. */
  piece(): Promise<'again' | 'idle'>
  /** Called with what went wrong; nothing once it goes on. */
  failed(problem: string | undefined): void
}

/** Does pieces of work until nothing is left, and again when it is woken. */
export class PieceLoop {
  readonly #work: PieceWork
  readonly #with: { readonly timer: Timer; readonly logger: Logger; readonly pauseMs?: number }
  #running: Promise<void> | undefined
  #isStopped = true
  #isWoken = false
  #wait: { readonly end: () => void } | undefined

  constructor(
    work: PieceWork,
    parts: { readonly timer: Timer; readonly logger: Logger; readonly pauseMs?: number },
  ) {
    this.#work = work
    this.#with = parts
  }

  start(): void {
    this.#isStopped = false
    this.wake()
  }

  wake(): void {
    if (this.#isStopped) return
    this.#isWoken = true
    this.#running ??= this.#run()
  }

  /** Resolves when the piece under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wait?.end()
    await this.#running
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#isStopped && this.#isWoken) {
      try {
        // Others have their turn between two pieces, even where a database answers at once.
        await new Promise(setImmediate)
        const left = await this.#work.piece()
        if (failures > 0) this.#work.failed(undefined)
        failures = 0
        this.#isWoken = left === 'again'
        if (left === 'idle' && this.#with.pauseMs !== undefined) {
          await this.#pause(this.#with.pauseMs)
          this.#isWoken = true
        }
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error)
        if (failures === 0) {
          this.#with.logger.warn('a projection waits and tries again', {
            ...{ projection: this.#work.name, problem },
          })
        }
        this.#work.failed(problem)
        failures += 1
        await this.#pause(Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs))
      }
    }
    this.#running = undefined
  }

  #pause(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        this.#wait = undefined
        resolve()
      }
      const cancel = this.#with.timer.after(ms, end)
      this.#wait = { end }
    })
  }
}
