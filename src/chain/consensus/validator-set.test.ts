/** Checks sets of validators, thresholds and bit maps. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { bitMap, hasBit, readBitMap } from './bit-map.ts'
import { isOverThird, isQuorum, type ValidatorEntry, validatorSet } from './validator-set.ts'

const entry = (at: number, weight = 1n): ValidatorEntry => ({
  ...{ scheme: 'ed25519', publicKey: keccak256(Uint8Array.of(at)), weight },
  payTo: new Uint8Array(20),
})
const entries = (count: number) => Array.from({ length: count }, (_, at) => entry(at))
const refused = { code: 'consensus/bad-validator-set' }

test('a set is in order of addresses, whatever order its members came in, and has one hash', () => {
  const set = validatorSet(entries(9))
  const turned = validatorSet(entries(9).reverse())
  assert.deepEqual(turned, set)
  assert.equal(set.total, 9n)
  for (const [at, { address }] of set.list.entries()) {
    if (at > 0)
      assert.ok(compareBytes((set.list[at - 1] as { address: Uint8Array }).address, address) < 0)
  }
})

test('scheme, key, weight and payee are in the hash; the scheme is in the address', () => {
  const hashes = [
    entry(1),
    entry(2),
    entry(1, 2n),
    { ...entry(1), payTo: new Uint8Array(20).fill(1) },
  ].map((one) => validatorSet([one]).hash.toHex())
  assert.equal(new Set(hashes).size, hashes.length)
  const [{ address } = { address: new Uint8Array() }] = validatorSet([entry(1)]).list
  const whole = Buffer.concat([Uint8Array.of(1), entry(1).publicKey])
  assert.deepEqual(address, keccak256(whole).slice(12))
})

test('a set without members, with one twice, or with a wrong key, weight or total is refused', () => {
  assert.throws(() => validatorSet([]), refused)
  assert.throws(() => validatorSet([entry(1), entry(1, 2n)]), refused)
  assert.throws(() => validatorSet([{ ...entry(1), publicKey: new Uint8Array(31) }]), refused)
  assert.throws(() => validatorSet([{ ...entry(1), payTo: new Uint8Array(19) }]), refused)
  for (const weight of [0n, -1n, 2n ** 60n])
    assert.throws(() => validatorSet([entry(1, weight)]), refused)
  const heavy = Array.from({ length: 9 }, (_, at) => entry(at, 2n ** 60n - 1n))
  assert.throws(() => validatorSet(heavy), refused)
  assert.equal(validatorSet(heavy.slice(1)).list.length, 8)
})

test('a set has at most 128 members, with ML-DSA-65 among them 32', () => {
  const long = { ...entry(0), scheme: 'ml-dsa-65', publicKey: new Uint8Array(1_952) } as const
  assert.equal(validatorSet(entries(128)).list.length, 128)
  assert.throws(() => validatorSet(entries(129), 200), refused)
  assert.throws(() => validatorSet(entries(4), 3), refused)
  assert.throws(() => validatorSet([...entries(32), long]), refused)
  assert.equal(validatorSet([...entries(32), long], 40).list.length, 33)
})

test('a quorum is over two thirds, and a skip over one third, in integers of any size', () => {
  for (const total of [1n, 2n, 3n, 4n, 10n, 2n ** 63n - 1n]) {
    for (const near of [total / 3n, (2n * total) / 3n]) {
      for (const weight of [near - 1n, near, near + 1n]) {
        assert.equal(isQuorum(weight, total), weight * 3n > total * 2n)
        assert.equal(isOverThird(weight, total), weight * 3n > total)
      }
    }
  }
  assert.ok(!isQuorum(2n, 3n) && isQuorum(3n, 4n) && !isOverThird(1n, 3n) && isOverThird(2n, 4n))
})

test('a bit map has the lowest bit first, exactly the bytes that it needs, and no spare bit', () => {
  const chosen = [0, 3, 8, 9]
  const bits = bitMap(10, (index) => chosen.includes(index))
  assert.deepEqual(bits, Uint8Array.of(0b1001, 0b11))
  assert.deepEqual(readBitMap(bits, 10), chosen)
  assert.equal(hasBit(bits, 8), true)
  assert.equal(hasBit(bits, 4_000), false)
  assert.equal(readBitMap(bits, 9), undefined)
  assert.equal(readBitMap(bits, 17), undefined)
  assert.equal(readBitMap(bits, 8), undefined)
  assert.deepEqual(readBitMap(new Uint8Array(1), 8), [])
})
