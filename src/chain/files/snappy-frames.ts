/** Wraps and unwraps bytes in Snappy's framing format; what is wrapped here is not compressed. */

import { AppError } from '../../base/app-error.ts'
import { concatBytes } from '../../base/bytes.ts'

/** Begins each stream. */
const identifier = Uint8Array.of(0xff, 6, 0, 0, ...new TextEncoder().encode('sNaPpY'))
const [compressed, plain, firstSkippable] = [0x00, 0x01, 0x80]
/** Most bytes of one chunk, unwrapped. */
const maxChunk = 65_536

/** One stream of chunks that are not compressed, which every reader of the format takes. */
export function wrapFrames(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [identifier]
  for (let at = 0; at < bytes.length; at += maxChunk) {
    const chunk = bytes.subarray(at, at + maxChunk)
    parts.push(chunkHead(plain, chunk.length + 4), maskedChecksum(chunk), chunk)
  }
  return concatBytes(...parts)
}

/**
 * What a stream holds.
 *
 * @param most - bytes that it may hold
 * @throws AppError `chain/bad-frames`
 */
export function unwrapFrames(stream: Uint8Array, most: number): Uint8Array {
  const parts: Uint8Array[] = []
  let [at, sum] = [0, 0]
  if (identifier.some((byte, place) => stream[place] !== byte)) throw bad('it does not begin so')
  while (at < stream.length) {
    const type = stream[at] ?? 0
    const length = little(stream, at + 1, 3)
    const start = at + 4
    at = start + length
    if (start > stream.length || at > stream.length) throw bad('it ends within a chunk')
    if (type >= firstSkippable) continue
    if (type !== compressed && type !== plain) throw bad(`chunk type ${type} is not known`)
    if (length < 4) throw bad('a chunk has no checksum')
    const body = stream.subarray(start + 4, at)
    const chunk = type === plain ? body : decompress(body)
    if (chunk.length > maxChunk) throw bad('a chunk is too large')
    const sumOf = maskedChecksum(chunk)
    if (sumOf.some((byte, place) => stream[start + place] !== byte)) throw bad('a checksum differs')
    sum += chunk.length
    if (sum > most) throw bad(`it holds more than ${most} bytes`)
    parts.push(chunk)
  }
  return concatBytes(...parts)
}

/** One block of Snappy's own format: a length, then pieces that are given or copied from before. */
function decompress(block: Uint8Array): Uint8Array {
  let [length, shift, at] = [0, 0, 0]
  for (; ; shift += 7) {
    const byte = block[at]
    if (byte === undefined || shift > 21) throw bad('a chunk has no length')
    length |= (byte & 0x7f) << shift
    at += 1
    if (byte < 0x80) break
  }
  if (length > maxChunk) throw bad('a chunk is too large')
  const output = new Uint8Array(length)
  let written = 0
  while (at < block.length) {
    const piece = pieceAt(block, at)
    if (written + piece.length > length) throw bad('a chunk holds more than it says')
    if (piece.back === 0) output.set(block.subarray(piece.end - piece.length, piece.end), written)
    else if (piece.back > written) throw bad('a chunk copies from before its start')
    // Copies may overlap what they write, so they go byte by byte.
    else {
      for (let one = 0; one < piece.length; one += 1) {
        output[written + one] = output[written + one - piece.back] ?? 0
      }
    }
    written += piece.length
    at = piece.end
  }
  if (written !== length) throw bad('a chunk holds less than it says')
  return output
}

/** A piece of a block: given if `back` is 0, else a copy from so far back; `end` is where the next one begins. */
function pieceAt(block: Uint8Array, at: number): { length: number; back: number; end: number } {
  const tag = block[at] ?? 0
  const kind = tag & 3
  const high = tag >> 2
  const piece = {
    0: () => {
      const more = high < 60 ? 0 : high - 59
      const length = (more === 0 ? high : little(block, at + 1, more)) + 1
      return { length, back: 0, end: at + 1 + more + length }
    },
    1: () => {
      const back = ((tag >> 5) << 8) | little(block, at + 1, 1)
      return { length: ((tag >> 2) & 7) + 4, back, end: at + 2 }
    },
    2: () => ({ length: high + 1, back: little(block, at + 1, 2), end: at + 3 }),
    3: () => ({ length: high + 1, back: little(block, at + 1, 4), end: at + 5 }),
  }[kind as 0 | 1 | 2 | 3]()
  if (piece.end > block.length) throw bad('a chunk ends within a piece')
  if (kind !== 0 && piece.back === 0) throw bad('a chunk copies from nowhere')
  return piece
}

function chunkHead(type: number, length: number): Uint8Array {
  return Uint8Array.of(type, length & 0xff, (length >> 8) & 0xff, length >> 16)
}

function little(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let place = count - 1; place >= 0; place -= 1) value = value * 256 + (bytes[at + place] ?? 0)
  return value
}

/** CRC-32C, turned and moved as the framing format wants it. */
function maskedChecksum(bytes: Uint8Array): Uint8Array {
  let sum = 0xffffffff
  for (const byte of bytes) sum = (sum >>> 8) ^ (crcTable[(sum ^ byte) & 0xff] ?? 0)
  const crc = (sum ^ 0xffffffff) >>> 0
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
  return Uint8Array.of(masked & 0xff, (masked >>> 8) & 0xff, (masked >>> 16) & 0xff, masked >>> 24)
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0)
  return value >>> 0
})

function bad(reason: string): AppError {
  return new AppError({ code: 'chain/bad-frames', message: `not a Snappy stream: ${reason}` })
}
