/** Checks what chains of stakes and delegates begin with: their sets, what they keep, and their contract. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromHex } from '../../base/bytes.ts'
import { keyAddress } from '../../crypto/signatures.ts'
import { parseManifest } from '../ledger/manifest-codec.ts'
import { engineBirth } from './birth.ts'
import { validatorContract } from './birth-contract.ts'
import { decodeDerived, derivedHash, encodeDerived } from './derived.ts'
import { dposRounds, firstDposRound, posEpochs } from './epoch-state.ts'
import { decodeRecord, recordEngines } from './record.ts'
import { readCandidates, readDelegate, readStaker } from './staked-reader.ts'

const ether = 10n ** 18n
const payTo = `0x${'22'.repeat(20)}`
const owner = `0x${'33'.repeat(20)}`
const keyOf = (byte: number) => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`
const first = (byte: number) => ({ scheme: 'ed25519', publicKey: keyOf(byte), payTo, owner })

function consensusOf(consensus: object) {
  const genesis = {
    ...{ timestamp: '0', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x', accounts: [] },
  }
  const base = { version: 1, name: 'stakes', chainId: '20251', hardfork: 'osaka' }
  return parseManifest(JSON.stringify({ ...base, genesis, consensus })).consensus
}

const staking = consensusOf({
  ...{ engine: 'pos', epochLength: 5 },
  validators: [1, 2, 3].map((byte) => ({
    ...{ ...first(byte), stakeWei: String(BigInt(byte) * ether), commitment: keyOf(byte + 16) },
  })),
})
const delegates = consensusOf({
  ...{ engine: 'dpos', active: 4, standby: 1 },
  validators: [1, 2, 3].map((byte) => ({
    ...{ ...first(byte), name: `d${byte}`, ownVotesWei: String(BigInt(byte) * ether) },
  })),
})

function bornOf(consensus: typeof staking) {
  const birth = engineBirth(consensus)
  assert.ok(birth)
  const { derived } = birth
  const record = decodeRecord(birth.record)
  assert.equal(recordEngines[record.engine], consensus.engine)
  assert.deepEqual(record.derivedHash, derivedHash(derived))
  assert.deepEqual(record.validatorsHash, derived.validators.hash)
  assert.deepEqual(record.nextValidatorsHash, derived.nextValidators.hash)
  assert.deepEqual(decodeDerived(encodeDerived(derived)), derived)
  return derived
}

/** The storage of the contract that a chain is born with. */
function readerOf(consensus: typeof staking) {
  const account = validatorContract(consensus)
  assert.ok(account)
  const slots = new Map(account.storage)
  return {
    account,
    reader: {
      storage: (address: Uint8Array, slot: Uint8Array) => {
        assert.deepEqual(address, account.address)
        const value = slots.get(BigInt(`0x${slot.toHex()}`)) ?? 0n
        return fromHex(`0x${value.toString(16).padStart(64, '0')}`)
      },
    },
  }
}

describe('the birth of a proof-of-stake chain', () => {
  test('has the stakes as weights in gwei, and commitments in the order of the set', () => {
    const { validators, nextValidators, commitments, epoch } = bornOf(staking)
    assert.deepEqual(validators, nextValidators)
    const bytes = validators.list.map(({ publicKey }) => publicKey[0] ?? 0)
    assert.deepEqual(
      validators.list.map(({ weight }) => weight),
      bytes.map((byte) => BigInt(byte) * 10n ** 9n),
    )
    assert.deepEqual(
      commitments,
      bytes.map((byte) => fromHex(keyOf(byte + 16))),
    )
    assert.equal(epoch?.epoch, 0n)
    assert.deepEqual(posEpochs.read(epoch?.pending).revealed, [0, 0, 0])
  })

  test('has the contract with all of them, and their ether', () => {
    const { account, reader } = readerOf(staking)
    assert.equal(account.balance, 6n * ether)
    const { validators, commitments } = bornOf(staking)
    validators.list.forEach(({ address, weight }, at) => {
      const staker = readStaker(reader, address)
      assert.deepEqual(staker?.commitment, commitments[at])
      assert.deepEqual(staker?.owner, fromHex(owner))
      const candidate = readCandidates(reader, 'staking').find(
        (one) => one.address.toHex() === address.toHex(),
      )
      assert.equal(candidate?.weight, weight)
    })
  })
})

describe('the birth of a chain of delegates', () => {
  test('has all of them with the same weight', () => {
    const { validators, epoch } = bornOf(delegates)
    assert.deepEqual(
      validators.list.map(({ weight }) => weight),
      [1n, 1n, 1n],
    )
    assert.deepEqual(dposRounds.read(epoch?.pending), firstDposRound)
  })

  test('has the contract with their names and own votes', () => {
    const { account, reader } = readerOf(delegates)
    assert.equal(account.balance, 6n * ether)
    for (const byte of [1, 2, 3]) {
      const address = keyAddress({ scheme: 'ed25519', publicKey: fromHex(keyOf(byte)) })
      const { name, isSuspended } = readDelegate(reader, address) ?? {}
      assert.equal(new TextDecoder().decode(name?.subarray(0, 2)), `d${byte}`)
      assert.equal(isSuspended, false)
    }
  })
})
