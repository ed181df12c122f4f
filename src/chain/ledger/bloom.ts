/** Builds and asks the bloom filters of logs (Yellow Paper, section 4.3.1). */

import { keccak256 } from '../../crypto/keccak.ts'
import type { Log } from './block.ts'

/** The bloom of most transactions, which log nothing; shared by all of them, so nobody may write to it. */
export const noBloom = new Uint8Array(256)

/** The 256 bytes that cover the addresses and topics of logs. */
export function bloomOf(logs: readonly Log[]): Uint8Array {
  if (logs.length === 0) return noBloom
  const bloom = new Uint8Array(256)
  for (const { address, topics } of logs) {
    for (const bytes of [address, ...topics]) {
      const hash = keccak256(bytes)
      for (let at = 0; at < 6; at += 2) {
        const bit = bitAt(hash, at)
        bloom[255 - (bit >> 3)] = byteAt(bloom, bit) | (1 << (bit & 7))
      }
    }
  }
  return bloom
}

/** Whether an address or topic may be covered; `false` is certain. */
export function bloomMayContain(bloom: Uint8Array, bytes: Uint8Array): boolean {
  const hash = keccak256(bytes)
  return [0, 2, 4]
    .map((at) => bitAt(hash, at))
    .every((bit) => (byteAt(bloom, bit) & (1 << (bit & 7))) !== 0)
}

function byteAt(bloom: Uint8Array, bit: number): number {
  return bloom[255 - (bit >> 3)] ?? 0
}

/** One of the three bits that a hash sets: the lower eleven of two bytes. */
function bitAt(hash: Uint8Array, at: number): number {
  return (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047
}
