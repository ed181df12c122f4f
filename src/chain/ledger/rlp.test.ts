/** Checks known encodings of RLP, damaged ones, and the limits of what is read. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import {
  decodeRlp,
  encodeRlp,
  RlpItems,
  type RlpValue,
  rlpBytes,
  rlpInteger,
  rlpLength,
  rlpList,
  rlpNumber,
} from './rlp.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const badRlp = { code: 'ledger/bad-rlp' }

const anyValue = fc.letrec<{ value: RlpValue; list: RlpValue[] }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 70 }), tie('list')),
  list: fc.array(tie('value'), { maxLength: 8 }),
})).value

/** `count` lists within each other. */
function nested(count: number): Uint8Array {
  let value: RlpValue = []
  for (let depth = 1; depth < count; depth += 1) value = [value]
  return encodeRlp(value)
}

describe('RLP', () => {
  test('values are encoded as the Yellow Paper has it', () => {
    const known: readonly (readonly [RlpValue, string])[] = [
      [new Uint8Array(), '0x80'],
      [Uint8Array.of(0), '0x00'],
      [Uint8Array.of(0x7f), '0x7f'],
      [Uint8Array.of(0x80), '0x8180'],
      [utf8('dog'), '0x83646f67'],
      [[], '0xc0'],
      [[utf8('cat'), utf8('dog')], '0xc88363617483646f67'],
      [[[], [[]], [[], [[]]]], '0xc7c0c1c0c3c0c1c0'],
      [new Uint8Array(55), `0xb7${'00'.repeat(55)}`],
      [new Uint8Array(56), `0xb838${'00'.repeat(56)}`],
      [new Uint8Array(256), `0xb90100${'00'.repeat(256)}`],
      [Array(56).fill(new Uint8Array()), `0xf838${'80'.repeat(56)}`],
    ]
    for (const [value, encoded] of known) {
      assert.equal(toHex(encodeRlp(value)), encoded)
      assert.deepEqual(decodeRlp(fromHex(encoded)), value)
    }
  })

  test('bytes are either refused or the encoding of what is read', () => {
    const nearly = fc
      .tuple(anyValue, fc.nat(), fc.nat(255))
      .map(([value, at, byte]) => encodeRlp(value).with(at % encodeRlp(value).length, byte))
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        let value: RlpValue
        try {
          value = decodeRlp(bytes)
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'ledger/bad-rlp', String(error))
          return
        }
        assert.deepEqual(encodeRlp(value), bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a length has its shortest form, and its bytes are there', () => {
    const short = ['0xb801ff', '0xb837', '0xf800', '0xf803112233', '0xb800', '0xb90038', '0xf90039']
    for (const start of short) {
      const bytes = fromHex(`${start}${'00'.repeat(0x39)}`)
      for (const end of [fromHex(start).length, bytes.length]) {
        assert.throws(() => decodeRlp(bytes.subarray(0, end)), badRlp, start)
      }
    }
    const missing = ['0x', '0x81', '0xb8', '0xbf', '0xc1', '0xf8', '0xffffffffffffffffff', '0xc483']
    for (const bytes of missing) assert.throws(() => decodeRlp(fromHex(bytes)), badRlp, bytes)
    const inexact = fromHex(`0xb837${'00'.repeat(0x37)}`)
    assert.throws(() => decodeRlp(inexact), badRlp)
  })

  test('what is decoded does not change with the bytes it came from', () => {
    const bytes = fromHex('0xc483646f6701').slice(0, 5)
    const [dog] = rlpList(decodeRlp(bytes), 'animals')
    bytes.fill(0)
    assert.deepEqual(dog, utf8('dog'))
  })

  test('a list may have very many items', () => {
    const value = Array(300_000).fill(Uint8Array.of(1))
    const encoded = encodeRlp(value)
    assert.equal(encoded.length, 300_004)
    assert.equal(rlpList(decodeRlp(encoded), 'it').length, 300_000)
  })

  test('64 lists may be within each other, not more', () => {
    assert.deepEqual(encodeRlp(decodeRlp(nested(65))), nested(65))
    assert.throws(() => decodeRlp(nested(66)), badRlp)
    assert.throws(() => decodeRlp(new Uint8Array(100_000).fill(0xc1)), badRlp)
  })

  test('readers say what a value should have been', () => {
    assert.equal(rlpNumber(rlpInteger(2n ** 64n - 1n), 'n', 64), 2n ** 64n - 1n)
    assert.equal(rlpNumber(rlpInteger(0), 'n'), 0n)
    const refused = (read: () => unknown, message: RegExp) =>
      assert.throws(read, { ...badRlp, message })
    refused(() => rlpNumber(rlpInteger(2n ** 64n), 'gas', 64), /gas has more than 64 bits/)
    refused(() => rlpNumber(new Uint8Array(33).fill(1), 'gas'), /gas has more than 256 bits/)
    refused(() => rlpNumber(Uint8Array.of(0), 'gas'), /gas has leading zeros/)
    refused(() => rlpNumber([], 'gas'), /gas is not bytes/)
    refused(() => rlpBytes(undefined, 'to'), /to is not bytes/)
    refused(() => rlpBytes(new Uint8Array(19), 'to', 20), /to has 19 bytes, not 20/)
    refused(() => rlpList(new Uint8Array(), 'logs'), /logs is no list/)
    refused(() => rlpList(undefined, 'logs'), /logs is no list/)
    refused(() => rlpList([[]], 'logs', 2), /logs has 1 items, not 2/)
  })

  test('the length of a value is told by its first bytes, or that more of them are needed', () => {
    fc.assert(
      fc.property(anyValue, fc.uint8Array({ maxLength: 9 }), (value, rest) => {
        const bytes = encodeRlp(value)
        assert.equal(rlpLength(new Uint8Array([...bytes, ...rest])), bytes.length)
      }),
    )
    const long = encodeRlp(new Uint8Array(70_000))
    assert.deepEqual(
      [0, 1, 3, 4].map((count) => rlpLength(long.subarray(0, count))),
      [undefined, undefined, undefined, 70_004],
    )
    assert.throws(() => rlpLength(new Uint8Array(9).fill(0xff)), { ...badRlp, message: /bounds/ })
  })

  test('a value of more parts than are asked for is refused', () => {
    const bytes = encodeRlp([new Uint8Array(), [new Uint8Array(), []]])
    assert.deepEqual(decodeRlp(bytes, 5), decodeRlp(bytes))
    assert.throws(() => decodeRlp(bytes, 4), { ...badRlp, message: /too many values/ })
  })

  test('items that are read from their places are those of the decoded list, or refused as it is', () => {
    const list = fc.array(
      fc.oneof(anyValue, fc.uint8Array({ maxLength: 2 }), fc.constant(new Uint8Array(300))),
      { minLength: 1, maxLength: 6 },
    )
    const nearly = fc
      .tuple(list, fc.nat(), fc.nat(255), fc.boolean())
      .map(([value, at, byte, isSpoilt]) => {
        const bytes = encodeRlp(value)
        return { bytes: isSpoilt ? bytes.with(at % bytes.length, byte) : bytes, value }
      })
    const readAll = (bytes: Uint8Array, count: number): RlpValue => {
      const items = new RlpItems(Uint8Array.of(9, ...bytes), 1, { name: 'it', count })
      return Array.from({ length: count }, (_, at) => {
        try {
          const read = items.bytes(at, 'item')
          assert.equal(items.length(at, 'item'), read.length)
          return read
        } catch (error) {
          if (!(error as Error).message.includes('is not bytes')) throw error
          return items.list(at, 'item')
        }
      })
    }
    fc.assert(
      fc.property(nearly, ({ bytes, value }) => {
        let whole: RlpValue | undefined
        try {
          whole = rlpList(decodeRlp(bytes), 'it', value.length)
        } catch (error) {
          assert.ok(error instanceof AppError)
        }
        if (whole) assert.deepEqual(readAll(bytes, value.length), whole)
        else assert.throws(() => readAll(bytes, value.length), badRlp)
      }),
      { numRuns: 3_000 },
    )
  })

  test('numbers are read from their places and written as they are, of any size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat(255), (large, bits) => {
        const number = large >> BigInt(bits)
        const bytes = encodeRlp([number, rlpInteger(number)])
        assert.deepEqual(bytes, encodeRlp([rlpInteger(number), number]))
        const items = new RlpItems(bytes, 0, { name: 'it', count: 2 })
        assert.equal(items.number(0, 'it'), number)
        const size = number.toString(2).length
        if (number > 0n && size > 8) {
          assert.throws(() => items.number(0, 'it', Math.ceil(size / 8) * 8 - 8), badRlp)
        }
      }),
    )
    const zeros = new RlpItems(fromHex('0xc3820001'), 0, { name: 'it', count: 1 })
    assert.throws(() => zeros.number(0, 'it'), { ...badRlp, message: /leading zeros/ })
  })
})
