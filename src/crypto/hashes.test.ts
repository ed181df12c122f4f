/** Checks the hashes against known answers. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { argon2id as otherArgon2id } from '@noble/hashes/argon2.js'
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { argon2id } from './argon2.ts'
import { findNonce, keccak256 } from './keccak.ts'
import { sha256 } from './sha256.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

test('keccak-256 gives the known answers, which are not those of SHA3-256', () => {
  const known = {
    '': 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    abc: '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    'Transfer(address,address,uint256)':
      'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  }
  for (const [text, hash] of Object.entries(known)) {
    assert.equal(keccak256(utf8(text)).toHex(), hash, text)
  }
  assert.notEqual(
    keccak256(utf8('abc')).toHex(),
    createHash('sha3-256').update('abc').digest('hex'),
  )
})

test('keccak-256 agrees with another implementation at all short lengths and around the borders of its chunks', () => {
  const room = 136 * 480
  const lengths = [...Array(301).keys()]
  for (const border of [room, 2 * room, 3 * room])
    lengths.push(border - 136, border - 1, border, border + 1, border + 136)
  const bytes = Uint8Array.from({ length: 4 * room }, (_, at) => (at * 31 + (at >> 8)) & 255)
  for (const length of lengths) {
    const part = bytes.subarray(7, 7 + length)
    assert.equal(keccak256(part).toHex(), keccak_256(part).toHex(), `${length} bytes`)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_000 }), (random) => {
      assert.equal(keccak256(random).toHex(), keccak_256(random).toHex())
    }),
  )
})

test('SHA-256 agrees with another implementation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(sha256(bytes).toHex(), portableSha256(bytes).toHex())
    }),
  )
})

test('argon2id agrees with another implementation', () => {
  const [message, salt] = [utf8('a message'), utf8('sixteen bytes...')]
  const expected = otherArgon2id(message, salt, { t: 2, m: 64, p: 1, dkLen: 32 })
  assert.deepEqual(argon2id({ message, salt, passes: 2, memory: 64 }), expected)
})

test('a search gives the first nonce whose hash is low enough, and goes on after the highest', () => {
  const prefix = utf8('before the nonce')
  const hashOf = (nonce: bigint) => {
    const bytes = new Uint8Array(prefix.length + 8)
    bytes.set(prefix)
    new DataView(bytes.buffer).setBigUint64(prefix.length, nonce)
    return keccak_256(bytes).toHex()
  }
  const last = 2n ** 64n - 1n
  const nonces = [last - 1n, last, ...Array.from({ length: 30 }, (_, at) => BigInt(at))]
  for (const wanted of nonces.slice(0, 12)) {
    const highest = Uint8Array.fromHex(hashOf(wanted))
    const first = nonces.find((nonce) => hashOf(nonce) <= highest.toHex())
    assert.equal(findNonce({ prefix, highest, from: last - 1n, count: nonces.length }), first)
  }
  const none = new Uint8Array(32)
  assert.equal(findNonce({ prefix, highest: none, from: 0n, count: 1_000 }), undefined)
})
