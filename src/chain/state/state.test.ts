/** Checks roots of lists, states and overlays against simple models. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { AppError } from '../../base/app-error.ts'
import { toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
import { decodeDifference, encodeDifference } from './difference-codec.ts'
import { emptyRoot, orderedRoot, sortedRoot } from './ordered-root.ts'
import type { Account } from './state.ts'
import { createOverlay } from './state-overlay.ts'
import { type Trie, type TrieValue, triePut, trieRoot } from './test-trie/plain-trie.ts'
import { emptyCodeHash, emptyState } from './trie-state.ts'

describe('the root over a list', () => {
  test('is that of a trie, however many items there are', () => {
    for (const count of [0, 1, 2, 3, 17, 127, 128, 129, 200, 255, 256, 257, 400]) {
      const items = Array.from({ length: count }, (_, place) =>
        Uint8Array.from({ length: 1 + ((place * 7) % 90) }, (_, at) => (place + at + 1) & 255),
      )
      let trie: Trie<TrieValue>
      for (const [place, encoded] of items.entries()) {
        trie = triePut(trie, encodeRlp(rlpInteger(place)), { encoded })
      }
      assert.equal(toHex(orderedRoot(items)), toHex(trieRoot(trie)), `${count} items`)
    }
  })

  test('is that of a trie for any keys', () => {
    const keys = fc.uint8Array({ minLength: 1, maxLength: 4 })
    const values = fc.uint8Array({ minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, values), { maxLength: 40 }), (pairs) => {
        const model = new Map(pairs.map(([key, value]) => [key.toHex(), value]))
        let trie: Trie<TrieValue>
        for (const [key, encoded] of model) {
          trie = triePut(trie, Uint8Array.fromHex(key), { encoded })
        }
        const entries = [...model].sort(([a], [b]) => (a < b ? -1 : 1))
        const sorted = entries.map(([key, value]) => [Uint8Array.fromHex(key), value] as const)
        assert.equal(toHex(sortedRoot(sorted)), toHex(trieRoot(trie)))
      }),
    )
  })

  test('large lists do not grow the memory that is kept', () => {
    const items = [new Uint8Array(40 * 1024 * 1024).fill(1), Uint8Array.of(2)]
    const small = orderedRoot([Uint8Array.of(2)])
    assert.notDeepEqual(orderedRoot(items), small)
    assert.deepEqual(orderedRoot([Uint8Array.of(2)]), small)
  })
})

const address = (byte: number) => new Uint8Array(20).fill(byte)
const account = (balance: bigint): Account => ({ nonce: 1n, balance, codeHash: emptyCodeHash })

describe('an overlay', () => {
  test('what it holds hides what lies below, and wiping hides all storage', () => {
    const below = createOverlay(emptyState())
    below.setAccount(address(1), account(5n))
    below.setStorage(address(1), 7n, 70n)
    const overlay = createOverlay(below)
    overlay.setStorage(address(1), 7n, 71n)
    assert.equal(overlay.storage(address(1), 7n), 71n)
    overlay.wipeStorage(address(1))
    assert.equal(overlay.storage(address(1), 7n), 0n)
    assert.equal(overlay.hasStorage(address(1)), false)
    assert.equal(below.storage(address(1), 7n), 70n)
  })

  test('its difference gives the same state, also through its encoding', () => {
    const overlay = createOverlay(emptyState())
    const codeHash = overlay.addCode(Uint8Array.of(1, 2, 3))
    overlay.setAccount(address(1), { ...account(5n), codeHash })
    overlay.setStorage(address(1), 7n, 70n)
    overlay.setStorage(address(1), 8n, 80n)
    const difference = overlay.difference()
    assert.deepEqual(encodeDifference(decodeDifference(difference)), difference)
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

  test('a released state says that it is not kept, and those that came from it stay', () => {
    const first = createOverlay(emptyState())
    first.setAccount(address(1), account(5n))
    const state = emptyState().apply(first.difference())
    const second = createOverlay(state)
    second.setAccount(address(1), account(6n))
    const next = state.apply(second.difference())
    state.release()
    assert.throws(() => state.account(address(1)), { code: 'state/not-kept' })
    assert.equal(next.account(address(1))?.balance, 6n)
  })

  test('what is no difference is refused, wherever it is cut or changed, and the state goes on', () => {
    const overlay = createOverlay(emptyState())
    overlay.setAccount(address(1), { ...account(5n), nonce: 300n })
    overlay.setStorage(address(1), 7n, 2n ** 200n)
    overlay.wipeStorage(address(2))
    overlay.setAccount(address(2), undefined)
    const difference = overlay.difference()
    const state = emptyState()
    const { root } = state.apply(difference)
    const refused = { name: 'AppError', code: /bad-rlp|bad-difference/ }
    for (let length = 0; length < difference.length; length += 1) {
      assert.throws(() => state.apply(difference.subarray(0, length)), refused, `cut at ${length}`)
    }
    for (const [at, byte] of difference.entries()) {
      for (const other of [0x00, 0x80, 0xb8, 0xbf, 0xc0, 0xf7, 0xf8, 0xff, byte + 1]) {
        try {
          state.apply(difference.with(at, other)).release()
        } catch (error) {
          assert.match(String((error as AppError).code), refused.code)
        }
      }
    }
    assert.deepEqual(state.apply(difference).root, root)
    assert.deepEqual(state.root, emptyRoot)
  })

  test('code that nobody has is an error', () => {
    assert.throws(() => emptyState().code(keccak256(Uint8Array.of(1))), {
      code: 'state/unknown-code',
    })
  })
})
