/** Asks an engine what of that which it hears is worth being passed on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { BftParameters } from '../ledger/manifest.ts'
import { bftEngine } from './bft.ts'
import { engineBirth } from './birth.ts'
import { quorumCertificate } from './certificate.ts'
import { firstHeader, summaryOf } from './consensus.suite.ts'
import type { ConsensusMessage, ProposalContent, VoteContent } from './messages.ts'
import { partsOf } from './parts.ts'
import {
  fakeSchemes,
  fakeValidators,
  signProposal,
  signVote,
} from './test-validators/fake-signatures.ts'

const check = fakeValidators([1, 1, 1, 1])
const wait = { baseMs: 500, deltaMs: 250 }
const parameters: BftParameters = {
  ...{ engine: 'bft', blockTimeMs: 1_000, maxTimeoutMs: 30_000, emptyBlocks: 'always' },
  timeouts: { propose: wait, prevote: wait, precommit: wait },
  ...{ absence: true, buildLeadMs: 200, futureMs: 500, evidenceHeights: 1_000 },
  validators: check.validators.list.map((one) => ({ ...one, owner: one.payTo })),
  ...{ owner: 'nobody', maxValidators: 4 },
}
const value = new Uint8Array(32).fill(7)

/** A follower at height 1; what it says of a message. */
function listener() {
  const engine = bftEngine({
    ...{ parameters, chainKey: check.chainKey, schemes: fakeSchemes },
    rules: rulesOfOne(7n, 'osaka'),
  })
  const derived = engineBirth(parameters)?.derived
  const begun = engine.start({
    ...{ head: summaryOf(firstHeader), header: firstHeader, derived, nowMs: 2_000_000 },
  })
  let { state } = begun
  return (message: ConsensusMessage) => {
    const step = engine.step(state, { kind: 'message', from: 'peer', message, nowMs: 2_000_000 })
    state = step.state
    return step.effects.flatMap((effect) => (effect.kind === 'heard' ? effect.as : []))
  }
}

function proposal(validatorIndex: number, bytes: Uint8Array) {
  const content: ProposalContent = {
    ...{ instance: 0, height: 1n, round: 0, validRound: -1, value },
    ...{ partsRoot: partsOf(bytes).root, partCount: 1, byteLength: bytes.length },
  }
  return signProposal({ ...content, validatorIndex }, check)
}

test('a proposal out of turn is not passed on, whatever bytes come with it', () => {
  const hear = listener()
  const bytes = Uint8Array.of(1, 2, 3)
  const inTurn = [0, 1, 2, 3].filter((index) => {
    const heard = hear({ kind: 'proposal', proposal: proposal(index, bytes), block: bytes })
    return heard.length > 0
  })
  assert.equal(inTurn.length, 1)
  for (const index of [0, 1, 2, 3]) {
    for (let junk = 0; junk < 3; junk += 1) {
      const block = Uint8Array.of(junk)
      assert.deepEqual(hear({ kind: 'proposal', proposal: proposal(index, bytes), block }), [])
    }
  }
})

test('votes that are known are not passed on again, in whichever certificate they stand', () => {
  const hear = listener()
  const content: VoteContent = {
    ...{ instance: 0, type: 'prevote', height: 1n, round: 0, validRound: -1, value },
  }
  const vote = (validatorIndex: number) => signVote({ ...content, validatorIndex }, check)
  const certificate = (...voters: number[]): ConsensusMessage => ({
    ...{ kind: 'certificate', certificate: quorumCertificate(voters.map(vote), 4) },
  })
  assert.deepEqual(hear(certificate(0, 1, 2, 3)), ['good'])
  for (const voters of [
    [0, 1, 2, 3],
    [0, 1, 2],
    [1, 2, 3],
  ]) {
    assert.deepEqual(hear(certificate(...voters)), [], voters.join())
  }
})
