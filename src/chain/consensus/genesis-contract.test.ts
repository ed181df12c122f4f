/** Checks what contracts of a genesis cannot be made from; what they hold, the tests of the contracts check. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DelegatesParameters,
  type FoundingDelegate,
  type FoundingMember,
  type FoundingStaker,
  type GovernedParameters,
  genesisContract,
  type StakingParameters,
} from './genesis-contract.ts'

const gwei = 10n ** 9n
const account = (byte: number) => new Uint8Array(20).fill(byte)
const common = (byte: number) => ({
  ...{ scheme: 'ed25519' as const, publicKey: new Uint8Array(32).fill(byte) },
  ...{ owner: account(byte), payTo: account(byte), commissionBps: 0 },
})

const member = (byte: number, changes: Partial<FoundingMember> = {}): FoundingMember => ({
  ...{ ...common(byte), weight: 1n, ...changes },
})
const staker = (byte: number, changes: Partial<FoundingStaker> = {}): FoundingStaker => ({
  ...{ ...common(byte), stakeWei: 7n * gwei, commitment: new Uint8Array(32), ...changes },
})
const delegate = (byte: number, changes: Partial<FoundingDelegate> = {}): FoundingDelegate => ({
  ...{ ...common(byte), ownVotesWei: gwei, name: Uint8Array.of(byte), ...changes },
})

const registry = (founders: readonly FoundingMember[], changes: Partial<GovernedParameters> = {}) =>
  genesisContract('registry', { owner: 'members', maxMembers: 4, ...changes }, founders)
const staking = (founders: readonly FoundingStaker[], changes: Partial<StakingParameters> = {}) =>
  genesisContract(
    'staking',
    {
      ...{ maxCandidates: 4, minStakeWei: 5n * gwei, unbondingSeconds: 1, unbondingBlocks: 1 },
      ...{ doubleSignBps: 500, correlation: 3, ...changes },
    },
    founders,
  )
const delegates = (
  founders: readonly FoundingDelegate[],
  changes: Partial<DelegatesParameters> = {},
) =>
  genesisContract(
    'delegates',
    {
      ...{ maxCandidates: 4, registrationFeeWei: 1n, unlockSeconds: 1, ownUnlockSeconds: 1 },
      ...{ ownUnlockBlocks: 1, banSeconds: 1, slashBps: 1_000, ...changes },
    },
    founders,
  )

const refused = (make: () => unknown, code: string, text: RegExp) =>
  assert.throws(make, (error: Error & { code?: string }) => {
    assert.equal(error.code, `consensus/${code}`)
    assert.match(error.message, text)
    return true
  })

describe('a contract of a genesis', () => {
  test('holds the ether of its founders, at the address of its kind, in sorted slots', () => {
    const born = staking([staker(1), staker(2)])
    assert.equal(born.address.toHex(), '5153000000000000000000000000000000000002')
    assert.deepEqual([born.balance, born.nonce], [14n * gwei, 1n])
    const slots = born.storage.map(([slot]) => slot)
    assert.deepEqual(
      slots,
      [...new Set(slots)].sort((a, b) => (a < b ? -1 : 1)),
    )
    assert.equal(registry([member(1)]).balance, 0n)
    assert.equal(delegates([delegate(1), delegate(2)]).balance, 2n * gwei)
  })

  test('is owned by itself or by an account', () => {
    const ownerOf = (owner: GovernedParameters['owner']) =>
      registry([member(1)], { owner }).storage.find(([slot]) => slot === 0n)?.[1]
    assert.equal(ownerOf('members'), 0x5153000000000000000000000000000000000001n)
    assert.equal(ownerOf(account(9)), BigInt(`0x${'09'.repeat(20)}`))
  })

  test('cannot be made of founders that cannot be', () => {
    const code = 'bad-founders'
    refused(() => registry([]), code, /there are none/)
    refused(() => registry([member(1), member(1)]), code, /one key/)
    refused(() => registry([1, 2, 3, 4, 5].map((byte) => member(byte))), code, /more than 4/)
    refused(() => registry([member(1, { publicKey: account(1) })]), code, /20 bytes, not 32/)
    refused(() => registry([member(1, { owner: account(0) })]), code, /an owner/)
    refused(() => registry([member(1, { payTo: new Uint8Array(19) })]), code, /an owner/)
    const heaviest = { weight: 2n ** 60n - 1n }
    refused(
      () =>
        registry(
          Array.from({ length: 9 }, (_, at) => member(at + 1, heaviest)),
          { maxMembers: 9 },
        ),
      ...([code, /2\^63/] as const),
    )
    refused(() => staking([1, 2, 3, 4, 5].map((byte) => staker(byte))), code, /more than 4/)
    refused(() => delegates([delegate(1, { name: account(0).slice(20) })]), code, /1 to 32 bytes/)
    const named = [1, 2].map((byte) => delegate(byte, { name: Uint8Array.of(7) }))
    refused(() => delegates(named), code, /one name/)
  })

  test('cannot be made of parameters that cannot be', () => {
    const code = 'bad-parameters'
    for (const weight of [0n, 2n ** 60n])
      refused(() => registry([member(1, { weight })]), code, /a weight/)
    for (const stakeWei of [4n * gwei, 2n ** 56n * gwei])
      refused(() => staking([staker(1, { stakeWei })]), code, /a stake/)
    refused(() => delegates([delegate(1, { ownVotesWei: gwei - 1n })]), code, /own votes/)
    refused(() => staking([staker(1, { commissionBps: 10_001 })]), code, /a commission/)
    refused(() => delegates([delegate(1, { commissionBps: 0.5 })]), code, /a commission/)
    refused(() => registry([member(1)], { maxMembers: 129 }), code, /maxMembers/)
    for (const changes of [
      { minStakeWei: gwei - 1n },
      { maxCandidates: 1_025 },
      { unbondingSeconds: -1 },
      { unbondingBlocks: 2 ** 32 },
      { doubleSignBps: 10_001 },
      { correlation: 2 ** 16 },
    ]) {
      refused(() => staking([staker(1)], changes), code, new RegExp(Object.keys(changes)[0] ?? ''))
    }
    for (const changes of [
      { registrationFeeWei: 2n ** 96n },
      { maxCandidates: 1_025 },
      { unlockSeconds: 2 ** 32 },
      { ownUnlockSeconds: 2 ** 32 },
      { ownUnlockBlocks: 2 ** 32 },
      { banSeconds: 2 ** 32 },
      { slashBps: 10_001 },
    ]) {
      const name = new RegExp(Object.keys(changes)[0] ?? '')
      refused(() => delegates([delegate(1)], changes), code, name)
    }
  })
})
