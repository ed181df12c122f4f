/** Checks that shapes give back what they encoded, and refuse all else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeRlp, encodeRlp } from './rlp.ts'
import {
  anyBytes,
  count,
  fields,
  fixedBytes,
  listOf,
  natural,
  oneOf,
  optional,
  type RlpShape,
  signed,
} from './rlp-shape.ts'

interface Sample {
  readonly hash: Uint8Array
  readonly salt: Uint8Array
  readonly weight: bigint
  readonly priority: bigint
  readonly round: number
  readonly scheme: 'a' | 'b'
  readonly votes: readonly bigint[]
  readonly place: bigint | undefined
}

const shape = fields<Sample>({
  hash: fixedBytes(4),
  salt: anyBytes((length) => length <= 8),
  weight: natural(60),
  priority: signed(80),
  round: count(1_000),
  scheme: oneOf('a', 'b'),
  votes: listOf(natural(8), 3),
  place: optional(natural(8)),
})

const through = <T>(one: RlpShape<T>, value: T) =>
  one.decode(decodeRlp(encodeRlp(one.encode(value))), 'it')

test('shapes give back what they encoded', () => {
  const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength })
  const sample = fc.record<Sample>(
    {
      ...{ hash: bytes(4, 4), salt: bytes(0, 8), weight: fc.bigInt(0n, 2n ** 60n - 1n) },
      ...{ priority: fc.bigInt(-(2n ** 79n), 2n ** 79n - 1n), round: fc.nat(1_000) },
      scheme: fc.constantFrom('a', 'b'),
      place: fc.option(fc.bigInt(0n, 255n), { nil: undefined }),
      votes: fc.array(fc.bigInt(0n, 255n), { maxLength: 3 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(fc.property(sample, (one) => assert.deepEqual(through(shape, one), one)))
})

test('a signed number is folded into a natural one', () => {
  for (const [value, folded] of [
    [0n, 0n],
    [-1n, 1n],
    [1n, 2n],
    [-2n, 3n],
    [2n, 4n],
  ] as const) {
    assert.equal(signed(8).encode(value), folded)
  }
})

test('what is out of bounds is refused', () => {
  const value = (one: Parameters<typeof encodeRlp>[0]) => decodeRlp(encodeRlp(one))
  const refused = <T>(one: RlpShape<T>, source: Parameters<typeof encodeRlp>[0]) =>
    assert.throws(() => one.decode(value(source), 'it'), { code: 'ledger/bad-rlp' })
  refused(fixedBytes(4), new Uint8Array(5))
  refused(
    anyBytes((length) => length < 2),
    new Uint8Array(2),
  )
  refused(natural(8), 256)
  refused(count(9), 10)
  refused(signed(8), 256)
  refused(oneOf('a', 'b'), 2)
  refused(listOf(natural(8), 1), [1, 1])
  refused(optional(natural(8)), [1, 1])
  refused(fields<{ a: bigint }>({ a: natural(8) }), [1, 1])
  refused(fields<{ a: bigint }>({ a: natural(8) }), [])
  refused(natural(8), Uint8Array.of(0, 1))
})
