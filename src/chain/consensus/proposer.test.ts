/** Checks the rotation of proposers, and who is left out of it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Absence, type Eligible, eligibility, nextAbsences } from './absence.ts'
import type { ValidatorSet } from './messages.ts'
import { advancePriorities, changePriorities, firstPriorities, proposersOf } from './proposer.ts'
import { fakeValidators } from './test-validators/fake-signatures.ts'
import { validatorSet } from './validator-set.ts'

const all = () => true
const setOf = (...weights: readonly (bigint | number)[]) => fakeValidators(weights).validators
const rotationOf = (validators: ValidatorSet, isEligible: Eligible = all) => ({
  ...{ validators, priorities: firstPriorities(validators), isEligible },
})
const sum = (numbers: readonly bigint[]) => numbers.reduce((total, number) => total + number, 0n)
const addressAt = ({ list }: ValidatorSet, index: number) =>
  (list[index] as { address: Uint8Array }).address

describe('the rotation', () => {
  test('takes turns as worked out by hand', () => {
    // Gains and who pays: 1 2 3 (c), 2 4 0 (b), 3 0 3 (a tie: a), −2 2 6 (c), −1 4 3 (b), 0 0 6 (c), and all is 0.
    const proposerOf = proposersOf(rotationOf(setOf(1, 2, 3)))
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(proposerOf), [2, 1, 0, 2, 1, 2, 2])
    assert.deepEqual([0, 1, 2, 3].map(proposersOf(rotationOf(setOf(5, 5)))), [0, 1, 0, 1])
  })

  test('gives each its share exactly, whatever the weights, and comes back to where it began', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(weights, (drawn) => {
        const validators = setOf(...drawn)
        let rotation = rotationOf(validators)
        const turns = drawn.map(() => 0)
        for (let turn = 0n; turn < validators.total; turn += 1n) {
          const chosen = proposersOf(rotation)(0)
          turns[chosen] = (turns[chosen] as number) + 1
          rotation = { ...rotation, priorities: advancePriorities(rotation) }
          assert.equal(sum(rotation.priorities), 0n)
        }
        assert.deepEqual(turns, drawn)
        assert.deepEqual(rotation.priorities, firstPriorities(validators))
      }),
      { seed: 1 },
    )
  })

  test('goes on by one turn a height, however many rounds it took: round 1 is the next height’s round 0', () => {
    const rotation = rotationOf(setOf(3, 1, 4, 1, 5))
    const next = { ...rotation, priorities: advancePriorities(rotation) }
    const [now, then] = [proposersOf(rotation), proposersOf(next)]
    for (let round = 0; round < 30; round += 1) assert.equal(now(round + 1), then(round))
    assert.equal(now(0), proposersOf(rotation)(0))
  })

  test('is exact for the heaviest weights', () => {
    const heavy = 2n ** 60n - 1n
    const proposerOf = proposersOf(rotationOf(setOf(heavy, heavy - 1n, heavy - 2n)))
    const rounds = Array.from({ length: 9 }, (_, round) => proposerOf(round))
    assert.deepEqual(rounds, [0, 1, 2, 0, 1, 2, 0, 1, 2])
    const rotation = rotationOf(setOf(heavy, heavy - 1n))
    assert.deepEqual(advancePriorities(rotation), [-(heavy - 1n), heavy - 1n])
  })

  test('leaves out who is not eligible, whose priority rests, and needs somebody', () => {
    const validators = setOf(1, 2, 3)
    const rotation = rotationOf(validators, (index) => index !== 2)
    assert.deepEqual([0, 1, 2, 3].map(proposersOf(rotation)), [1, 0, 1, 1])
    assert.deepEqual(advancePriorities(rotation), [1n, -1n, 0n])
    const nobody = rotationOf(validators, () => false)
    assert.throws(() => proposersOf(nobody)(0), { code: 'consensus/no-proposer' })
  })

  test('lets a new member wait, and draws priorities together after a change', () => {
    const validators = setOf(10, 10, 10)
    const [first, second, third] = validators.list
    assert.ok(first && second && third)
    const before = validatorSet([first, second])
    const order = (set: ValidatorSet) =>
      set.list.map(({ address }) => (address.toHex() === third.address.toHex() ? 'new' : 'old'))
    // The new one enters at −(30 + 3); the sum −33 is spread: −33 / 3 = −11 is taken from each.
    const entered = changePriorities({ validators: before, priorities: [0n, 0n] }, validators)
    assert.deepEqual(
      entered,
      order(validators).map((who) => (who === 'new' ? -22n : 11n)),
    )
    // Who leaves takes its priority along: 7 and −7 become 7, and 7 is taken from it.
    const left = changePriorities(
      { validators: before, priorities: [7n, -7n] },
      validatorSet([first]),
    )
    assert.deepEqual(left, [0n])
    // Spread 101 in a window of 40: all divided by 3, toward zero, then the average −1/2 → 0 taken away.
    const apart = changePriorities({ validators: before, priorities: [50n, -51n] }, before)
    assert.deepEqual(apart, [16n, -17n])
  })
})

describe('the list of absences', () => {
  const validators = setOf(1, 1, 1, 1)
  const block = (height: bigint, round: number, changes = {}) => ({
    ...{ height, round, validators, nextValidators: validators },
    ...{ proposerOf: (earlier: number) => earlier % 4, ...changes },
  })
  const absence = (index: number, missed: number, absentUntil: bigint): Absence => ({
    ...{ address: addressAt(validators, index), missed, absentUntil },
  })

  test('counts each that let its turn pass, once a height, and clears the proposer', () => {
    assert.deepEqual(nextAbsences([], block(9n, 0)), [])
    assert.deepEqual(nextAbsences([], block(9n, 2)), [absence(0, 1, 9n), absence(1, 1, 9n)])
    // Five rounds brought nothing, and 0 and 1 had two of the six turns: 1 made the block.
    assert.deepEqual(
      nextAbsences([], block(9n, 5)),
      [0, 2, 3].map((at) => absence(at, 1, 9n)),
    )
    assert.deepEqual(nextAbsences([absence(2, 4, 20n)], block(9n, 2)), [
      ...[absence(0, 1, 9n), absence(1, 1, 9n)],
    ])
  })

  test('leaves out from the second miss on, twice as long each time, up to 64 heights', () => {
    let list: readonly Absence[] = []
    const lengths = Array.from({ length: 8 }, () => {
      list = nextAbsences(list, block(100n, 1))
      return Number((list[0] as Absence).absentUntil - 100n)
    })
    assert.deepEqual(lengths, [0, 4, 8, 16, 32, 64, 64, 64])
  })

  test('lets who is back try again at its height, and nobody is left out when all would be', () => {
    const list = [absence(0, 2, 14n), absence(2, 3, 18n)]
    const at = (height: bigint, absences = list) => {
      const isEligible = eligibility(absences, validators, height)
      return [0, 1, 2, 3].filter((index) => isEligible(index, 0))
    }
    assert.deepEqual(at(13n), [1, 3])
    assert.deepEqual(at(14n), [0, 1, 3])
    assert.deepEqual(at(18n), [0, 1, 2, 3])
    const everybody = [0, 1, 2, 3].map((index) => absence(index, 2, 20n))
    assert.deepEqual(at(19n, everybody), [0, 1, 2, 3])
  })

  test('passes by who missed its last turn behind the first round, and nobody from the fourth on', () => {
    const at = (round: number, ...absences: readonly Absence[]) => {
      const isEligible = eligibility(absences, validators, 9n)
      return [0, 1, 2, 3].filter((index) => isEligible(index, round))
    }
    const missed = [absence(0, 1, 8n), absence(2, 3, 18n)]
    assert.deepEqual(at(0, ...missed), [0, 1, 3])
    for (const round of [1, 2, 3]) assert.deepEqual(at(round, ...missed), [1, 3])
    for (const round of [4, 5, 99]) assert.deepEqual(at(round, ...missed), [0, 1, 2, 3])
    const probes = [0, 1, 2, 3].map((index) => absence(index, 1, 8n))
    assert.deepEqual(at(1, ...probes), [0, 1, 2, 3])
    const [, ...others] = probes.map(({ address }) => ({ address, missed: 2, absentUntil: 20n }))
    // One may propose and is dead: the three that vote are enough, and have their turns at last.
    assert.deepEqual([at(0, ...others), at(3, ...others)], [[0], [0]])
    const rotation = rotationOf(validators, eligibility(others, validators, 9n))
    const chosen = [0, 1, 2, 3, 4, 5, 6].map(proposersOf(rotation))
    assert.deepEqual(chosen.slice(0, 4), [0, 0, 0, 0])
    assert.deepEqual(chosen.slice(4), [0, 1, 2])
  })

  test('two that are dead and follow one another cost one wait a height', () => {
    const seven = setOf(1, 1, 1, 1, 1, 1, 1)
    const isDead = (index: number) => index === 2 || index === 3
    let priorities = firstPriorities(seven)
    let absences: readonly Absence[] = []
    const rounds: number[] = []
    for (let height = 1n; height <= 40n; height += 1n) {
      const isEligible = eligibility(absences, seven, height)
      const proposerOf = proposersOf({ validators: seven, priorities, isEligible })
      let round = 0
      while (isDead(proposerOf(round))) round += 1
      rounds.push(round)
      const taken = { height, round, validators: seven, proposerOf, nextValidators: seven }
      absences = nextAbsences(absences, taken)
      priorities = advancePriorities({ validators: seven, priorities, isEligible })
    }
    // Nobody knows at first; then each turn of a dead one is a height of its own, ever further apart.
    assert.equal(rounds.filter((round) => round > 1).length, 1)
    assert.ok(rounds.slice(10).filter((round) => round > 0).length <= 6, rounds.join())
  })

  test('forgets who left the set, and stays in order', () => {
    const nextValidators = validatorSet(validators.list.slice(1))
    assert.deepEqual(nextAbsences([absence(3, 1, 5n)], block(9n, 2, { nextValidators })), [
      ...[absence(1, 1, 9n), absence(3, 1, 5n)],
    ])
  })
})
