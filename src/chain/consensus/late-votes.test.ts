/** Tells an engine votes for the block that is decided already: they make its certificate stronger, and nothing else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { BftParameters } from '../ledger/manifest.ts'
import { bftEngine } from './bft.ts'
import { engineBirth } from './birth.ts'
import { bitMap } from './bit-map.ts'
import { quorumCertificate } from './certificate.ts'
import { blockOf, firstHeader, summaryOf } from './consensus.suite.ts'
import type { Effect, Input } from './consensus.ts'
import type { VoteContent } from './messages.ts'
import { decodeRecord } from './record.ts'
import { fakeSchemes, fakeValidators, signVote } from './test-validators/fake-signatures.ts'

const check = fakeValidators([1, 1, 1, 1])
const wait = { baseMs: 500, deltaMs: 250 }
const parameters: BftParameters = {
  ...{ engine: 'bft', blockTimeMs: 1_000, maxTimeoutMs: 30_000, emptyBlocks: 'always' },
  timeouts: { propose: wait, prevote: wait, precommit: wait },
  ...{ absence: true, buildLeadMs: 200, futureMs: 500, evidenceHeights: 1_000 },
  validators: check.validators.list.map((one) => ({ ...one, owner: one.payTo })),
  ...{ owner: 'nobody', maxValidators: 4 },
}
const header = { ...firstHeader, number: 1n, timestamp: 2_000n, extraData: new Uint8Array(32) }
const head = summaryOf(header)
const content: VoteContent = {
  ...{ instance: 0, type: 'precommit', height: 1n, round: 0, validRound: -1, value: head.hash },
}
const vote = (validatorIndex: number, change: Partial<VoteContent> = {}) =>
  signVote({ ...content, ...change, validatorIndex }, check)

/** The proposer of height 2, whose certificate of block 1 has three votes. */
function proposer() {
  const engine = bftEngine({
    ...{ parameters, chainKey: check.chainKey, schemes: fakeSchemes },
    rules: rulesOfOne(7n, 'osaka'),
  })
  const derived = engineBirth(parameters)?.derived
  const proof = quorumCertificate(
    [0, 1, 2].map((index) => vote(index)),
    4,
  )
  const self = check.validators.list[0]
  let { state } = engine.start({
    ...{ head, header, derived, parentDerived: derived, proof, self, nowMs: 2_000_000 },
  })
  const effects: Effect[] = []
  const put = (input: Input) => {
    const step = engine.step(state, input)
    state = step.state
    effects.push(...step.effects)
    return step.effects
  }
  return {
    effects,
    put,
    hear: (one: ReturnType<typeof vote>) =>
      put({
        ...{ kind: 'message', from: 'peer', message: { kind: 'vote', vote: one } },
        nowMs: 2_000_100,
      }).flatMap((effect) => (effect.kind === 'heard' ? effect.as : [])),
    signers: () =>
      decodeRecord(engine.draft?.(state, 2_000_900).record as Uint8Array).parentSigners,
  }
}

const signed = (...indices: number[]) => bitMap(4, (index) => indices.includes(index))

test('a late vote for the decided block is in the certificate of the next one, and passed on once', () => {
  const { hear, signers } = proposer()
  assert.deepEqual(signers(), signed(0, 1, 2))
  assert.deepEqual(hear(vote(3)), ['good'])
  assert.deepEqual(signers(), signed(0, 1, 2, 3))
  assert.deepEqual(hear(vote(3)), [])
})

test('one that says something else, or is not signed, changes nothing', () => {
  const { hear, signers } = proposer()
  const others: readonly Partial<VoteContent>[] = [
    { value: undefined },
    { value: new Uint8Array(32).fill(1) },
    { round: 1 },
    { type: 'prevote' },
    { instance: 1 },
    { height: 0n },
  ]
  for (const other of others)
    assert.deepEqual(hear(vote(3, other)), [], JSON.stringify(Object.keys(other)))
  assert.deepEqual(hear({ ...vote(3), signature: vote(2).signature }), ['bad-signature'])
  assert.deepEqual(hear({ ...vote(3), validatorIndex: 9 }), ['bad-signature'])
  assert.deepEqual(signers(), signed(0, 1, 2))
})

test('a block that is being built keeps the certificate that its record names', () => {
  const { effects, put, hear } = proposer()
  for (let nowMs = 2_000_850; !effects.some(({ kind }) => kind === 'build-block'); nowMs += 50) {
    assert.ok(nowMs < 2_020_000, 'it has a turn')
    put({ kind: 'tick', nowMs })
  }
  const asked = effects.find((effect) => effect.kind === 'build-block')
  assert.ok(asked)
  assert.deepEqual(hear(vote(3)), ['good'])
  const { record, ...draft } = asked.draft
  const block = blockOf({ ...header, ...draft, number: 2n, parentHash: head.hash }, record)
  const built = put({ kind: 'block-built', request: asked.request, block })
  assert.ok(
    built.some(({ kind }) => kind === 'sign'),
    'it is proposed',
  )
})
