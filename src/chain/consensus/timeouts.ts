/** Says how long a validator waits in a round. */

import type { Timer } from './core-state.ts'

/** How long the first round waits, and how much longer each later one; milliseconds. */
export interface Timeouts {
  readonly base: Readonly<Record<Timer['kind'], number>>
  readonly delta: Readonly<Record<Timer['kind'], number>>
  readonly max: number
}

/** Rounds after which the difference between rounds doubles. */
const roundsToDouble = 5

/**
 * Milliseconds of a wait: base + round · delta, at most `max`. After five rounds of a height delta doubles, and again after
 * every five, so that any delay of the network is reached (consensus.md, section 4.6).
 */
export function timeoutMs({ base, delta, max }: Timeouts, kind: Timer['kind'], round: number) {
  const doublings = Math.floor(round / roundsToDouble)
  const deltas = roundsToDouble * (2 ** doublings - 1) + (round % roundsToDouble) * 2 ** doublings
  return Math.min(base[kind] + deltas * delta[kind], max)
}
