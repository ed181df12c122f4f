/** Checks that the three schemes behave alike. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import {
  isSignature,
  keyAddress,
  keyHash,
  type SignatureScheme,
  schemeFacts,
  schemeOfByte,
  signingKey,
} from './signatures.ts'

const schemes = Object.keys(schemeFacts) as SignatureScheme[]
const seed = (byte: number) => new Uint8Array(32).fill(byte)
const message = new TextEncoder().encode('a vote')

for (const scheme of schemes) {
  const facts = schemeFacts[scheme]
  const key = signingKey(scheme, seed(1))

  test(`${scheme}: a key is its seed's, with the lengths that the scheme has`, () => {
    assert.deepEqual(signingKey(scheme, seed(1)).publicKey, key.publicKey)
    assert.notDeepEqual(signingKey(scheme, seed(2)).publicKey, key.publicKey)
    assert.equal(key.publicKey.length, facts.publicKeyBytes)
    assert.equal(key.sign(message).length, facts.signatureBytes)
    assert.equal(schemeOfByte(facts.byte), scheme)
    assert.throws(() => signingKey(scheme, new Uint8Array(31)), { code: 'crypto/bad-key' })
  })

  test(`${scheme}: a signature holds for its key and its message only`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const signature = key.sign(bytes)
        assert.ok(isSignature(key, bytes, signature))
        assert.ok(!isSignature(key, concatBytes(bytes, seed(0)), signature))
        assert.ok(!isSignature(signingKey(scheme, seed(3)), bytes, signature))
      }),
      { numRuns: 10 },
    )
  })

  test(`${scheme}: a signature or key with one bit or byte more, less or changed is refused`, () => {
    const signature = key.sign(message)
    const { publicKey } = key
    const flipped = (bytes: Uint8Array, at: number) =>
      bytes.map((byte, place) => (place === at ? byte ^ 1 : byte))
    fc.assert(
      fc.property(fc.nat(signature.length - 1), fc.nat(publicKey.length - 1), (at, keyAt) => {
        assert.ok(!isSignature(key, message, flipped(signature, at)))
        assert.ok(
          !isSignature({ scheme, publicKey: flipped(publicKey, keyAt) }, message, signature),
        )
      }),
      { numRuns: 40 },
    )
    for (const wrong of [signature.subarray(1), concatBytes(signature, seed(0)), seed(0).slice(32)])
      assert.ok(!isSignature(key, message, wrong))
    for (const other of [publicKey.subarray(1), concatBytes(publicKey, seed(0).slice(31))])
      assert.ok(!isSignature({ scheme, publicKey: other }, message, signature))
  })

  test(`${scheme}: the address is the end of the hash over scheme and key`, () => {
    const hash = keccak256(concatBytes(Uint8Array.of(facts.byte), key.publicKey))
    assert.deepEqual(keyHash(key), hash)
    assert.deepEqual(keyAddress(key), hash.slice(12))
  })
}

test('no scheme has the byte of nothing or of another', () => {
  assert.equal(schemeOfByte(0), undefined)
  assert.equal(schemeOfByte(9), undefined)
  assert.equal(new Set(schemes.map((scheme) => schemeFacts[scheme].byte)).size, schemes.length)
})

test('secp256k1: the other signature of the same nonce, with high s, is refused', () => {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const key = signingKey('secp256k1', seed(1))
  const signature = key.sign(message)
  const high = padStart(fromBigInt(order - toBigInt(signature.subarray(32, 64))), 32)
  const mirrored = concatBytes(
    signature.subarray(0, 32),
    high,
    Uint8Array.of((signature[64] ?? 0) ^ 1),
  )
  assert.ok(!isSignature(key, message, mirrored))
  assert.throws(() => signingKey('secp256k1', seed(0)), { code: 'crypto/bad-key' })
})
