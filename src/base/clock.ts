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

/** The machine's own timer. */
export const systemTimer: Timer = {
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs)
    return () => clearTimeout(handle)
  },
}
