/** Asks an engine what of that which it hears is worth being passed on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { BftParameters } from '../ledger/manifest.ts'
import { bftEngine } from './bft.ts'
import { engineBirth } from './birth.ts'
import { quorumCertificate } from './certificate.ts'
import { blockOf, firstHeader, summaryOf } from './consensus.suite.ts'
import type { Input } from './consensus.ts'
import type { ConsensusMessage, ProposalContent, VoteContent } from './messages.ts'
import { partsOf } from './parts.ts'
import {
  fakeSchemes,
  fakeValidators,
  signProposal,
  signVote,
} from './test-validators/fake-signatures.ts'
import { encodeTravellingBlock } from './travelling-block.ts'

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

const header = { ...firstHeader, extraData: new Uint8Array(32) }

/** A follower at height 1. */
function follower() {
  const engine = bftEngine({
    ...{ parameters, chainKey: check.chainKey, schemes: fakeSchemes },
    rules: rulesOfOne(7n, 'osaka'),
  })
  const derived = engineBirth(parameters)?.derived
  const begun = engine.start({
    ...{ head: summaryOf(header), header, derived, nowMs: 2_000_000 },
  })
  let { state } = begun
  return {
    put(input: Input) {
      const step = engine.step(state, input)
      state = step.state
      return step.effects
    },
    /** A block that stands on the head. */
    child() {
      const { record, ...fields } = engine.draft?.(state, 2_000_000) ?? assert.fail()
      const parentHash = summaryOf(header).hash
      return blockOf({ ...header, ...fields, number: 1n, parentHash }, record)
    },
  }
}

/** What a follower says of a message. */
function listener({ put } = follower()) {
  return (message: ConsensusMessage) =>
    put({ kind: 'message', from: 'peer', message, nowMs: 2_000_000 }).flatMap((effect) =>
      effect.kind === 'heard' ? effect.as : [],
    )
}

function proposal(validatorIndex: number, bytes: Uint8Array) {
  const content: ProposalContent = {
    ...{ instance: 0, height: 1n, round: 0, validRound: -1, value },
    ...{ partsRoot: partsOf(bytes).root, partCount: 1, byteLength: bytes.length },
  }
  return signProposal({ ...content, validatorIndex }, check)
}

test('a block that is decided finds room beside all that a faulty proposer proposes', () => {
  const { put, child } = follower()
  const hear = listener({ put, child })
  const inTurn = [0, 1, 2, 3].find((index) => {
    return hear({ kind: 'proposal', proposal: proposal(index, Uint8Array.of(9)) }).length > 0
  })
  assert.ok(inTurn !== undefined)
  for (let other = 0; other < 8; other += 1) {
    const content = {
      ...proposal(inTurn, Uint8Array.of(other)),
      value: new Uint8Array(32).fill(other),
    }
    hear({ kind: 'proposal', proposal: signProposal(content, check) })
  }
  const block = child()
  const bytes = encodeTravellingBlock({ block, parentProof: undefined })
  const content: VoteContent = {
    ...{ instance: 0, type: 'precommit', height: 1n, round: 0, validRound: -1, value: block.hash },
  }
  const votes = [0, 1, 2].map((validatorIndex) => signVote({ ...content, validatorIndex }, check))
  const certificate = quorumCertificate(votes, 4)
  const effects = put({ kind: 'block-synced', block: bytes, certificate, nowMs: 2_000_001 })
  const asked = effects.filter((effect) => effect.kind === 'check-block')
  assert.deepEqual(
    asked.map(({ hash }) => hash),
    [block.hash],
  )
})

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
