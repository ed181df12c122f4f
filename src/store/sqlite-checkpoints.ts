/** Has the pages of an SQLite log copied into the file in a thread of its own. */

import type { Worker } from 'node:worker_threads'
import { startThread, threadProgram } from '../base/thread.ts'

/** How the store that writes takes part. */
interface CheckpointParts {
  /** The database file. */
  readonly file: string
  /** Copies what the thread has left, so that the log begins anew: while somebody writes, the thread never gets it all. */
  readonly finish: () => void
  /** The thread is over by a fault: from now on the writer has to copy by itself. */
  readonly takeOver: () => void
}

/** Changed rows after which the log is looked at. */
const rowsBetween = 2_000
/** Pages of the log (32 MiB) above which the writer finishes. */
const longLog = 8_192

const program = threadProgram('./sqlite-checkpoint-thread', import.meta.url)

/** The checkpoints of one file; the thread starts with the first. */
export class SqliteCheckpoints {
  readonly #with: CheckpointParts
  #thread: Worker | undefined
  #seen = 0
  #state: 'idle' | 'copying' | 'over' = 'idle'
  #ended: (() => void) | undefined

  constructor(parts: CheckpointParts) {
    this.#with = parts
  }

  /** To be called after a commit. @param changed rows that the connection has changed in all */
  committed(changed: number): void {
    if (this.#state !== 'idle' || changed - this.#seen < rowsBetween) return
    this.#seen = changed
    this.#state = 'copying'
    this.#thread ??= startThread<number>(
      program,
      { workerData: this.#with.file },
      { answered: (pages) => this.#copied(pages), ended: () => this.#over() },
    )
    this.#thread.postMessage('copy')
  }

  /** Resolves when the thread has closed the file. */
  async close(): Promise<void> {
    const [thread, state] = [this.#thread, this.#state]
    this.#state = 'over'
    if (thread === undefined || state === 'over') return
    thread.ref()
    await new Promise<void>((resolve) => {
      this.#ended = resolve
      thread.postMessage('close')
    })
  }

  /** @param pages of the log, copied or not */
  #copied(pages: number): void {
    if (this.#state !== 'copying') return
    this.#state = 'idle'
    if (pages > longLog) this.#with.finish()
  }

  #over(): void {
    if (this.#ended === undefined) this.#with.takeOver()
    this.#state = 'over'
    this.#ended?.()
  }
}
