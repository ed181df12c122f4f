/** The trees of the example `anchored-readings`: every proof leads to the root, and nothing else does. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { test } from 'node:test'

type Proof = readonly ({ readonly left: string } | { readonly right: string })[]
type Reading = { readonly [member: string]: unknown }
interface Tree {
  readonly root: string
  readonly leaves: readonly { readonly reading: Reading; readonly proof: Proof }[]
}

const file = path.join(import.meta.dirname, '../examples/anchored-readings/merkle.js')
const { default: merkle } = (await import(file)) as { default: (payload: object) => unknown }
const treeOf = (readings: readonly Reading[]) => merkle({ readings }) as Tree
const rootOf = (reading: Reading, proof: Proof) => (merkle({ reading, proof }) as Tree).root
const readings = Array.from({ length: 33 }, (_, at) => ({ id: `${at}`, data: { value: at / 2 } }))

test('each reading of a tree of any size has a proof that leads to the root', () => {
  for (let count = 1; count <= readings.length; count += 1) {
    const { root, leaves } = treeOf(readings.slice(0, count))
    assert.equal(leaves.length, count)
    for (const { reading, proof } of leaves) {
      assert.equal(rootOf(reading, proof), root)
      assert.ok(proof.length <= Math.ceil(Math.log2(count)))
      assert.notEqual(rootOf({ ...reading, data: { value: -1 } }, proof), root)
      for (const at of proof.keys()) assert.notEqual(rootOf(reading, proof.toSpliced(at, 1)), root)
    }
  }
})

test('the order of members does not count, that of readings does; a pair is no reading', () => {
  const [a, b] = [{ x: 1, y: [2, { p: 3, q: null }] }, { x: 2 }]
  const { root, leaves } = treeOf([a, b])
  assert.equal(rootOf({ y: [2, { q: null, p: 3 }], x: 1 }, leaves[0]?.proof ?? []), root)
  assert.notEqual(treeOf([b, a]).root, root)
  const sha256 = (...parts: readonly Uint8Array[]) =>
    createHash('sha256').update(Buffer.concat(parts)).digest()
  const leaf = (text: string) => sha256(Uint8Array.of(0), Buffer.from(text))
  const [first, second] = [leaf('{"x":1,"y":[2,{"p":3,"q":null}]}'), leaf('{"x":2}')]
  assert.equal(root, `0x${sha256(Uint8Array.of(1), first, second).toString('hex')}`)
  assert.throws(() => merkle({ readings: [] }), /readings, or a reading and its proof/)
})
