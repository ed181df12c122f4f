/** Ends blocks of chains of stakes and delegates on a contract whose slots are set here: faults, commitments, and lists. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { equalBytes, fromBigInt, padStart, toBigInt, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { DposParameters, PosParameters } from '../ledger/manifest.ts'
import { parseManifest } from '../ledger/manifest-codec.ts'
import { engineBirth } from './birth.ts'
import { validatorContract } from './birth-contract.ts'
import { delegateFields, delegatesFields, stakeFields, stakingFields } from './contract-layout.ts'
import type { ContractReader } from './contract-reader.ts'
import type { Derived } from './derived.ts'
import { closeDposBlock } from './dpos-close.ts'
import { dposRounds, posEpochs } from './epoch-state.ts'
import { closePosBlock } from './pos-close.ts'
import { plainRecord } from './record.ts'
import { schemes } from './schemes.ts'
import { mappingSlot } from './solidity-storage.ts'
import type { Fault } from './system-calls.ts'
import type { Ending, VoterClose } from './voted-engine.ts'

const ether = 10n ** 18n
const payTo = `0x${'22'.repeat(20)}`
const chainKey = new Uint8Array(32).fill(9)
const first = (byte: number) => ({
  ...{ scheme: 'ed25519', publicKey: `0x${String(byte).padStart(2, '0').repeat(32)}`, payTo },
  owner: payTo,
})
const committed = new Uint8Array(32).fill(5)
const commitment = toHex(keccak256(committed))

function parametersOf<T>(consensus: object): T {
  const text = JSON.stringify({
    ...{ version: 1, name: 'stakes', chainId: '7', hardfork: 'osaka', consensus },
    genesis: {
      ...{ timestamp: '0', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
      accounts: [],
    },
  })
  return parseManifest(text).consensus as T
}

/** The slots that a chain's contract is born with, and what a test writes over them. */
function contractOf(consensus: PosParameters | DposParameters) {
  const slots = new Map(validatorContract(consensus)?.storage)
  const reader: ContractReader = {
    storage: (_, slot) => padStart(fromBigInt(slots.get(toBigInt(slot)) ?? 0n), 32),
  }
  const write = (
    slot: bigint,
    [at, offset, bytes]: readonly [number, number, number],
    value: bigint,
  ) => {
    const place = slot + BigInt(at)
    const shift = BigInt(8 * offset)
    const mask = ((1n << BigInt(8 * bytes)) - 1n) << shift
    slots.set(place, ((slots.get(place) ?? 0n) & ~mask) | (value << shift))
  }
  return { reader, write }
}

interface Given {
  readonly height: bigint
  readonly derived: Derived
  readonly reader: ContractReader
  readonly faults?: readonly Fault[]
  readonly reveal?: Uint8Array
}

function endingOf({ height, derived, reader, faults = [], reveal = committed }: Given): Ending {
  const record = plainRecord('pos', { derivedHash: new Uint8Array(32), timeMs: 0 })
  const header = {
    ...{ number: height, parentHash: keccak256(fromBigInt(height)), timestamp: height },
    ...{ beneficiary: new Uint8Array(20), difficulty: 0n, gasUsed: 0n, baseFeePerGas: 7n },
  }
  return {
    ...{ parent: derived, read: reader, validators: derived.nextValidators, faults },
    ...{ proposerOf: () => 0, block: { header, record: { ...record, reveal } } },
  }
}

/** What follows from a block whose end the rules have told. */
function after(parent: Derived, { derived }: VoterClose): Derived {
  return { ...parent, validators: parent.nextValidators, ...derived }
}

const addressOf = (derived: Derived, at: number) =>
  derived.validators.list[at]?.address as Uint8Array
const isIn = (set: Derived['validators'], address: Uint8Array) =>
  set.list.some((one) => equalBytes(one.address, address))
const faultOf = (validator: Uint8Array): Fault => {
  return { validator, kind: 'double-vote', height: 1n, reporter: new Uint8Array(20) }
}

describe('the end of a block of stakes', () => {
  const parameters = parametersOf<PosParameters>({
    ...{ engine: 'pos', epochLength: 5, issuanceWei: String(ether) },
    validators: [1, 2, 3, 4].map((byte) => ({
      ...{ ...first(byte), stakeWei: String(10n * ether), commitment },
    })),
  })
  const chain = { parameters, chainKey, schemes }
  const born = () => {
    const derived = engineBirth(parameters)?.derived
    assert.ok(derived)
    return derived
  }

  test('takes who is punished out at H + 2 and not before, at once and for ever', () => {
    const { reader } = contractOf(parameters)
    let derived = born()
    const guilty = addressOf(derived, 2)
    const faults = [faultOf(guilty)]
    derived = after(
      derived,
      closePosBlock(chain, endingOf({ height: 1n, derived, reader, faults })),
    )
    assert.ok(isIn(derived.validators, guilty), 'it signs H + 1')
    assert.ok(!isIn(derived.nextValidators, guilty))
    derived = after(derived, closePosBlock(chain, endingOf({ height: 2n, derived, reader })))
    assert.ok(!isIn(derived.validators, guilty))
    assert.equal(derived.commitments.length, 3)
    assert.equal(posEpochs.read(derived.epoch?.pending).revealed.length, 3)
  })

  test('at the end of an epoch elects nobody whom the same block punishes, and pays it nothing', () => {
    const { reader } = contractOf(parameters)
    let derived = born()
    for (let height = 1n; height < 5n; height += 1n) {
      derived = after(
        derived,
        closePosBlock(chain, endingOf({ height, derived, reader, reveal: new Uint8Array() })),
      )
    }
    const guilty = addressOf(derived, 0)
    const faults = [faultOf(guilty)]
    const closed = closePosBlock(chain, endingOf({ height: 5n, derived, reader, faults }))
    assert.ok(!isIn(after(derived, closed).nextValidators, guilty))
    assert.deepEqual(closed.credits, [], 'it has proposed all blocks, and gets nothing for them')
    const plain = closePosBlock(chain, endingOf({ height: 5n, derived, reader }))
    assert.ok(isIn(after(derived, plain).nextValidators, guilty))
    assert.equal(plain.credits?.[0]?.amountWei, (ether / 8n) * 3n, 'half of it without a reveal')
  })

  test('leaves a set that would be empty as it is', () => {
    const { reader } = contractOf(parameters)
    const derived = born()
    const faults = derived.validators.list.map(({ address }) => faultOf(address))
    const closed = closePosBlock(chain, endingOf({ height: 1n, derived, reader, faults }))
    assert.deepEqual(after(derived, closed).nextValidators, derived.nextValidators)
  })

  test('ends a hash chain when all of it is revealed, so that its validator can go on', () => {
    const { reader } = contractOf(parameters)
    const derived = born()
    const pending = posEpochs.read(derived.epoch?.pending)
    for (const [count, left] of [
      [65_534, committed],
      [65_535, new Uint8Array(32)],
    ] as const) {
      const revealed = pending.revealed.with(0, count)
      const epoch = { epoch: 0n, pending: posEpochs.write({ ...pending, revealed }) }
      const used = { ...derived, epoch }
      const closed = closePosBlock(chain, endingOf({ height: 2n, derived: used, reader }))
      assert.deepEqual(closed.derived.commitments?.[0], left)
      const next = posEpochs.read(closed.derived.epoch?.pending).revealed[0]
      assert.equal(next, count === 65_534 ? 65_535 : 0)
    }
  })

  test('takes a new commitment in the first block after the epoch that it was made in, once', () => {
    const { reader, write } = contractOf(parameters)
    let derived = born()
    const entry = mappingSlot(stakingFields._entries[0], addressOf(derived, 1))
    const seen: string[] = []
    for (let height = 1n; height <= 12n; height += 1n) {
      if (height === 3n) {
        write(entry, stakeFields.commitment, 77n)
        write(entry, stakeFields.committedAt, height)
      }
      derived = after(
        derived,
        closePosBlock(chain, endingOf({ height, derived, reader, reveal: new Uint8Array() })),
      )
      seen.push(toHex(derived.commitments[1] as Uint8Array))
      if (height === 8n)
        derived = { ...derived, commitments: derived.commitments.with(1, committed) }
    }
    const renewed = toHex(padStart(fromBigInt(77n), 32))
    assert.deepEqual(seen.slice(0, 5), Array(5).fill(commitment))
    assert.deepEqual(seen.slice(5, 8), Array(3).fill(renewed))
    assert.deepEqual(
      seen.slice(8),
      Array(4).fill(toHex(committed)),
      'what it has revealed since stays',
    )
  })
})

describe('the end of a block of delegates', () => {
  const parameters = parametersOf<DposParameters>({
    ...{ engine: 'dpos', active: 5, standby: 0 },
    validators: [1, 2, 3, 4, 5].map((byte) => ({
      ...{ ...first(byte), name: `d${byte}`, ownVotesWei: String(ether) },
    })),
  })
  const chain = { parameters, chainKey, schemes }
  const born = () => {
    const derived = engineBirth(parameters)?.derived
    assert.ok(derived)
    return derived
  }
  const close = (derived: Derived, given: Omit<Given, 'derived'>) =>
    after(derived, closeDposBlock(chain, endingOf({ ...given, derived, reveal: new Uint8Array() })))

  test('takes who is punished out at H + 2, in the block of the list and of the end of a round, too', () => {
    for (const at of [1n, 3n, 4n, 5n, 6n]) {
      const { reader } = contractOf(parameters)
      let derived = born()
      const guilty = addressOf(derived, 2)
      for (let height = 1n; height < at; height += 1n) derived = close(derived, { height, reader })
      derived = close(derived, { height: at, reader, faults: [faultOf(guilty)] })
      assert.ok(isIn(derived.validators, guilty))
      assert.ok(!isIn(derived.nextValidators, guilty), `${at}`)
      assert.equal(derived.nextValidators.list.length, 4)
    }
  })

  test('does not take in who was suspended since the list was made', () => {
    const { reader, write } = contractOf(parameters)
    let derived = born()
    const out = addressOf(derived, 1)
    for (let height = 1n; height <= 6n; height += 1n) derived = close(derived, { height, reader })
    assert.equal(dposRounds.read(derived.epoch?.pending).elected.length, 5)
    write(mappingSlot(delegatesFields._entries[0], out), delegateFields.isSuspended, 1n)
    for (let height = 7n; height <= 8n; height += 1n) derived = close(derived, { height, reader })
    assert.ok(isIn(derived.nextValidators, out))
    derived = close(derived, { height: 9n, reader })
    assert.ok(!isIn(derived.nextValidators, out))
  })

  test('keeps candidates for one block only', () => {
    const { reader } = contractOf(parameters)
    let derived = born()
    const counts: number[] = []
    for (let height = 1n; height <= 11n; height += 1n) {
      derived = close(derived, { height, reader })
      counts.push(dposRounds.read(derived.epoch?.pending).candidates.length)
    }
    assert.deepEqual(counts, [0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0])
  })
})
