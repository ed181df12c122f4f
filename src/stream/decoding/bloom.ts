/** Asks the bloom filter of a block whether it may hold logs of an address or topic. */

import { fromHex, type Hex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'

/** The three bits of an address or topic: byte and mask. @see Yellow Paper, "M3:2048" */
export type BloomBits = readonly (readonly [byte: number, mask: number])[]

/** Bits of an address or topic. */
export function bloomBits(value: Hex): BloomBits {
  const hash = keccak256(fromHex(value))
  return [0, 2, 4].map((at) => {
    const bit = (((hash[at] as number) << 8) | (hash[at + 1] as number)) & 2047
    return [255 - (bit >> 3), 1 << (bit & 7)] as const
  })
}

/** Whether all three are set. */
export function hasBits(bloom: Uint8Array, bits: BloomBits): boolean {
  return bits.every(([byte, mask]) => ((bloom[byte] as number) & mask) !== 0)
}
