/** Runs files of public execution tests in several threads. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Accounts } from './accounts.ts'
import type { FileResult } from './cases.ts'

/** What came of many files. */
export interface SetResult {
  readonly passed: number
  readonly faults: readonly string[]
  readonly leftOut: number
}

/** Threads that wait for files. */
export class FilePool {
  readonly #workers: readonly Worker[]

  /** `baseAccounts` are the accounts that packed tests leave out. */
  constructor(threads: number, baseAccounts: Accounts) {
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: baseAccounts }),
    )
  }

  /** Runs the files, given by path; faults name the file within `folder`. */
  async run(files: readonly string[], folder: string): Promise<SetResult> {
    const waiting = [...files]
    const results: FileResult[] = []
    const serve = async (worker: Worker) => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        worker.postMessage(file)
        const [result] = (await once(worker, 'message')) as [FileResult]
        const faults = result.faults.map((fault) => `${file?.slice(folder.length + 1)} ${fault}`)
        results.push({ ...result, faults })
      }
    }
    await Promise.all(this.#workers.map(serve))
    const sum = (of: (result: FileResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    return {
      passed: sum(({ passed }) => passed),
      faults: results.flatMap(({ faults }) => faults),
      leftOut: sum(({ leftOut }) => leftOut),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
