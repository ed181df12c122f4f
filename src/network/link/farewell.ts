/** Names why links end. */

/** By the byte that a goodbye has; the order is part of the protocol. */
const reasons = [
  ...(['lost', 'stopping', 'duplicate', 'full', 'banned', 'not-allowed', 'self'] as const),
  ...(['wrong-identity', 'no-common-chain', 'bad-frame', 'late-greeting', 'silent'] as const),
  ...(['slow', 'fault', 'removed'] as const),
] as const

/** Why a link ended; `lost` is that the connection broke. */
export type Farewell = (typeof reasons)[number]

/** Why, and which side ended it. */
export interface Ending {
  readonly reason: Farewell
  readonly isOurs: boolean
}

/** The byte of a reason. */
export function farewellByte(reason: Farewell): number {
  return reasons.indexOf(reason)
}

/** The reason of a byte. */
export function farewellOf(byte: number | undefined): Farewell {
  return reasons[byte ?? 0] ?? 'lost'
}
