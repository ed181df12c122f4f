/** Checks what the BFT core keeps, how it comes back after a restart, and that no input confuses it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { newCore, resumeCore, stepCore } from './bft-core.ts'
import type { CoreInput } from './core-state.ts'
import { CoreBench, namedValue } from './test-validators/core-bench.ts'

const limitOfTallies = 64

describe('what the core keeps', () => {
  test('are the rounds around its own, those with a quorum, and of each the newest vote beyond', () => {
    const core = new CoreBench()
    core.start()
    const rounds = () => core.state.tallies.map(({ round }) => round)
    for (const round of [1, 8, 9, 12, 11]) core.votes('prevote', round, undefined, [3])
    assert.deepEqual(rounds(), [1, 8])
    assert.deepEqual(
      core.state.votesAhead.map((vote) => vote?.round),
      [undefined, undefined, undefined, 12],
    )
    core.put({ kind: 'certificate', certificate: core.certificate('prevote', 2, 'a', [0, 1, 2]) })
    core.votes('prevote', 12, undefined, [2])
    assert.equal(core.state.round, 12)
    // Of round 1 nothing is worth keeping; round 2 has a polka; 8 and 12 are near.
    assert.deepEqual(rounds(), [2, 8, 12])
    assert.deepEqual(core.votes('prevote', 3, undefined, [2]), [])
    assert.deepEqual(rounds(), [2, 8, 12])
    assert.equal(
      core.state.votesAhead.every((vote) => vote === undefined),
      true,
    )
  })

  test('jumps over far rounds count each voter once', () => {
    const core = new CoreBench([1, 1, 1, 1, 1, 1])
    core.start()
    core.votes('prevote', 20, undefined, [0, 2])
    assert.equal(core.state.round, 0)
    core.put({
      kind: 'certificate',
      certificate: core.certificate('prevote', 20, 'a', [1, 2, 3, 4, 5]),
    })
    assert.equal(core.state.round, 0)
    core.votes('prevote', 20, undefined, [3])
    assert.equal(core.state.round, 20)
  })

  test('is bounded, whatever quorums there are, and the commit is never let go', () => {
    const core = new CoreBench()
    core.start()
    const put = (type: 'prevote' | 'precommit', round: number) =>
      core.put({ kind: 'certificate', certificate: core.certificate(type, round, 'a', [0, 2, 3]) })
    put('precommit', 40)
    for (let round = 50; round < 200; round += 1) put('prevote', round)
    assert.equal(core.state.tallies.length, limitOfTallies)
    assert.ok(core.state.tallies.some(({ round }) => round === 40))
    assert.deepEqual(core.valid('a'), ['decide 40 a'])
  })

  test('is nothing of another height, instance, round or set', () => {
    const core = new CoreBench()
    core.start()
    const { state } = core
    const vote = core.vote('prevote', 0, 'a', 0)
    const strange = [
      { height: 8n },
      { instance: 1 as const },
      { validatorIndex: 4 },
      { round: -1 },
      { round: 2 ** 20 + 1 },
    ]
    for (const changes of strange) {
      assert.deepEqual(core.put({ kind: 'vote', vote: { ...vote, ...changes } }), [])
      const proposal = { ...core.proposal(0, 'a'), ...changes }
      assert.deepEqual(core.put({ kind: 'proposal', proposal }), [])
    }
    const certificate = { ...core.certificate('prevote', 0, 'a', [0, 1, 2]), height: 8n }
    assert.deepEqual(core.put({ kind: 'certificate', certificate }), [])
    core.put({ kind: 'timeout', timer: { kind: 'propose', height: 8n, round: 0 } })
    assert.equal(core.state, state)
  })
})

describe('a core that comes back', () => {
  const before = new CoreBench()
  before.start()
  before.propose(0, 'a')
  before.votes('prevote', 0, 'a', [0, 1, 2])
  const logged = {
    ...before.state,
    ...{ votes: [before.vote('prevote', 0, 'a', 1), before.vote('precommit', 0, 'a', 1)] },
    ...{ proposals: [], checkedValues: [{ value: namedValue('a'), isValid: true, bornRound: 0 }] },
  }

  test('stands where it stood, with its lock, its polka and its own votes, and signs none again', () => {
    const { state, effects } = resumeCore(before.rules, logged)
    assert.deepEqual(effects, [])
    assert.deepEqual(
      [state.round, state.step, state.lockedRound, state.validRound],
      [0, 'precommit', 0, 0],
    )
    assert.deepEqual(state.validPolka, before.state.validPolka)
    assert.equal(state.tallies[0]?.prevotes.weight, 3n)
    assert.equal(state.tallies[0]?.precommits.weight, 1n)
    before.state = state
    assert.deepEqual(before.votes('precommit', 0, undefined, [0, 2]), ['time precommit 0'])
    assert.deepEqual(before.timeout('precommit', 0), [
      'send skip 0',
      'propose 1 a 0 with polka',
      'time propose 1',
    ])
  })

  test('stands at least where its own messages say, whatever the log says: it has signed them', () => {
    const fresh = { ...newCore(7n), votes: [], proposals: [] }
    const placed = (changes: Partial<typeof logged>) => {
      const { state, effects } = resumeCore(before.rules, { ...fresh, ...changes })
      const { round, step, lockedRound, lockedValue } = state
      return [round, step, lockedRound, before.name(lockedValue), effects.length]
    }
    const [prevote, precommit] = [
      before.vote('prevote', 2, 'a', 1),
      before.vote('precommit', 2, 'b', 1),
    ]
    assert.deepEqual(placed({ votes: [prevote] }), [2, 'prevote', -1, 'nil', 0])
    assert.deepEqual(placed({ votes: [prevote, precommit] }), [2, 'precommit', 2, 'b', 0])
    const older = {
      round: 4,
      step: 'prevote',
      lockedRound: 3,
      lockedValue: namedValue('a'),
    } as const
    const votes = [precommit, before.vote('prevote', 4, 'a', 1)]
    assert.deepEqual(placed({ ...older, votes }), [4, 'prevote', 3, 'a', 0])
    const others = [before.vote('precommit', 2, 'b', 0)]
    assert.deepEqual(placed({ votes: others }), [-1, 'new', -1, 'nil', 0])
    const proposer = new CoreBench([1, 1, 1, 1], 0)
    const proposals = [proposer.proposal(4, 'a')]
    const { state } = resumeCore(proposer.rules, { ...fresh, proposals })
    assert.deepEqual([state.round, state.step, state.done.hasProposed], [4, 'propose', true])
  })

  test('asks for the vote of its step that it did not get to sign: for its lock, or nil', () => {
    const words = (changes: Partial<typeof logged>) =>
      resumeCore(before.rules, { ...logged, votes: [], ...changes }).effects.map((effect) =>
        before.word(effect),
      )
    assert.deepEqual(words({}), ['precommit 0 a'])
    assert.deepEqual(words({ lockedRound: -1, lockedValue: undefined }), ['precommit 0 nil'])
    const early = {
      step: 'prevote',
      lockedRound: -1,
      validRound: -1,
      validPolka: undefined,
    } as const
    assert.deepEqual(words(early), ['prevote 0 nil'])
    assert.deepEqual(words({ ...early, votes: [before.vote('prevote', 0, 'a', 1)] }), [])
  })

  test('proposes only if it has not signed a proposal of the round', () => {
    const bench = new CoreBench([1, 1, 1, 1], 0)
    const bare = { ...newCore(7n), round: 0, step: 'propose', votes: [], proposals: [] } as const
    const words = (changes: Partial<typeof logged>) =>
      resumeCore(bench.rules, { ...bare, ...changes }).effects.map((effect) => bench.word(effect))
    assert.deepEqual(words({}), ['build 0', 'time propose 0'])
    const own = { proposals: [bench.proposal(0, 'a')] }
    assert.deepEqual(words(own as never), ['time propose 0'])
    const checkedValues = [{ value: namedValue('a'), isValid: true, bornRound: 0 }]
    assert.deepEqual(words({ ...own, checkedValues } as never), ['time propose 0', 'prevote 0 a'])
  })
})

describe('any row of inputs', () => {
  const names = ['a', 'b', 'c', undefined] as const
  const bench = new CoreBench([3, 1, 2, 2], 1)
  const round = fc.oneof(fc.nat(3), fc.nat(12))
  const input: fc.Arbitrary<CoreInput> = fc.oneof(
    fc.record({ kind: fc.constant('start' as const) }),
    fc
      .tuple(
        fc.constantFrom('prevote' as const, 'precommit' as const),
        round,
        fc.constantFrom(...names),
        fc.nat(3),
      )
      .map(
        ([type, at, name, voter]) =>
          ({ kind: 'vote', vote: bench.vote(type, at, name, voter) }) as const,
      ),
    fc
      .tuple(round, fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -1, max: 4 }))
      .map(
        ([at, name, valid]) =>
          ({ kind: 'proposal', proposal: bench.proposal(at, name, valid) }) as const,
      ),
    fc
      .tuple(
        fc.constantFrom('prevote' as const, 'precommit' as const),
        round,
        fc.constantFrom('a', 'b'),
      )
      .map(
        ([type, at, name]) =>
          ({
            kind: 'certificate',
            certificate: bench.certificate(type, at, name, [0, 2, 3]),
          }) as const,
      ),
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(true, true, false)).map(
      ([name, isValid]) =>
        ({
          kind: 'value-checked',
          value: namedValue(name),
          isValid,
          bornRound: undefined,
        }) as const,
    ),
    fc
      .tuple(fc.constantFrom('propose' as const, 'prevote' as const, 'precommit' as const), round)
      .map(([kind, at]) => ({ kind: 'timeout', timer: { kind, height: 7n, round: at } }) as const),
  )

  test('gives one row of states, in which nothing is signed twice, nothing goes back, and what is known changes nothing', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 120 }), (inputs) => {
        let state = newCore(7n)
        const signed = new Set<string>()
        for (const one of inputs) {
          const { state: next, effects } = stepCore(bench.rules, state, one)
          assert.deepEqual(stepCore(bench.rules, state, one), { state: next, effects })
          for (const effect of effects) {
            if (effect.kind !== 'vote') continue
            const place = `${effect.vote.type} ${effect.vote.round}`
            assert.ok(!signed.has(place), `${place} is signed twice`)
            signed.add(place)
          }
          assert.ok(next.round >= state.round && next.lockedRound >= state.lockedRound)
          assert.ok(next.validRound >= state.validRound && next.validRound >= next.lockedRound)
          if (state.decision) assert.deepEqual(next.decision, state.decision)
          const again = stepCore(bench.rules, next, one)
          if (one.kind !== 'timeout') assert.deepEqual(again, { state: next, effects: [] })
          state = next
        }
      }),
      { numRuns: 400, seed: 11 },
    )
  })
})
