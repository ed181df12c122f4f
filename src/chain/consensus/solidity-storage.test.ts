/** Checks the layout of storage against numbers from elsewhere and against itself. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, keccak256 as viemKeccak } from 'viem'
import {
  contentSlot,
  type Fields,
  mappingSlot,
  packBytes,
  packFields,
  readBytes,
  readFields,
  type Slot,
} from './solidity-storage.ts'

const readerOf = (slots: readonly Slot[]) => {
  const words = new Map(slots)
  return (slot: bigint) => words.get(slot) ?? 0n
}

test('mappings and arrays lie where the hash of key and slot says', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 256n - 1n), fc.nat(1_000), (key, slot) => {
      const pair = encodeAbiParameters(
        [{ type: 'uint256' }, { type: 'uint256' }],
        [key, BigInt(slot)],
      )
      assert.equal(mappingSlot(slot, key), BigInt(viemKeccak(pair)))
      const one = encodeAbiParameters([{ type: 'uint256' }], [BigInt(slot)])
      assert.equal(contentSlot(slot), BigInt(viemKeccak(one)))
    }),
  )
  const address = Uint8Array.from({ length: 20 }, (_, at) => at + 1)
  assert.equal(mappingSlot(3, address), mappingSlot(3n, BigInt(`0x${address.toHex()}`)))
})

test('fields that share slots are read as they were packed', () => {
  const fields = {
    ...{ a: [0, 0, 20], b: [0, 20, 8], c: [0, 28, 4], d: [1, 0, 32], e: [2, 5, 1] },
  } as const satisfies Fields
  const values = fc.record(
    {
      a: fc.bigInt(0n, 2n ** 160n - 1n),
      b: fc.bigInt(0n, 2n ** 64n - 1n),
      c: fc.bigInt(0n, 2n ** 32n - 1n),
      d: fc.bigInt(0n, 2n ** 256n - 1n),
      e: fc.bigInt(0n, 255n),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(values, fc.bigInt(0n, 2n ** 255n), (some, base) => {
      const slots = packFields(base, fields, some)
      assert.ok(slots.every(([, value]) => value !== 0n))
      assert.deepEqual(readFields(readerOf(slots), base, fields), some)
    }),
  )
})

test('each slot of fields is read once', () => {
  const read: bigint[] = []
  const fields = { a: [0, 0, 20], b: [0, 20, 8], c: [2, 0, 4] } as const
  const note = (slot: bigint) => {
    read.push(slot)
    return 0n
  }
  readFields(note, 7n, fields)
  assert.deepEqual(read, [7n, 9n])
})

test('bytes of every length are read as they were packed, and not as any other length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, length) => {
      const read = readerOf(packBytes(5n, bytes))
      assert.deepEqual(readBytes(read, 5n, bytes.length), bytes)
      if (length !== bytes.length) assert.equal(readBytes(read, 5n, length), undefined)
    }),
  )
})
