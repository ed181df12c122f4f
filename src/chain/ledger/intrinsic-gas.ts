/** Computes what a transaction costs before it runs, and the least it costs in the end. */

import type { Rules } from './fork-rules.ts'
import type { AccessListEntry, Address, Authorization } from './transaction.ts'

/** The fields that the price depends on. */
export interface PricedTransaction {
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly accessList?: readonly AccessListEntry[] | undefined
  readonly authorizations?: readonly Authorization[] | undefined
}

/** The gas of a transaction that is known before it runs. */
export interface KnownGas {
  /** Before the first opcode: Yellow Paper g0 with EIP-2, 2028, 2930, 3860 and 7702. */
  readonly intrinsic: bigint
  /** The least that is charged, from Prague on: 21,000 and ten a token of calldata (EIP-7623). */
  readonly floor: bigint
}

/** What a transaction costs at least, whatever its code does. */
export function knownGas(transaction: PricedTransaction, { numbers }: Rules): KnownGas {
  const { to, data, accessList = [], authorizations = [] } = transaction
  const zeros = zerosIn(data)
  const others = data.length - zeros
  const words = Math.ceil(data.length / 32)
  const creation = to === undefined ? numbers.txCreate + numbers.initCodeWord * words : 0
  const slots = accessList.reduce((sum, entry) => sum + entry.slots.length, 0)
  const access = numbers.txAddress * accessList.length + numbers.txSlot * slots
  const delegation = numbers.txAuthorization * authorizations.length
  const bytes = numbers.txZeroByte * zeros + numbers.txByte * others
  const floor =
    numbers.floorToken === 0 ? 0 : numbers.txBase + numbers.floorToken * (zeros + 4 * others)
  return {
    intrinsic: BigInt(numbers.txBase + bytes + creation + access + delegation),
    floor: BigInt(floor),
  }
}

function zerosIn(data: Uint8Array): number {
  let zeros = 0
  for (let at = 0; at < data.length; at += 1) if (data[at] === 0) zeros += 1
  return zeros
}
