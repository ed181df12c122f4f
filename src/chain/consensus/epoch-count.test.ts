/** Checks what is counted in an epoch: signatures by whoever could sign, and rewards that add up. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bitMap } from './bit-map.ts'
import { countBlock, earnedRewards, silencesAfter, withoutTallies } from './epoch-count.ts'
import { nothingCounted } from './epoch-tally.ts'
import { validatorSet } from './validator-set.ts'

const setOf = (weights: readonly bigint[]) =>
  validatorSet(
    weights.map((weight, at) => {
      const publicKey = new Uint8Array(32).fill(at + 1)
      return { scheme: 'ed25519', publicKey, weight, payTo: new Uint8Array(20) } as const
    }),
  )
const validators = setOf([1n, 2n, 3n, 4n])
const rewards = { proposerWei: 100n, signersWei: 7_000n }
const signedBy = (...places: readonly number[]) => bitMap(4, (at) => places.includes(at))
const block = { validators, nextValidators: validators, proposer: 0, rewards }

describe('the count of an epoch', () => {
  test('shares the reward by weight among those who signed, and counts who could have', () => {
    const count = countBlock(nothingCounted, { ...block, parentSigners: signedBy(0, 2) })
    const [a, b, c, d] = validators.list.map(({ weight }) => weight) as [bigint, ...bigint[]]
    const total = a + (c as bigint)
    assert.deepEqual(
      count.tallies.map(({ due, signed, wei }) => [due, signed, wei]),
      [
        [1, 1, 100n + (7_000n * a) / total],
        [1, 0, 0n],
        [1, 1, (7_000n * (c as bigint)) / total],
        [1, 0, 0n],
      ],
    )
    assert.ok(b && d)
  })

  test('is by the set that could sign, when the set has just changed', () => {
    const nextValidators = setOf([1n, 2n, 3n])
    const changing = countBlock(nothingCounted, {
      ...{ ...block, nextValidators, parentSigners: signedBy(0, 1, 2, 3) },
    })
    assert.equal(changing.signers.length, 4)
    const after = countBlock(changing, {
      ...{ ...block, validators: nextValidators, nextValidators, parentSigners: signedBy(0, 1, 2) },
    })
    assert.deepEqual(after.signers, [])
    assert.deepEqual(
      after.tallies.map(({ due }) => due),
      [2, 2, 2, 2],
    )
    const third = countBlock(after, {
      ...{ ...block, validators: nextValidators, nextValidators },
      parentSigners: bitMap(3, () => true),
    })
    assert.deepEqual(third.tallies.map(({ due }) => due).toSorted(), [2, 3, 3, 3])
  })

  test('of the block after the first counts no signatures', () => {
    const count = countBlock(nothingCounted, { ...block, parentSigners: new Uint8Array() })
    assert.deepEqual(
      count.tallies.map(({ due, wei }) => [due, wei]),
      [[0, 100n]],
    )
  })

  test('never gives out more than there is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(1n, 10n ** 18n), { minLength: 1, maxLength: 8 }),
        fc.bigInt(0n, 10n ** 20n),
        fc.uint8Array({ minLength: 1, maxLength: 1 }),
        (weights, signersWei, [bits = 0]) => {
          const set = setOf(weights)
          const count = countBlock(nothingCounted, {
            ...{ validators: set, nextValidators: set, proposer: 0 },
            parentSigners: bitMap(weights.length, (at) => ((bits >> at) & 1) === 1),
            rewards: { proposerWei: 5n, signersWei },
          })
          const given = count.tallies.reduce((sum, { wei }) => sum + wei, 0n)
          const signed = count.tallies.filter((one) => one.signed > 0).length
          assert.ok(given <= signersWei + 5n)
          assert.ok(signed === 0 ? given === 5n : given > signersWei + 5n - BigInt(signed))
        },
      ),
    )
  })
})

describe('the end of an epoch', () => {
  const addresses = validators.list.map(({ address }) => address)
  const tally = (at: number, due: number, signed: number, wei = 0n) => {
    return { address: addresses[at] as Uint8Array, due, signed, wei }
  }

  test('pays whole gwei to who has earned them', () => {
    const tallies = [tally(0, 2, 2, 10n ** 9n + 5n), tally(1, 2, 0, 10n ** 10n), tally(2, 2, 2, 7n)]
    const paid = earnedRewards({ ...nothingCounted, tallies }, ({ signed }) => signed > 0)
    assert.deepEqual(paid, [{ validator: addresses[0], wei: 10n ** 9n }])
    const left = withoutTallies({ ...nothingCounted, tallies }, [addresses[0] as Uint8Array])
    assert.deepEqual(
      earnedRewards(left, ({ signed }) => signed > 0),
      [],
    )
  })

  test('counts silence in a row, of those who could sign, while it matters', () => {
    const isSilent = ({ signed }: { readonly signed: number }) => signed === 0
    const rules = { isSilent, isKept: () => true }
    const silences = addresses.slice(0, 3).map((address) => ({ address, epochs: 2 }))
    const tallies = [tally(0, 5, 0), tally(1, 5, 1), tally(2, 0, 0), tally(3, 5, 0)]
    assert.deepEqual(silencesAfter({ ...nothingCounted, tallies, silences }, rules), [
      { address: addresses[0], epochs: 3 },
      { address: addresses[2], epochs: 2 },
      { address: addresses[3], epochs: 1 },
    ])
    const none = { isSilent, isKept: () => false }
    assert.deepEqual(silencesAfter({ ...nothingCounted, tallies, silences }, none), [])
  })
})
