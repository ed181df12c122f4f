/** Measures what the protocol's calls cost at their largest: each must end within the gas that it has. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pad, toHex } from 'viem'
import { ether, keyOf, provenKey, system } from './born-contract.ts'
import { bornDelegates, nameOf } from './born-delegates.ts'
import { bornStaking } from './born-staking.ts'

/** Gas of a call of the protocol (EIP-4788). */
const systemGas = 30_000_000n
const maxCandidates = 1_024
const members = Array.from({ length: 128 }, (_, at) => keyOf(at).validator)
const hash = toHex(1, { size: 32 })
const reporter = pad('0x01', { size: 20 })

/** Stakes of so many candidates, which lie in no order. */
const stakes = Array.from({ length: maxCandidates }, (_, at) => BigInt(20 + (at ^ 0x155)) * ether)

describe('a staking contract that is full', () => {
  let staking: Awaited<ReturnType<typeof bornStaking>>
  before(async () => {
    staking = await bornStaking(stakes, { maxCandidates })
    for (let at = 0; at < 8; at += 1) {
      await staking.deposit(1, keyOf(2_000 + at, 'ml-dsa-65'), BigInt(1_200 + at) * ether)
    }
    await staking.credit(ether)
  })
  after(() => staking.close())

  for (const [what, functionName, args, most] of [
    ['judges eight requests with the largest keys', 'admit', [255n], systemGas / 2n],
    ['closes an epoch', 'closeEpoch', [9n, hash, 1n, members], 2_000_000n],
    ['books rewards', 'reward', [members, members.map(() => 10n ** 9n)], 6_000_000n],
    ['punishes', 'slash', [keyOf(3).validator, 1, 1n, reporter], 300_000n],
    ['puts one out', 'expel', [keyOf(3).validator], 100_000n],
  ] as const) {
    test(`${what} within ${most} gas`, async () => {
      const gas = await staking.systemGas({ functionName, args })
      assert.ok(gas < most, `${gas} gas`)
    })
  }
})

test('a deposit costs what its key and proof take', async (t) => {
  const staking = await bornStaking([40n * ether])
  t.after(staking.close)
  const gas = async (scheme: 'ed25519' | 'ml-dsa-65' | 'secp256k1') =>
    (await staking.deposit(1, keyOf(5, scheme), 20n * ether)).gasUsed
  await gas('ed25519')
  for (const [scheme, most] of [
    ['ed25519', 320_000n],
    ['secp256k1', 370_000n],
    ['ml-dsa-65', 4_300_000n],
  ] as const) {
    const used = await gas(scheme)
    assert.ok(used < most, `${scheme}: ${used} gas`)
  }
})

describe('a delegates contract that is full', () => {
  let delegates: Awaited<ReturnType<typeof bornDelegates>>
  before(async () => {
    delegates = await bornDelegates(stakes, { maxCandidates })
    for (let at = 0; at < 8; at += 1) {
      await delegates.register(1, keyOf(2_000 + at, 'ml-dsa-65'), nameOf(2_000 + at))
    }
    await delegates.credit(ether)
  })
  after(() => delegates.close())

  for (const [what, functionName, args, most] of [
    ['judges eight requests with the largest keys', 'admit', [255n], systemGas / 2n],
    ['closes a round', 'closeEpoch', [9n, hash, 1n, members], 200_000n],
    ['books rewards', 'reward', [members, members.map(() => 10n ** 9n)], 6_000_000n],
    ['punishes', 'slash', [keyOf(3).validator, 1, 1n, reporter], 300_000n],
    ['suspends one', 'expel', [keyOf(3).validator], 100_000n],
  ] as const) {
    test(`${what} within ${most} gas`, async () => {
      const gas = await delegates.systemGas({ functionName, args })
      assert.ok(gas < most, `${gas} gas`)
    })
  }

  test('takes a vote for one that is not on the list within 4000000 gas', async () => {
    // An account of the tests has founded fifty, and may vote for ten.
    await delegates.bySystem('admit', 0n)
    const [name, key] = [nameOf(3_000), provenKey(keyOf(3_000))]
    await delegates.write(system, 'registerDelegate', [name, key, reporter, 0], ether)
    await delegates.bySystem('admit', 1n)
    const vote = [keyOf(3_000).validator]
    const { gasUsed } = await delegates.write(system, 'vote', vote, 100n * ether)
    assert.ok(gasUsed > 2_000_000n && gasUsed < 4_000_000n, `${gasUsed} gas`)
  })
})
