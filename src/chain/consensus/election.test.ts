/** Checks who is elected and in what order, against a second reckoning and by properties. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concat, keccak256, numberToBytes, stringToBytes } from 'viem'
import { compareBytes } from '../../base/bytes.ts'
import { drawnProposers } from './drawn-proposers.ts'
import { electedDelegates, proposingOrder, ranked, roundSeed } from './election.ts'
import { epochPlace } from './epochs.ts'
import type { Candidate } from './staked-reader.ts'
import { validatorSet } from './validator-set.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const candidate = (number: number, weight: bigint): Candidate => {
  return { address: new Uint8Array(20).fill(number), weight, since: 0n }
}
const numbers = (list: readonly { readonly address: Uint8Array }[]) =>
  list.map(({ address }) => address[0])

const someCandidates = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.bigInt(1n, 20n)), {
    ...{ maxLength: 60, selector: ([number]) => number },
  })
  .map((pairs) => pairs.map(([number, weight]) => candidate(number, weight)))

describe('ranking', () => {
  test('is by weight, and of equals the lower address comes first', () => {
    const list = [candidate(5, 2n), candidate(3, 2n), candidate(9, 7n), candidate(4, 1n)]
    assert.deepEqual(numbers(ranked(list, 9)), [9, 3, 5, 4])
    assert.deepEqual(numbers(ranked(list, 2)), [9, 3])
  })

  test('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(someCandidates, fc.nat(60), (list, most) => {
        assert.deepEqual(ranked(list.toReversed(), most), ranked(list, most))
      }),
    )
  })
})

describe('a round of delegates', () => {
  const seed = roundSeed(hash(1), 5n, hash(2))

  test('has the seed that its place gives', () => {
    const parts = [stringToBytes('QS/standby/1'), hash(1), numberToBytes(5n, { size: 8 }), hash(2)]
    assert.deepEqual(seed, keccak256(concat(parts), 'bytes'))
  })

  test('has the heaviest and, drawn from the others, standbys of weight', () => {
    fc.assert(
      fc.property(someCandidates, fc.bigInt(1n, 20n), (list, minStandby) => {
        const round = { active: 7, standby: 3, minStandby, seed }
        const members = electedDelegates(list, round)
        const order = ranked(list, list.length)
        const eligible = order.slice(7).filter(({ weight }) => weight >= minStandby)
        const count = Math.min(7, list.length) + Math.min(3, eligible.length)
        if (count < 4) {
          assert.equal(members, undefined)
          return
        }
        assert.ok(members)
        assert.equal(members.length, count)
        const names = members.map((address) => address[0])
        assert.equal(new Set(names).size, count)
        for (const one of numbers(order.slice(0, 7))) assert.ok(names.includes(one))
        const standbys = names.filter((one) => !numbers(order.slice(0, 7)).includes(one))
        for (const one of standbys) assert.ok(numbers(eligible).includes(one))
        assert.deepEqual(members, members.toSorted(compareBytes))
        assert.deepEqual(electedDelegates(list.toReversed(), round), members)
      }),
    )
  })

  test('draws as the rule says, reckoned a second time', () => {
    const list = Array.from({ length: 12 }, (_, at) => candidate(at + 1, BigInt(100 - at)))
    const left = list.slice(4)
    const drawn = [0, 1, 2].map((counter) => {
      const bytes = concat([seed, Uint8Array.of(0), numberToBytes(counter, { size: 4 })])
      const total = left.reduce((sum, { weight }) => sum + weight, 0n)
      let rest = BigInt(keccak256(bytes)) % total
      const place = left.findIndex(({ weight }) => {
        rest -= weight
        return rest < 0n
      })
      return left.splice(place, 1)[0]?.address[0] as number
    })
    const members = electedDelegates(list, { active: 4, standby: 3, minStandby: 1n, seed })
    const expected = [1, 2, 3, 4, ...drawn].sort((a, b) => a - b)
    assert.deepEqual(
      members?.map((address) => address[0]),
      expected,
    )
  })

  test('draws a heavier standby more often', () => {
    const list = [1, 2, 3, 4].map((number) => candidate(number, 100n))
    list.push(candidate(5, 1n), candidate(6, 9n))
    const times = Array.from({ length: 2_000 }, (_, round) => {
      const own = roundSeed(hash(1), BigInt(round), hash(2))
      return electedDelegates(list, { active: 4, standby: 1, minStandby: 1n, seed: own })
    }).filter((members) => members?.some((address) => address[0] === 6)).length
    assert.ok(times > 1_750 && times < 1_850, `${times} of 2,000, where 1,800 are due`)
  })

  test('has an order that is a shuffle by its seed', () => {
    const order = [0, 1, 2, 3, 4]
    for (const [counter, last] of [4, 3, 2, 1].entries()) {
      const bytes = concat([seed, Uint8Array.of(1), numberToBytes(counter, { size: 4 })])
      const other = Number(BigInt(keccak256(bytes)) % BigInt(last + 1))
      const [a, b] = [order[last] as number, order[other] as number]
      order[last] = b
      order[other] = a
    }
    assert.deepEqual(proposingOrder(seed, 5), order)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(40), (own, count) => {
        const places = Array.from({ length: count }, (_, place) => place)
        assert.deepEqual(
          proposingOrder(own, count).toSorted((a, b) => a - b),
          places,
        )
      }),
    )
  })
})

describe('proposers by lot', () => {
  const validators = validatorSet(
    [1n, 2n, 3n, 4n].map((weight, at) => {
      const publicKey = hash(at + 1)
      return { scheme: 'ed25519', publicKey, weight, payTo: new Uint8Array(20) } as const
    }),
  )
  const all = () => true
  const lottery = { validators, isEligible: all, mix: hash(3), height: 1n }

  test('are drawn as the rule says, and never twice in a row at a height', () => {
    const { list } = validators
    const numberOf = (height: bigint, round: number) =>
      BigInt(
        keccak256(
          concat([
            ...[stringToBytes('QS/prop/pos/1'), hash(3)],
            ...[numberToBytes(height, { size: 8 }), numberToBytes(round, { size: 4 })],
          ]),
        ),
      )
    for (let height = 1n; height < 200n; height += 1n) {
      const proposerOf = drawnProposers({ ...lottery, height })
      let before = -1
      for (let round = 0; round < 5; round += 1) {
        let rest = numberOf(height, round) % 10n
        let expected = list.findIndex(({ weight }) => {
          rest -= weight
          return rest < 0n
        })
        if (expected === before) expected = (expected + 1) % 4
        assert.equal(proposerOf(round), expected, `height ${height}, round ${round}`)
        before = expected
      }
      assert.equal(drawnProposers({ ...lottery, height })(4), before, 'asked for the last at once')
    }
  })

  test('come in proportion to their weight', () => {
    const times = [0, 0, 0, 0]
    for (let height = 1n; height <= 5_000n; height += 1n) {
      const index = drawnProposers({ ...lottery, height })(0)
      times[index] = (times[index] as number) + 1
    }
    validators.list.forEach(({ weight }, index) => {
      const due = 500 * Number(weight)
      assert.ok(Math.abs((times[index] as number) - due) < 120, `${times[index]} of ${due}`)
    })
  })

  test('are eligible, even if only one is', () => {
    for (let height = 1n; height < 100n; height += 1n) {
      const two = drawnProposers({ ...lottery, height, isEligible: (index) => index > 1 })
      const one = drawnProposers({ ...lottery, height, isEligible: (index) => index === 1 })
      assert.deepEqual(new Set([two(0), two(1)]), new Set([2, 3]))
      assert.deepEqual([one(0), one(1), one(2)], [1, 1, 1])
    }
  })
})

test('heights lie in epochs of which the boundary is the last block; the first block is in none', () => {
  const places = [1n, 2n, 3n, 4n, 6n, 7n].map((height) => epochPlace(height, 3))
  assert.deepEqual(places, [
    { epoch: 0n, slot: 0, isBoundary: false },
    { epoch: 0n, slot: 1, isBoundary: false },
    { epoch: 0n, slot: 2, isBoundary: true },
    { epoch: 1n, slot: 0, isBoundary: false },
    { epoch: 1n, slot: 2, isBoundary: true },
    { epoch: 2n, slot: 0, isBoundary: false },
  ])
})
