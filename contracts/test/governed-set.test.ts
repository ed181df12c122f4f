/** Governs the sets of BFT and hybrid chains: by an owner, by their members' votes, and by the protocol. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Address, bytesToHex, encodeFunctionData, type Hex, zeroAddress } from 'viem'
import { validatorRegistryAbi as abi } from '../../src/abi/validator-registry.gen.ts'
import { addressBytes, bornContract, keyOf } from './born-contract.ts'
import { reverts } from './simulated-chain.ts'

interface Member {
  readonly validator: Address
  readonly weight: bigint
  readonly operator: Address
  readonly scheme: number
  readonly id: number
  readonly payTo: Address
}

const maxWeight = 2n ** 60n - 1n
const lower = (text: string) => text.toLowerCase()

/** A set of members that the first accounts operate: keys 0, 1, … of these weights. */
async function bornSet(
  kind: 'registry' | 'committee',
  weights: readonly bigint[],
  owner: Address | 'members',
) {
  const maxMembers = 5
  const parameters = { owner: owner === 'members' ? owner : addressBytes(owner), maxMembers }
  const set = await bornContract(kind, parameters, (accounts) =>
    weights.map((weight, at) => {
      const operator = addressBytes(accounts[at] as Address)
      return { ...keyOf(at), weight, owner: operator, payTo: operator }
    }),
  )
  const members = async () => {
    const count = Number(await set.read<bigint>('memberCount'))
    return Promise.all(Array.from({ length: count }, (_, at) => set.read<Member>('memberAt', at)))
  }
  const add = (key: ReturnType<typeof keyOf>, weight: bigint, from: Address = set.admin) =>
    set.write(from, 'add', [set.bob, schemeByte(key), bytesToHex(key.publicKey), weight, set.bob])
  return { ...set, members, add }
}

const schemeByte = ({ scheme }: ReturnType<typeof keyOf>) =>
  ({ ed25519: 1, 'ml-dsa-65': 2, secp256k1: 3 })[scheme]

const firstAccount: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

for (const kind of ['registry', 'committee'] as const) {
  describe(`a ${kind} that an account owns`, () => {
    let set: Awaited<ReturnType<typeof bornSet>>
    before(async () => {
      set = await bornSet(kind, [10n, 20n], firstAccount)
    })
    after(() => set.close())

    test('is born with its owner and members, as its own views say', async () => {
      assert.equal(lower(await set.read('owner')), lower(firstAccount))
      assert.equal(await set.read('pendingOwner'), zeroAddress)
      assert.equal(await set.read('totalWeight'), 30n)
      assert.equal(await set.read('maxMembers'), 5)
      const members = await set.members()
      assert.deepEqual(
        members.map(({ validator, operator, payTo, ...rest }) => ({
          ...rest,
          addresses: [validator, operator, payTo].map(lower),
        })),
        [10n, 20n].map((weight, at) => {
          const account = lower(set.accounts[at] as Address)
          const addresses = [keyOf(at).validator, account, account]
          return { weight, scheme: 1, id: at + 1, addresses }
        }),
      )
      assert.equal(await set.read('keyOf', keyOf(1).validator), bytesToHex(keyOf(1).publicKey))
    })

    test('takes members of every scheme in, until it is full', async () => {
      const keys = [keyOf(2, 'ml-dsa-65'), keyOf(3, 'secp256k1'), keyOf(4)]
      for (const key of keys) {
        await set.add(key, 5n)
        assert.equal(await set.read('keyOf', key.validator), bytesToHex(key.publicKey))
      }
      assert.equal(await set.read('totalWeight'), 45n)
      await reverts(set.add(keyOf(5), 5n), 'SetFull')
      await set.write(set.admin, 'remove', [keyOf(4).validator])
      await reverts(set.add(keyOf(4), 5n), 'KeyUsed')
    })

    test('refuses weights of nothing or too much, alone and together', async () => {
      for (const weight of [0n, maxWeight + 1n]) {
        await reverts(set.add(keyOf(6), weight), 'BadWeight')
        await reverts(set.write(set.admin, 'setWeight', [keyOf(0).validator, weight]), 'BadWeight')
      }
      await set.write(set.admin, 'setWeight', [keyOf(0).validator, maxWeight])
      assert.equal(await set.read('totalWeight'), maxWeight + 30n)
      await set.write(set.admin, 'setWeight', [keyOf(0).validator, 10n])
    })

    test('refuses keys that are none, and accounts that are none', async () => {
      const call = (scheme: number, key: Hex, operator: Address, payTo: Address) =>
        set.write(set.admin, 'add', [operator, scheme, key, 1n, payTo])
      const good = bytesToHex(keyOf(7).publicKey)
      await reverts(call(0, good, set.bob, set.bob), 'BadKey')
      await reverts(call(4, good, set.bob, set.bob), 'BadKey')
      await reverts(call(3, good, set.bob, set.bob), 'BadKey')
      await reverts(call(1, '0x', set.bob, set.bob), 'BadKey')
      await reverts(call(1, good, zeroAddress, set.bob), 'ZeroAddress')
      await reverts(call(1, good, set.bob, zeroAddress), 'ZeroAddress')
    })

    test('is governed by nobody else', async () => {
      const { alice } = set
      const denied = 'OwnableUnauthorizedAccount'
      await reverts(set.add(keyOf(8), 1n, alice), denied)
      await reverts(set.write(alice, 'remove', [keyOf(0).validator]), denied)
      await reverts(set.write(alice, 'setWeight', [keyOf(0).validator, 1n]), denied)
      await reverts(set.write(set.admin, 'slash', [keyOf(0).validator, 1, 1n]), 'OnlySystem')
    })

    test('lets an operator and the owner rotate a key, under which old faults are punished', async () => {
      const [, worker] = set.accounts as [Address, Address]
      const rotate = (from: Address, before: Address, key: ReturnType<typeof keyOf>) =>
        set.write(from, 'rotateKey', [before, schemeByte(key), bytesToHex(key.publicKey)])
      await reverts(rotate(set.alice, keyOf(1).validator, keyOf(20)), 'NotOperator')
      await reverts(rotate(worker, keyOf(1).validator, keyOf(0)), 'KeyUsed')
      await reverts(rotate(worker, keyOf(1).validator, keyOf(1)), 'KeyUsed')
      await reverts(rotate(worker, keyOf(99).validator, keyOf(20)), 'NoMember')
      await rotate(worker, keyOf(1).validator, keyOf(20, 'ml-dsa-65'))
      await rotate(set.admin, keyOf(20, 'ml-dsa-65').validator, keyOf(21))
      const found = (await set.members()).find(({ id }) => id === 2)
      assert.equal(lower(found?.validator ?? ''), keyOf(21).validator)
      assert.deepEqual([found?.scheme, found?.weight], [1, 20n])
      await set.bySystem('slash', keyOf(1).validator, 1, 7n)
      assert.ok((await set.members()).every(({ id }) => id !== 2))
      assert.equal(await set.read('totalWeight'), 20n)
      await reverts(set.add(keyOf(21), 1n), 'KeyUsed')
    })

    test('lets an operator and the owner send fees elsewhere', async () => {
      const payTo = '0x00000000000000000000000000000000000000bb'
      const validator = keyOf(0).validator
      await reverts(set.write(set.bob, 'setPayTo', [validator, payTo]), 'NotOperator')
      await reverts(set.write(set.admin, 'setPayTo', [validator, zeroAddress]), 'ZeroAddress')
      await set.write(set.admin, 'setPayTo', [validator, payTo])
      assert.equal(lower((await set.members())[0]?.payTo ?? ''), payTo)
    })

    test('the protocol may ask for anything; what is no member changes nothing', async () => {
      const before = await set.members()
      await set.bySystem('slash', keyOf(1).validator, 1, 8n)
      await set.bySystem('slash', keyOf(77).validator, 255, 2n ** 64n - 1n)
      await set.bySystem('slash', zeroAddress, 0, 0n)
      assert.deepEqual(await set.members(), before)
    })

    test('keeps its last member, unless that is punished', async () => {
      const all = (await set.members()).map(({ validator }) => validator)
      for (const validator of all.slice(1)) await set.write(set.admin, 'remove', [validator])
      await reverts(set.write(set.admin, 'remove', [all[0]]), 'LastMember')
      await set.bySystem('slash', all[0], 2, 9n)
      assert.equal(await set.read('memberCount'), 0n)
      assert.equal(await set.read('totalWeight'), 0n)
      await set.add(keyOf(30), 3n)
      assert.equal(await set.read('totalWeight'), 3n)
    })

    test('goes to another owner in two steps', async () => {
      await set.write(set.admin, 'transferOwnership', [set.alice])
      await reverts(set.write(set.bob, 'acceptOwnership', []), 'OwnableUnauthorizedAccount')
      await set.write(set.alice, 'acceptOwnership', [])
      await reverts(set.add(keyOf(31), 1n), 'OwnableUnauthorizedAccount')
      await set.add(keyOf(31), 1n, set.alice)
    })
  })
}

describe('a registry that its members own', () => {
  let set: Awaited<ReturnType<typeof bornSet>>
  before(async () => {
    set = await bornSet('registry', [3n, 3n, 3n], 'members')
  })
  after(() => set.close())

  const change = (functionName: string, ...args: unknown[]) =>
    encodeFunctionData({ abi, functionName, args } as Parameters<typeof encodeFunctionData>[0])
  const approve = (at: number, call: Hex) =>
    set.write(set.accounts[at] as Address, 'approve', [call])

  test('changes when more than two thirds of the weight approve, not before', async () => {
    const call = change('setWeight', keyOf(0).validator, 2n)
    await approve(0, call)
    await approve(0, call)
    await approve(1, call)
    assert.equal((await set.members())[0]?.weight, 3n)
    await approve(2, call)
    assert.equal((await set.members())[0]?.weight, 2n)
    assert.equal(await set.read('totalWeight'), 8n)
  })

  test('no account alone may change it, and no stranger may approve', async () => {
    await reverts(set.add(keyOf(5), 1n), 'OwnableUnauthorizedAccount')
    const call = change('setWeight', keyOf(0).validator, 5n)
    await reverts(set.write(set.accounts[9] as Address, 'approve', [call]), 'NotOperator')
  })

  test('approvals are void after another change', async () => {
    const call = change('setWeight', keyOf(1).validator, 4n)
    await approve(0, call)
    await approve(1, call)
    await set.bySystem('slash', keyOf(2).validator, 1, 1n)
    await approve(0, call)
    assert.equal((await set.members())[1]?.weight, 3n)
    await approve(1, call)
    assert.equal((await set.members())[1]?.weight, 4n)
  })

  test('what ran once does not run again without being approved again', async () => {
    const key = keyOf(40)
    const { bob } = set
    await approve(0, change('add', bob, 1, bytesToHex(key.publicKey), 1n, bob))
    await approve(1, change('add', bob, 1, bytesToHex(key.publicKey), 1n, bob))
    assert.equal(await set.read('memberCount'), 3n)
    await approve(1, change('remove', key.validator))
    assert.equal(await set.read('memberCount'), 3n)
    await approve(0, change('remove', key.validator))
    assert.equal(await set.read('memberCount'), 2n)
    await approve(1, change('remove', key.validator))
    assert.equal(await set.read('memberCount'), 2n)
  })

  test('an approved call that fails takes the last approval back', async () => {
    const call = change('remove', keyOf(99).validator)
    await approve(0, call)
    await reverts(approve(1, call), 'NoMember')
  })

  test('can give itself to an account, and take itself back', async () => {
    for (const at of [0, 1]) await approve(at, change('transferOwnership', set.alice))
    await set.write(set.alice, 'acceptOwnership', [])
    await set.write(set.alice, 'transferOwnership', [set.contract.address])
    for (const at of [0, 1]) await approve(at, change('acceptOwnership'))
    assert.equal(lower(await set.read('owner')), set.contract.address)
  })
})
