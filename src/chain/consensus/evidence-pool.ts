/** Keeps evidence until it is on the chain, and chooses what goes into a block. */

import { equalBytes } from '../../base/bytes.ts'
import { isSettled } from './evidence.ts'
import { limits } from './limits.ts'
import type { NamedEvidence, Punished } from './messages.ts'

/** What a chain says of evidence that is to come. */
export interface EvidenceGround {
  readonly punished: readonly Punished[]
  /** Of the block that would carry it. */
  readonly height: bigint
  readonly evidenceHeights: bigint
}

/** Whether it could still go into a block. */
export function isOpen(one: NamedEvidence, { punished, height, evidenceHeights }: EvidenceGround) {
  return height - one.evidence.a.height <= evidenceHeights && !isSettled(punished, one)
}

/** With one more; the same when there is something of its signer already, which settles all, or no room. */
export function withEvidence(
  pool: readonly NamedEvidence[],
  one: NamedEvidence,
): readonly NamedEvidence[] {
  const isKnown = pool.some(({ signer }) => equalBytes(signer, one.signer))
  return isKnown || pool.length >= limits.maxEvidenceHeld ? pool : [...pool, one]
}

/** As much as a block may carry, the oldest first; so many pairs of the longest signatures are below 64 KiB. */
export function chosenEvidence(
  pool: readonly NamedEvidence[],
  ground: EvidenceGround,
): readonly NamedEvidence[] {
  const open = pool.filter((one) => isOpen(one, ground) && one.evidence.a.height <= ground.height)
  const room = limits.maxPunished - ground.punished.length
  return open.slice(0, Math.min(limits.maxEvidencePerBlock, room))
}
