/** Checks that frames come out as they went in, however the bytes are cut, and what is refused by its head. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../../base/bytes.ts'
import { encodeHead, type Frame, FrameDecoder, type FrameType, headBytes } from './frame.ts'

const anyFrame: fc.Arbitrary<Frame> = fc.record(
  {
    channel: fc.nat(65_535),
    kind: fc.nat(255),
    type: fc.constantFrom<FrameType>(0, 1, 2, 3),
    id: fc.nat(2 ** 32 - 1),
    bytes: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
)

const encodeFrame = (frame: Frame) =>
  concatBytes(encodeHead(frame, frame.bytes.length), frame.bytes)

function readAll(decoder: FrameDecoder, chunks: readonly Uint8Array[]): readonly Frame[] {
  return chunks.flatMap((chunk) => {
    decoder.push(chunk)
    const found: Frame[] = []
    for (let frame = decoder.next(); frame; frame = decoder.next()) found.push(frame)
    return found
  })
}

/** Cuts bytes at places that are given as shares of them. */
function cut(bytes: Uint8Array, shares: readonly number[]): readonly Uint8Array[] {
  const places = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b)
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length))
}

test('any frames, cut anywhere, come out as they went in', () => {
  const shares = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 40 })
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 6 }), shares, (frames, places) => {
      const bytes = concatBytes(...frames.map((frame) => encodeFrame(frame)))
      const decoder = new FrameDecoder(() => 300)
      assert.deepEqual(readAll(decoder, cut(bytes, places)), frames)
      assert.equal(decoder.isWithin, false)
      assert.equal(decoder.fault, undefined)
    }),
  )
})

test('one byte at a time is enough', () => {
  const frame: Frame = { channel: 7, kind: 9, type: 1, id: 11, bytes: Uint8Array.of(1, 2, 3) }
  const decoder = new FrameDecoder(() => 3)
  const bytes = encodeFrame(frame)
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte))
  assert.deepEqual(readAll(decoder, pieces.slice(0, -1)), [])
  assert.equal(decoder.isWithin, true)
  assert.deepEqual(readAll(decoder, pieces.slice(-1)), [frame])
})

test('the bytes of a frame are its own, whatever becomes of the chunk', () => {
  const chunk = Buffer.from(encodeFrame(frameOne))
  const [frame] = readAll(new FrameDecoder(() => 1), [chunk])
  chunk.fill(0)
  assert.deepEqual(frame, frameOne)
})

test('any bytes at all give frames or a fault, and never more than what came', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }), (chunks) => {
      const frames = readAll(new FrameDecoder(() => 2 ** 32), chunks)
      const sum = frames.reduce((total, { bytes }) => total + headBytes + bytes.length, 0)
      assert.ok(sum <= concatBytes(...chunks).length)
    }),
  )
})

test('a frame over the limit of its kind, or of no kind, is refused by its head alone', () => {
  const limits = new Map([[1, 10]])
  const headOf = (kind: number, length: number) =>
    encodeHead({ channel: 0, kind, type: 0, id: 0 }, length)
  for (const [kind, length] of [
    [1, 11],
    [2, 0],
  ] as const) {
    const decoder = new FrameDecoder((head) => limits.get(head.kind))
    assert.deepEqual(readAll(decoder, [headOf(kind, length)]), [])
    assert.match(decoder.fault ?? '', new RegExp(`kind ${kind} on channel 0`))
    assert.deepEqual(readAll(decoder, [encodeFrame(frameOne)]), [])
  }
  const decoder = new FrameDecoder((head) => limits.get(head.kind))
  readAll(decoder, [headOf(1, 10)])
  assert.equal(decoder.fault, undefined)
  const unknownType = new FrameDecoder(() => 10)
  const typed = headOf(1, 0).slice()
  typed[7] = 4
  readAll(unknownType, [typed])
  assert.match(unknownType.fault ?? '', /type 4/)
})

const frameOne: Frame = { channel: 0, kind: 1, type: 0, id: 0, bytes: Uint8Array.of(1) }

test('what is claimed is not made room for before it comes', () => {
  const claimed = encodeHead({ channel: 0, kind: 1, type: 0, id: 0 }, 2 ** 32 - 1)
  const decoder = new FrameDecoder(() => 2 ** 32)
  const before = process.memoryUsage().arrayBuffers
  readAll(decoder, [claimed, new Uint8Array(1_000)])
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
  assert.equal(decoder.isWithin, true)
})
