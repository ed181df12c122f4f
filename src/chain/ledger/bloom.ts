/** Builds and asks the bloom filters of logs (Yellow Paper, section 4.3.1). */

import { keccak256 } from '../../crypto/keccak.ts'
import { LogCursor, type LogList } from './log-list.ts'

const bloomBytes = 256
const [addressBytes, topicBytes] = [20, 32]
/** Blooms that share a buffer: memory of their own costs more than what is done with them. */
const bloomsTogether = 64

/** The bloom of most transactions, which log nothing; shared by all of them, so nobody may write to it. */
export const noBloom = new Uint8Array(bloomBytes)

/** The 256 bytes that cover the addresses and topics of logs. */
export function bloomOf({ bytes, length }: LogList): Uint8Array {
  if (length === 0) return noBloom
  const bloom = freshBloom()
  const cursor = new LogCursor(bytes)
  while (cursor.next()) {
    setBits(bloom, memoPlace(bytes, cursor.address, addressBytes))
    for (let place = 0; place < cursor.topicCount; place += 1) {
      setBits(bloom, memoPlace(bytes, cursor.topic(place), topicBytes))
    }
  }
  return bloom
}

/** The 256 bytes that cover what others cover: those of a block, from those of its receipts. */
export function joinBlooms(blooms: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(bloomBytes)
  for (const bloom of blooms) {
    if (bloom === noBloom) continue
    for (let at = 0; at < bloomBytes; at += 1) joined[at] = byteOf(joined, at) | byteOf(bloom, at)
  }
  return joined
}

/** The three bits that stand for an address or a topic, and are all set where it is covered. */
export function bloomBits(bytes: Uint8Array): readonly number[] {
  const place = 3 * memoPlace(bytes, 0, bytes.length)
  return [...memoBits.subarray(place, place + 3)]
}

/** Whether such bits are set; `false` is certain. */
export function bloomHas(bloom: Uint8Array, bits: readonly number[]): boolean {
  return bits.every((bit) => (byteOf(bloom, 255 - (bit >> 3)) & (1 << (bit & 7))) !== 0)
}

let [shared, next] = [new ArrayBuffer(0), 0]

function freshBloom(): Uint8Array {
  if (next === shared.byteLength) {
    ;[shared, next] = [new ArrayBuffer(bloomsTogether * bloomBytes), 0]
  }
  next += bloomBytes
  return new Uint8Array(shared, next - bloomBytes, bloomBytes)
}

const memoSize = 4_096
const widest = 32
/** Names that were hashed lately, and the three bits of each: the same accounts and events come again and again. */
const memoNames = new Uint8Array(memoSize * widest)
const memoLengths = new Uint8Array(memoSize)
const memoBits = new Uint16Array(memoSize * 3)

function setBits(bloom: Uint8Array, memoAt: number): void {
  for (let at = 3 * memoAt; at < 3 * memoAt + 3; at += 1) {
    const bit = memoBits[at] as number
    const byte = 255 - (bit >> 3)
    bloom[byte] = byteOf(bloom, byte) | (1 << (bit & 7))
  }
}

/** Where the memo has the bits of a name that lies in some bytes; it has them from here on. */
function memoPlace(bytes: Uint8Array, from: number, length: number): number {
  const last = from + length - 1
  const tail = byteOf(bytes, last) | (byteOf(bytes, last - 1) << 8)
  const place = (tail ^ byteOf(bytes, last - 2) ^ (byteOf(bytes, from) << 4)) & (memoSize - 1)
  if (memoLengths[place] === length && isAt(place, bytes, from)) return place
  const name = bytes.subarray(from, from + length)
  const hash = keccak256(name)
  memoNames.set(name, place * widest)
  memoLengths[place] = length
  for (let at = 0; at < 3; at += 1) memoBits[3 * place + at] = bitAt(hash, 2 * at)
  return place
}

function isAt(place: number, bytes: Uint8Array, from: number): boolean {
  const start = place * widest
  for (let at = (memoLengths[place] as number) - 1; at >= 0; at -= 1) {
    if (memoNames[start + at] !== bytes[from + at]) return false
  }
  return true
}

function byteOf(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}

/** One of the three bits that a hash sets: the lower eleven of two bytes. */
function bitAt(hash: Uint8Array, at: number): number {
  return ((byteOf(hash, at) << 8) | byteOf(hash, at + 1)) & 2047
}
