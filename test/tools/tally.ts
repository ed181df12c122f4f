/** Counts what passed and failed in a suite, and prints what failed. */

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What a suite came to. */
export interface Tally {
  readonly passed: number
  readonly failed: number
}

/** Longest time of one check, in milliseconds. */
const checkMs = 30_000

/** Runs checks one after the other and counts them. */
export class Checks {
  readonly #suite: string
  #passed = 0
  #failed = 0

  constructor(suite: string) {
    this.#suite = suite
  }

  /** One check; it fails when it throws or takes too long. */
  async check(name: string, run: () => Promise<unknown>): Promise<void> {
    const late = AbortSignal.timeout(checkMs)
    const tooLate = new Promise((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`still running after ${checkMs} ms`)))
    })
    try {
      await Promise.race([run(), tooLate])
      this.#passed += 1
    } catch (error) {
      this.#failed += 1
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      say(`✖ ${this.#suite}: ${name}\n${text.replace(/^/gm, '    ')}`)
    }
  }

  tally(): Tally {
    return { passed: this.#passed, failed: this.#failed }
  }
}
