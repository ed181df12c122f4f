/** Describes time as the rooms see it, so that tests can hand in their own. */

/** Tells the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
}

/** Runs a function later. */
export interface Timer {
  /** Calls `run` once after `delayMs`, unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void
}

/** The machine's own clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }

/** The longest delay that the machine's own timer takes, in ms; a longer one would end at once. */
const longestMs = 2 ** 31 - 1

/** The machine's own timer; what is more than 24 days away is called after that time, and may be asked for again. */
export const systemTimer: Timer = {
  after: (delayMs, run) => {
    const handle = setTimeout(run, Math.min(delayMs, longestMs))
    return () => clearTimeout(handle)
  },
}
