/** Makes blocks of chains of delegates with the real contract: who is elected from which votes, proposes, earns, and is left out. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeFunctionResult, encodeFunctionData } from 'viem'
import { delegatesAbi } from '../abi/delegates.gen.ts'
import { compareBytes, equalBytes, fromHex, toHex } from '../base/bytes.ts'
import { electedDelegates, proposingOrder, roundSeed } from './consensus/election.ts'
import { dposRounds } from './consensus/epoch-state.ts'
import { readDelegate } from './consensus/staked-reader.ts'
import {
  accountOf,
  payToOf,
  provenKey,
  stakedManifest,
  stakedWorld,
  validatorKey,
  validatorOf,
} from './test-chain/staked-world.ts'

const ether = 10n ** 18n
const gwei = 10n ** 9n
const [active, standby] = [4, 1]
const length = active + standby
const issuanceWei = 10n ** 15n + 7n
const bytes = (value: Uint8Array) => toHex(value) as `0x${string}`

/** Delegates 1 to 5, of accounts 1 to 5, who vote so many ether for themselves. */
function manifestOf(votes: readonly bigint[], change: object = {}) {
  const validators = votes.map((own, at) => {
    const { scheme, publicKey } = validatorKey(at + 1)
    return {
      ...{ scheme, publicKey: toHex(publicKey), owner: toHex(accountOf(at + 1)) },
      ...{ payTo: toHex(payToOf(at + 1)), commissionBps: 2_500, name: `delegate ${at + 1}` },
      ownVotesWei: String(own * ether),
    }
  })
  return stakedManifest({
    ...{ engine: 'dpos', validators, active, standby, issuanceWei: String(issuanceWei) },
    ...{ unlockSeconds: 10, ownUnlockSeconds: 20, registrationFeeWei: '7', ...change },
  })
}

const five = [10n, 10n, 10n, 10n, 10n]
const worldOf = (votes = five, change: object = {}) => stakedWorld(manifestOf(votes, change))
type World = Awaited<ReturnType<typeof worldOf>>

type Name = Extract<(typeof delegatesAbi)[number], { type: 'function' }>['name']
const encode = (functionName: Name, args: readonly unknown[]) =>
  fromHex(encodeFunctionData({ abi: delegatesAbi, functionName, args } as never))

async function view<T>(world: World, functionName: Name, args: readonly unknown[]): Promise<T> {
  const data = bytes(await world.view(encode(functionName, args)))
  return decodeFunctionResult({ abi: delegatesAbi, functionName, data } as never) as T
}

const delegate = (number: number) => bytes(validatorOf(number))

/** Registers a delegate of the account of the same number. */
function register(world: World, number: number, proofOf = number) {
  const key = provenKey(validatorKey(number), { chain: world.key, owner: accountOf(proofOf) })
  const name = bytes(new Uint8Array(32).fill(number))
  const data = encode('registerDelegate', [name, key, bytes(payToOf(number)), 0])
  return { from: number, data, valueWei: 7n }
}

const vote = (from: number, number: number, wei: bigint) => {
  return { from, data: encode('vote', [delegate(number)]), valueWei: wei }
}

/** Numbers of those who sign the height after this one, or the next one. */
function signers(world: World, which: 'validators' | 'nextValidators' = 'validators') {
  const { list } = world.derived()[which]
  assert.ok(list.every(({ weight }) => weight === 1n))
  return numbersOf(list.map(({ address }) => address))
}

function numbersOf(addresses: readonly Uint8Array[]): number[] {
  const all = Array.from({ length: 12 }, (_, at) => at + 1)
  return all.filter((number) => addresses.some((one) => equalBytes(one, validatorOf(number))))
}

describe('rounds of delegates', () => {
  test('the votes at the end of a round elect for the round after the next, and only those', async () => {
    const world = await worldOf()
    // Round 0 ends with block 5; its votes are for round 2, blocks 11 to 15.
    await world.block({ calls: [register(world, 6), register(world, 7)] })
    await world.block({ calls: [vote(6, 6, 50n * ether)] })
    await world.until(5n)
    await world.block({ calls: [vote(7, 7, 60n * ether)] })
    assert.deepEqual(signers(world), [1, 2, 3, 4, 5])
    await world.until(8n)
    assert.deepEqual(signers(world, 'nextValidators'), [1, 2, 3, 4, 5])
    await world.block()
    const round = dposRounds.read(world.derived().epoch?.pending)
    assert.equal(numbersOf(round.elected).includes(6), true)
    assert.equal(numbersOf(round.elected).includes(7), false, 'its votes came in the next round')
    assert.equal(signers(world, 'nextValidators').includes(6), true)
    assert.deepEqual(signers(world), [1, 2, 3, 4, 5])
    await world.block()
    assert.equal(signers(world).includes(6), true)
    assert.equal(signers(world).includes(7), false)
    await world.until(15n)
    assert.equal(signers(world).includes(7), true, 'the votes of round 1 are for round 3')
  })

  test('of equal votes the lower address is in, the others are drawn, as reckoned a second time', async () => {
    const world = await worldOf(five, { standby: 1 })
    await world.block({ calls: [6, 7, 8, 9].map((number) => register(world, number)) })
    await world.block({ calls: [6, 7, 8, 9].map((number) => vote(number, number, 10n * ether)) })
    await world.until(6n)
    const all = Array.from({ length: 9 }, (_, at) => validatorOf(at + 1)).sort(compareBytes)
    const end = world.chain[5]?.block
    assert.ok(end)
    const expected = electedDelegates(
      all.map((address) => ({ address, weight: (10n * ether) / gwei, since: 0n })),
      { active, standby, minStandby: 1n, seed: roundSeed(world.key, 2n, end.hash) },
    )
    const { elected, anchors } = dposRounds.read(world.derived().epoch?.pending)
    assert.deepEqual(anchors, [new Uint8Array(32), end.hash])
    assert.deepEqual(elected.toSorted(compareBytes), expected)
    assert.deepEqual(elected.slice(0, 4), all.slice(0, 4))
  })

  test('each slot belongs to the next of a drawn order, and later rounds to those that follow', async () => {
    const world = await worldOf()
    for (let height = 1; height <= 20; height += 1) {
      const { validators, epoch } = world.derived()
      const [anchor] = dposRounds.read(epoch?.pending).anchors
      const [round, slot] = [Math.floor((height - 1) / length), (height - 1) % length]
      const order = proposingOrder(
        roundSeed(world.key, BigInt(round), anchor),
        validators.list.length,
      )
      const later = height === 8 ? 2 : 0
      const { executed } = await world.block({ round: later })
      const place = order[(slot + later) % order.length] as number
      assert.deepEqual(
        executed.block.header.beneficiary,
        validators.list[place]?.payTo,
        `${height}`,
      )
      if (height !== 8) continue
      const missed = [0, 1].map((earlier) => validators.list[order[slot + earlier] as number])
      const known = world.derived().absences.map(({ address }) => toHex(address))
      for (const one of missed) {
        assert.ok(one && known.includes(toHex(one.address)), 'missed slots count')
      }
    }
  })

  test('more than a third comes in over several rounds, the heaviest first', async () => {
    const world = await worldOf()
    const four = [6, 7, 8, 9]
    await world.block({ calls: four.map((number) => register(world, number)) })
    await world.block({
      calls: four.map((number) => vote(number, number, BigInt(number) * 10n * ether)),
    })
    await world.until(10n)
    assert.deepEqual(
      signers(world).filter((number) => number > 5),
      [9],
    )
    await world.until(15n)
    assert.deepEqual(
      signers(world).filter((number) => number > 5),
      [8, 9],
    )
    await world.until(25n)
    assert.deepEqual(
      signers(world).filter((number) => number > 5),
      four,
    )
  })

  test('with fewer than four the set stays', async () => {
    const world = await worldOf([10n, 10n, 10n])
    await world.until(21n)
    assert.deepEqual(signers(world), [1, 2, 3])
    await world.block({ calls: [register(world, 6)] })
    await world.block({ calls: [vote(6, 6, 5n * ether)] })
    await world.until(35n)
    assert.deepEqual(signers(world), [1, 2, 3, 6])
  })
})

describe('delegates', () => {
  test('who signs nothing for three rounds is left out until it asks to come back', async () => {
    const world = await worldOf()
    const absent = [validatorOf(2)]
    await world.until(14n, { absent })
    assert.equal(readDelegate(world.reader, validatorOf(2))?.isSuspended, false)
    await world.block({ absent })
    assert.equal(readDelegate(world.reader, validatorOf(2))?.isSuspended, true)
    await world.until(20n, { absent })
    assert.deepEqual(signers(world), [1, 3, 4, 5])
    await world.block({ calls: [{ from: 2, data: encode('resume', [delegate(2)]) }] })
    await world.until(34n)
    assert.deepEqual(signers(world, 'nextValidators'), [1, 2, 3, 4, 5])
  })

  test('who signs once a round is not left out', async () => {
    const world = await worldOf()
    for (let height = 1n; height <= 20n; height += 1n) {
      await world.block({ absent: height % 5n === 3n ? [] : [validatorOf(2)] })
    }
    assert.equal(readDelegate(world.reader, validatorOf(2))?.isSuspended, false)
    assert.deepEqual(signers(world), [1, 2, 3, 4, 5])
  })

  test('rewards are for who proposes, shared with voters at the rate of the delegate, to the wei', async () => {
    const world = await worldOf()
    await world.block({ calls: [vote(9, 1, 30n * ether)] })
    await world.until(15n)
    const whole = (issuanceWei / gwei) * gwei
    const blocks = (number: number, round: number) =>
      world.chain
        .slice(round * length + 1, round * length + 1 + length)
        .filter(({ block }) => equalBytes(block.header.beneficiary, payToOf(number))).length
    let total = 0n
    for (const number of [1, 2, 3, 4, 5]) {
      const paid = [0, 1, 2].map((round) => {
        const wei = BigInt(blocks(number, round)) * issuanceWei
        return (wei / gwei) * gwei
      })
      const sum = paid.reduce((all, wei) => all + wei, 0n)
      total += sum
      const owned = await view<bigint>(world, 'claimable', [bytes(accountOf(number))])
      const entry = await view<{ votes: { amount: bigint } }>(world, 'entryOf', [delegate(number)])
      if (number !== 1) {
        assert.deepEqual([owned, entry.votes.amount], [sum, 0n], 'nobody else votes for it')
        continue
      }
      const commission = paid.reduce((all, wei) => all + (wei * 2_500n) / 10_000n, 0n)
      assert.deepEqual([owned, entry.votes.amount], [commission, 30n * ether + sum - commission])
    }
    assert.equal(total % gwei, 0n)
    assert.ok(total >= 15n * whole - 15n * gwei && total <= 15n * issuanceWei)
    const balance = world.state().account(world.contract)?.balance
    assert.equal(balance, 50n * ether + 30n * ether + total)
    assert.equal(await view(world, 'held', []), balance)
  })

  test('who signs twice loses a tenth of its own votes and its place, until its ban is over and it asks', async () => {
    const world = await worldOf(five, { banSeconds: 8, issuanceWei: '0' })
    await world.block({ calls: [vote(9, 2, 30n * ether)] })
    await world.until(6n)
    const { executed } = await world.block({ twice: [2] })
    assert.deepEqual(signers(world), [1, 2, 3, 4, 5])
    assert.deepEqual(signers(world, 'nextValidators'), [1, 3, 4, 5])
    const entry = await view<{ own: bigint; votes: { amount: bigint } }>(world, 'entryOf', [
      delegate(2),
    ])
    assert.deepEqual([entry.own, entry.votes.amount], [9n * ether, 30n * ether])
    const { beneficiary } = executed.block.header
    assert.equal(await view(world, 'claimable', [bytes(beneficiary)]), ether / 16n)
    const resume = { from: 2, data: encode('resume', [delegate(2)]) }
    await assert.rejects(() => world.block({ calls: [resume] }), 'it is barred')
    await world.until(15n)
    assert.deepEqual(signers(world), [1, 3, 4, 5])
    await world.block({ calls: [resume] })
    await world.until(29n)
    assert.deepEqual(signers(world, 'nextValidators'), [1, 2, 3, 4, 5])
  })

  test('a bad proof gives the fee back, a good one burns it', async () => {
    const world = await worldOf()
    await world.block({ calls: [register(world, 6, 7), register(world, 8)] })
    assert.equal(readDelegate(world.reader, validatorOf(6)), undefined)
    assert.equal(await view(world, 'claimable', [bytes(accountOf(6))]), 7n)
    assert.equal(readDelegate(world.reader, validatorOf(8))?.isSuspended, false)
    assert.equal(await view(world, 'held', []), 50n * ether + 7n)
  })

  test('votes come back after their time', async () => {
    const world = await worldOf()
    await world.block({ calls: [vote(9, 1, 30n * ether)] })
    await world.block({ calls: [{ from: 9, data: encode('unvote', [delegate(1), 30n * ether]) }] })
    const payee = payToOf(77)
    const withdraw = { from: 9, data: encode('withdraw', [delegate(1), bytes(payee)]) }
    await world.until(10n)
    await assert.rejects(() => world.block({ calls: [withdraw] }))
    await world.until(11n)
    await world.block({ calls: [withdraw] })
    assert.equal(world.state().account(payee)?.balance, 30n * ether)
  })
})
