/** Registers, votes, earns and is punished as delegates and their voters are. */

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { type Address, parseEventLogs, toHex, zeroAddress } from 'viem'
import { delegatesAbi as abi } from '../../src/abi/delegates.gen.ts'
import { ether, keyOf } from './born-contract.ts'
import { bornDelegates, nameOf } from './born-delegates.ts'
import { reverts } from './simulated-chain.ts'

const delegate = (number: number) => keyOf(number).validator
const lower = (text: string) => text.toLowerCase()
const gwei = 10n ** 9n

let open: (() => Promise<void>) | undefined
afterEach(() => open?.())

async function born(...options: Parameters<typeof bornDelegates>) {
  const delegates = await bornDelegates(...options)
  open = delegates.close
  return delegates
}

async function weights(delegates: Awaited<ReturnType<typeof born>>) {
  const candidates = await delegates.candidates()
  return new Map(candidates.map(({ validator, weight }) => [lower(validator), weight]))
}

describe('delegates', () => {
  test('are born with their founders, as their own views say', async () => {
    const delegates = await born([4n * ether, 3n * ether])
    const { account } = delegates
    const entry = await delegates.entry(delegate(1))
    assert.deepEqual(
      { ...entry, owner: lower(entry.owner), payTo: lower(entry.payTo) },
      {
        ...{ owner: lower(account(1)), payTo: lower(account(1)), scheme: 1, faults: 0 },
        ...{ commissionBps: 5_000, isSuspended: false, faultBlock: 0, bannedUntil: 0 },
        ...{ heldUntil: 0, name: nameOf(1), own: 3n * ether, ownUnlocking: 0n },
        ...{ votes: { amount: 0n, shares: 0n }, ownClockBlock: 0, ownClockTime: 0 },
      },
    )
    assert.deepEqual(
      [...(await weights(delegates))],
      [
        [delegate(0), (4n * ether) / gwei],
        [delegate(1), (3n * ether) / gwei],
      ],
    )
    assert.equal(await delegates.read('held'), 7n * ether)
    assert.equal(await delegates.balance(), 7n * ether)
    assert.equal(await delegates.read('setWeight'), 2n)
    assert.equal(await delegates.read('isNameTaken', nameOf(1)), true)
    assert.equal(await delegates.read('voteCount', account(1)), 1n)
    for (const [name, value] of [
      ['maxCandidates', 4],
      ['registrationFee', ether],
      ['unlockSeconds', 700],
      ['ownUnlockSeconds', 3_000],
      ['ownUnlockBlocks', 20],
      ['banSeconds', 3_000],
      ['slashBps', 1_000],
    ] as const) {
      assert.equal(await delegates.read(name), value, name)
    }
  })

  test('register with a proof and a fee that is burnt; without votes they are no candidates', async () => {
    const delegates = await born([4n * ether])
    const before = await delegates.reader.getBalance({ address: zeroAddress })
    await delegates.register(5, keyOf(5, 'ml-dsa-65'), nameOf(5))
    await delegates.register(6, keyOf(6), nameOf(6))
    await delegates.register(7, keyOf(7), nameOf(5))
    await delegates.bySystem('admit', 0b101n)
    const { validator } = keyOf(5, 'ml-dsa-65')
    const entry = await delegates.entry(validator)
    assert.deepEqual([lower(entry.owner), entry.scheme], [lower(delegates.account(5)), 2])
    assert.equal((await delegates.reader.getBalance({ address: zeroAddress })) - before, ether)
    assert.equal((await delegates.entry(delegate(6))).owner, zeroAddress)
    assert.equal(await delegates.claimable(6), ether)
    assert.equal(await delegates.claimable(7), ether, 'the name was taken')
    assert.equal((await delegates.candidates()).length, 1)
    await delegates.vote(5, validator, 2n * ether)
    assert.equal((await weights(delegates)).get(validator), (2n * ether) / gwei)
    assert.equal(await delegates.read('held'), await delegates.balance())
  })

  test('cannot register with another fee, a name that is none, or a key that is used', async () => {
    const delegates = await born([4n * ether])
    await reverts(delegates.register(5, keyOf(5), nameOf(5), ether - 1n), 'BadAmount')
    await reverts(delegates.register(5, keyOf(5), nameOf(5), ether + 1n), 'BadAmount')
    await reverts(delegates.register(5, keyOf(5), nameOf(0)), 'BadName')
    await reverts(delegates.register(5, keyOf(5), toHex(0, { size: 32 })), 'BadName')
    await reverts(delegates.register(5, keyOf(0), nameOf(5)), 'KeyUsed')
  })

  test('are judged by the protocol only', async () => {
    const delegates = await born([4n * ether])
    for (const [name, ...args] of [
      ['admit', 1n],
      ['slash', delegate(0), 1, 1n, zeroAddress],
      ['expel', delegate(0)],
      ['reward', [delegate(0)], [1n]],
      ['closeEpoch', 1n, toHex(1, { size: 32 }), 1n, []],
    ] as const) {
      await reverts(delegates.write(delegates.admin, name, args), 'OnlySystem')
    }
  })

  test('change their terms; a commission only falls', async () => {
    const delegates = await born([4n * ether])
    const payTo = '0x00000000000000000000000000000000000000c4'
    const set = (from: Address, to: Address, bps: number) =>
      delegates.write(from, 'setTerms', [delegate(0), to, bps])
    await reverts(set(delegates.bob, payTo, 0), 'NotOwner')
    await reverts(set(delegates.account(0), zeroAddress, 0), 'ZeroAddress')
    await reverts(set(delegates.account(0), payTo, 5_001), 'BadCommission')
    await set(delegates.account(0), payTo, 100)
    const entry = await delegates.entry(delegate(0))
    assert.deepEqual([lower(entry.payTo), entry.commissionBps], [payTo, 100])
  })

  test('a closed round is told, with the set that was elected', async () => {
    const delegates = await born([4n * ether])
    const hash = toHex(1, { size: 32 })
    const { logs } = await delegates.bySystem('closeEpoch', 4n, hash, 21n, [delegate(0)])
    const [event] = parseEventLogs({ abi, logs, eventName: 'EpochClosed' })
    assert.deepEqual([event?.args.epoch, event?.args.setHash], [4n, hash])
    assert.deepEqual([await delegates.read('epoch'), await delegates.read('setWeight')], [4n, 21n])
  })
})

describe('votes', () => {
  test('weigh, up to ten times the delegate’s own', async () => {
    const delegates = await born([4n * ether])
    await delegates.vote(3, delegate(0), 10n * ether)
    assert.equal((await weights(delegates)).get(delegate(0)), (14n * ether) / gwei)
    await delegates.vote(4, delegate(0), 50n * ether)
    assert.equal((await weights(delegates)).get(delegate(0)), (40n * ether) / gwei)
    await delegates.vote(0, delegate(0), ether)
    assert.equal((await weights(delegates)).get(delegate(0)), (50n * ether) / gwei)
    await delegates.unvote(0, delegate(0), 5n * ether)
    assert.equal((await delegates.candidates()).length, 0)
  })

  test('are for delegates that there are, of something, and for ten of them at once', async () => {
    const delegates = await born([4n * ether])
    await reverts(delegates.vote(3, delegate(9), ether), 'NoDelegate')
    await reverts(delegates.unvote(3, delegate(9), 0n), 'NoDelegate')
    await reverts(delegates.vote(3, delegate(0), 0n), 'BadAmount')
    for (let number = 10; number < 20; number += 1) {
      await delegates.register(5, keyOf(number), nameOf(number))
      await delegates.bySystem('admit', 1n)
      await delegates.vote(3, delegate(number), ether)
    }
    await reverts(delegates.vote(3, delegate(0), ether), 'TooManyVotes')
    await delegates.vote(3, delegate(10), ether)
    await delegates.unvote(3, delegate(11), ether)
    await delegates.vote(3, delegate(0), ether)
    assert.equal(await delegates.read('voteCount', delegates.account(3)), 10n)
  })

  test('unlock after their time, a delegate’s own after a longer one', async () => {
    const delegates = await born([4n * ether])
    await delegates.vote(3, delegate(0), 6n * ether)
    await reverts(delegates.unvote(3, delegate(0), 6n * ether + 1n), 'NotEnough')
    await reverts(delegates.unvote(0, delegate(0), 4n * ether + 1n), 'NotEnough')
    await reverts(delegates.unvote(3, delegate(0), 0n), 'BadAmount')
    await delegates.unvote(3, delegate(0), 5n * ether)
    await delegates.unvote(0, delegate(0), 2n * ether)
    await reverts(delegates.withdraw(3, delegate(0)), 'NothingToPay')
    await delegates.wait(690)
    await reverts(delegates.withdraw(3, delegate(0)), 'NothingToPay')
    await delegates.wait(10)
    const to = '0x00000000000000000000000000000000000000d1'
    await delegates.withdraw(3, delegate(0), to)
    assert.equal(await delegates.reader.getBalance({ address: to }), 5n * ether)
    await delegates.wait(2_400)
    await reverts(delegates.withdraw(0, delegate(0)), 'NothingToPay')
    await delegates.wait(1, 20)
    await delegates.withdraw(0, delegate(0), to)
    assert.equal(await delegates.reader.getBalance({ address: to }), 7n * ether)
    assert.equal(await delegates.read('held'), 3n * ether)
    assert.equal(await delegates.balance(), 3n * ether)
  })

  test('put a heavier delegate on a full list and the last one off, which stays a delegate', async () => {
    const delegates = await born([4n * ether, 3n * ether, 2n * ether, ether])
    await delegates.register(5, keyOf(5), nameOf(5))
    await delegates.bySystem('admit', 1n)
    await delegates.vote(5, delegate(5), ether / 2n)
    assert.ok(!(await weights(delegates)).has(delegate(5)))
    await delegates.vote(5, delegate(5), ether)
    assert.ok((await weights(delegates)).has(delegate(5)))
    assert.ok(!(await weights(delegates)).has(delegate(3)))
    await delegates.vote(3, delegate(3), ether)
    assert.ok((await weights(delegates)).has(delegate(3)))
    assert.ok(!(await weights(delegates)).has(delegate(5)))
    assert.equal((await delegates.candidates()).length, 4)
  })

  test('earn what the delegate’s commission leaves', async () => {
    const delegates = await born([4n * ether])
    await delegates.credit(2n * ether)
    await delegates.bySystem('reward', [delegate(0)], [2n * ether])
    assert.equal(await delegates.claimable(0), 2n * ether)
    await delegates.vote(3, delegate(0), 4n * ether)
    await delegates.credit(2n * ether)
    await delegates.bySystem('reward', [delegate(0), delegate(9)], [2n * ether, ether])
    assert.equal(await delegates.claimable(0), 3n * ether)
    assert.equal((await delegates.voteOf(delegate(0), 3)).votesWei, 5n * ether)
    assert.equal((await weights(delegates)).get(delegate(0)), (9n * ether) / gwei)
    const to = '0x00000000000000000000000000000000000000d2'
    await delegates.write(delegates.account(0), 'claim', [to])
    assert.equal(await delegates.reader.getBalance({ address: to }), 3n * ether)
    assert.equal(await delegates.read('held'), await delegates.balance())
  })
})

describe('a fault', () => {
  const reporter = '0x00000000000000000000000000000000000000d3'
  const height = async (delegates: Awaited<ReturnType<typeof born>>) =>
    (await delegates.reader.getBlockNumber()) + 10n

  test('costs a tenth of the delegate’s own votes, holds its voters’, and bars it', async () => {
    const delegates = await born([40n * ether, 3n * ether])
    await delegates.vote(3, delegate(0), 6n * ether)
    await delegates.unvote(3, delegate(0), 2n * ether)
    await delegates.unvote(0, delegate(0), 10n * ether)
    await delegates.wait(600)
    const { logs } = await delegates.bySystem('slash', delegate(0), 1, 1n, reporter)
    const [event] = parseEventLogs({ abi, logs, eventName: 'Slashed' })
    assert.equal(event?.args.amount, 4n * ether)
    const entry = await delegates.entry(delegate(0))
    assert.deepEqual(
      [entry.own, entry.ownUnlocking, entry.votes.amount, entry.faults, entry.isSuspended],
      [27n * ether, 9n * ether, 4n * ether, 1, true],
    )
    assert.equal(await delegates.read('claimable', reporter), ether / 4n)
    assert.ok(!(await weights(delegates)).has(delegate(0)))
    await delegates.wait(300)
    await reverts(delegates.withdraw(3, delegate(0)), 'NothingToPay')
    await delegates.wait(400)
    await delegates.withdraw(3, delegate(0))
    assert.equal(await delegates.read('held'), await delegates.balance())
  })

  test('counts once with all before it; the third one bars for ever', async () => {
    const delegates = await born([40n * ether, 3n * ether])
    const slash = async (at: bigint) => {
      await delegates.bySystem('slash', delegate(0), 1, at, zeroAddress)
      return (await delegates.entry(delegate(0))).faults
    }
    const resume = (from = delegates.account(0)) => delegates.write(from, 'resume', [delegate(0)])
    await reverts(resume(), 'CannotResume')
    await delegates.wait(1, 20)
    assert.equal(await slash(1n), 1)
    assert.equal(await slash(20n), 1)
    await reverts(resume(), 'CannotResume')
    await delegates.vote(0, delegate(0), ether)
    assert.ok(!(await weights(delegates)).has(delegate(0)), 'no votes end a ban')
    await delegates.wait(3_001)
    await reverts(resume(delegates.bob), 'NotOwner')
    await resume()
    assert.equal((await weights(delegates)).get(delegate(0)), (37n * ether) / gwei)
    assert.equal(await slash(await height(delegates)), 2)
    await delegates.wait(3_001)
    await resume()
    assert.equal(await slash(await height(delegates)), 3)
    await delegates.wait(10 * 365 * 86_400)
    await reverts(resume(), 'CannotResume')
    const { own } = await delegates.entry(delegate(0))
    assert.equal(await slash(2n ** 64n - 1n), 3)
    assert.equal((await delegates.entry(delegate(0))).own, own)
  })

  test('a silent delegate is suspended until it asks to be back', async () => {
    const delegates = await born([40n * ether, 3n * ether])
    await delegates.bySystem('expel', delegate(0))
    assert.ok(!(await weights(delegates)).has(delegate(0)))
    await delegates.vote(3, delegate(0), ether)
    await delegates.write(delegates.account(0), 'resume', [delegate(0)])
    assert.equal((await weights(delegates)).get(delegate(0)), (41n * ether) / gwei)
  })

  test('of nobody changes nothing and does not fail', async () => {
    const delegates = await born([40n * ether])
    await delegates.bySystem('slash', delegate(9), 255, 2n ** 64n - 1n, zeroAddress)
    await delegates.bySystem('expel', delegate(9))
    await delegates.bySystem('reward', [delegate(9), zeroAddress], [1n])
    await delegates.bySystem('admit', 2n ** 256n - 1n)
    assert.equal((await delegates.candidates()).length, 1)
    assert.equal(await delegates.read('held'), 40n * ether)
  })
})
