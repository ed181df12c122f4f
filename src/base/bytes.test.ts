/** Checks conversions between bytes, hex and integers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, equalBytes, fromBigInt, fromHex, padStart, toBigInt, toHex } from './bytes.ts'

test('hex and integers come back as they were', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)))
  fc.assert(
    fc.property(fc.bigInt({ min: 0n }), (value) =>
      assert.equal(toBigInt(fromBigInt(value)), value),
    ),
  )
  assert.deepEqual(fromBigInt(0n), new Uint8Array())
  assert.deepEqual(fromBigInt(256n), Uint8Array.of(1, 0))
})

test('what is no hex, or too long, is refused', () => {
  for (const bad of ['', 'ab', '0xa', '0xzz', '0x 1'])
    assert.throws(() => fromHex(bad), { code: 'base/bad-hex' })
  assert.deepEqual(padStart(Uint8Array.of(1), 3), Uint8Array.of(0, 0, 1))
  assert.throws(() => padStart(Uint8Array.of(1, 2), 1), { code: 'base/too-long' })
})

test('joining and comparing see every byte', () => {
  const joined = concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))
  assert.ok(equalBytes(joined, Uint8Array.of(1, 2, 3)))
  assert.ok(!equalBytes(joined, Uint8Array.of(1, 2)))
  assert.ok(!equalBytes(joined, Uint8Array.of(1, 2, 4)))
})
