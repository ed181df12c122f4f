/** Watches that heights do not take more rounds than they may once nothing is wrong any more (L4). */

import { timeoutMs } from '../../src/chain/consensus/timeouts.ts'
import { timeouts } from './node.ts'
import { PropertyFailure } from './observer.ts'
import type { Plan } from './plan.ts'

/** Rounds that a height may lose although a correct proposer had time enough: a lock that others must hear of first. */
const roundsAllowed = 3

/** Knows when heights ended, and what their rounds were. */
export class RoundWatch {
  readonly #plan: Plan
  readonly #healedMs: number
  readonly #endedMs = new Map<bigint, number>()

  /** @param healedMs - from then on everybody is there, and hears the others in time */
  constructor(plan: Plan, healedMs: number) {
    this.#plan = plan
    this.#healedMs = healedMs
  }

  /**
   * A correct node has decided.
   *
   * @param isCorrect - whether the proposer of a round follows the rules
   * @throws PropertyFailure L4
   */
  decided(
    height: bigint,
    { nowMs, round }: { readonly nowMs: number; readonly round: number },
    isCorrect: (round: number) => boolean,
  ): void {
    if (this.#endedMs.has(height)) return
    this.#endedMs.set(height, nowMs)
    const beganMs = this.#endedMs.get(height - 1n)
    if (beganMs === undefined || beganMs < this.#healedMs) return
    const rounds = Array.from({ length: round }, (_, earlier) => earlier)
    const lost = rounds.filter((earlier) => isCorrect(earlier) && this.#hasTime(earlier))
    if (lost.length <= roundsAllowed) return
    throw new PropertyFailure('L4', `height ${height} lost the rounds ${lost} of correct proposers`)
  }

  /** Whether the waits of a round are long enough for what has to happen in them, by clocks that run too fast. */
  #hasTime(round: number): boolean {
    const { buildMs, checkMs, syncMs, deltaMs, paceMs } = this.#plan
    const voteMs = checkMs + syncMs + 2 * deltaMs
    const proposeMs = voteMs + buildMs + syncMs + Math.max(...paceMs)
    const wait = (kind: 'propose' | 'prevote' | 'precommit') =>
      0.9 * timeoutMs(timeouts, kind, round)
    return wait('propose') >= proposeMs && Math.min(wait('prevote'), wait('precommit')) >= voteMs
  }
}
