/** Compares the trie kernel with a plain trie over random changes, with versions kept and dropped in any order. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromBigInt, padStart, toHex } from '../../../base/bytes.ts'
import { keccak256 } from '../../../crypto/keccak.ts'
import { encodeRlp, rlpInteger } from '../../ledger/rlp.ts'
import { encodeDifference, partsOfDifference } from '../difference-codec.ts'
import { PageBook } from '../pages/page-book.ts'
import type { Account } from '../state.ts'
import { type Trie, type TrieValue, trieProof, triePut, trieRoot } from '../test-trie/plain-trie.ts'
import { TrieKernel } from './trie-kernel.ts'
import { emptyVersion, holdVersion, letGo, nextVersion, type Version } from './version.ts'

/** An account and its storage; what a kernel is to hold. */
interface Known extends Account {
  readonly storage: ReadonlyMap<bigint, bigint>
}
type Model = ReadonlyMap<number, Known>

type Change =
  | {
      kind: 'put'
      of: number
      nonce: bigint
      balance: bigint
      wipe: boolean
      slots: [bigint, bigint][]
    }
  | { kind: 'remove'; of: number }

const addressOf = (of: number) => padStart(Uint8Array.of(of), 20)
const codeHash = keccak256(new Uint8Array())

const words = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
  fc.integer({ min: 0, max: 255 }).map((bit) => 1n << BigInt(bit)),
)
const slots = fc.bigInt({ min: 0n, max: 40n })
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      of: fc.integer({ min: 0, max: 60 }),
      nonce: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      balance: words,
      wipe: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
      slots: fc.array(fc.tuple(slots, fc.oneof(fc.constant(0n), words)), { maxLength: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      of: fc.integer({ min: 0, max: 60 }),
    }),
  },
)

function changedModel(model: Model, changes: readonly Change[]): Model {
  const next = new Map(model)
  for (const one of changes) {
    if (one.kind === 'remove') next.delete(one.of)
    else {
      const storage = new Map(one.wipe ? [] : next.get(one.of)?.storage)
      for (const [slot, value] of one.slots) {
        if (value === 0n) storage.delete(slot)
        else storage.set(slot, value)
      }
      next.set(one.of, { nonce: one.nonce, balance: one.balance, codeHash, storage })
    }
  }
  return next
}

function changedVersion(kernel: TrieKernel, from: Version, changes: readonly Change[]): Version {
  const accounts = changes.map((one) => {
    const put = one.kind === 'put' ? one : undefined
    return {
      ...{ address: addressOf(one.of), account: put && { ...put, codeHash } },
      ...{ storageWiped: put?.wipe ?? false, slots: put?.slots ?? [] },
    }
  })
  const encoded = partsOfDifference(encodeDifference({ accounts, codes: [] })).changes
  const version = nextVersion(kernel, from, (root) => {
    const applied = kernel.apply(root, encoded)
    assert.equal(applied.fault, undefined)
    return applied.root
  })
  holdVersion(version)
  return version
}

function storageTrie(storage: ReadonlyMap<bigint, bigint>): Trie<TrieValue> {
  let trie: Trie<TrieValue>
  for (const [slot, value] of storage) {
    trie = triePut(trie, slotKey(slot), { encoded: encodeRlp(rlpInteger(value)) })
  }
  return trie
}

const slotKey = (slot: bigint) => keccak256(padStart(fromBigInt(slot), 32))

function plainTrie(model: Model): Trie<TrieValue> {
  let trie: Trie<TrieValue>
  for (const [of, { nonce, balance, storage }] of model) {
    const root = trieRoot(storageTrie(storage))
    const fields = [rlpInteger(nonce), rlpInteger(balance), root, codeHash]
    trie = triePut(trie, keccak256(addressOf(of)), { encoded: encodeRlp(fields) })
  }
  return trie
}

function compare(kernel: TrieKernel, version: Version, model: Model): void {
  const trie = plainTrie(model)
  assert.equal(toHex(kernel.rootHash(version.root)), toHex(trieRoot(trie)))
  for (const one of [0, 1, 2, 30, 60]) {
    const known = model.get(one)
    const found = kernel.account(version.root, addressOf(one))
    assert.deepEqual(found, known && { nonce: known.nonce, balance: known.balance, codeHash })
    assert.equal(kernel.hasStorage(version.root, addressOf(one)), (known?.storage.size ?? 0) > 0)
    const asked = [0n, 1n, 2n, 40n]
    const proof = kernel.prove(version.root, addressOf(one), asked)
    assert.deepEqual(proof.accountProof, trieProof(trie, keccak256(addressOf(one))))
    const storage = storageTrie(known?.storage ?? new Map())
    assert.deepEqual(proof.storageRoot, trieRoot(storage))
    for (const [place, slot] of asked.entries()) {
      assert.equal(
        kernel.storage(version.root, addressOf(one), slot),
        known?.storage.get(slot) ?? 0n,
      )
      assert.deepEqual(proof.slotProofs[place], trieProof(storage, slotKey(slot)))
    }
  }
}

/** Bytes that a state takes when it is built at once. */
function bytesOf(model: Model): number {
  const kernel = new TrieKernel(new PageBook())
  const changes = [...model].map(([of, { storage, ...fields }]): Change => {
    return { ...fields, kind: 'put', of, wipe: false, slots: [...storage] }
  })
  changedVersion(kernel, emptyVersion(), changes)
  return kernel.usedBytes
}

describe('versions of a state', () => {
  test('each has its own contents, root and proofs, and nothing is left of dropped ones', () => {
    const step = fc.record({
      from: fc.nat(),
      changes: fc.array(change, { maxLength: 25 }),
      drops: fc.array(fc.nat(), { maxLength: 2 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const kernel = new TrieKernel(new PageBook())
        const kept: { version: Version; model: Model }[] = [
          { version: emptyVersion(), model: new Map() },
        ]
        for (const { version } of kept) holdVersion(version)
        for (const { from, changes, drops } of steps) {
          const base = kept[from % kept.length]
          assert.ok(base)
          const version = changedVersion(kernel, base.version, changes)
          kept.push({ version, model: changedModel(base.model, changes) })
          for (const drop of drops) {
            if (kept.length === 1) break
            const [gone] = kept.splice(drop % kept.length, 1)
            if (gone) letGo(kernel, gone.version)
          }
        }
        for (const { version, model } of kept) compare(kernel, version, model)
        const last = kept.pop()
        for (const { version } of kept) letGo(kernel, version)
        assert.ok(last)
        compare(kernel, last.version, last.model)
        assert.equal(kernel.usedBytes, bytesOf(last.model))
        letGo(kernel, last.version)
        assert.equal(kernel.usedBytes, 0)
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })
})
