/** Checks tries, states, overlays and proofs against simple models. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { decodeRlp, rlpBytes, rlpList } from '../ledger/rlp.ts'
import { decodeDifference, encodeDifference } from './difference-codec.ts'
import type { Account } from './state.ts'
import { createOverlay } from './state-overlay.ts'
import {
  emptyRoot,
  type Trie,
  type TrieValue,
  trieGet,
  trieProof,
  triePut,
  trieRemove,
  trieRoot,
} from './trie.ts'
import { emptyCodeHash, emptyState } from './trie-state.ts'

const encoded = (...bytes: number[]): TrieValue => ({ encoded: Uint8Array.from(bytes) })
const keys = fc.uint8Array({ minLength: 1, maxLength: 4 })

describe('a trie', () => {
  const steps = fc.array(fc.tuple(keys, fc.option(fc.integer({ min: 1, max: 255 }))), {
    maxLength: 60,
  })

  test('has the root of its contents, however it came to them', () => {
    fc.assert(
      fc.property(steps, (changes) => {
        let trie: Trie<TrieValue>
        const model = new Map<string, number>()
        for (const [key, value] of changes) {
          if (value === null) {
            trie = trieRemove(trie, key)
            model.delete(key.toHex())
          } else {
            trie = triePut(trie, key, encoded(value))
            model.set(key.toHex(), value)
          }
        }
        let fresh: Trie<TrieValue>
        for (const [key, value] of [...model].reverse())
          fresh = triePut(fresh, Uint8Array.fromHex(key), encoded(value))
        assert.equal(toHex(trieRoot(trie)), toHex(trieRoot(fresh)))
        for (const [key, value] of model)
          assert.deepEqual(trieGet(trie, Uint8Array.fromHex(key)), encoded(value))
      }),
    )
  })

  test('an older version does not change', () => {
    const first = triePut(undefined, Uint8Array.of(1, 2), encoded(1))
    const root = trieRoot(first)
    const second = triePut(first, Uint8Array.of(1, 3), encoded(2))
    assert.notDeepEqual(trieRoot(second), root)
    assert.deepEqual(trieRoot(first), root)
    assert.deepEqual(trieRoot(trieRemove(second, Uint8Array.of(1, 3))), root)
    assert.deepEqual(
      trieRoot(trieRemove(trieRemove(second, Uint8Array.of(1, 3)), Uint8Array.of(1, 2))),
      emptyRoot,
    )
  })

  test('a proof is a chain of hashes from the root', () => {
    let trie: Trie<TrieValue>
    for (let n = 0; n < 200; n += 1)
      trie = triePut(trie, keccak256(Uint8Array.of(n)), { encoded: keccak256(Uint8Array.of(n, n)) })
    const key = keccak256(Uint8Array.of(77))
    const proof = trieProof(trie, key)
    let wanted = trieRoot(trie)
    for (const [depth, node] of proof.entries()) {
      assert.deepEqual(keccak256(node), wanted)
      const items = rlpList(decodeRlp(node), 'a node')
      const nibble = ((key[depth >> 1] ?? 0) >> (depth % 2 === 0 ? 4 : 0)) & 15
      if (items.length === 17) wanted = rlpBytes(items[nibble], 'a child')
      else assert.deepEqual(rlpBytes(items[1], 'the value'), keccak256(Uint8Array.of(77, 77)))
    }
    assert.ok(proof.length >= 2)
  })
})

const address = (byte: number) => new Uint8Array(20).fill(byte)
const account = (balance: bigint): Account => ({ nonce: 1n, balance, codeHash: emptyCodeHash })

describe('an overlay', () => {
  test('reverting gives back everything since the mark, at any depth', () => {
    const overlay = createOverlay(emptyState())
    overlay.setAccount(address(1), account(5n))
    overlay.setStorage(address(1), 7n, 70n)
    overlay.checkpoint()
    overlay.setStorage(address(1), 7n, 71n)
    overlay.checkpoint()
    overlay.setAccount(address(2), account(9n))
    overlay.wipeStorage(address(1))
    assert.equal(overlay.storage(address(1), 7n), 0n)
    assert.equal(overlay.hasStorage(address(1)), false)
    overlay.revert()
    assert.equal(overlay.account(address(2)), undefined)
    assert.equal(overlay.storage(address(1), 7n), 71n)
    overlay.commit()
    assert.equal(overlay.storage(address(1), 7n), 71n)
    overlay.checkpoint()
    overlay.setStorage(address(1), 7n, 0n)
    overlay.revert()
    assert.equal(overlay.storage(address(1), 7n), 71n)
  })

  test('its difference gives the same state, also through its encoding', () => {
    const overlay = createOverlay(emptyState())
    const codeHash = overlay.addCode(Uint8Array.of(1, 2, 3))
    overlay.setAccount(address(1), { ...account(5n), codeHash })
    overlay.setStorage(address(1), 7n, 70n)
    overlay.setStorage(address(1), 8n, 80n)
    const difference = overlay.difference()
    assert.deepEqual(decodeDifference(encodeDifference(difference)), difference)
    const state = emptyState().apply(difference)
    assert.equal(state.storage(address(1), 8n), 80n)
    assert.deepEqual(state.code(codeHash), Uint8Array.of(1, 2, 3))
    const after = createOverlay(state)
    after.wipeStorage(address(1))
    after.setStorage(address(1), 9n, 90n)
    const wiped = state.apply(after.difference())
    assert.deepEqual([wiped.storage(address(1), 7n), wiped.storage(address(1), 9n)], [0n, 90n])
    assert.equal(state.storage(address(1), 7n), 70n)
    const gone = createOverlay(wiped)
    gone.setAccount(address(1), undefined)
    assert.deepEqual(wiped.apply(gone.difference()).root, emptyRoot)
  })

  test('code that nobody has is an error', () => {
    assert.throws(() => emptyState().code(keccak256(Uint8Array.of(1))), {
      code: 'state/unknown-code',
    })
  })
})
