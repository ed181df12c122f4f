/** Decides when a link is asked whether it lives, and when it is given up. */

import type { Farewell } from './farewell.ts'

/** Patience with a link, in ms. */
export interface Patience {
  /** From the connection until both ends know each other. */
  readonly greetingMs: number
  /** Without a byte, until a ping is sent. */
  readonly idleMs: number
  /** Without a byte, until the link is given up. */
  readonly silentMs: number
  /** For one frame to arrive. */
  readonly frameMs: number
  /** Without a byte leaving while some wait. */
  readonly stalledMs: number
}

/** When what happened, in ms; absent for what is not so. */
export interface LinkTimes {
  readonly receivedMs: number
  readonly pingedMs?: number | undefined
  readonly frameBeganMs?: number | undefined
  readonly stalledMs?: number | undefined
  /** Whether nothing is read, because too much is being checked. */
  readonly isHeld: boolean
}

/** What to do about a link now. */
export function livenessOf(
  times: LinkTimes,
  patience: Patience,
  nowMs: number,
): 'ping' | Farewell | undefined {
  const { receivedMs, pingedMs, frameBeganMs, stalledMs, isHeld } = times
  const isOver = (since: number | undefined, patienceMs: number) =>
    since !== undefined && nowMs - since >= patienceMs
  if (isOver(stalledMs, patience.stalledMs)) return 'slow'
  if (isHeld) return undefined
  if (isOver(receivedMs, patience.silentMs)) return 'silent'
  if (isOver(frameBeganMs, patience.frameMs)) return 'slow'
  return isOver(receivedMs, patience.idleMs) && pingedMs === undefined ? 'ping' : undefined
}
