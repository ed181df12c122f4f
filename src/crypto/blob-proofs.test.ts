/** Checks proofs of blobs and of their cells: right ones, and every way in which one can be wrong. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areBlobProofs, areCellProofs, type ProvenBlobs } from './blob-proofs.ts'
import { powersInG1 } from './blob-setup.ts'
import { blobFieldOrder } from './kzg.ts'
import { provenBlob, publishedSetup } from './test-blobs/proven-blob.ts'

const made = [provenBlob(1n), provenBlob(2n)]
const whole: ProvenBlobs = {
  blobs: made.map(({ blob }) => blob),
  commitments: made.map(({ commitment }) => commitment),
  proofs: made.map(({ proof }) => proof),
}
const inCells: ProvenBlobs = { ...whole, proofs: made.flatMap(({ cellProofs }) => cellProofs) }

const flipped = (bytes: Uint8Array, at: number) => {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
const swapped = <T>(list: readonly T[], a: number, b: number) =>
  list.with(a, list[b] as T).with(b, list[a] as T)

for (const [name, check, right] of [
  ['blobs', areBlobProofs, whole],
  ['cells', areCellProofs, inCells],
] as const) {
  test(`proofs of ${name} hold, and none holds for anything else`, () => {
    const { blobs, commitments, proofs } = right
    assert.equal(check(right), true)
    const [first, second] = blobs as [Uint8Array, Uint8Array]
    const last = proofs.length - 1
    const wrong: readonly Partial<ProvenBlobs>[] = [
      { blobs: [flipped(first, 31), second] },
      { blobs: [first, flipped(second, 131_071)] },
      { blobs: swapped(blobs, 0, 1) },
      { commitments: swapped(commitments, 0, 1) },
      { commitments: [commitments[0] as Uint8Array, flipped(commitments[1] as Uint8Array, 47)] },
      { proofs: swapped(proofs, 0, last) },
      { proofs: swapped(proofs, 0, 1) },
      { proofs: proofs.with(last, proofs[0] as Uint8Array) },
      { proofs: proofs.with(last, flipped(proofs[last] as Uint8Array, 47)) },
      { proofs: proofs.with(last, new Uint8Array(48)) },
      { proofs: proofs.slice(0, -1) },
    ]
    for (const [at, change] of wrong.entries()) {
      assert.equal(check({ ...right, ...change }), false, `change ${at}`)
    }
  })

  test(`a value that is not of the field is in no ${name}`, () => {
    const blob = new Uint8Array(131_072)
    blob.set(Uint8Array.fromHex(blobFieldOrder.toString(16)), 64)
    assert.equal(check({ ...right, blobs: [blob, right.blobs[1] as Uint8Array] }), false)
  })
}

test('an empty blob is committed to by the point at infinity', () => {
  const infinity = Uint8Array.from({ length: 48 }, (_, at) => (at === 0 ? 0xc0 : 0))
  const blobs = [new Uint8Array(131_072)]
  const commitments = [infinity]
  assert.equal(areBlobProofs({ blobs, commitments, proofs: [infinity] }), true)
  assert.equal(areCellProofs({ blobs, commitments, proofs: Array(128).fill(infinity) }), true)
})

test('the powers of the secret are those that were published', () => {
  const published = publishedSetup.g1_monomial.slice(0, powersInG1.length)
  assert.deepEqual(
    powersInG1.map((hex) => `0x${hex}`),
    published,
  )
})
