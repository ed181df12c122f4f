/** Does the changes of a chain one after the other. */

import { AppError } from '../base/app-error.ts'
import type { Logger } from '../base/logger.ts'

/** Work that waits for what was asked before it. */
export class WorkQueue {
  readonly #logger: Logger
  readonly #diskFailed: (error: AppError) => void
  #last: Promise<unknown> = Promise.resolve()

  constructor(logger: Logger, diskFailed: (error: AppError) => void) {
    this.#logger = logger
    this.#diskFailed = diskFailed
  }

  /** Resolves when nothing waits that waits now. */
  get idle(): Promise<unknown> {
    return this.#last
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch((error: unknown) => {
      this.#logger.error('the chain stopped', { error: String(error) })
      if (error instanceof AppError && error.code.startsWith('store/')) this.#diskFailed(error)
    })
    return done
  }
}
