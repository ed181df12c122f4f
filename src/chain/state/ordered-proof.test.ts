/** Checks proofs that items stand in lists, and that damaged ones show nothing. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keccak256 } from '../../crypto/keccak.ts'
import { encodeRlp } from '../ledger/rlp.ts'
import { orderedProof, provenItem } from './ordered-proof.ts'
import { orderedRoot } from './ordered-root.ts'

/** Short items lie within their parents, long ones do not. */
const item = (at: number, length: number) => new Uint8Array(length).fill(1 + (at % 250))

test('each item of a list of any length is proven, and at its own place only', () => {
  for (const count of [1, 2, 3, 16, 17, 127, 128, 129, 130, 256, 257, 700]) {
    for (const length of [1, 3, 31, 200]) {
      const items = Array.from({ length: count }, (_, at) => item(at, length))
      const root = orderedRoot(items)
      for (const at of new Set([0, 1, count >> 1, 127, 128, count - 1].filter((n) => n < count))) {
        const proof = orderedProof(items, at)
        assert.deepEqual(provenItem(root, at, proof), items[at], `${at} of ${count}`)
        assert.equal(provenItem(root, count, proof), undefined)
        if (count > 1) assert.notDeepEqual(provenItem(root, at === 0 ? 1 : 0, proof), items[at])
      }
    }
  }
})

test('a proof with a changed byte, a missing or a further node shows nothing', () => {
  const items = Array.from({ length: 300 }, (_, at) => item(at, 120))
  const root = orderedRoot(items)
  fc.assert(
    fc.property(
      fc.nat(299),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (at, place, difference) => {
        const proof = orderedProof(items, at)
        const changed = proof.map((node) => node.slice())
        const node = changed[place % changed.length] as Uint8Array
        const byte = place % node.length
        node[byte] = (node[byte] ?? 0) ^ difference
        assert.equal(provenItem(root, at, changed), undefined)
        assert.equal(provenItem(root, at, proof.slice(1)), undefined)
        assert.equal(provenItem(root, at, proof.slice(0, -1)), undefined)
        assert.equal(provenItem(root, at, [...proof, node]), undefined)
      },
    ),
  )
  const proof = orderedProof(items, 7)
  for (const place of [-1, 0.5, 2 ** 32, Number.NaN])
    assert.equal(provenItem(root, place, proof), undefined)
})

test('nodes that no trie has are refused, whatever their hashes say', () => {
  const leaf = Uint8Array.of(0x20, 0x80)
  for (const node of [
    [],
    [leaf],
    [leaf, [Uint8Array.of(1)]],
    [leaf, Uint8Array.of(1), leaf],
    [Uint8Array.of(), Uint8Array.of(1)],
    [Uint8Array.of(0x80, 0x80), Uint8Array.of(1)],
    Array.from({ length: 17 }, () => new Uint8Array()),
  ]) {
    const encoded = encodeRlp(node)
    assert.equal(provenItem(keccak256(encoded), 0, [encoded]), undefined)
  }
  const plain = Uint8Array.of(7)
  assert.equal(provenItem(keccak256(plain), 0, [plain]), undefined)
  const whole = encodeRlp([leaf, Uint8Array.of(1)])
  assert.deepEqual(provenItem(keccak256(whole), 0, [whole]), Uint8Array.of(1))
})
