/** Checks the BFT core rule by rule, and what it keeps. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkCertificate, skipCertificate } from './certificate.ts'
import { CoreBench, namedValue } from './test-validators/core-bench.ts'

describe('the BFT core', () => {
  test('decides a proposal in one round', () => {
    const core = new CoreBench()
    assert.deepEqual(core.start(), ['time propose 0'])
    assert.deepEqual(core.propose(0, 'a'), ['prevote 0 a'])
    assert.deepEqual(core.votes('prevote', 0, 'a', [0, 1]), [])
    assert.deepEqual(core.votes('prevote', 0, 'a', [2]), ['precommit 0 a'])
    assert.deepEqual(core.votes('precommit', 0, 'a', [0, 1]), [])
    assert.deepEqual(core.votes('precommit', 0, 'a', [3]), ['decide 0 a'])
    const { decision, lockedRound, validRound, step } = core.state
    assert.deepEqual([step, lockedRound, validRound], ['decided', 0, 0])
    assert.equal(decision && checkCertificate(decision.proof, core.check).kind, 'valid')
  })

  test('builds in its turn, and proposes once what it is given in time', () => {
    const core = new CoreBench([1, 1, 1, 1], 0)
    assert.deepEqual(core.start(), ['build 0', 'time propose 0'])
    assert.deepEqual(core.put({ kind: 'built', round: 1, value: namedValue('a') }), [])
    core.valid('a')
    assert.deepEqual(core.put({ kind: 'built', round: 0, value: namedValue('a') }), [
      'propose 0 a -1',
    ])
    assert.deepEqual(core.put({ kind: 'built', round: 0, value: namedValue('b') }), [])
    const late = new CoreBench([1, 1, 1, 1], 0)
    late.start()
    late.timeout('propose', 0)
    assert.deepEqual(late.put({ kind: 'built', round: 0, value: namedValue('a') }), [])
    const other = new CoreBench()
    other.start()
    assert.deepEqual(other.put({ kind: 'built', round: 0, value: namedValue('a') }), [])
  })

  test('proposes its valid value again, with the polka, and does not build', () => {
    const core = new CoreBench()
    core.start()
    core.propose(0, 'a')
    core.votes('prevote', 0, 'a', [0, 1, 2])
    core.votes('precommit', 0, undefined, [0, 2, 3])
    assert.deepEqual(core.timeout('precommit', 0), [
      ...['send skip 0', 'propose 1 a 0 with polka', 'time propose 1'],
    ])
    assert.deepEqual(core.put({ kind: 'built', round: 1, value: namedValue('b') }), [])
    const { validPolka } = core.state
    assert.equal(validPolka && checkCertificate(validPolka, core.check).kind, 'valid')
  })

  test('follows without a place in the set: it votes for nothing and decides all the same', () => {
    const core = new CoreBench([1, 1, 1, 1], -1)
    assert.deepEqual(core.start(), ['time propose 0'])
    assert.deepEqual(core.propose(0, 'a'), [])
    assert.deepEqual(core.votes('prevote', 0, 'a', [0, 2, 3]), [])
    assert.deepEqual(core.votes('precommit', 0, 'a', [0, 2, 3]), ['decide 0 a'])
  })

  test('waits for the check of a value, whose round must be its own when it is new', () => {
    const core = new CoreBench()
    core.start()
    assert.deepEqual(core.put({ kind: 'proposal', proposal: core.proposal(0, 'a') }), [])
    assert.deepEqual(core.valid('b'), [])
    assert.deepEqual(core.valid('a', true, 0), ['prevote 0 a'])
    const stale = new CoreBench()
    stale.start()
    stale.valid('a', true, 1)
    assert.deepEqual(stale.propose(0, 'a'), ['prevote 0 nil'])
    const wrong = new CoreBench()
    wrong.start()
    wrong.valid('a', false)
    assert.deepEqual(wrong.valid('a', true), [])
    assert.deepEqual(wrong.propose(0, 'a'), ['prevote 0 nil'])
  })

  test('waits once a round for more prevotes, and for more precommits in whatever step', () => {
    const core = new CoreBench()
    core.start()
    assert.deepEqual(core.timeout('propose', 0), ['prevote 0 nil'])
    assert.deepEqual(core.votes('prevote', 0, 'a', [0]), [])
    assert.deepEqual(core.votes('prevote', 0, undefined, [1]), [])
    assert.deepEqual(core.votes('prevote', 0, 'b', [2]), ['time prevote 0'])
    assert.deepEqual(core.votes('prevote', 0, 'a', [3]), [])
    assert.deepEqual(core.votes('precommit', 0, undefined, [0, 1, 2, 3]), ['time precommit 0'])
    assert.deepEqual(core.timeout('prevote', 0), ['precommit 0 nil'])
    assert.deepEqual(core.timeout('precommit', 0), ['send skip 0', 'build 1', 'time propose 1'])
    for (const kind of ['propose', 'prevote', 'precommit'] as const) {
      assert.deepEqual(core.timeout(kind, 0), [])
    }
  })

  test('precommits nil on a polka for nil', () => {
    const core = new CoreBench()
    core.start()
    core.timeout('propose', 0)
    assert.deepEqual(core.votes('prevote', 0, undefined, [0, 1, 2]), ['precommit 0 nil'])
  })

  test('keeps its lock until a newer polka, whose round is the one that is named', () => {
    const locked = () => {
      const core = new CoreBench()
      core.start()
      core.propose(0, 'a')
      core.votes('prevote', 0, 'a', [0, 1, 2])
      core.timeout('precommit', 0)
      core.timeout('propose', 1)
      core.timeout('prevote', 1)
      core.timeout('precommit', 1)
      assert.equal(core.state.round, 2)
      return core
    }
    assert.deepEqual(locked().propose(2, 'b'), ['prevote 2 nil'])
    assert.deepEqual(locked().propose(2, 'a'), ['prevote 2 a'])
    const core = locked()
    const polka = (round: number) =>
      ({
        kind: 'certificate',
        certificate: core.certificate('prevote', round, 'b', [0, 2, 3]),
      }) as const
    assert.deepEqual(core.propose(2, 'b', 1), [])
    assert.deepEqual(core.put(polka(0)), ['report double-vote', 'report double-vote'])
    assert.deepEqual(core.put(polka(1)), ['prevote 2 b 1'])
    assert.deepEqual([core.state.lockedRound, core.state.validRound], [0, 0])
  })

  test('remembers a polka that comes after its precommit, and locks nothing', () => {
    const core = new CoreBench()
    core.start()
    core.propose(0, 'a')
    core.timeout('prevote', 0)
    core.votes('prevote', 0, 'a', [0, 1, 2])
    const { lockedRound, validRound, validValue, validPolka } = core.state
    assert.deepEqual([lockedRound, validRound, core.name(validValue)], [-1, 0, 'a'])
    assert.ok(validPolka)
  })

  test('counts prevotes by value and valid round', () => {
    const core = new CoreBench()
    core.start()
    core.votes('precommit', 1, undefined, [0, 2])
    core.timeout('propose', 1)
    const prevotes = [-1, 0, 0].map((validRound, voter) =>
      core.vote('prevote', 1, 'a', voter, validRound),
    )
    core.valid('a')
    core.put({ kind: 'proposal', proposal: core.proposal(1, 'a', 0) })
    for (const vote of prevotes) core.put({ kind: 'vote', vote })
    assert.equal(core.state.step, 'prevote')
    assert.deepEqual(core.put({ kind: 'vote', vote: core.vote('prevote', 1, 'a', 3, 0) }), [
      'precommit 1 a',
    ])
  })

  test('goes on to the highest round in which more than a third have voted', () => {
    const core = new CoreBench()
    core.start()
    core.votes('prevote', 3, undefined, [0])
    core.votes('precommit', 5, undefined, [0])
    assert.deepEqual(core.votes('prevote', 3, undefined, [0]), [])
    assert.deepEqual(core.votes('prevote', 5, undefined, [2]), ['build 5', 'time propose 5'])
    assert.deepEqual(core.votes('prevote', 3, undefined, [2]), [])
    // A proposal is no vote, a polka is no vote of this node's ear, a skip certificate is all its votes.
    core.put({ kind: 'certificate', certificate: core.certificate('prevote', 6, 'a', [0, 2, 3]) })
    assert.equal(core.state.round, 5)
    const votes = [0, 3].map((voter) => core.vote('precommit', 7, undefined, voter))
    assert.deepEqual(core.put({ kind: 'certificate', certificate: skipCertificate(votes, 4) }), [
      'time propose 7',
    ])
  })

  test('decides in any round, earlier or later, from votes and a proposal or from a certificate and sync', () => {
    const core = new CoreBench()
    core.start()
    core.timeout('precommit', 0)
    core.votes('precommit', 0, 'a', [0, 2, 3])
    assert.deepEqual(core.propose(0, 'a'), ['decide 0 a'])
    const later = new CoreBench()
    const certificate = later.certificate('precommit', 30, 'a', [0, 2, 3])
    assert.deepEqual(later.put({ kind: 'certificate', certificate }), [])
    assert.deepEqual(later.valid('a'), ['decide 30 a'])
    const bare = new CoreBench()
    bare.start()
    bare.valid('a')
    bare.votes('precommit', 0, 'a', [0, 2, 3])
    assert.equal(bare.state.decision, undefined)
    assert.deepEqual(bare.put({ kind: 'proposal', proposal: bare.proposal(0, 'a') }), [
      'decide 0 a',
    ])
  })

  test('stops when a quorum commits what it finds invalid', () => {
    const core = new CoreBench()
    core.start()
    core.votes('precommit', 0, 'a', [0, 2, 3])
    assert.deepEqual(core.valid('a', false), ['failure 0 a'])
    assert.deepEqual(core.timeout('propose', 0), [])
    assert.deepEqual(core.votes('precommit', 1, 'b', [0, 2, 3]), [])
  })

  test('counts late precommits after the decision, so that the proof can grow', () => {
    const core = new CoreBench()
    core.start()
    core.propose(0, 'a')
    core.votes('precommit', 0, 'a', [0, 1, 2])
    core.votes('precommit', 0, 'a', [3])
    assert.equal(core.state.tallies[0]?.precommits.weight, 4n)
    assert.deepEqual(core.timeout('precommit', 0), [])
    assert.deepEqual(core.propose(0, 'b'), [])
  })
})

describe('who breaks the rules', () => {
  test('by two votes is reported once, and the first one counts', () => {
    const core = new CoreBench()
    core.start()
    core.propose(0, 'a')
    core.votes('prevote', 0, 'b', [3])
    assert.deepEqual(core.votes('prevote', 0, 'a', [3]), ['report double-vote'])
    assert.deepEqual(core.votes('prevote', 0, 'a', [3]), [])
    assert.deepEqual(core.votes('prevote', 0, 'c', [3]), [])
    assert.deepEqual(core.votes('prevote', 0, 'a', [0, 1]), ['time prevote 0'])
    assert.equal(core.state.step, 'prevote')
  })

  test('does not keep a certificate from counting whole', () => {
    const core = new CoreBench()
    core.start()
    core.propose(0, 'a')
    core.votes('prevote', 0, 'b', [3])
    core.votes('prevote', 0, 'a', [0, 1])
    const certificate = core.certificate('prevote', 0, 'a', [0, 1, 3])
    assert.deepEqual(core.put({ kind: 'certificate', certificate }), [
      'report double-vote',
      'precommit 0 a',
    ])
  })

  test('by two proposals is reported once; any of them may be decided', () => {
    const core = new CoreBench()
    core.start()
    assert.deepEqual(core.propose(0, 'a'), ['prevote 0 a'])
    assert.deepEqual(core.propose(0, 'b'), ['report double-proposal'])
    assert.deepEqual(core.propose(0, 'c'), [])
    assert.deepEqual(core.propose(0, 'b'), [])
    assert.deepEqual(core.votes('prevote', 0, 'b', [0, 2, 3]), ['precommit 0 b'])
  })

  test('by proposing out of turn is not heard', () => {
    const core = new CoreBench()
    core.start()
    const proposal = { ...core.proposal(0, 'a'), validatorIndex: 2 }
    core.valid('a')
    assert.deepEqual(core.put({ kind: 'proposal', proposal }), [])
    assert.equal(core.state.proposals.length, 0)
  })

  test('has at most eight proposals of a round kept, and those with a quorum before others', () => {
    const core = new CoreBench()
    core.start()
    const names = Array.from({ length: 10 }, (_, at) => `v${at}`)
    for (const name of names) core.put({ kind: 'proposal', proposal: core.proposal(0, name) })
    const kept = () => core.state.proposals.map(({ value }) => core.name(value))
    assert.deepEqual(kept(), names.slice(0, 8))
    core.votes('prevote', 0, 'v9', [0, 2, 3])
    core.put({ kind: 'proposal', proposal: core.proposal(0, 'v9') })
    assert.deepEqual(kept(), [...names.slice(0, 7), 'v9'])
  })
})
