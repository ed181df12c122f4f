/** Checks signatures and recovery, and that the two implementations give the same answers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, fromBigInt, padStart } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import {
  addressOfKey,
  portableBackend,
  recoverAddress,
  signatureBackend,
  signHash,
} from './secp256k1.ts'
import { sha256 } from './sha256.ts'

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const word = (value: bigint) => padStart(fromBigInt(value), 32)
const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const anyKey = fc.bigInt({ min: 1n, max: order - 1n }).map(word)

test('the native implementation loads where its package has a build for the machine', () => {
  const builds = ['linux-x64', 'darwin-arm64', 'win32-x64']
  if (builds.includes(`${process.platform}-${process.arch}`))
    assert.equal(signatureBackend, 'native')
  assert.ok(['native', 'portable'].includes(signatureBackend))
})

test('a signature is the one of RFC 6979, and has a low s', () => {
  const signature = signHash(sha256(new TextEncoder().encode('Satoshi Nakamoto')), word(1n))
  assert.equal(signature.r, 0x934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8n)
  assert.equal(signature.s, 0x2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5n)
  fc.assert(
    fc.property(anyHash, anyKey, (hash, key) => assert.ok(signHash(hash, key).s <= order / 2n)),
    { numRuns: 50 },
  )
})

test('the address that signed is found again, and another hash gives another', () => {
  fc.assert(
    fc.property(anyHash, anyKey, (hash, key) => {
      const signature = signHash(hash, key)
      const address = addressOfKey(key)
      assert.deepEqual(recoverAddress(hash, signature), address)
      const other = keccak256(hash)
      assert.notDeepEqual(recoverAddress(other, signature), address)
    }),
    { numRuns: 50 },
  )
})

test('the portable implementation signs like the one in use', () => {
  fc.assert(
    fc.property(anyHash, anyKey, (hash, key) => {
      const { yParity, r, s } = signHash(hash, key)
      const portable = portableBackend.sign(hash, key)
      assert.deepEqual(portable.compact, concatBytes(word(r), word(s)))
      assert.equal(portable.yParity, yParity)
    }),
    { numRuns: 50 },
  )
})

test('the portable implementation recovers like the one in use, from right, high and senseless signatures', () => {
  const edges = [
    1n,
    2n,
    order / 2n,
    order / 2n + 1n,
    order - 1n,
    order,
    order + 1n,
    2n ** 256n - 1n,
  ]
  const number = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }))
  const senseless = fc.record({ r: number, s: number, yParity: fc.constantFrom(0, 1) })
  const high = fc.tuple(anyHash, anyKey).map(([hash, key]) => {
    const { r, s, yParity } = signHash(hash, key)
    return { hash, signature: { r, s: order - s, yParity: 1 - yParity }, key }
  })
  const agree = (hash: Uint8Array, one: { r: bigint; s: bigint; yParity: number }) => {
    const point = portableBackend.recover(hash, concatBytes(word(one.r), word(one.s)), one.yParity)
    const address = point && keccak256(point.subarray(1)).slice(12)
    assert.deepEqual(recoverAddress(hash, one), address)
    return address
  }
  fc.assert(
    fc.property(anyHash, senseless, (hash, signature) => void agree(hash, signature)),
    { numRuns: 200 },
  )
  fc.assert(
    fc.property(high, ({ hash, signature, key }) => {
      assert.deepEqual(agree(hash, signature), addressOfKey(key))
    }),
    { numRuns: 30 },
  )
})

test('numbers out of range belong to no key', () => {
  const hash = keccak256(new Uint8Array())
  const { yParity, r, s } = signHash(hash, word(7n))
  for (const wrong of [
    ...[
      { r: 0n },
      { s: 0n },
      { r: order },
      { s: order },
      { r: 2n ** 256n },
      { s: 2n ** 256n + 1n },
    ],
    ...[{ r: -1n }, { s: -1n }, { yParity: 2 }, { yParity: -1 }, { yParity: 27 }, { yParity: 0.5 }],
  ]) {
    assert.equal(recoverAddress(hash, { yParity, r, s, ...wrong }), undefined, String(wrong))
  }
})

test('a key that is none is refused without being repeated', () => {
  const bad = [new Uint8Array(32), word(order), new Uint8Array(31).fill(0xab), new Uint8Array(33)]
  for (const key of bad) {
    for (const use of [() => addressOfKey(key), () => signHash(new Uint8Array(32), key)]) {
      assert.throws(use, (error: Error & { code?: string }) => {
        return error.code === 'crypto/bad-key' && !error.message.includes('abab')
      })
    }
  }
})
