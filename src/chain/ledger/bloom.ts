/** Builds and asks the bloom filters of logs (Yellow Paper, section 4.3.1). */

import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Log } from './log-list.ts'

/** The bloom of most transactions, which log nothing; shared by all of them, so nobody may write to it. */
export const noBloom = new Uint8Array(256)

/** The 256 bytes that cover the addresses and topics of logs. */
export function bloomOf(logs: readonly Log[]): Uint8Array {
  if (logs.length === 0) return noBloom
  const bloom = new Uint8Array(256)
  let before: readonly Uint8Array[] = []
  for (const { address, topics } of logs) {
    const covered = [address, ...topics]
    for (const [place, bytes] of covered.entries()) {
      const last = before[place]
      // Logs of one kind are often alike in most of their parts.
      if (last !== undefined && equalBytes(last, bytes)) continue
      for (const bit of bloomBits(bytes)) {
        const byte = 255 - (bit >> 3)
        bloom[byte] = (bloom[byte] ?? 0) | (1 << (bit & 7))
      }
    }
    before = covered
  }
  return bloom
}

/** The 256 bytes that cover what others cover: those of a block, from those of its receipts. */
export function joinBlooms(blooms: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(256)
  for (const bloom of blooms) {
    if (bloom === noBloom) continue
    for (let at = 0; at < joined.length; at += 1) joined[at] = (joined[at] ?? 0) | (bloom[at] ?? 0)
  }
  return joined
}

/** The three bits that stand for an address or a topic, and are all set where it is covered. */
export function bloomBits(bytes: Uint8Array): readonly number[] {
  const hash = keccak256(bytes)
  return [0, 2, 4].map((at) => (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047)
}

/** Whether such bits are set; `false` is certain. */
export function bloomHas(bloom: Uint8Array, bits: readonly number[]): boolean {
  return bits.every((bit) => ((bloom[255 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0)
}
