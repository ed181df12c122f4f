/** Runs the public trie vectors. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { sortedRoot } from '../../src/chain/state/ordered-root.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'
import { skipVectors, vectorJson } from './vectors.ts'

type Pairs = readonly (readonly [string, string | null])[]

const bytesOf = (text: string) =>
  text.startsWith('0x') ? fromHex(text) : new TextEncoder().encode(text)

// Besides there is trietestnextprev.json: it asks for the keys before and after a key, which nothing here ever does.
const files = [
  { file: 'trietest.json', secure: false },
  { file: 'trietest_secureTrie.json', secure: true },
  { file: 'trieanyorder.json', secure: false },
  { file: 'trieanyorder_secureTrie.json', secure: true },
  { file: 'hex_encoded_securetrie_test.json', secure: true },
]

describe('the trie', { skip: skipVectors() }, () => {
  test('the root is right after every list of changes', async () => {
    let ran = 0
    for (const { file, secure } of files) {
      const cases = await vectorJson<
        Record<string, { in: Pairs | Record<string, string>; root: string }>
      >(...(['ethereum-tests/legacy', `TrieTests/${file}`] as const))
      for (const [name, { in: input, root }] of Object.entries(cases)) {
        const pairs: Pairs = Array.isArray(input) ? (input as Pairs) : Object.entries(input)
        const orders = Array.isArray(input) ? [pairs] : [pairs, pairs.toReversed()]
        for (const order of orders) {
          const contents = new Map<string, Uint8Array>()
          for (const [key, value] of order) {
            const place = (secure ? keccak256(bytesOf(key)) : bytesOf(key)).toHex()
            if (value === null) contents.delete(place)
            else contents.set(place, bytesOf(value))
          }
          const sorted = [...contents].sort(([a], [b]) => (a < b ? -1 : 1))
          const entries = sorted.map(([key, value]) => [Uint8Array.fromHex(key), value] as const)
          assert.equal(toHex(sortedRoot(entries)), root, `${file} ${name}`)
        }
        ran += 1
      }
    }
    assert.equal(ran, 25)
  })
})
