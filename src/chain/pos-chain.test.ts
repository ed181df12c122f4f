/** Makes blocks of proof-of-stake chains with the real contract: who comes in, leaves, earns, is silent, and what is random. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeFunctionResult, encodeFunctionData } from 'viem'
import { stakingAbi } from '../abi/staking.gen.ts'
import { equalBytes, fromHex, toHex } from '../base/bytes.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { hasBit } from './consensus/bit-map.ts'
import { posEpochs } from './consensus/epoch-state.ts'
import { hashChain } from './consensus/randao.ts'
import { decodeRecord, encodeRecord } from './consensus/record.ts'
import { readStaker } from './consensus/staked-reader.ts'
import {
  accountOf,
  payToOf,
  provenKey,
  secretOf,
  stakedManifest,
  stakedWorld,
  validatorKey,
  validatorOf,
} from './test-chain/staked-world.ts'

const ether = 10n ** 18n
const gwei = 10n ** 9n
const epochLength = 5
const issuanceWei = 8n * ether + 3n
const bytes = (value: Uint8Array) => toHex(value) as `0x${string}`

const commitments = [1, 2, 3, 4].map((number) => hashChain(secretOf(number)).commitment)

/** Validators 1 to 4 of accounts 1 to 4, of which each keeps 10 %. */
function manifestOf(change: object = {}) {
  const validators = [40, 40, 40, 80].map((stake, at) => {
    const { scheme, publicKey } = validatorKey(at + 1)
    return {
      ...{ scheme, publicKey: toHex(publicKey), owner: toHex(accountOf(at + 1)) },
      ...{ payTo: toHex(payToOf(at + 1)), commissionBps: 1_000 },
      ...{
        stakeWei: String(BigInt(stake) * ether),
        commitment: toHex(commitments[at] as Uint8Array),
      },
    }
  })
  return stakedManifest({
    ...{ engine: 'pos', validators, epochLength, issuanceWei: String(issuanceWei) },
    ...{ unbondingSeconds: 10, ...change },
  })
}

const worldOf = (change: object = {}) => stakedWorld(manifestOf(change), [1, 2, 3, 4, 5])
type World = Awaited<ReturnType<typeof worldOf>>

type Name = Extract<(typeof stakingAbi)[number], { type: 'function' }>['name']
const encode = (functionName: Name, args: readonly unknown[]) =>
  fromHex(encodeFunctionData({ abi: stakingAbi, functionName, args } as never))

async function view<T>(world: World, functionName: Name, args: readonly unknown[]): Promise<T> {
  const data = bytes(await world.view(encode(functionName, args)))
  return decodeFunctionResult({ abi: stakingAbi, functionName, data } as never) as T
}

const validator = (number: number) => bytes(validatorOf(number))

/** A deposit of validator 5 by account 5, with a proof for an account. */
function deposit(world: World, valueWei: bigint, proofOf = 5) {
  const key = provenKey(validatorKey(5), { chain: world.key, owner: accountOf(proofOf) })
  const commitment = bytes(hashChain(secretOf(5)).commitment)
  const data = encode('deposit', [key, bytes(payToOf(5)), commitment, 0])
  return { from: 5, data, valueWei }
}

/** Stakes in ether, by number, of those who sign the height after this one. */
function signers(world: World, which: 'validators' | 'nextValidators' = 'validators') {
  const { list } = world.derived()[which]
  return [1, 2, 3, 4, 5].map((number) => {
    const found = list.find(({ address }) => equalBytes(address, validatorOf(number)))
    return found ? Number(found.weight / gwei) : 0
  })
}

const none = { issuanceWei: '0' }

describe('the set of a proof-of-stake chain', () => {
  test('a deposit is in it two blocks after the epoch, and proposes with a hash chain of its own', async () => {
    const world = await worldOf(none)
    await world.until(2n)
    await world.block({ calls: [deposit(world, 60n * ether)] })
    assert.equal(readStaker(world.reader, validatorOf(5))?.status, 'active')
    await world.block()
    assert.deepEqual(signers(world, 'nextValidators'), [40, 40, 40, 80, 0])
    await world.block()
    assert.deepEqual(signers(world, 'nextValidators'), [40, 40, 40, 80, 60])
    assert.deepEqual(signers(world), [40, 40, 40, 80, 0])
    await world.block()
    assert.deepEqual(signers(world), [40, 40, 40, 80, 60])
    const at = world
      .derived()
      .validators.list.findIndex(({ publicKey }) =>
        equalBytes(publicKey, validatorKey(5).publicKey),
      )
    assert.deepEqual(world.derived().commitments[at], hashChain(secretOf(5)).commitment)
    const proposed = () =>
      world.chain.some(({ block }) => equalBytes(block.header.beneficiary, payToOf(5)))
    while (!proposed()) await world.block()
    assert.notDeepEqual(world.derived().commitments[at], hashChain(secretOf(5)).commitment)
  })

  test('one of the last block of an epoch waits for the next; one without proof gets its ether back', async () => {
    const world = await worldOf(none)
    await world.block({ calls: [deposit(world, 60n * ether, 6)] })
    assert.equal(readStaker(world.reader, validatorOf(5)), undefined)
    assert.equal(await view(world, 'claimable', [bytes(accountOf(5))]), 60n * ether)
    await world.until(4n)
    await world.block({ calls: [deposit(world, 60n * ether)] })
    assert.deepEqual(signers(world, 'nextValidators'), [40, 40, 40, 80, 0])
    await world.until(10n)
    assert.deepEqual(signers(world, 'nextValidators'), [40, 40, 40, 80, 60])
  })

  test('more than a third comes in over several epochs', async () => {
    const world = await worldOf(none)
    await world.block({ calls: [deposit(world, 200n * ether)] })
    await world.until(5n)
    assert.deepEqual(Math.round(signers(world, 'nextValidators')[4] as number), 66)
    await world.until(10n)
    assert.deepEqual(signers(world, 'nextValidators')[4], 155)
    await world.until(15n)
    assert.deepEqual(signers(world, 'nextValidators'), [40, 40, 40, 80, 200])
  })

  test('who asks to leave is out two blocks after the epoch, and paid when its time is over', async () => {
    const world = await worldOf(none)
    await world.until(6n)
    await world.block({ calls: [{ from: 2, data: encode('requestExit', [validator(2)]) }] })
    await world.until(10n)
    assert.deepEqual(signers(world), [40, 40, 40, 80, 0])
    assert.deepEqual(signers(world, 'nextValidators'), [40, 0, 40, 80, 0])
    await world.block()
    assert.deepEqual(signers(world), [40, 0, 40, 80, 0])
    // The contract's clock runs from when it asked, since the election left it out: ten blocks of evidence, four epochs.
    const withdraw = { from: 2, data: encode('withdraw', [validator(2), bytes(payToOf(77))]) }
    await world.until(7n + 28n)
    await assert.rejects(() => world.block({ calls: [withdraw] }))
    await world.block()
    await world.block({ calls: [withdraw] })
    assert.equal(world.state().account(payToOf(77))?.balance, 40n * ether)
  })

  test('delegation changes weight, and what is taken back is paid after the unbonding', async () => {
    const world = await worldOf(none)
    const add = { from: 9, data: encode('addStake', [validator(1)]), valueWei: 20n * ether }
    await world.block({ calls: [add] })
    await world.until(6n)
    assert.deepEqual(signers(world), [60, 40, 40, 80, 0])
    const remove = encode('removeStake', [validator(1), 20n * ether])
    await world.block({ calls: [{ from: 9, data: remove }] })
    await world.until(11n)
    assert.deepEqual(signers(world), [40, 40, 40, 80, 0])
    await world.until(7n + 30n - 1n)
    const payee = payToOf(77)
    const withdraw = { from: 9, data: encode('withdraw', [validator(1), bytes(payee)]) }
    await world.block({ calls: [withdraw] })
    assert.equal(world.state().account(payee)?.balance, 20n * ether)
  })

  test('has no more members than the manifest says, the heaviest, and none below the least stake', async () => {
    const world = await worldOf({ ...none, maxValidators: 4, minStakeWei: String(30n * ether) })
    await world.block({ calls: [deposit(world, 39n * ether)] })
    await world.until(15n)
    assert.deepEqual(signers(world), [40, 40, 40, 80, 0])
    const add = { from: 9, data: encode('addStake', [validator(5)]), valueWei: 2n * ether }
    await world.block({ calls: [add] })
    await world.until(26n)
    const members = signers(world)
    assert.equal(members[4], 41)
    assert.equal(members.filter((weight) => weight > 0).length, 4)
    const lost = [1, 2, 3].map(validatorOf).sort((a, b) => (toHex(a) < toHex(b) ? 1 : -1))[0]
    const gone = [1, 2, 3].find((number) => members[number - 1] === 0) as number
    assert.deepEqual(validatorOf(gone), lost, 'of equals the one with the highest address')
  })
})

describe('who signs twice', () => {
  test('is out two blocks later, and loses more when others did so lately; who reports it gets a part', async () => {
    const world = await worldOf(none)
    await world.until(6n)
    const first = await world.block({ twice: [3] })
    assert.equal(readStaker(world.reader, validatorOf(3))?.status, 'slashed')
    assert.deepEqual(signers(world), [40, 40, 40, 80, 0])
    assert.deepEqual(signers(world, 'nextValidators'), [40, 40, 0, 80, 0])
    const second = await world.block({ twice: [2] })
    assert.deepEqual(signers(world), [40, 40, 0, 80, 0])
    assert.deepEqual(signers(world, 'nextValidators'), [40, 0, 0, 80, 0])
    const stakeOf = async (number: number) =>
      (await view<{ stake: { amount: bigint } }>(world, 'entryOf', [validator(number)])).stake
        .amount
    // 5 % of 40 ether; then 5 % and three times the fifth of the weight that the first one was.
    assert.equal(await stakeOf(3), 38n * ether)
    assert.equal(await stakeOf(2), 14n * ether)
    const reporters = [first, second].map(({ executed }) => executed.block.header.beneficiary)
    const bounties = [2n * ether, 26n * ether].map((loss) => loss / 16n)
    for (const reporter of reporters) {
      const due = bounties.filter((_, at) => equalBytes(reporters[at] as Uint8Array, reporter))
      const owned = await view<bigint>(world, 'claimable', [bytes(reporter)])
      assert.equal(
        owned,
        due.reduce((sum, wei) => sum + wei, 0n),
      )
    }
    const burnt = 28n * ether - (28n * ether) / 16n
    assert.equal(world.state().account(world.contract)?.balance, 200n * ether - burnt)
    await world.until(16n)
    assert.deepEqual(signers(world), [40, 0, 0, 80, 0], 'it never comes back')
    const punished = world.derived().evidenceSeen.map(({ signer }) => toHex(signer))
    assert.deepEqual(punished, [validator(3), validator(2)])
  })
})

/** What a chain has paid, reckoned from its records alone: by address, in whole gwei an epoch. */
function reckoned(world: World, absent: readonly Uint8Array[] = []) {
  const paid = new Map<string, bigint>()
  const epochs = Number(world.height()) / epochLength
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const earned = new Map<string, bigint>()
    for (let slot = 1; slot <= epochLength; slot += 1) {
      const number = epoch * epochLength + slot
      const { block } = world.chain[number] as World['chain'][number]
      const record = decodeRecord(block.record as Uint8Array)
      const add = (address: Uint8Array, wei: bigint) =>
        earned.set(address.toHex(), (earned.get(address.toHex()) ?? 0n) + wei)
      const set = world.chain[number - 1]?.derived.validators.list ?? []
      const proposer = set.find(({ payTo }) => equalBytes(payTo, block.header.beneficiary))
      const part = issuanceWei / 8n
      add(proposer?.address as Uint8Array, record.reveal.length === 0 ? part / 2n : part)
      const signed = (world.chain[number - 2]?.derived.validators.list ?? []).filter((_, at) =>
        hasBit(record.parentSigners, at),
      )
      const weight = signed.reduce((sum, one) => sum + one.weight, 0n)
      for (const one of signed) add(one.address, ((issuanceWei - part) * one.weight) / weight)
    }
    for (const [address, wei] of earned) {
      if (absent.some((one) => one.toHex() === address)) continue
      paid.set(address, (paid.get(address) ?? 0n) + (wei / gwei) * gwei)
    }
  }
  return paid
}

/** What each validator has more than at first: of its pool, and of its owner's commission. */
async function gained(world: World, stakes: readonly bigint[]) {
  const gains = await Promise.all(
    stakes.map(async (stake, at) => {
      const entry = await view<{ stake: { amount: bigint } }>(world, 'entryOf', [validator(at + 1)])
      const owned = await view<bigint>(world, 'claimable', [bytes(accountOf(at + 1))])
      return [validatorOf(at + 1).toHex(), entry.stake.amount - stake * ether + owned] as const
    }),
  )
  return new Map(gains)
}

const stakes = [40n, 40n, 40n, 80n]

describe('rewards', () => {
  test('are an eighth for who proposes and the rest for who signed, and add up to the wei', async () => {
    const world = await worldOf()
    await world.until(15n)
    const expected = reckoned(world)
    assert.deepEqual(await gained(world, stakes), expected)
    const issued = world.chain.flatMap(({ block }) => block.withdrawals ?? [])
    const total = issued.reduce((sum, { amountGwei }) => sum + amountGwei * gwei, 0n)
    assert.equal(
      total,
      [...expected.values()].reduce((sum, wei) => sum + wei, 0n),
    )
    assert.equal(issued.length, 3)
    assert.equal(world.derived().creditCount, 3n)
    const balance = world.state().account(world.contract)?.balance
    assert.equal(balance, 200n * ether + total)
    assert.equal(await view(world, 'held', []), balance)
  })

  test('are none for who signed less than half; who signed next to nothing for three epochs is put out', async () => {
    const world = await worldOf()
    const absent = [validatorOf(3)]
    await world.until(10n, { absent })
    assert.equal((await gained(world, stakes)).get(validatorOf(3).toHex()), 0n)
    assert.deepEqual(
      (await gained(world, stakes)).get(validatorOf(1).toHex()),
      reckoned(world, absent).get(validatorOf(1).toHex()),
    )
    assert.equal(readStaker(world.reader, validatorOf(3))?.status, 'active')
    await world.until(14n, { absent })
    assert.equal(readStaker(world.reader, validatorOf(3))?.status, 'active')
    await world.block({ absent })
    assert.equal(readStaker(world.reader, validatorOf(3))?.status, 'exiting')
    await world.block()
    assert.equal(signers(world)[2], 0)
  })

  test('who signs once in a while is not put out', async () => {
    const world = await worldOf()
    for (let height = 1n; height <= 20n; height += 1n) {
      await world.block({ absent: height % 5n === 4n ? [] : [validatorOf(3)] })
    }
    assert.equal(readStaker(world.reader, validatorOf(3))?.status, 'active')
  })
})

describe('randomness', () => {
  test('is another in each block, and what its proposer was committed to', async () => {
    const world = await worldOf()
    await world.until(12n)
    const mixes = world.chain.slice(1).map(({ block }) => toHex(block.header.mixHash))
    assert.equal(new Set(mixes).size, 12)
    assert.deepEqual(world.derived().mix, world.chain.at(-1)?.block.header.mixHash)
    for (const { block } of world.chain.slice(1)) {
      assert.equal(decodeRecord(block.record as Uint8Array).reveal.length, 32)
    }
  })

  test('of an epoch before the last one draws the proposers', async () => {
    const world = await worldOf()
    await world.until(16n)
    const mixAt = (height: number) => world.chain[height]?.block.header.mixHash
    const { mixes } = posEpochs.read(world.derived().epoch?.pending)
    assert.deepEqual(mixes, [mixAt(10), mixAt(15)])
    const { epoch } = world.derived()
    assert.equal(epoch?.epoch, 3n)
  })

  test('an old reveal, another one, and none are refused', async () => {
    const world = await worldOf()
    await world.until(3n)
    const head = world.chain.at(-1)
    const before = world.chain.at(-2)
    assert.ok(head && before)
    const engine = world.engine
    const known = {
      header: () => before.block,
      derived: () => before.derived,
      totalWork: () => undefined,
    }
    const record = decodeRecord(head.block.record as Uint8Array)
    const at = before.derived.commitments.findIndex((one) =>
      equalBytes(one, keccak256(record.reveal)),
    )
    const judged = (reveal: Uint8Array) => {
      const changed = encodeRecord({ ...record, reveal })
      const extraData = keccak256(changed)
      const header = { ...head.block.header, extraData }
      const verdict = engine.checkHeader(
        known,
        { ...head.block, header, record: changed },
        10_000_000,
      )
      return verdict.kind === 'invalid' ? verdict.rule : verdict.kind
    }
    assert.equal(judged(record.reveal), 'valid')
    const old = before.derived.commitments[at] as Uint8Array
    for (const reveal of [old, new Uint8Array(32).fill(1), new Uint8Array()]) {
      assert.equal(judged(reveal), 'mix')
    }
  })

  test('goes on with a new commitment from the next epoch on, and with none for half the reward', async () => {
    const world = await worldOf()
    await world.until(2n)
    const recommit = (number: number, commitment: Uint8Array) => ({
      from: number,
      data: encode('recommit', [validator(number), bytes(commitment)]),
    })
    const second = [1, 2].map((number) =>
      recommit(number, hashChain(secretOf(number, 1)).commitment),
    )
    const nothing = [3, 4].map((number) => recommit(number, new Uint8Array(32)))
    await world.block({ calls: [...second, ...nothing] })
    const commitmentOf = (number: number) => {
      const { validators, commitments: all } = world.derived()
      return all[validators.list.findIndex((one) => equalBytes(one.address, validatorOf(number)))]
    }
    await world.until(5n)
    for (const number of [1, 2, 3, 4]) assert.ok(commitmentOf(number)?.some((byte) => byte > 0))
    await world.block()
    assert.deepEqual(commitmentOf(3), new Uint8Array(32))
    assert.deepEqual(commitmentOf(4), new Uint8Array(32))
    await world.until(30n)
    assert.deepEqual(await gained(world, stakes), reckoned(world))
    const ofNone = world.chain
      .slice(7)
      .filter(({ block }) => decodeRecord(block.record as Uint8Array).reveal.length === 0)
    assert.ok(ofNone.length > 3)
    const mixes = world.chain.slice(1).map(({ block }) => toHex(block.header.mixHash))
    assert.equal(new Set(mixes).size, 30)
  })
})
