/** Puts evidence into blocks, and punishes by it: what a proposer drafts, what a header may carry, what the end of a block does. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { equalBytes } from '../../base/bytes.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { BftParameters } from '../ledger/manifest.ts'
import { bftEngine } from './bft.ts'
import type { BftState } from './bft-state.ts'
import { engineBirth } from './birth.ts'
import { blockOf, firstHeader, readerOf, summaryOf } from './consensus.suite.ts'
import type { Effect } from './consensus.ts'
import type { Derived } from './derived.ts'
import { doubleVote } from './evidence.ts'
import type { DoubleSigning, NamedEvidence, VoteContent } from './messages.ts'
import { decodeRecord, encodeRecord, recordHash } from './record.ts'
import { fakeSchemes, fakeValidators, signVote } from './test-validators/fake-signatures.ts'

const check = fakeValidators([1, 1, 1, 1])
const { list } = check.validators
const wait = { baseMs: 500, deltaMs: 250 }
const parameters: BftParameters = {
  ...{ engine: 'bft', blockTimeMs: 1_000, maxTimeoutMs: 30_000, emptyBlocks: 'always' },
  timeouts: { propose: wait, prevote: wait, precommit: wait },
  ...{ absence: true, buildLeadMs: 200, futureMs: 500, evidenceHeights: 1_000 },
  validators: list.map((one) => ({ ...one, owner: one.payTo })),
  ...{ owner: 'nobody', maxValidators: 4 },
}
const engine = bftEngine({
  ...{ parameters, chainKey: check.chainKey, schemes: fakeSchemes },
  rules: rulesOfOne(7n, 'osaka'),
})
const { derived: born, extraData } = engineBirth(parameters) ?? {}
assert.ok(born && extraData)
const birth = { ...firstHeader, extraData, gasLimit: 30_000_000n }
const parent = blockOf(birth)
const nowMs = 2_000_000

const content: VoteContent = {
  ...{ instance: 0, type: 'prevote', height: 1n, round: 3, validRound: -1 },
  value: new Uint8Array(32).fill(7),
}
const vote = (validatorIndex: number, changes: Partial<VoteContent> = {}) =>
  signVote({ ...content, ...changes, validatorIndex }, check)
const pair = (at: number, changes: Partial<VoteContent> = {}) =>
  doubleVote(vote(at, changes), vote(at, { ...changes, value: undefined })) as DoubleSigning

/** An engine at height 1, after it heard some messages. */
function heard(...messages: readonly DoubleSigning[]) {
  let { state } = start(born)
  const effects: Effect[] = []
  for (const evidence of messages) {
    const message = { kind: 'evidence', evidence } as const
    const step = engine.step(state, { kind: 'message', from: 'peer', message, nowMs })
    state = step.state
    effects.push(...step.effects)
  }
  return { state, effects: effects.map((one) => (one.kind === 'heard' ? one.as : one.kind)) }
}

function start(derived: Derived | undefined, evidence: readonly NamedEvidence[] = []) {
  return engine.start({ head: summaryOf(birth), header: birth, derived, evidence, nowMs })
}

const draftOf = (state: BftState) => {
  const draft = engine.draft?.(state, nowMs)
  assert.ok(draft?.record)
  return { draft, record: decodeRecord(draft.record) }
}

/** What the engine says of a first block that carries this. */
function judged(evidence: readonly DoubleSigning[], changes: Partial<Derived> = {}): string {
  const derived = { ...(born as Derived), ...changes }
  const { draft, record } = draftOf(start(derived).state)
  const named = evidence.map((one) => ({
    ...{ signer: list[one.a.validatorIndex]?.address ?? new Uint8Array(20), evidence: one },
  }))
  const encoded = encodeRecord({ ...record, evidence: named })
  const header = {
    ...birth,
    ...{ number: 1n, parentHash: parent.hash, beneficiary: draft.beneficiary, gasUsed: 0n },
    ...{ timestamp: draft.timestamp, mixHash: draft.mixHash, extraData: recordHash(encoded) },
    ...{ parentBeaconBlockRoot: birth.extraData, baseFeePerGas: 875_000_000n },
  }
  const reader = { ...readerOf(parent), derived: () => derived, setAt: () => check.validators }
  const verdict = engine.checkHeader(
    reader,
    blockOf(header, encoded),
    Number(header.timestamp) * 1_000,
  )
  return verdict.kind === 'invalid' ? `${verdict.rule}, ${verdict.detail}` : verdict.kind
}

describe('evidence on a chain that is voted on', () => {
  test('what a validator hears goes into the block that it drafts, one fault of each signer', () => {
    const { state, effects } = heard(pair(1), pair(1, { round: 4 }), pair(1), pair(2))
    const kept = ['good', 'report', 'keep-evidence']
    assert.deepEqual(effects, [...kept, ...kept])
    const { record } = draftOf(state)
    assert.deepEqual(
      record.evidence.map(({ signer, evidence }) => [signer, evidence]),
      [
        [list[1]?.address, pair(1)],
        [list[2]?.address, pair(2)],
      ],
    )
  })

  test('two votes of one validator become evidence, and others are told', () => {
    let { state } = start(born)
    const effects: Effect[] = []
    for (const one of [vote(3), vote(3, { value: undefined })]) {
      const message = { kind: 'vote', vote: one } as const
      const step = engine.step(state, { kind: 'message', from: 'peer', message, nowMs })
      state = step.state
      effects.push(...step.effects)
    }
    const told = effects.flatMap((one) => (one.kind === 'broadcast' ? one.message : []))
    assert.deepEqual(told, [{ kind: 'evidence', evidence: pair(3) }])
    assert.deepEqual(draftOf(state).record.evidence[0]?.evidence, pair(3))
  })

  test('a restart has what waited before it, but nothing that the chain has punished', () => {
    const named = [1, 2].map((at) => ({
      ...{ signer: list[at]?.address ?? new Uint8Array(20), evidence: pair(at) },
    }))
    const evidenceSeen = [{ signer: list[2]?.address ?? new Uint8Array(20), height: 0n }]
    const derived = { ...(born as Derived), evidenceSeen }
    const { state, effects } = start(derived, named)
    assert.deepEqual(state.evidence, named.slice(0, 1))
    assert.deepEqual(effects.filter(({ kind }) => kind === 'keep-evidence')[0], {
      ...{ kind: 'keep-evidence', evidence: named.slice(0, 1) },
    })
  })

  test('evidence of an old height counts where the chain knows who signed it', () => {
    const message = { kind: 'evidence', evidence: pair(1, { height: 0n }) } as const
    const input = { kind: 'message', from: 'peer', message, nowMs } as const
    const { state } = start(born)
    assert.deepEqual(engine.step(state, input).state.evidence, [])
    const signers = check.validators
    assert.equal(engine.step(state, { ...input, signers }).state.evidence.length, 1)
  })

  test('what is forged, of another chain, or of a height that is not known, is not kept', () => {
    const forged = {
      ...pair(1),
      b: { ...pair(1).b, signature: vote(2).signature },
    } as DoubleSigning
    const other = { ...check, chainKey: new Uint8Array(32) }
    const strange = doubleVote(
      signVote({ ...content, validatorIndex: 1 }, other),
      signVote({ ...content, value: undefined, validatorIndex: 1 }, other),
    ) as DoubleSigning
    const outside = {
      ...pair(1),
      a: { ...pair(1).a, validatorIndex: 9 },
      b: { ...pair(1).b, validatorIndex: 9 },
    } as DoubleSigning
    const { state, effects } = heard(forged, strange, outside, pair(1, { height: 77n }))
    assert.deepEqual(effects, ['bad-signature', 'bad-signature', 'bad-signature'])
    assert.deepEqual(draftOf(state).record.evidence, [])
  })

  test('a header carries what is good, and nothing twice', () => {
    assert.equal(judged([]), 'valid')
    assert.equal(judged([pair(1), pair(2)]), 'valid')
    assert.match(judged([pair(1), pair(1, { round: 4 })]), /^evidence, repeat/)
    const signer = list[1]?.address as Uint8Array
    assert.match(judged([pair(1)], { evidenceSeen: [{ signer, height: 0n }] }), /^evidence, repeat/)
    assert.match(judged([pair(1, { height: 2n })]), /^evidence, age/)
    const forged = {
      ...pair(1),
      b: { ...pair(1).b, signature: vote(2).signature },
    } as DoubleSigning
    assert.match(judged([forged]), /^evidence, signature/)
    assert.match(
      judged([{ ...pair(1), a: pair(1).b, b: pair(1).a } as DoubleSigning]),
      /^evidence, order/,
    )
  })

  test('whoever is convicted is out of the set two heights on, and nobody is punished again', () => {
    const { record } = draftOf(heard(pair(1)).state)
    const facts = { header: { ...birth, number: 1n }, record }
    const read = { storage: () => assert.fail('a fixed set has no contract') }
    const closed = engine.closeBlock?.(born, facts, read)
    assert.ok(closed)
    const { derived, calls } = closed
    const isIn = (set: Derived['validators']) =>
      set.list.some(({ address }) => equalBytes(address, list[1]?.address ?? new Uint8Array()))
    assert.deepEqual([isIn(derived.validators), isIn(derived.nextValidators)], [true, false])
    assert.deepEqual(derived.evidenceSeen, [{ signer: list[1]?.address, height: 1n }])
    assert.deepEqual(calls, [])
    const later = {
      ...facts,
      header: { ...facts.header, number: 2n },
      record: { ...record, evidence: [] },
    }
    const next = engine.closeBlock?.(derived, later, read)?.derived
    assert.equal(next?.validators.list.length, 3)
    assert.equal(next?.priorities.length, 3)
  })

  test('the last validators stay, whatever they did', () => {
    const evidence = list.map(({ address }, at) => ({ signer: address, evidence: pair(at) }))
    const { record } = draftOf(start(born).state)
    const facts = { header: { ...birth, number: 1n }, record: { ...record, evidence } }
    const closed = engine.closeBlock?.(born, facts, { storage: () => assert.fail() })
    assert.equal(closed?.derived.nextValidators.list.length, 4)
  })
})
