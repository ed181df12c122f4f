/** Lists what a peer is scored for (consensus design, section 15). */

import type { Fault } from './network.ts'

const hourMs = 3_600_000

/** By name, so that a table can lead from what a chain calls it to what it costs. */
export const peerFaults = {
  /** Bad encoding, oversize, wrong chain key. */
  badEncoding: { name: 'bad-encoding', points: -100, banMs: 24 * hourMs },
  badSignature: { name: 'bad-signature', points: -50, isFailedCheck: true },
  badCertificate: { name: 'bad-certificate', points: -50, isFailedCheck: true },
  /** A part whose path does not lead to the root. */
  badPart: { name: 'bad-part', points: -50 },
  /** A block that breaks a rule of headers. */
  badBlock: { name: 'bad-block', points: -50 },
  /** A body whose roots differ, under a good header. */
  badBody: { name: 'bad-body', points: -30 },
  /** It has not what it says it has. */
  emptyClaim: { name: 'empty-claim', points: -10 },
  /** An answer that nobody asked for, or to another question. */
  unaskedAnswer: { name: 'unasked-answer', points: -10 },
  noAnswer: { name: 'no-answer', points: -2 },
  /** Outside the window of heights, or sooner than it may be said again. */
  outOfPlace: { name: 'out-of-place', points: -1 },
  /** The first to give something new. */
  news: { name: 'news', points: 1 },
  /** As many checks failed in a minute as a peer may cost. */
  overBudget: { name: 'over-budget', points: -100, banMs: hourMs },
} as const satisfies Readonly<Record<string, Fault>>
