/** Decides who may have a link, and which of two links to one peer stays. */

import type { PeerId } from '../network.ts'

/** Links that a node has at most. */
export interface Places {
  /** Opened by others. */
  readonly inbound: number
  /** Opened by this side, but to those that were asked for by name. */
  readonly outbound: number
  /** Of peers that were asked for by name, and of validators: beside the others. */
  readonly named: number
}

/** What counts of a link. */
export interface Occupant {
  readonly isDialled: boolean
  readonly isNamed: boolean
}

/** Whether there is a place for one more; one that is named may take any. */
export function hasPlace(
  { isDialled, isNamed }: Occupant,
  others: readonly Occupant[],
  places: Places,
): boolean {
  const named = others.filter((other) => other.isNamed).length
  if (isNamed && named < places.named) return true
  const alike = others.filter((other) => !other.isNamed && other.isDialled === isDialled).length
  const overflow = isNamed ? named - places.named : 0
  return alike + overflow < (isDialled ? places.outbound : places.inbound)
}

/**
 * Which of two links to one peer stays, so that both ends decide alike: of two that the same side opened the new one, since
 * the old one may have died without a word; else that of the side with the lower name.
 */
export function isNewKept(
  { wasDialled, isDialled }: { readonly wasDialled: boolean; readonly isDialled: boolean },
  own: PeerId,
  peer: PeerId,
): boolean {
  if (wasDialled === isDialled) return true
  return isDialled ? own < peer : peer < own
}
