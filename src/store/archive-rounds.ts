/** Moves piece after piece into the archive beside what else is done: now and then, and never more than a fifth of the time. */

import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'

/** Pause between two rounds, and the shortest between two pieces. */
const [roundMs, leastPauseMs] = [60_000, 20]

/** What rounds need. */
export interface ArchiveRoundsParts {
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  /** Each moves one piece, and says whether there was one. */
  readonly movers: readonly (() => Promise<boolean>)[]
}

/** Rounds that run. */
export interface ArchiveRounds {
  start(): void
  /** Resolves when no piece is under way. */
  stop(): Promise<void>
}

/** Begins with the first round a minute after the start. */
export function createArchiveRounds(parts: ArchiveRoundsParts): ArchiveRounds {
  const { clock, timer, logger, movers } = parts
  let isActive = false
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const off = timer.after(ms, resolve)
      cancel = () => {
        off()
        resolve()
      }
    })
  const round = async () => {
    for (const move of movers) {
      let hasMore = true
      while (isActive && hasMore) {
        const beganMs = clock.nowMs()
        hasMore = await move()
        if (hasMore) await pause(Math.max(leastPauseMs, 4 * (clock.nowMs() - beganMs)))
      }
    }
  }
  const keepOn = async () => {
    for (;;) {
      await pause(roundMs)
      if (!isActive) return
      await round().catch((error: unknown) =>
        logger.warn('what is over could not be archived', { error: String(error) }),
      )
    }
  }
  return {
    start() {
      isActive = true
      running = keepOn()
    },
    async stop() {
      isActive = false
      cancel()
      await running
    },
  }
}
