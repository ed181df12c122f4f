/** Earns with stakes and loses them, and tries to have more than came in. */

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { parseEventLogs, toHex, zeroAddress } from 'viem'
import { stakingAbi as abi } from '../../src/abi/staking.gen.ts'
import { ether, keyOf } from './born-contract.ts'
import { bornStaking } from './born-staking.ts'

const validator = (number: number) => keyOf(number).validator
const slashed = 3
const burnt = zeroAddress

let open: (() => Promise<void>) | undefined
afterEach(() => open?.())

async function born(...options: Parameters<typeof bornStaking>) {
  const staking = await bornStaking(...options)
  open = staking.close
  return staking
}

describe('rewards', () => {
  test('are shared by stake after the commission, and count as stake', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.addStake(3, validator(0), 40n * ether)
    await staking.credit(10n * ether)
    await staking.bySystem('reward', [validator(0)], [10n * ether])
    assert.equal(await staking.claimable(0), ether)
    for (const at of [0, 3]) {
      const { stakeWei } = await staking.holding(validator(0), at)
      assert.equal(stakeWei, 44n * ether + ether / 2n)
    }
    assert.equal((await staking.candidates())[0]?.weight, 89n * 10n ** 9n)
    assert.equal(await staking.read('held'), await staking.balance())
    await staking.addStake(4, validator(0), 89n * ether)
    assert.equal((await staking.holding(validator(0), 4)).shares, 80n * ether)
  })

  test('are never more than came in, whatever is asked', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.credit(3n)
    const [a, b] = [validator(0), validator(1)]
    await staking.bySystem('reward', [validator(9), a, b, a], [5n, 2n, 2n])
    assert.equal(await staking.read('held'), 80n * ether + 3n)
    await staking.bySystem('reward', [a, b], [2n ** 256n - 1n, 1n])
    assert.equal(await staking.read('held'), 80n * ether + 3n)
  })

  test('of a validator that nobody has stake with any more are its owner’s', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.write(staking.account(0), 'requestExit', [validator(0)])
    await staking.wait(1_001, 21)
    await staking.withdraw(0, validator(0))
    await staking.credit(7n)
    await staking.bySystem('reward', [validator(0)], [7n])
    assert.equal(await staking.claimable(0), 7n)
  })
})

describe('a slash', () => {
  const reporter = '0x00000000000000000000000000000000000000c5'
  const slash = (staking: Awaited<ReturnType<typeof born>>, at: number) =>
    staking.bySystem('slash', validator(at), 1, 3n, reporter)

  test('takes a twentieth of what is staked and leaving, once, 1/16 of it for the reporter', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.addStake(3, validator(0), 40n * ether)
    await staking.removeStake(3, validator(0), 20n * ether)
    const before = await staking.reader.getBalance({ address: burnt })
    const { logs } = await slash(staking, 0)
    const [event] = parseEventLogs({ abi, logs, eventName: 'Slashed' })
    assert.equal(event?.args.amount, 4n * ether)
    const entry = await staking.entry(validator(0))
    assert.deepEqual([entry.status, entry.stake.amount], [slashed, 57n * ether])
    assert.equal(entry.unbonding.amount, 19n * ether)
    assert.equal(await staking.read('claimable', reporter), ether / 4n)
    assert.equal(
      (await staking.reader.getBalance({ address: burnt })) - before,
      4n * ether - ether / 4n,
    )
    assert.equal((await staking.candidates()).length, 1)
    await slash(staking, 0)
    assert.equal((await staking.entry(validator(0))).stake.amount, 57n * ether)
    assert.equal(await staking.balance(), await staking.read('held'))
  })

  test('is dearer when others of the set were slashed in the last epochs', async () => {
    const staking = await born([40n * ether, 20n * ether, 20n * ether, 20n * ether])
    const close = (epoch: bigint) =>
      staking.bySystem('closeEpoch', epoch, toHex(0, { size: 32 }), 100n * 10n ** 9n, [])
    await close(5n)
    await slash(staking, 1)
    await close(13n)
    await slash(staking, 2)
    // 5 % and three times 20 of 100.
    assert.equal((await staking.entry(validator(2))).stake.amount, 7n * ether)
    await close(14n)
    await slash(staking, 3)
    assert.equal((await staking.entry(validator(3))).stake.amount, 7n * ether)
    await slash(staking, 0)
    // 5 % and three times 40 of 100 are over the whole.
    assert.equal((await staking.entry(validator(0))).stake.amount, 0n)
    assert.equal(await staking.balance(), await staking.read('held'))
  })

  test('reaches what exits, until it is withdrawn', async () => {
    const staking = await born([40n * ether, 40n * ether])
    await staking.write(staking.account(0), 'requestExit', [validator(0)])
    await staking.wait(1_001, 21)
    await slash(staking, 0)
    const to = '0x00000000000000000000000000000000000000c6'
    await staking.withdraw(0, validator(0), to)
    assert.equal(await staking.reader.getBalance({ address: to }), 38n * ether)
    await slash(staking, 0)
    assert.equal(await staking.balance(), await staking.read('held'))
  })

  test('of anything else, and with a set of no weight, changes nothing and does not fail', async () => {
    const staking = await born([40n * ether])
    await staking.bySystem('slash', validator(9), 255, 2n ** 64n - 1n, zeroAddress)
    await staking.bySystem('expel', validator(9))
    await staking.bySystem('closeEpoch', 2n ** 64n - 1n, toHex(0, { size: 32 }), 0n, [
      ...[validator(9), zeroAddress],
    ])
    await staking.bySystem('slash', validator(0), 1, 0n, zeroAddress)
    assert.equal((await staking.entry(validator(0))).stake.amount, 38n * ether)
    assert.equal(await staking.read('claimable', zeroAddress), 0n)
  })
})
