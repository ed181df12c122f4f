/** Reads the contracts of validators as engines do, after transactions and system calls that really ran. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Abi, encodeFunctionData } from 'viem'
import { delegatesAbi } from '../abi/delegates.gen.ts'
import { stakingAbi } from '../abi/staking.gen.ts'
import { validatorRegistryAbi } from '../abi/validator-registry.gen.ts'
import { compareBytes, fromHex, toHex } from '../base/bytes.ts'
import {
  isSignature,
  keyAddress,
  type SignatureScheme,
  schemeFacts,
  signingKey,
} from '../crypto/signatures.ts'
import type { ContractReader } from './consensus/contract-reader.ts'
import { genesisContract } from './consensus/genesis-contract.ts'
import { readCommittee, readRegistry } from './consensus/governed-reader.ts'
import { goodRequests, possessionBytes } from './consensus/possession.ts'
import type { SignatureSchemes } from './consensus/signatures.ts'
import {
  readCandidates,
  readDelegate,
  readRequests,
  readStaker,
} from './consensus/staked-reader.ts'
import {
  admitCall,
  closeEpochCall,
  expelCall,
  rewardCall,
  slashCall,
} from './consensus/system-calls.ts'
import { accountOf, contractWorld } from './test-chain/contract-world.ts'

const ether = 10n ** 18n
const gwei = 10n ** 9n
const chainKey = new Uint8Array(32).fill(3)
const commitment = new Uint8Array(32).fill(4)
const schemeNames: readonly SignatureScheme[] = ['ed25519', 'ml-dsa-65', 'secp256k1']

/** The key of a validator, by number. */
const keyOf = (number: number, scheme: SignatureScheme = 'ed25519') =>
  signingKey(scheme, new Uint8Array(32).fill(number))

const schemes: SignatureSchemes = {
  ed25519: (message, signature, publicKey) =>
    isSignature({ scheme: 'ed25519', publicKey }, message, signature),
  'ml-dsa-65': (message, signature, publicKey) =>
    isSignature({ scheme: 'ml-dsa-65', publicKey }, message, signature),
  secp256k1: (message, signature, publicKey) =>
    isSignature({ scheme: 'secp256k1', publicKey }, message, signature),
}

const encoderOf = (abi: Abi) => (functionName: string, args: readonly unknown[]) =>
  fromHex(encodeFunctionData({ abi, functionName, args }))

/** A key with a proof for an owner, as contracts take it. */
function provenKey(key: ReturnType<typeof keyOf>, owner: Uint8Array) {
  const proof = key.sign(possessionBytes(chainKey, owner))
  const scheme = schemeFacts[key.scheme].byte
  return { scheme, publicKey: toHex(key.publicKey), proof: toHex(proof) }
}

/** Counts what is read. */
function counted(reader: ContractReader) {
  let reads = 0
  const counting: ContractReader = {
    storage: (address, slot) => {
      reads += 1
      return reader.storage(address, slot)
    },
  }
  return { reader: counting, reads: () => reads }
}

describe('a registry and a committee', () => {
  for (const [kind, read] of [
    ['registry', readRegistry],
    ['committee', readCommittee],
  ] as const) {
    test(`${kind}: the set is what its transactions made it, in order of addresses`, async () => {
      const encode = encoderOf(validatorRegistryAbi)
      const founders = [1, 2, 3].map((number) => {
        const owner = accountOf(number)
        return { ...keyOf(number), owner, payTo: owner, weight: BigInt(number) }
      })
      const parameters = { owner: accountOf(1), maxMembers: 8 }
      const world = await contractWorld(genesisContract(kind, parameters, founders))
      const entry = (key: ReturnType<typeof keyOf>, weight: bigint, payTo: number) => {
        const { scheme, publicKey } = key
        return { address: keyAddress(key), scheme, publicKey, weight, payTo: accountOf(payTo) }
      }
      const sorted = (entries: readonly ReturnType<typeof entry>[]) =>
        entries.toSorted((a, b) => compareBytes(a.address, b.address))
      const first = [1, 2, 3].map((number) => entry(keyOf(number), BigInt(number), number))
      assert.deepEqual(read(world.reader), sorted(first))
      const large = keyOf(4, 'ml-dsa-65')
      const [operator, payTo] = [toHex(accountOf(4)), toHex(accountOf(5))]
      await world.send(1, encode('add', [operator, 2, toHex(large.publicKey), 9n, payTo]))
      const next = keyOf(22, 'secp256k1')
      const old = toHex(keyAddress(keyOf(2)))
      await world.send(2, encode('rotateKey', [old, 3, toHex(next.publicKey)]))
      await world.send(1, encode('setWeight', [toHex(keyAddress(keyOf(1))), 7n]))
      await world.send(3, encode('setPayTo', [toHex(keyAddress(keyOf(3))), payTo]))
      const second = [
        ...[
          entry(keyOf(1), 7n, 1),
          entry(next, 2n, 2),
          entry(keyOf(3), 3n, 5),
          entry(large, 9n, 5),
        ],
      ]
      assert.deepEqual(read(world.reader), sorted(second))
      const fault = { kind: 'double-vote', height: 3n, reporter: accountOf(9) } as const
      await world.system(slashCall(kind, { ...fault, validator: keyAddress(keyOf(2)) }))
      const left = sorted(second.filter(({ weight }) => weight !== 2n))
      assert.deepEqual(read(world.reader), left)
    })
  }

  test('keys that are known are not read, and what is read is bounded', async () => {
    const keys = [1, 2, 3, 4].map((number) => keyOf(number, 'ml-dsa-65'))
    const founders = keys.map((key) => ({
      ...{ ...key, owner: accountOf(1), payTo: accountOf(1), weight: 1n },
    }))
    const parameters = { owner: 'members', maxMembers: 4 } as const
    const world = await contractWorld(genesisContract('registry', parameters, founders))
    const all = counted(world.reader)
    const members = readRegistry(all.reader)
    assert.equal(members.length, 4)
    assert.equal(all.reads(), 1 + 4 * (3 + 62))
    const known = new Map(members.map(({ address, publicKey }) => [address.toHex(), publicKey]))
    const some = counted(world.reader)
    assert.deepEqual(
      readRegistry(some.reader, (address) => known.get(address.toHex())),
      members,
    )
    assert.equal(some.reads(), 1 + 4 * 3)
    const broken = { storage: () => new Uint8Array(32).fill(255) }
    assert.deepEqual(readRegistry(broken), [])
    assert.equal(readCandidates(broken, 'staking').length, 1_024)
    assert.equal(readRequests(broken, 'staking').length, 8)
  })
})

describe('staking', () => {
  const encode = encoderOf(stakingAbi)
  const born = () => {
    const founders = [1, 2].map((number) => {
      const owner = accountOf(number)
      const terms = { owner, payTo: owner, commitment, commissionBps: 1_000 }
      return { ...keyOf(number), ...terms, stakeWei: BigInt(number) * 100n * ether }
    })
    const parameters = {
      ...{ maxCandidates: 8, minStakeWei: ether, unbondingSeconds: 10, unbondingBlocks: 10 },
      ...{ doubleSignBps: 500, correlation: 3 },
    }
    return contractWorld(genesisContract('staking', parameters, founders))
  }

  const deposit = (key: ReturnType<typeof keyOf>, owner: number, proofFor = owner) =>
    encode('deposit', [
      ...[provenKey(key, accountOf(proofFor)), toHex(accountOf(8)), toHex(commitment), 0],
    ])

  test('requests are read with key and proof, judged, and become candidates if they are good', async () => {
    const world = await born()
    for (const scheme of schemeNames) {
      const key = keyOf(3, scheme)
      await world.send(3, deposit(key, 3), 5n * ether)
      await world.send(4, deposit(key, 4, 3), 6n * ether)
      const requests = readRequests(world.reader, 'staking')
      assert.deepEqual(
        requests.map((one) => [one?.owner, one?.scheme, one?.publicKey]),
        [3, 4].map((owner) => [accountOf(owner), scheme, key.publicKey]),
      )
      const good = goodRequests(requests, { chainKey, schemes })
      assert.equal(good, 0b01n, 'a proof for another owner is none')
      assert.equal(goodRequests(requests, { chainKey: commitment, schemes }), 0n)
      await world.system(admitCall('staking', good))
      assert.deepEqual(readRequests(world.reader, 'staking'), [])
      assert.deepEqual(readStaker(world.reader, keyAddress(key)), {
        ...{ address: keyAddress(key), scheme, publicKey: key.publicKey, status: 'active' },
        ...{ owner: accountOf(3), payTo: accountOf(8), exitBlock: 0n, commitment },
        committedAt: world.height(),
      })
      const found = readCandidates(world.reader, 'staking').at(-1)
      const expected = { address: keyAddress(key), weight: (5n * ether) / gwei }
      assert.deepEqual(found, { ...expected, since: world.height() })
    }
    assert.equal(readStaker(world.reader, accountOf(9)), undefined)
    assert.equal(goodRequests([undefined], { chainKey, schemes }), 0n)
  })

  test('stake, exits, commitments, faults and rewards are read as they are', async () => {
    const world = await born()
    const [first, second] = [keyAddress(keyOf(1)), keyAddress(keyOf(2))]
    const weights = () =>
      readCandidates(world.reader, 'staking').map(({ address, weight, since }) => [
        ...[address, weight * gwei, since],
      ])
    assert.deepEqual(weights(), [
      [first, 100n * ether, 0n],
      [second, 200n * ether, 0n],
    ])
    await world.send(5, encode('addStake', [toHex(first)]), 50n * ether + 1n)
    assert.deepEqual(weights()[0], [first, 150n * ether, 1n])
    const next = new Uint8Array(32).fill(5)
    await world.send(1, encode('recommit', [toHex(first), toHex(next)]))
    const { commitment: read, committedAt } = readStaker(world.reader, first) ?? {}
    assert.deepEqual([read, committedAt], [next, 2n])
    await world.send(2, encode('requestExit', [toHex(second)]))
    const { status, exitBlock } = readStaker(world.reader, second) ?? {}
    assert.deepEqual([status, exitBlock], ['exiting', 3n])
    assert.deepEqual(weights(), [[first, 150n * ether, 1n]])
    const setHash = new Uint8Array(32).fill(6)
    const closed = { epoch: 4n, setHash, totalWeight: 150n, members: [first, second] }
    await world.system(closeEpochCall('staking', closed))
    assert.equal(BigInt(toHex(await world.view(encode('epoch', [])))), 4n)
    await world.system(rewardCall('staking', [{ validator: first, wei: ether }]))
    assert.deepEqual(weights()[0]?.[1], 150n * ether, 'nothing came in')
    const fault = { kind: 'double-proposal', height: 3n, reporter: accountOf(9) } as const
    await world.system(slashCall('staking', { ...fault, validator: first }))
    assert.equal(readStaker(world.reader, first)?.status, 'slashed')
    assert.deepEqual(weights(), [])
    const claimable = await world.view(encode('claimable', [toHex(accountOf(9))]))
    assert.equal(BigInt(toHex(claimable)), (150n * ether + 1n) / 20n / 16n)
  })

  test('a silent validator is put out by the call for it', async () => {
    const world = await born()
    await world.system(expelCall('staking', keyAddress(keyOf(1))))
    assert.equal(readStaker(world.reader, keyAddress(keyOf(1)))?.status, 'exiting')
  })

  test('a known key saves its reads, and an entry takes three more', async () => {
    const world = await born()
    const address = keyAddress(keyOf(1))
    const all = counted(world.reader)
    const staker = readStaker(all.reader, address)
    assert.equal(all.reads(), 3 + 2)
    const some = counted(world.reader)
    assert.deepEqual(
      readStaker(some.reader, address, () => keyOf(1).publicKey),
      staker,
    )
    assert.equal(some.reads(), 3)
    const list = counted(world.reader)
    readCandidates(list.reader, 'staking')
    assert.equal(list.reads(), 1 + 2)
  })
})

describe('delegates', () => {
  const encode = encoderOf(delegatesAbi)

  test('registrations, votes, faults and silence are read as they are', async () => {
    const owner = accountOf(1)
    const name = new TextEncoder().encode('one')
    const founder = { ...keyOf(1), owner, payTo: owner, name, commissionBps: 0 }
    const parameters = {
      ...{ maxCandidates: 8, registrationFeeWei: 7n, unlockSeconds: 10, ownUnlockSeconds: 20 },
      ...{ ownUnlockBlocks: 10, banSeconds: 30, slashBps: 1_000 },
    }
    const founders = [{ ...founder, ownVotesWei: 2n * ether }]
    const world = await contractWorld(genesisContract('delegates', parameters, founders))
    const key = keyOf(2, 'ml-dsa-65')
    const [first, second] = [keyAddress(keyOf(1)), keyAddress(key)]
    const secondName = `0x${'ab'.repeat(32)}`
    const proven = provenKey(key, accountOf(2))
    await world.send(2, encode('registerDelegate', [secondName, proven, toHex(owner), 0]), 7n)
    const requests = readRequests(world.reader, 'delegates')
    const good = goodRequests(requests, { chainKey, schemes })
    await world.system(admitCall('delegates', good))
    assert.deepEqual(readDelegate(world.reader, second), {
      ...{ address: second, scheme: 'ml-dsa-65', publicKey: key.publicKey, payTo: owner },
      ...{ owner: accountOf(2), name: fromHex(secondName), isSuspended: false, faults: 0 },
      faultBlock: 0n,
    })
    assert.equal(readDelegate(world.reader, accountOf(9)), undefined)
    const weights = () =>
      readCandidates(world.reader, 'delegates').map(({ address, weight }) => [
        ...[address, weight * gwei],
      ])
    assert.deepEqual(weights(), [[first, 2n * ether]])
    await world.send(2, encode('vote', [toHex(second)]), ether)
    await world.send(3, encode('vote', [toHex(second)]), 50n * ether)
    assert.deepEqual(weights()[1], [second, 10n * ether])
    const fault = { kind: 'double-vote', height: 1n, reporter: accountOf(9) } as const
    await world.system(slashCall('delegates', { ...fault, validator: second }))
    const { isSuspended, faults, faultBlock } = readDelegate(world.reader, second) ?? {}
    assert.deepEqual([isSuspended, faults, faultBlock], [true, 1, world.height()])
    await world.system(expelCall('delegates', first))
    assert.equal(readDelegate(world.reader, first)?.isSuspended, true)
    assert.deepEqual(weights(), [])
    const setHash = new Uint8Array(32).fill(6)
    const closed = { epoch: 4n, setHash, totalWeight: 1n, members: [first] }
    await world.system(closeEpochCall('delegates', closed))
    await world.system(rewardCall('delegates', []))
  })
})
