/** Checks evidence: contents convict, signatures do not, and nobody is convicted twice. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  checkEvidence,
  doubleProposal,
  doubleVote,
  type EvidenceCheck,
  evidenceId,
  namedEvidence,
  nextPunished,
} from './evidence.ts'
import type { DoubleSigning, NamedEvidence, ProposalContent, VoteContent } from './messages.ts'
import { fakeValidators, signProposal, signVote } from './test-validators/fake-signatures.ts'

const signing = fakeValidators([1, 1, 1, 1])
const { validators } = signing
const hash = (byte: number) => new Uint8Array(32).fill(byte)
const content: VoteContent & { validatorIndex: number } = {
  ...{ instance: 0, type: 'prevote', height: 5n, round: 4, validRound: 2, value: hash(1) },
  validatorIndex: 2,
}
const vote = (changes: Partial<typeof content> = {}, salt = 0) =>
  signVote({ ...content, ...changes }, signing, salt)
const proposed: ProposalContent & { validatorIndex: number } = {
  ...{ instance: 0, height: 5n, round: 4, validRound: -1, value: hash(1), validatorIndex: 2 },
  ...{ partsRoot: hash(3), partCount: 1, byteLength: 9 },
}
const proposal = (changes: Partial<typeof proposed> = {}, salt = 0) =>
  signProposal({ ...proposed, ...changes }, signing, salt)
const check: EvidenceCheck = {
  ...signing,
  setAt: (height) => (height === 5n ? validators : undefined),
  ...{ blockHeight: 9n, evidenceHeights: 10n, punished: [] },
}
const pair = doubleVote(vote(), vote({ value: hash(2) })) as DoubleSigning

const signer = validators.list[2]?.address ?? new Uint8Array()
const stranger = new Uint8Array(20)

function fault(
  evidence: DoubleSigning,
  changes: Partial<EvidenceCheck> = {},
  named = validators.list[evidence.a.validatorIndex]?.address ?? stranger,
): string {
  const verdict = checkEvidence({ signer: named, evidence }, { ...check, ...changes })
  return verdict.kind === 'invalid' ? verdict.rule : verdict.kind
}

describe('evidence', () => {
  test('is a pair of one place with other contents, in order of the contents', () => {
    for (const changes of [
      { value: hash(0) },
      { value: undefined, validRound: -1 },
      { validRound: 1 },
    ]) {
      const [one, other] = [doubleVote(vote(), vote(changes)), doubleVote(vote(changes), vote())]
      assert.ok(one)
      assert.deepEqual(one, other)
      assert.equal(fault(one), 'valid')
    }
    for (const changes of [{ value: hash(0) }, { validRound: 1 }, { partsRoot: hash(9) }]) {
      const made = doubleProposal(proposal(changes), proposal())
      assert.deepEqual(made, doubleProposal(proposal(), proposal(changes)))
      assert.equal(made && fault(made), 'valid')
    }
  })

  test('is not a message signed twice, nor two of other places', () => {
    assert.equal(doubleVote(vote(), vote({}, 1)), undefined)
    assert.equal(doubleProposal(proposal(), proposal({}, 1)), undefined)
    const nil = { value: undefined, validRound: -1 }
    for (const changes of [
      { round: 3 },
      { height: 6n },
      { validatorIndex: 1 },
      { instance: 1 as const },
    ]) {
      assert.equal(doubleVote(vote(), vote({ ...nil, ...changes })), undefined)
      assert.equal(doubleProposal(proposal(), proposal({ value: hash(2), ...changes })), undefined)
    }
    assert.equal(doubleVote(vote(), vote({ ...nil, type: 'precommit' })), undefined)
  })

  test('has one identity for each signer, place and kind, whatever was signed', () => {
    const id = (evidence: DoubleSigning | undefined) =>
      evidence && evidenceId(namedEvidence(evidence, validators) as NamedEvidence).toHex()
    const resigned = doubleVote(vote({}, 7), vote({ value: hash(9) }, 8))
    assert.equal(id(resigned), id(pair))
    const others = [
      pair,
      doubleVote(vote({ round: 3 }), vote({ round: 3, value: hash(2) })),
      doubleVote(vote({ validatorIndex: 1 }), vote({ validatorIndex: 1, value: hash(2) })),
      doubleVote(vote({ height: 4n }), vote({ height: 4n, value: hash(2) })),
      doubleVote(vote({ instance: 1 }), vote({ instance: 1, value: hash(2) })),
      doubleVote(
        vote({ type: 'precommit', validRound: -1 }),
        vote({ type: 'precommit', validRound: -1, value: hash(2) }),
      ),
      doubleProposal(proposal(), proposal({ value: hash(2) })),
    ].map(id)
    assert.ok(!others.includes(undefined))
    assert.equal(new Set(others).size, others.length)
  })

  test('is refused when it is too old, of the future, of an unknown signer, or known', () => {
    assert.equal(fault(pair, { blockHeight: 15n }), 'valid')
    assert.equal(fault(pair, { blockHeight: 16n }), 'age')
    assert.equal(fault(pair, { blockHeight: 4n }), 'age')
    assert.equal(fault(pair, { setAt: () => undefined }), 'signer')
    const outside = {
      ...pair,
      a: { ...pair.a, validatorIndex: 4 },
      b: { ...pair.b, validatorIndex: 4 },
    }
    assert.equal(fault(outside as DoubleSigning), 'signer')
    assert.equal(fault(pair, {}, validators.list[1]?.address), 'signer')
  })

  test('is settled by a punishment of its signer in any block but one that was two before it', () => {
    const punished = (height: bigint, by = signer) => ({ punished: [{ signer: by, height }] })
    assert.equal(fault(pair, punished(5n)), 'repeat')
    assert.equal(fault(pair, punished(4n)), 'repeat')
    assert.equal(fault(pair, punished(3n)), 'valid', 'it had left, and came back')
    assert.equal(fault(pair, punished(5n, stranger)), 'valid')
  })

  test('what was punished is remembered as long as evidence of before could come', () => {
    const named = { signer, evidence: pair }
    const block = { height: 9n, evidence: [named], evidenceHeights: 10n }
    const punished = nextPunished([], block)
    assert.deepEqual(punished, [{ signer, height: 9n }])
    const later = (height: bigint) => nextPunished(punished, { ...block, height, evidence: [] })
    // A fault of height 10 is good until block 20.
    assert.deepEqual(later(19n), punished)
    assert.deepEqual(later(20n), [])
  })

  test('is refused when it does not conflict, is turned round, or is not signed', () => {
    assert.equal(fault({ kind: 'double-vote', a: vote(), b: vote({}, 1) }), 'conflict')
    assert.equal(
      fault({ kind: 'double-vote', a: vote(), b: vote({ round: 3, value: hash(2) }) }),
      'conflict',
    )
    assert.equal(fault({ ...pair, a: pair.b, b: pair.a } as DoubleSigning), 'order')
    for (const side of ['a', 'b'] as const) {
      const forged = { ...pair[side], signature: vote({ round: 1 }).signature }
      assert.equal(fault({ ...pair, [side]: forged } as DoubleSigning), 'signature')
    }
    assert.equal(fault(pair, { chainKey: hash(7) }), 'signature')
  })
})
