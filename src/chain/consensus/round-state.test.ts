/** Checks what nodes tell each other so that nobody stays behind, how long they wait, and what they hold for later. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkCertificate } from './certificate.ts'
import type { ConsensusMessage, RoundState } from './messages.ts'
import { holdProposal, holdVote, nothingHeld } from './next-height.ts'
import { answerRoundState, roundStateOf } from './round-state.ts'
import { CoreBench } from './test-validators/core-bench.ts'
import { type Timeouts, timeoutMs } from './timeouts.ts'

/** An answer in words. */
function words(core: CoreBench, theirs: RoundState): readonly string[] {
  return answerRoundState(core.rules, core.state, theirs).map((message) => {
    switch (message.kind) {
      case 'certificate': {
        const { certificate } = message
        assert.equal(checkCertificate(certificate, core.check).kind, 'valid')
        const value = certificate.value ? ` ${core.name(certificate.value)}` : ''
        return `${certificate.type} ${certificate.round}${value}`
      }
      case 'proposal':
        return `proposal ${message.proposal.round} ${core.name(message.proposal.value)}`
      case 'vote':
        return `${message.vote.type} ${message.vote.round} of ${message.vote.validatorIndex}`
      default:
        return message.kind
    }
  })
}

const stateOf = (core: CoreBench) => roundStateOf(core.rules, core.state)

/** Gives one core all that another answers to it. */
function give(to: CoreBench, messages: readonly ConsensusMessage[]): readonly string[] {
  return messages.flatMap((message) =>
    message.kind === 'vote' || message.kind === 'proposal' || message.kind === 'certificate'
      ? to.put(message)
      : [],
  )
}

describe('a round state', () => {
  test('names what is held of this round and the one before', () => {
    const core = new CoreBench()
    core.start()
    core.votes('precommit', 0, undefined, [0, 2, 3])
    core.timeout('precommit', 0)
    core.votes('prevote', 1, 'a', [3])
    const state = stateOf(core)
    assert.deepEqual([state.round, state.step, state.hasProposal], [1, 'propose', false])
    assert.deepEqual(state.prevotes, [Uint8Array.of(0b1000), Uint8Array.of(0)])
    assert.deepEqual(state.precommits, [Uint8Array.of(0), Uint8Array.of(0b1101)])
  })

  test('of a node that has the same is answered by nothing', () => {
    const core = new CoreBench()
    core.start()
    core.propose(0, 'a')
    core.votes('prevote', 0, 'a', [0, 1, 2])
    assert.deepEqual(words(core, stateOf(core)), [])
    assert.deepEqual(words(core, { ...stateOf(core), height: 6n }), [])
    assert.deepEqual(words(core, { ...stateOf(core), instance: 1 }), [])
  })

  test('is answered by what is missing: polka, proposal, votes', () => {
    const core = new CoreBench()
    const other = new CoreBench()
    for (const one of [core, other]) one.start()
    core.propose(0, 'a')
    core.votes('prevote', 0, 'a', [0, 1, 2])
    core.votes('precommit', 0, 'a', [1])
    other.votes('prevote', 0, 'a', [2, 3])
    assert.deepEqual(words(core, stateOf(other)), [
      ...['polka 0 a', 'proposal 0 a', 'precommit 0 of 1', 'prevote 0 of 0', 'prevote 0 of 1'],
    ])
    // It knows the proposal and a polka of its own, and lacks two votes.
    const knowing = { ...stateOf(other), hasProposal: true, validRound: 0 }
    assert.deepEqual(words(core, knowing), ['precommit 0 of 1', 'prevote 0 of 0', 'prevote 0 of 1'])
  })

  test('of a node in an older round is answered so that it comes along', () => {
    const core = new CoreBench()
    const other = new CoreBench([1, 1, 1, 1], 3)
    for (const one of [core, other]) one.start()
    core.votes('precommit', 2, undefined, [0, 2, 3])
    core.timeout('precommit', 2)
    core.propose(3, 'b')
    core.votes('prevote', 3, 'b', [1])
    assert.deepEqual(words(core, stateOf(other)), [
      ...['skip 2', 'proposal 3 b', 'prevote 3 of 1'],
      ...['precommit 2 of 0', 'precommit 2 of 2', 'precommit 2 of 3'],
    ])
    other.valid('b')
    give(other, answerRoundState(core.rules, core.state, stateOf(other)))
    assert.equal(other.state.round, 2)
    other.timeout('precommit', 2)
    assert.deepEqual([other.state.round, other.state.step], [3, 'prevote'])
  })

  test('of a node whom an equivocator keeps from the quorum is answered by the certificate', () => {
    const core = new CoreBench()
    const other = new CoreBench([1, 1, 1, 1], 2)
    for (const one of [core, other]) {
      one.start()
      one.propose(0, 'a')
      one.votes('prevote', 0, 'a', [1, 2])
    }
    core.votes('prevote', 0, 'a', [3])
    other.votes('prevote', 0, 'b', [3])
    assert.equal(other.state.step, 'prevote')
    assert.deepEqual(give(other, answerRoundState(core.rules, core.state, stateOf(other))), [
      ...['report double-vote', 'precommit 0 a'],
    ])
    core.votes('precommit', 0, 'a', [1, 2, 3])
    other.votes('precommit', 0, undefined, [3])
    assert.deepEqual(words(core, stateOf(other)).slice(0, 2), ['commit 0 a', 'proposal 0 a'])
    give(other, answerRoundState(core.rules, core.state, stateOf(other)))
    assert.equal(other.state.step, 'decided')
  })

  test('is answered by at most 64 messages', () => {
    const core = new CoreBench(Array(50).fill(1))
    core.start()
    core.votes(
      'prevote',
      0,
      undefined,
      Array.from({ length: 50 }, (_, at) => at),
    )
    core.votes(
      'precommit',
      0,
      undefined,
      Array.from({ length: 50 }, (_, at) => at),
    )
    assert.equal(words(core, stateOf(new CoreBench(Array(50).fill(1)))).length, 64)
  })
})

describe('waits', () => {
  const timeouts: Timeouts = {
    base: { propose: 500, prevote: 250, precommit: 250 },
    delta: { propose: 250, prevote: 125, precommit: 125 },
    max: 30_000,
  }

  test('grow by delta, which doubles every five rounds, up to the longest', () => {
    const row = Array.from({ length: 12 }, (_, round) => timeoutMs(timeouts, 'propose', round))
    assert.deepEqual(row.slice(0, 6), [500, 750, 1_000, 1_250, 1_500, 1_750])
    assert.deepEqual(row.slice(6), [2_250, 2_750, 3_250, 3_750, 4_250, 5_250])
    assert.equal(timeoutMs(timeouts, 'precommit', 5), 875)
    assert.equal(timeoutMs(timeouts, 'prevote', 2 ** 20), 30_000)
  })
})

describe('messages of the next height', () => {
  test('are held once for each validator, round and type, of two rounds', () => {
    const core = new CoreBench()
    const votes = [
      core.vote('prevote', 0, 'a', 1),
      core.vote('prevote', 0, 'b', 1),
      core.vote('precommit', 0, 'a', 1),
      core.vote('prevote', 1, 'a', 1),
      core.vote('prevote', 0, 'a', 2),
      core.vote('prevote', 2, 'a', 2),
    ]
    const held = votes.reduce(holdVote, nothingHeld)
    assert.deepEqual(
      held.votes,
      [0, 2, 3, 4].map((at) => votes[at]),
    )
    const proposals = [
      core.proposal(0, 'a'),
      core.proposal(0, 'b'),
      core.proposal(1, 'a'),
      core.proposal(2, 'a'),
    ]
    assert.deepEqual(
      proposals.reduce(holdProposal, held).proposals,
      [0, 2].map((at) => proposals[at]),
    )
  })
})
