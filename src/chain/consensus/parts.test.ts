/** Checks that a block comes together from its parts, and from nothing else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPartOf, partsOf } from './parts.ts'

const partBytes = 65_536
const summaryOf = (block: Uint8Array) => {
  const { root: partsRoot, byteLength, parts } = partsOf(block)
  return { parts, summary: { partsRoot, byteLength, partCount: parts.length } }
}
const blockOf = (length: number) =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 9)) & 255)

test('parts of blocks of all counts are those of their block, and together are the block', () => {
  for (let count = 1; count <= 9; count += 1) {
    const block = blockOf((count - 1) * partBytes + 1 + (count % 3))
    const { parts, summary } = summaryOf(block)
    assert.equal(parts.length, count)
    assert.ok(parts.every((part) => isPartOf(part, summary)))
    assert.deepEqual(Buffer.concat(parts.map(({ bytes }) => bytes)), Buffer.from(block))
  }
})

test('a part is refused with other bytes, at another place, or with another path', () => {
  const { parts, summary } = summaryOf(blockOf(5 * partBytes))
  for (const part of parts) {
    const bytes = Uint8Array.from(part.bytes)
    bytes[1_000] = (bytes[1_000] as number) ^ 1
    assert.ok(!isPartOf({ ...part, bytes }, summary))
    assert.ok(!isPartOf({ ...part, bytes: part.bytes.subarray(1) }, summary))
    for (const index of [part.index ^ 1, part.index + 8, 64]) {
      assert.ok(!isPartOf({ ...part, index }, summary))
    }
    assert.ok(!isPartOf({ ...part, path: part.path.slice(1) }, summary))
    assert.ok(!isPartOf({ ...part, path: [...part.path, summary.partsRoot] }, summary))
  }
})

test('a node of the tree does not pass for a part', () => {
  const { parts, summary } = summaryOf(blockOf(2 * partBytes))
  // Each of the two leaves is the path of the other.
  const inner = Buffer.concat(parts.flatMap(({ path }) => path).reverse())
  const short = { ...summary, partCount: 1, byteLength: inner.length }
  assert.ok(!isPartOf({ index: 0, bytes: inner, path: [] }, short))
})

test('the root of one part is its leaf', () => {
  const { parts, summary } = summaryOf(Uint8Array.of(1, 2, 3))
  assert.deepEqual(parts[0]?.path, [])
  assert.ok(isPartOf({ index: 0, bytes: Uint8Array.of(1, 2, 3), path: [] }, summary))
})
