/** Checks Snappy streams: written ones come back, compressed ones of elsewhere are read, damaged ones refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { unwrapFrames, wrapFrames } from './snappy-frames.ts'

const identifier = [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]
const most = 1_000_000
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A compressed chunk with this block, whose unwrapped bytes have this masked checksum. */
const compressedChunk = (block: readonly number[], checksum: readonly number[]) =>
  Uint8Array.from([...identifier, 0, block.length + 4, 0, 0, ...checksum, ...block])

/** The masked checksum as the writer gives it. */
const checksumOf = (bytes: Uint8Array) => [...wrapFrames(bytes).subarray(14, 18)]

test('what is wrapped comes back, in chunks of at most 65,536 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      assert.deepEqual(unwrapFrames(wrapFrames(bytes), most), bytes),
    ),
  )
  const long = new Uint8Array(200_000).map((_, at) => at % 251)
  const wrapped = wrapFrames(long)
  assert.equal(wrapped.length, identifier.length + 4 * 8 + long.length)
  assert.deepEqual(unwrapFrames(wrapped, most), long)
})

test('the checksum is the masked CRC-32C of the framing format', () => {
  // CRC-32C of "123456789" is 0xe3069283.
  const crc = 0xe3069283
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
  const expected = [0, 8, 16, 24].map((shift) => (masked >>> shift) & 0xff)
  assert.deepEqual(checksumOf(new TextEncoder().encode('123456789')), expected)
})

test('compressed chunks are read: given pieces, and copies with one, two and four bytes of distance', () => {
  const whole = 'abcdabcdabcdabcdabcdabcd'
  const bytes = new TextEncoder().encode(whole)
  const given = [0x0c, ...bytes.subarray(0, 4)]
  const copies = [
    // 20 bytes in copies of 10, each 4 back; the first kind of copy takes at most 11.
    [0x01 | (6 << 2), 4, 0x01 | (6 << 2), 4],
    [0x02 | (19 << 2), 4, 0],
    [0x03 | (19 << 2), 4, 0, 0, 0],
  ]
  for (const copy of copies) {
    const chunk = compressedChunk([24, ...given, ...copy], checksumOf(bytes))
    assert.equal(text(unwrapFrames(chunk, most)), whole)
  }
  const long = new Uint8Array(100).fill(7)
  const chunk = compressedChunk([100, 60 << 2, 99, ...long], checksumOf(long))
  assert.deepEqual(unwrapFrames(chunk, most), long)
})

test('padding and other skippable chunks are passed over', () => {
  const wrapped = wrapFrames(Uint8Array.of(1, 2, 3))
  const padded = Uint8Array.from([...wrapped, 0xfe, 2, 0, 0, 9, 9, 0x80, 0, 0, 0, ...identifier])
  assert.deepEqual(unwrapFrames(padded, most), Uint8Array.of(1, 2, 3))
})

test('damaged streams are refused by an AppError, and none holds more than it may', () => {
  const refused = (stream: readonly number[], message: RegExp) =>
    assert.throws(() => unwrapFrames(Uint8Array.from(stream), most), {
      code: 'chain/bad-frames',
      message,
    })
  const bytes = new TextEncoder().encode('abcd')
  const wrapped = [...wrapFrames(bytes)]
  refused([], /does not begin so/)
  refused(wrapped.with(-1, 0), /a checksum differs/)
  refused(wrapped.slice(0, -1), /ends within a chunk/)
  refused(wrapped.with(10, 0x02), /chunk type 2 is not known/)
  refused([...identifier, 1, 3, 0, 0, 1, 2, 3], /no checksum/)
  const block = (...content: number[]) => [...compressedChunk(content, checksumOf(bytes))]
  refused(block(4, 0x0c, 1), /ends within a piece/)
  refused(block(4, 0x01, 1), /copies from before its start/)
  refused(block(4, 0x00, 1, 0x01, 0), /copies from nowhere/)
  refused(block(4, 0x00, 1), /holds less than it says/)
  refused(block(1, 0x0c, ...bytes), /holds more than it says/)
  refused(block(0xff, 0xff, 0xff, 0xff, 0xff), /no length/)
  assert.throws(() => unwrapFrames(wrapFrames(new Uint8Array(70_000)), 69_999), /more than 69999/)
  fc.assert(
    fc.property(fc.nat(200), fc.nat(255), (at, byte) => {
      const damaged = compressedChunk([24, 0x0c, ...bytes, 0x4e, 4, 0], checksumOf(bytes))
      try {
        unwrapFrames(damaged.with(at % damaged.length, byte), most)
      } catch (error) {
        assert.ok(error instanceof AppError, String(error))
      }
    }),
  )
})
