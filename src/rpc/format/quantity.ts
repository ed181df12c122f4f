/** Writes integers and words the way Ethereum JSON-RPC does. */

import { fromBigInt, type Hex, padStart, toHex } from '../../base/bytes.ts'

/** An unsigned integer in hex without leading zeros. */
export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`
}

/** An integer of 256 bits as 32 bytes in hex. */
export function toWord(value: bigint): Hex {
  return toHex(padStart(fromBigInt(value), 32))
}
