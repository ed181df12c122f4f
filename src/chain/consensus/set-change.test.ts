/** Checks that sets change by a third at most, fairly, and in the end to what is wanted. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '../../base/bytes.ts'
import { limitedChange, type SetChange, type Weighed } from './set-change.ts'

const address = (number: number) => new Uint8Array(20).fill(number)
const weighed = (...weights: readonly (readonly [number, bigint])[]): Weighed[] =>
  weights.map(([number, weight]) => ({ address: address(number), weight }))

/** Weights by number. */
const plain = (set: readonly Weighed[]) => set.map((one) => [one.address[0], one.weight])
const change = (current: Weighed[], target: Weighed[], options: Partial<SetChange> = {}) =>
  plain(limitedChange({ current, target, since: () => 0n, most: 128, ...options }))

describe('a change of the set', () => {
  test('that is no more than a third comes at once', () => {
    const current = weighed([1, 30n], [2, 30n], [3, 30n])
    const target = weighed([1, 30n], [2, 30n], [4, 30n])
    assert.deepEqual(change(current, target), plain(target))
  })

  test('that is more waits in part, the oldest first', () => {
    const current = weighed([1, 30n], [2, 30n], [3, 30n])
    const since = (one: Uint8Array) => (one[0] === 3 ? 1n : 2n)
    const rest = weighed([1, 30n], [2, 20n])
    assert.deepEqual(change(current, weighed([1, 20n]), { since }), [
      [1, 30n],
      [2, 30n],
    ])
    assert.deepEqual(change(rest, weighed([1, 10n]), { since }), [
      [1, 14n],
      [2, 20n],
    ])
    const target = [...current, ...weighed([5, 40n], [4, 9n])]
    assert.deepEqual(change(current, target), [...[...plain(current), [4, 9n]], [5, 21n]])
  })

  test('lets nobody new in while the set is full, but those that leave make room', () => {
    const current = weighed([1, 30n], [2, 30n], [3, 30n])
    const more = weighed([1, 31n], [2, 30n], [3, 30n], [4, 5n])
    assert.deepEqual(change(current, more, { most: 3 }), [
      [1, 31n],
      [2, 30n],
      [3, 30n],
    ])
    assert.deepEqual(change(current, weighed([1, 30n], [2, 30n], [4, 5n]), { most: 3 }), [
      [1, 30n],
      [2, 30n],
      [4, 5n],
    ])
  })

  test('never empties the set, and begins one at once', () => {
    assert.deepEqual(change(weighed([1, 1n]), []), [[1, 1n]])
    assert.deepEqual(change(weighed([1, 2n]), []), [[1, 1n]])
    assert.deepEqual(change([], weighed([2, 9n], [1, 5n])), [
      [1, 5n],
      [2, 9n],
    ])
    assert.deepEqual(change(weighed([1, 1n]), weighed([2, 1n])), [[2, 1n]])
  })
})

const someSet = (most: number) =>
  fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.bigInt(1n, 1_000n)), {
      ...{ maxLength: most, selector: ([number]) => number },
    })
    .map((pairs) => weighed(...pairs))

describe('any change of a set', () => {
  const inputs = [
    someSet(8),
    someSet(8),
    fc.array(fc.bigInt(0n, 5n), { minLength: 13, maxLength: 13 }),
  ] as const
  const sinceOf = (ages: readonly bigint[]) => (one: Uint8Array) => ages[one[0] as number] ?? 0n
  const sum = (set: readonly Weighed[]) => set.reduce((all, { weight }) => all + weight, 0n)

  test('moves at most a third each way, towards what is wanted, in bounds and in order', () => {
    fc.assert(
      fc.property(...inputs, (current, target, ages) => {
        fc.pre(current.length > 0)
        const next = limitedChange({ current, target, since: sinceOf(ages), most: 8 })
        const before = new Map(current.map((one) => [one.address[0], one.weight]))
        const wanted = new Map(target.map((one) => [one.address[0], one.weight]))
        const after = new Map(next.map((one) => [one.address[0], one.weight]))
        let [entered, left] = [0n, 0n]
        for (let number = 1; number <= 12; number += 1) {
          const [a, b, c] = [before, after, wanted].map((set) => set.get(number) ?? 0n) as [
            ...[bigint, bigint, bigint],
          ]
          assert.ok((a <= b && b <= c) || (a >= b && b >= c), 'between what is and what is wanted')
          if (b > a) entered += b - a
          else left += a - b
        }
        const third = sum(current) / 3n || 1n
        assert.ok(entered <= third && left <= third)
        assert.ok(next.length >= 1 && next.length <= 8)
        assert.ok(next.every(({ weight }) => weight > 0n))
        assert.deepEqual(
          next,
          next.toSorted((a, b) => compareBytes(a.address, b.address)),
        )
        const turned = { current: current.toReversed(), target: target.toReversed() }
        assert.deepEqual(limitedChange({ ...turned, since: sinceOf(ages), most: 8 }), next)
      }),
    )
  })

  test('ends at what is wanted', () => {
    fc.assert(
      fc.property(...inputs, (current, target, ages) => {
        fc.pre(current.length > 0 && target.length > 0)
        let set: readonly Weighed[] = current
        for (let epoch = 0; epoch < 3_000 && sum(set) > 0n; epoch += 1) {
          const next = limitedChange({ current: set, target, since: sinceOf(ages), most: 16 })
          if (JSON.stringify(plain(next).map(String)) === JSON.stringify(plain(set).map(String)))
            break
          set = next
        }
        const sorted = target.toSorted((a, b) => compareBytes(a.address, b.address))
        assert.deepEqual(plain(set), plain(sorted))
      }),
    )
  })
})
