/** Checks the hashes against known answers. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { keccak256 } from './keccak.ts'
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
