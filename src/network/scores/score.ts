/** Computes how a peer stands after what it did, and when it is sent away (consensus design, section 15). */

import type { Fault } from '../network.ts'

/** How a peer stands; times in ms. */
export interface Standing {
  /** −100 to 100, as of `atMs`. */
  readonly points: number
  readonly atMs: number
  /** Points that were gained since the minute began. */
  readonly gained: number
  readonly gainedSinceMs: number
  /** Checks that failed since the minute began. */
  readonly failed: number
  readonly failedSinceMs: number
}

/** How a peer stands, and for how long it is sent away if it is. */
export interface Judgement {
  readonly standing: Standing
  readonly banMs?: number | undefined
}

const most = 100
const halfLifeMs = 600_000
const minuteMs = 60_000
const maxGain = 10
const maxFailed = 50
const usualBanMs = 3_600_000
/** Liveness beats tidiness. */
const longestValidatorBanMs = 60_000

/** Of whom nothing is known. */
export function newStanding(nowMs: number): Standing {
  const never = { gained: 0, gainedSinceMs: nowMs, failed: 0, failedSinceMs: nowMs }
  return { points: 0, atMs: nowMs, ...never }
}

/** The score at a time: what there was decays by half in 10 minutes. */
export function pointsAt({ points, atMs }: Standing, nowMs: number): number {
  return points * 2 ** (-Math.max(0, nowMs - atMs) / halfLifeMs)
}

/** How a peer stands after a fault, or after it was useful. */
export function judge(
  standing: Standing,
  fault: Fault,
  { nowMs, isValidator }: { readonly nowMs: number; readonly isValidator: boolean },
): Judgement {
  const next = withFault(standing, fault, nowMs)
  const isOverBudget = next.failed >= maxFailed
  if (next.points > -most && !isOverBudget) return { standing: next }
  const banMs = isOverBudget ? Math.max(usualBanMs, fault.banMs ?? 0) : (fault.banMs ?? usualBanMs)
  return {
    standing: next,
    banMs: isValidator ? Math.min(banMs, longestValidatorBanMs) : banMs,
  }
}

function withFault(standing: Standing, fault: Fault, nowMs: number): Standing {
  const [gained, gainedSinceMs] = inMinute(standing.gained, standing.gainedSinceMs, nowMs)
  const [failed, failedSinceMs] = inMinute(standing.failed, standing.failedSinceMs, nowMs)
  const change = fault.points > 0 ? Math.min(fault.points, maxGain - gained) : fault.points
  const points = Math.max(-most, Math.min(most, pointsAt(standing, nowMs) + change))
  return {
    ...{ points, atMs: nowMs, gainedSinceMs, failedSinceMs },
    gained: gained + Math.max(0, change),
    failed: failed + (fault.isFailedCheck ? 1 : 0),
  }
}

/** A count and the beginning of its minute; both begin anew when the minute is over. */
function inMinute(count: number, sinceMs: number, nowMs: number): readonly [number, number] {
  return nowMs - sinceMs < minuteMs ? [count, sinceMs] : [0, nowMs]
}
