/** Stakes, earns, is punished and leaves, and tries to have more than its own. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { afterEach, describe, test } from 'node:test'
import {
  type Abi,
  type Address,
  bytesToHex,
  encodeFunctionData,
  type Hex,
  parseEventLogs,
  toHex,
  zeroAddress,
} from 'viem'
import { stakingAbi as abi } from '../../src/abi/staking.gen.ts'
import { ether, keyOf, provenKey } from './born-contract.ts'
import { bornStaking, commitment, parameters } from './born-staking.ts'
import { reverts } from './simulated-chain.ts'

const validator = (number: number) => keyOf(number).validator
const lower = (text: string) => text.toLowerCase()
const [none, active, exiting] = [0, 1, 2]

let open: (() => Promise<void>) | undefined
afterEach(() => open?.())

async function born(...options: Parameters<typeof bornStaking>) {
  const staking = await bornStaking(...options)
  open = staking.close
  return staking
}

describe('a staking contract', () => {
  test('is born with its founders, as its own views say', async () => {
    const staking = await born([40n * ether, 30n * ether])
    const { account } = staking
    const entry = await staking.entry(validator(1))
    assert.deepEqual(
      { ...entry, owner: lower(entry.owner), payTo: lower(entry.payTo) },
      {
        ...{ owner: lower(account(1)), payTo: lower(account(1)), scheme: 1, status: active },
        ...{ commissionBps: 1_000, exitBlock: 0, committedAt: 0, clockBlock: 0, clockTime: 0 },
        ...{ commitment, unbonding: { amount: 0n, shares: 0n } },
        stake: { amount: 30n * ether, shares: 30n * ether },
      },
    )
    assert.equal((await staking.holding(validator(1), 1)).stakeWei, 30n * ether)
    assert.deepEqual(
      (await staking.candidates()).map(({ validator, weight, since }) => [
        ...[lower(validator), weight, since],
      ]),
      [
        [validator(0), 40n * 10n ** 9n, 0],
        [validator(1), 30n * 10n ** 9n, 0],
      ],
    )
    assert.equal(await staking.read('keyOf', validator(1)), bytesToHex(keyOf(1).publicKey))
    assert.equal(await staking.read('held'), 70n * ether)
    assert.equal(await staking.balance(), 70n * ether)
    assert.equal(await staking.read('setWeight'), 70n * 10n ** 9n)
    for (const [name, value] of [
      ['minStake', parameters.minStakeWei],
      ['maxCandidates', 4],
      ['unbondingSeconds', 1_000],
      ['unbondingBlocks', 20],
      ['doubleSignBps', 500],
      ['correlation', 3],
    ] as const) {
      assert.equal(await staking.read(name), value, name)
    }
  })

  test('a deposit waits until the protocol has checked its proof', async () => {
    const staking = await born([40n * ether])
    for (const scheme of ['ed25519', 'ml-dsa-65', 'secp256k1'] as const) {
      const key = keyOf(5, scheme)
      await staking.deposit(5, key, 20n * ether)
      const request = await staking.read<{ owner: Address; amount: bigint; proof: string }>(
        ...(['waitingAt', 0] as const),
      )
      assert.equal(request.amount, 20n * ether)
      assert.equal(request.proof, provenKey(key).proof)
      assert.equal((await staking.entry(key.validator)).status, none)
      await staking.bySystem('admit', 1n)
      assert.equal(await staking.read('waitingCount'), 0n)
      const entry = await staking.entry(key.validator)
      assert.deepEqual([entry.status, entry.stake.amount], [active, 20n * ether])
      assert.equal(entry.commitment, commitment)
      assert.equal((await staking.holding(key.validator, 5)).stakeWei, 20n * ether)
      assert.equal(await staking.read('keyOf', key.validator), bytesToHex(key.publicKey))
    }
    assert.equal((await staking.candidates()).length, 4)
  })

  test('a deposit without a good proof gets its ether back, and leaves the key free', async () => {
    const staking = await born([40n * ether])
    await staking.deposit(5, keyOf(5), 20n * ether)
    await staking.deposit(6, keyOf(5), 30n * ether)
    await staking.deposit(7, keyOf(7), 30n * ether)
    await staking.bySystem('admit', 0b110n)
    assert.equal(await staking.claimable(5), 20n * ether)
    assert.equal(lower((await staking.entry(validator(5))).owner), lower(staking.account(6)))
    assert.equal((await staking.entry(validator(7))).status, active)
    const to = '0x00000000000000000000000000000000000000c1'
    await staking.write(staking.account(5), 'claim', [to])
    assert.equal(await staking.reader.getBalance({ address: to }), 20n * ether)
    await reverts(staking.write(staking.account(5), 'claim', [to]), 'NothingToPay')
  })

  test('of two proven requests for a key the first has it; it is taken for ever', async () => {
    const staking = await born([40n * ether])
    await staking.deposit(5, keyOf(5), 20n * ether)
    await staking.deposit(6, keyOf(5), 20n * ether)
    await staking.bySystem('admit', 0b11n)
    assert.equal(lower((await staking.entry(validator(5))).owner), lower(staking.account(5)))
    assert.equal(await staking.claimable(6), 20n * ether)
    await reverts(staking.deposit(6, keyOf(5), 20n * ether), 'KeyUsed')
    await staking.write(staking.account(5), 'requestExit', [validator(5)])
    await reverts(staking.deposit(6, keyOf(5), 20n * ether), 'KeyUsed')
  })

  test('refuses deposits that cannot be', async () => {
    const staking = await born([40n * ether])
    const { account } = staking
    const call = (changes: object, value = 10n * ether, [payTo, bps] = [account(5), 0]) =>
      staking.write(
        ...([account(5), 'deposit'] as const),
        [{ ...provenKey(keyOf(5)), ...changes }, payTo, commitment, bps],
        value,
      )
    await reverts(call({}, 10n * ether - 1n), 'BelowMinimum')
    const most = (2n ** 56n - 1n) * 10n ** 9n
    await staking.setBalance(account(5), 2n * most)
    await reverts(call({}, most + 1n), 'AboveMaximum')
    await reverts(call({}, 10n * ether, [zeroAddress, 0]), 'ZeroAddress')
    await reverts(call({}, 10n * ether, [account(5), 10_001]), 'BadCommission')
    await reverts(call({ scheme: 2 }), 'BadKey')
    await reverts(call({ publicKey: '0x' }), 'BadKey')
    await reverts(call({ proof: '0x' }), 'BadProof')
    await reverts(staking.deposit(5, keyOf(0), 10n * ether), 'KeyUsed')
    for (let at = 0; at < 8; at += 1) await staking.deposit(5, keyOf(10 + at), 10n * ether)
    await reverts(call({}), 'QueueFull')
  })

  test('a full list lets the last one go for a heavier one, and for no other', async () => {
    const staking = await born([40n * ether, 30n * ether, 20n * ether, 50n * ether])
    await staking.deposit(5, keyOf(5), 20n * ether - 1n)
    await staking.deposit(6, keyOf(6), 20n * ether + 10n ** 9n)
    await staking.bySystem('admit', 0b11n)
    assert.equal((await staking.entry(validator(5))).status, none)
    assert.equal(await staking.claimable(5), 20n * ether - 1n)
    assert.equal((await staking.entry(validator(2))).status, exiting)
    assert.equal((await staking.entry(validator(6))).status, active)
    const listed = (await staking.candidates()).map(({ validator }) => lower(validator))
    assert.deepEqual(listed.sort(), [0, 1, 3, 6].map(validator).sort())
  })

  test('of equals the one with the higher address goes', async () => {
    const numbers = [5, 6, 7, 8].sort((a, b) => (validator(a) < validator(b) ? -1 : 1))
    const staking = await born([40n * ether], { maxCandidates: 2 })
    const [first, second, third] = numbers as [number, number, number]
    await staking.deposit(5, keyOf(second), 20n * ether)
    await staking.deposit(5, keyOf(third), 20n * ether)
    await staking.deposit(5, keyOf(first), 20n * ether)
    await staking.bySystem('admit', 0b111n)
    const status = async (number: number) => (await staking.entry(validator(number))).status
    assert.deepEqual(await Promise.all([first, second, third].map(status)), [active, exiting, none])
  })

  test('a proof, a slash, a reward and the end of an epoch are the protocol’s only', async () => {
    const staking = await born([40n * ether])
    for (const [name, ...args] of [
      ['admit', 1n],
      ['slash', validator(0), 1, 1n, zeroAddress],
      ['expel', validator(0)],
      ['reward', [validator(0)], [1n]],
      ['closeEpoch', 1n, toHex(1, { size: 32 }), 1n, []],
    ] as const) {
      await reverts(staking.write(staking.admin, name, args), 'OnlySystem')
    }
  })
})

describe('stake', () => {
  test('can be added by anybody, and counts at once', async () => {
    const staking = await born([40n * ether])
    const { logs } = await staking.addStake(3, validator(0), 5n * ether)
    const [event] = parseEventLogs({ abi, logs, eventName: 'StakeAdded' })
    assert.deepEqual([event?.args.amount, event?.args.shares], [5n * ether, 5n * ether])
    assert.equal((await staking.holding(validator(0), 3)).stakeWei, 5n * ether)
    assert.equal((await staking.candidates())[0]?.weight, 45n * 10n ** 9n)
    await reverts(staking.addStake(3, validator(0), 0n), 'BadAmount')
    await reverts(staking.addStake(3, validator(9), 1n), 'NotActive')
    const most = (2n ** 56n - 1n) * 10n ** 9n
    await staking.setBalance(staking.account(3), most)
    await reverts(staking.addStake(3, validator(0), most - 45n * ether + 1n), 'AboveMaximum')
  })

  test('leaves after the period in seconds and the one in blocks, not before', async () => {
    const staking = await born([40n * ether])
    await staking.addStake(3, validator(0), 5n * ether)
    await reverts(staking.removeStake(3, validator(0), 5n * ether + 1n), 'NotEnough')
    await reverts(staking.removeStake(3, validator(0), 0n), 'BadAmount')
    await staking.removeStake(3, validator(0), 2n * ether)
    assert.equal((await staking.candidates())[0]?.weight, 43n * 10n ** 9n)
    assert.equal((await staking.holding(validator(0), 3)).unbondingWei, 2n * ether)
    await reverts(staking.withdraw(3, validator(0)), 'NothingToPay')
    await staking.wait(2_000)
    await reverts(staking.withdraw(3, validator(0)), 'NothingToPay')
    await staking.wait(1, 18)
    await reverts(staking.withdraw(3, validator(0)), 'NothingToPay')
    await staking.wait(1)
    const to = '0x00000000000000000000000000000000000000c2'
    await staking.withdraw(3, validator(0), to)
    assert.equal(await staking.reader.getBalance({ address: to }), 2n * ether)
    await staking.removeStake(3, validator(0), 1n * ether)
    await staking.wait(900, 30)
    await reverts(staking.withdraw(3, validator(0)), 'NothingToPay')
    await staking.removeStake(3, validator(0), 1n * ether)
    await staking.wait(900, 30)
    await reverts(staking.withdraw(3, validator(0)), 'NothingToPay')
    await staking.wait(100)
    await staking.withdraw(3, validator(0), to)
    assert.equal(await staking.reader.getBalance({ address: to }), 4n * ether)
  })

  test('is paid once to an account that asks again while it is paid', async () => {
    const staking = await born([40n * ether])
    const file = new URL('../artifacts/src/test/Greedy.sol/Greedy.json', import.meta.url)
    const greedy = JSON.parse(await readFile(file, 'utf8')) as { abi: Abi; bytecode: Hex }
    const address = await staking.deploy(greedy)
    const call = (functionName: 'run' | 'attack', inner: Hex, value = 0n) =>
      staking.writeTo(
        { address, abi: greedy.abi },
        { functionName, args: [stakingAddress, inner], value },
      )
    const stakingAddress = staking.contract.address
    const [key, shares] = [validator(0), 5n * ether]
    const inner = (functionName: 'addStake' | 'removeStake' | 'withdraw', args: unknown[]) =>
      encodeFunctionData({ abi, functionName, args } as Parameters<typeof encodeFunctionData>[0])
    await call('run', inner('addStake', [key]), shares)
    await call('run', inner('removeStake', [key, shares]))
    await staking.wait(1_001, 21)
    await call('attack', inner('withdraw', [key, address]))
    assert.equal(await staking.reader.getBalance({ address }), shares)
    assert.equal(
      await staking.reader.readContract({ address, abi: greedy.abi, functionName: 'wasRefused' }),
      true,
    )
    assert.equal(await staking.balance(), 40n * ether)
  })

  test('of an owner stays above the minimum until it exits', async () => {
    const staking = await born([40n * ether])
    await staking.addStake(3, validator(0), 50n * ether)
    await reverts(staking.removeStake(0, validator(0), 30n * ether + 1n), 'BelowMinimum')
    await staking.removeStake(0, validator(0), 30n * ether)
    await staking.removeStake(3, validator(0), 50n * ether)
    assert.equal((await staking.candidates())[0]?.weight, 10n * 10n ** 9n)
  })

  test('a whole exit waits from when the validator was in the set last', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.addStake(3, validator(0), 5n * ether)
    await reverts(staking.write(staking.bob, 'requestExit', [validator(0)]), 'NotOwner')
    await staking.write(staking.account(0), 'requestExit', [validator(0)])
    await reverts(staking.write(staking.account(0), 'requestExit', [validator(0)]), 'NotActive')
    await reverts(staking.removeStake(3, validator(0), 1n), 'NotActive')
    await reverts(staking.addStake(3, validator(0), 1n), 'NotActive')
    assert.equal((await staking.entry(validator(0))).status, exiting)
    assert.ok((await staking.entry(validator(0))).exitBlock > 0)
    await staking.wait(900, 30)
    const hash = toHex(1, { size: 32 })
    const { logs } = await staking.bySystem('closeEpoch', 4n, hash, 45n, [validator(0)])
    const [event] = parseEventLogs({ abi, logs, eventName: 'EpochClosed' })
    assert.deepEqual([event?.args.epoch, event?.args.setHash], [4n, hash])
    assert.deepEqual([await staking.read('epoch'), await staking.read('setWeight')], [4n, 45n])
    await staking.wait(900, 30)
    await reverts(staking.withdraw(0, validator(0)), 'NothingToPay')
    await staking.wait(101)
    const to = '0x00000000000000000000000000000000000000c3'
    await staking.withdraw(0, validator(0), to)
    await reverts(staking.withdraw(0, validator(0), to), 'NothingToPay')
    await staking.withdraw(3, validator(0), to)
    assert.equal(await staking.reader.getBalance({ address: to }), 45n * ether)
    assert.equal(await staking.balance(), 40n * ether)
  })

  test('a silent validator is put out like one that exits', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.bySystem('expel', validator(1))
    assert.equal((await staking.entry(validator(1))).status, exiting)
    assert.equal((await staking.candidates()).length, 1)
  })
})

describe('terms', () => {
  test('change by the owner; a commission only falls', async () => {
    const staking = await born([40n * ether])
    const payTo = '0x00000000000000000000000000000000000000c4'
    const set = (from: Address, to: Address, bps: number) =>
      staking.write(from, 'setTerms', [validator(0), to, bps])
    await reverts(set(staking.bob, payTo, 0), 'NotOwner')
    await reverts(set(staking.account(0), zeroAddress, 0), 'ZeroAddress')
    await reverts(set(staking.account(0), payTo, 1_001), 'BadCommission')
    await set(staking.account(0), payTo, 900)
    const entry = await staking.entry(validator(0))
    assert.deepEqual([lower(entry.payTo), entry.commissionBps], [payTo, 900])
    await reverts(set(staking.account(0), payTo, 1_000), 'BadCommission')
  })

  test('a new commitment is noted with its block', async () => {
    const staking = await born([40n * ether])
    const next = toHex(6, { size: 32 })
    await reverts(staking.write(staking.bob, 'recommit', [validator(0), next]), 'NotOwner')
    const { blockNumber } = await staking.write(staking.account(0), 'recommit', [
      ...[validator(0), next],
    ])
    const entry = await staking.entry(validator(0))
    assert.deepEqual([entry.commitment, entry.committedAt], [next, Number(blockNumber)])
    await staking.write(staking.account(0), 'requestExit', [validator(0)])
    await reverts(staking.write(staking.account(0), 'recommit', [validator(0), next]), 'NotActive')
  })
})
