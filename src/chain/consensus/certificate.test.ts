/** Checks certificates: what is made of votes is good, and nothing near it is. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  certificateVotes,
  checkCertificate,
  quorumCertificate,
  skipCertificate,
} from './certificate.ts'
import type { Certificate, VoteContent } from './messages.ts'
import { fakeValidators, signVote } from './test-validators/fake-signatures.ts'

const check = fakeValidators([1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
const hash = (byte: number) => new Uint8Array(32).fill(byte)
const prevote: VoteContent = {
  ...{ instance: 0, type: 'prevote', height: 5n, round: 4, validRound: 2, value: hash(1) },
}
const precommit: VoteContent = { ...prevote, type: 'precommit', validRound: -1 }
const votesFor = (content: VoteContent, signers: readonly number[]) =>
  signers.map((validatorIndex) => signVote({ ...content, validatorIndex }, check))
const seven = [9, 0, 1, 2, 5, 6, 8]
const commit = quorumCertificate(votesFor(precommit, seven), 10)
const polka = quorumCertificate(votesFor(prevote, seven), 10)
const mixed = [
  ...votesFor({ ...prevote, value: undefined, validRound: -1 }, [3]),
  ...votesFor(precommit, [1, 2]),
  ...votesFor(prevote, [0]),
]
const skip = skipCertificate(mixed, 10)

function fault(certificate: Certificate, against = check): string {
  const verdict = checkCertificate(certificate, against)
  return verdict.kind === 'invalid' ? verdict.rule : verdict.kind
}

describe('a certificate', () => {
  test('of enough votes is valid, and holds just these votes, in set order', () => {
    for (const certificate of [commit, polka, skip]) assert.equal(fault(certificate), 'valid')
    const order = seven.toSorted((a, b) => a - b)
    assert.deepEqual(certificateVotes(polka, 10), votesFor(prevote, order))
    assert.deepEqual(
      certificateVotes(skip, 10),
      mixed.toSorted((a, b) => a.validatorIndex - b.validatorIndex),
    )
  })

  test('needs over two thirds of the weight, a skip over one third', () => {
    assert.equal(fault(quorumCertificate(votesFor(precommit, seven.slice(1)), 10)), 'weight')
    assert.equal(fault(skipCertificate(mixed.slice(1), 10)), 'weight')
    const heavy = fakeValidators([1, 1, 1, 6])
    const signed = [0, 1, 2].map((validatorIndex) =>
      signVote({ ...precommit, validatorIndex }, heavy),
    )
    assert.equal(fault(quorumCertificate(signed, 4), heavy), 'weight')
  })

  test('fails with any one signature spoilt', () => {
    for (const certificate of [commit, polka, skip]) {
      for (const at of certificate.signatures.keys()) {
        const spoilt = Uint8Array.from(certificate.signatures[at] as Uint8Array)
        spoilt[7] = (spoilt[7] as number) ^ 1
        assert.equal(
          fault({ ...certificate, signatures: certificate.signatures.with(at, spoilt) }),
          'signature',
        )
      }
    }
  })

  test('whose votes are known costs no checks but of those that are not', () => {
    let checks = 0
    const counted = {
      ...check,
      schemes: {
        ...check.schemes,
        ed25519: (...of: Parameters<typeof check.schemes.ed25519>) => {
          checks += 1
          return check.schemes.ed25519(...of)
        },
      },
    }
    const isKnown = ({ validatorIndex }: { readonly validatorIndex: number }) => validatorIndex > 2
    assert.equal(checkCertificate(commit, counted, isKnown).kind, 'valid')
    assert.equal(checks, 3)
    const signatures = commit.signatures.with(1, commit.signatures[0] as Uint8Array)
    const verdict = checkCertificate({ ...commit, signatures }, counted, isKnown)
    assert.equal(verdict.kind, 'invalid')
  })

  test('fails with any field changed, on another chain, and under another set', () => {
    assert.equal(fault({ ...commit, height: 6n }), 'signature')
    assert.equal(fault({ ...commit, round: 3 }), 'signature')
    assert.equal(fault({ ...commit, instance: 1 }), 'signature')
    assert.equal(fault({ ...commit, value: hash(2) }), 'signature')
    assert.equal(fault({ ...polka, validRound: 1 }), 'signature')
    assert.equal(fault({ ...commit, type: 'polka' }), 'signature')
    assert.equal(fault(commit, { ...check, chainKey: hash(9) }), 'signature')
    const otherSet = { ...check.validators, hash: hash(9) }
    assert.equal(fault(commit, { ...check, validators: otherSet }), 'signature')
  })

  test('fails with a spare bit, too few or too many signatures, or the fields of another type', () => {
    const spare = Uint8Array.from(commit.signers)
    spare[1] = (spare[1] as number) | 0b100
    const signatures = [...commit.signatures, commit.signatures[0] as Uint8Array]
    assert.equal(fault({ ...commit, signers: spare, signatures }), 'form')
    assert.equal(fault({ ...commit, signers: spare }), 'form')
    assert.equal(fault({ ...commit, signatures }), 'form')
    assert.equal(fault({ ...commit, signatures: commit.signatures.slice(1) }), 'form')
    assert.equal(fault({ ...commit, signers: commit.signers.subarray(1) }), 'form')
    assert.equal(fault({ ...commit, value: undefined }), 'form')
    assert.equal(fault({ ...commit, validRound: 1 }), 'form')
    const { votes, ...bare } = skip
    assert.equal(fault(bare), 'form')
    assert.equal(fault({ ...skip, value: hash(1) }), 'form')
    assert.equal(fault({ ...skip, votes: (votes ?? []).slice(1) }), 'form')
  })

  test('of a skip holds votes of its own round only', () => {
    const votes = (skip.votes ?? []).with(0, { ...prevote, round: 3 })
    assert.equal(fault({ ...skip, votes }), 'form')
  })
})
