/** Checks that records and what is derived have one encoding, and that all else is refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpList } from '../ledger/rlp.ts'
import { engineBirth } from './birth.ts'
import { type Derived, decodeDerived, derivedHash, emptyDerived, encodeDerived } from './derived.ts'
import type { Certificate, DoubleSigning, NamedEvidence, SignedVote } from './messages.ts'
import { decodeRecord, encodeRecord, plainRecord, recordHash } from './record.ts'
import { validatorSet } from './validator-set.ts'

const hash = new Uint8Array(32).fill(3)
const signature = new Uint8Array(64)
const vote: SignedVote = {
  ...{ instance: 0, type: 'prevote', height: 5n, round: 1, validRound: -1 },
  ...{ value: hash, validatorIndex: 2, signature },
}
const signer = new Uint8Array(20).fill(6)
const evidence: NamedEvidence = {
  ...{ signer, evidence: { kind: 'double-vote', a: vote, b: { ...vote, value: undefined } } },
}
const certificate: Certificate = {
  ...{ type: 'commit', instance: 1, height: 5n, round: 1, value: hash, validRound: -1 },
  ...{ signers: Uint8Array.of(1), signatures: [signature] },
}
const record = {
  ...plainRecord('bft', { derivedHash: hash, timeMs: 999 }),
  ...{ round: 2 ** 20, parentSigners: new Uint8Array(16).fill(255), reveal: hash },
  ...{ evidence: [evidence], finality: [certificate], salt: new Uint8Array(8) },
}

const refused = (decode: () => unknown) =>
  assert.throws(decode, (error: AppError) => /^(ledger|consensus)\/bad-/.test(error.code))
const setOf = (...seeds: readonly number[]) =>
  validatorSet(
    seeds.map((seed) => ({
      ...{ scheme: 'ed25519', publicKey: new Uint8Array(32).fill(seed), weight: 5n },
      payTo: new Uint8Array(20),
    })),
  )

describe('a record', () => {
  test('is the list of its fields, and its hash that of the bytes', () => {
    const bytes = encodeRecord(record)
    assert.deepEqual(decodeRecord(bytes), record)
    assert.deepEqual(recordHash(bytes), keccak256(bytes))
    const items = rlpList(decodeRlp(bytes), 'it', 13)
    assert.deepEqual(items.slice(0, 4), [
      ...[Uint8Array.of(1), Uint8Array.of(4), Uint8Array.of(16, 0, 0), Uint8Array.of(3, 231)],
    ])
  })

  test('is refused out of its bounds', () => {
    const items = rlpList(decodeRlp(encodeRecord(record)), 'it')
    const withItem = (at: number, value: RlpValue) => () =>
      decodeRecord(encodeRlp(items.with(at, value)))
    const wrong: readonly (readonly [number, RlpValue])[] = [
      [0, Uint8Array.of(2)],
      [0, new Uint8Array()],
      [1, Uint8Array.of(5)],
      [2, Uint8Array.of(16, 0, 1)],
      [3, Uint8Array.of(3, 232)],
      [4, new Uint8Array(31)],
      [8, new Uint8Array(17)],
      [9, new Uint8Array(31)],
      [12, new Uint8Array(9)],
    ]
    for (const [at, value] of wrong) refused(withItem(at, value))
    const [ofEvidence, ofFinality] = [10, 11].map((at) => rlpList(items[at], 'it')[0] as RlpValue)
    assert.ok(ofEvidence && ofFinality)
    refused(withItem(10, new Array(9).fill(ofEvidence)))
    refused(withItem(11, [ofFinality, ofFinality]))
    refused(() => decodeRecord(encodeRlp([...items, new Uint8Array()])))
    refused(() => decodeRecord(encodeRlp(items.slice(1))))
    refused(withItem(10, [[]]))
    refused(withItem(10, [new Array(9_000).fill([])]))
  })

  test('has no second encoding: bytes are refused, or give themselves back', () => {
    const bytes = encodeRecord(record)
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 3 }), (changes) => {
        const damaged = bytes.slice()
        for (const [at, byte] of changes) damaged[at] = byte
        try {
          assert.deepEqual(encodeRecord(decodeRecord(damaged)), damaged)
        } catch (error) {
          assert.ok(error instanceof AppError)
        }
      }),
    )
  })
})

test('evidence, a certificate, and the record without it have bounds of their own', () => {
  const wide = new Uint8Array(3_309)
  const twoVotes = (round: number): NamedEvidence => {
    const a = { ...vote, round, signature: wide }
    return { signer, evidence: { kind: 'double-vote', a, b: { ...a, value: undefined } } }
  }
  const many = Array.from({ length: 8 }, (_, at) => twoVotes(at))
  const sound = { ...record, evidence: many }
  assert.equal(decodeRecord(encodeRecord(sound)).evidence.length, 8)
  const large: Certificate = {
    ...{ ...certificate, signers: new Uint8Array(16).fill(255) },
    signatures: new Array(128).fill(wide),
  }
  assert.equal(decodeRecord(encodeRecord({ ...sound, finality: [large] })).finality.length, 1)
  const commits = {
    ...{ kind: 'conflicting-commits', a: certificate },
    b: { ...certificate, round: 2 },
  } as const
  for (const one of [
    { ...sound, evidence: [...many, twoVotes(9)] },
    { ...sound, finality: [large, large] },
    // What is only reported punishes nobody.
    { ...sound, evidence: [{ signer, evidence: commits as unknown as DoubleSigning }] },
  ]) {
    refused(() => decodeRecord(encodeRecord(one)))
  }
})

describe('what is derived', () => {
  const address = new Uint8Array(20).fill(4)
  const derived: Derived = {
    ...{ validators: setOf(1, 2), nextValidators: setOf(3), priorities: [-5n, 5n, 0n] },
    absences: [{ address, missed: 2, absentUntil: 7n }],
    epoch: { epoch: 3n, pending: [] },
    ...{ mix: hash, totalWork: 2n ** 200n, finality: { instance: 1n, number: 16n, hash } },
    ...{ commitments: [hash], bans: [{ address, untilHeight: 9n, count: 1 }] },
    ...{ evidenceSeen: [{ signer: address, height: 8n }], creditCount: 11n },
  }

  test('is encoded whole, absent fields too', () => {
    for (const one of [derived, emptyDerived]) {
      assert.deepEqual(decodeDerived(encodeDerived(one)), one)
    }
    assert.equal(rlpList(decodeRlp(encodeDerived(derived)), 'it').length, 12)
  })

  test('has another hash when a field is another', () => {
    const changed = Object.keys(derived).map((name) =>
      derivedHash({ ...derived, [name]: emptyDerived[name as keyof Derived] }).toHex(),
    )
    const hashes = new Set([derivedHash(derived).toHex(), ...changed])
    assert.equal(hashes.size, Object.keys(derived).length + 1)
  })

  test('has its validators in order, and no others than there can be', () => {
    const items = rlpList(decodeRlp(encodeDerived(derived)), 'it')
    const members = rlpList(items[0], 'set')
    const withSet = (set: RlpValue) => () => decodeDerived(encodeRlp([set, ...items.slice(1)]))
    const bad = { code: 'consensus/bad-validator-set' }
    assert.throws(withSet(members.toReversed()), bad)
    assert.throws(withSet([members[0], members[0]] as RlpValue), bad)
    const [, ...rest] = rlpList(members[0], 'member')
    assert.throws(withSet([[new Uint8Array(), ...rest]]), bad)
    refused(withSet([rest]))
  })
})

test('the birth of a chain by work commits to what it begins with', () => {
  const startTarget = 2n ** 246n - 1n
  const birth = engineBirth({
    ...{ engine: 'pow', blockTimeMs: 15_000, seal: 'keccak', halfLifeSeconds: 3_600 },
    ...{ startTarget, easiestTarget: startTarget, issuanceWei: 0n, halving: 1, safeDepth: 1 },
    ...{ finalizedDepth: 1, maxReorg: 1, futureMs: 0 },
  })
  assert.ok(birth)
  assert.equal(birth.difficulty, 1_024n)
  assert.equal(birth.derived.totalWork, 1_024n)
  assert.deepEqual(birth.extraData, keccak256(birth.record))
  assert.deepEqual(decodeRecord(birth.record).derivedHash, derivedHash(birth.derived))
  assert.equal(engineBirth({ engine: 'dev', blockTimeMs: 0 }), undefined)
})
