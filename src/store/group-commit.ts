/** Gathers pieces of many callers, so that those that come while a commit is under way share the next one. */

import { AppError } from '../base/app-error.ts'
import type { SqlWrite } from './sql.ts'

/** Pieces that wait for their commit, and those that one commit takes. */
const [maxWaiting, maxOfCommit] = [10_000, 512]

/** What several callers wrote, in the order in which they called. */
export type Pieces = readonly (readonly SqlWrite[])[]

/**
 * Writes pieces by one transaction.
 *
 * @returns for each piece the error that took it back, or `undefined`
 */
export type CommitPieces = (pieces: Pieces) => Promise<readonly unknown[]> | readonly unknown[]

interface Waiting {
  readonly piece: readonly SqlWrite[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** How pieces are written. */
interface GroupCommitParts {
  /** For people: the file or server that is written to. */
  readonly name: string
  readonly commit: CommitPieces
  /** Runs work when its turn has come. */
  readonly queue: (work: () => Promise<void>) => Promise<void>
}

/** The pieces of one store that wait. */
export class GroupCommit {
  readonly #with: GroupCommitParts
  /** Those that a turn will write that was asked for; further ones join them. */
  #open: Waiting[] | undefined
  #count = 0

  constructor(parts: GroupCommitParts) {
    this.#with = parts
  }

  /**
   * Writes a piece together with others.
   *
   * @throws AppError `store/busy` while too many wait; `store/unexpected-rows` and the database's own errors for this
   * piece alone
   */
  add(piece: readonly SqlWrite[]): Promise<void> {
    if (this.#count >= maxWaiting) {
      const message = `${this.#with.name} has ${maxWaiting} writes waiting already; try again later`
      return Promise.reject(new AppError({ code: 'store/busy', message, retry: 'later' }))
    }
    this.#count += 1
    return new Promise((resolve, reject) => {
      this.#opened().push({ piece, resolve, reject })
    })
  }

  /** Lets pieces that come later have a turn of their own, after what is asked for now. */
  close(): void {
    this.#open = undefined
  }

  #opened(): Waiting[] {
    if (this.#open !== undefined) return this.#open
    const begun: Waiting[] = []
    void this.#with.queue(() => this.#writeAll(begun))
    this.#open = begun
    return begun
  }

  /** Also writes those that come while it writes. */
  async #writeAll(waiting: Waiting[]): Promise<void> {
    do {
      await new Promise(setImmediate)
      const taken = waiting.splice(0, maxOfCommit)
      await this.#write(taken)
      this.#count -= taken.length
    } while (waiting.length > 0)
    if (this.#open === waiting) this.close()
  }

  async #write(taken: readonly Waiting[]): Promise<void> {
    try {
      const errors = await this.#with.commit(taken.map(({ piece }) => piece))
      for (const [at, { resolve, reject }] of taken.entries()) {
        if (errors[at] === undefined) resolve()
        else reject(errors[at])
      }
    } catch (error) {
      for (const { reject } of taken) reject(error)
    }
  }
}

/** The error of a piece whose statement changed another number of rows than it had to. */
export function unexpectedRows({ sql, changes }: SqlWrite, found: number): AppError {
  const message = `${found} rows were changed instead of ${changes}, so nothing of the piece was written: ${sql}`
  return new AppError({ code: 'store/unexpected-rows', message, data: { changes, found } })
}
