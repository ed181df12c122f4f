/** Runs the public RLP vectors: what must be encoded and decoded, and what must be refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpInteger } from '../../src/chain/ledger/rlp.ts'
import { skipVectors, vectorJson } from './vectors.ts'

type Input = string | number | readonly Input[]

function rlpOf(input: Input): RlpValue {
  if (typeof input === 'number') return rlpInteger(input)
  if (typeof input !== 'string') return input.map(rlpOf)
  return input.startsWith('#')
    ? rlpInteger(BigInt(input.slice(1)))
    : new TextEncoder().encode(input)
}

describe('RLP', { skip: skipVectors() }, () => {
  const set = 'ethereum-tests/legacy'

  test('28 values are encoded and decoded', async () => {
    const cases = await vectorJson<Record<string, { in: Input; out: string }>>(
      set,
      'RLPTests/rlptest.json',
    )
    for (const [name, { in: input, out }] of Object.entries(cases)) {
      assert.equal(toHex(encodeRlp(rlpOf(input))), out.toLowerCase(), name)
      assert.deepEqual(decodeRlp(fromHex(out)), rlpOf(input), name)
    }
    assert.equal(Object.keys(cases).length, 28)
  })

  test('26 byte strings are refused', async () => {
    const cases = await vectorJson<Record<string, { out: string }>>(
      ...([set, 'RLPTests/invalidRLPTest.json'] as const),
    )
    for (const [name, { out }] of Object.entries(cases)) {
      const bytes = fromHex(`0x${out.replace(/^0x/, '')}`)
      assert.throws(() => decodeRlp(bytes), { code: 'ledger/bad-rlp' }, name)
    }
    assert.equal(Object.keys(cases).length, 26)
  })

  test('1 random byte string is read', async () => {
    const cases = await vectorJson<Record<string, { in: string; out: string }>>(
      ...([set, 'RLPTests/RandomRLPTests/example.json'] as const),
    )
    for (const [name, { in: verdict, out }] of Object.entries(cases)) {
      assert.equal(verdict, 'VALID', name)
      assert.equal(toHex(encodeRlp(decodeRlp(fromHex(out)))), out, name)
    }
    assert.equal(Object.keys(cases).length, 1)
  })

  test('61 values of a wallet library are encoded and decoded', async () => {
    type Decoded = string | readonly Decoded[]
    const bytesOf = (value: Decoded): RlpValue =>
      typeof value === 'string' ? fromHex(value) : value.map(bytesOf)
    const cases = await vectorJson<readonly { name: string; decoded: Decoded; encoded: string }[]>(
      ...(['wallet/wallet', 'ethers/rlp.json'] as const),
    )
    for (const { name, decoded, encoded } of cases) {
      assert.equal(toHex(encodeRlp(bytesOf(decoded))), encoded, name)
      assert.deepEqual(decodeRlp(fromHex(encoded)), bytesOf(decoded), name)
    }
    assert.equal(cases.length, 61)
  })
})
