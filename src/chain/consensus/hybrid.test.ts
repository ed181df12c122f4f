/** Runs the suite of engines on work with a committee, and checks what blocks may bring, who is paid, and who votes when. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Block } from '../ledger/block.ts'
import { certificateVotes } from './certificate.ts'
import { consensusSuite, firstHeader, summaryOf } from './consensus.suite.ts'
import type { ConsensusEngine } from './consensus.ts'
import { derivedHash } from './derived.ts'
import type { HybridState } from './hybrid.ts'
import type { Certificate } from './messages.ts'
import { decodeRecord } from './record.ts'

import {
  begin,
  birth,
  committee,
  decided,
  engineOf,
  first,
  grown,
  kinds,
  nowMs,
} from './test-committee/committee-chain.ts'

const second = grown(1).head
consensusSuite('hybrid', engineOf, {
  chain: { first, derived: birth.derived, second },
  extraDataRule: 'decode',
})

describe('a block of work with a committee', () => {
  test('brings the certificate of the next instance, and no other', () => {
    const chain = grown(8)
    const [fourth, eighth] = [chain.blocks[4], chain.blocks[8]] as [Block, Block]
    const right = decided(1n, fourth.hash)
    assert.equal(chain.rule(chain.next([right])), 'valid')
    assert.equal(chain.rule(chain.next([decided(1n, eighth.hash)])), 'valid')
    const wrong: readonly Certificate[] = [
      decided(2n, fourth.hash),
      decided(1n, fourth.hash, [0, 1]),
      { ...right, signatures: right.signatures.toReversed() },
      decided(1n, (chain.blocks[3] as Block).hash),
      decided(1n, first.hash),
      decided(1n, new Uint8Array(32).fill(7)),
      { ...right, instance: 0 },
      { ...right, type: 'polka' },
    ]
    for (const [at, one] of wrong.entries()) {
      assert.equal(chain.rule(chain.next([one])), 'finality', String(at))
    }
    chain.add(chain.next([right]))
    assert.equal(chain.rule(chain.next([right])), 'finality')
    assert.equal(chain.rule(chain.next([decided(2n, fourth.hash)])), 'finality')
    assert.equal(chain.rule(chain.next([decided(2n, eighth.hash)])), 'valid')
  })

  test('pays who brings it, and those who signed, and moves the sets on', () => {
    const chain = grown(6)
    const { hash } = chain.blocks[4] as Block
    const block = chain.next([decided(1n, hash, [0, 1, 3])])
    const { credits, derived } = chain.close(block)
    const signers = [0, 1, 3].map((at) => committee.list[at]?.payTo)
    assert.deepEqual(
      credits.map(({ to, amountWei }) => [to, amountWei]),
      [
        [block.header.beneficiary, 2n * 10n ** 18n],
        [block.header.beneficiary, 10n ** 17n],
        ...signers.map((to) => [to, 10n ** 17n]),
      ],
    )
    assert.deepEqual(derived.finality, { instance: 1n, number: 4n, hash })
    assert.equal(derived.creditCount, chain.after.creditCount + 5n)
    assert.deepEqual(derived.nextValidators.hash, committee.hash)
    chain.add(block)
    assert.deepEqual(
      decodeRecord(chain.next().record as Uint8Array).derivedHash,
      derivedHash(derived),
    )
  })

  test('counts by what is final before it counts by work', () => {
    const { compare } = engineOf()
    const head = { ...summaryOf(firstHeader, 10n), finalNumber: 8n }
    assert.equal(compare(head, { ...head, totalWork: 1_000n, finalNumber: 4n }), 1)
    assert.equal(compare(head, { ...head, totalWork: 11n }), -1)
    assert.equal(compare(head, { ...head, totalWork: 9n, finalNumber: 12n }), -1)
    assert.equal(compare(head, head), 0)
  })
})

describe('a member of a committee', () => {
  const hear = (
    engine: ConsensusEngine<HybridState>,
    state: HybridState,
    certificate: Certificate,
  ) =>
    engine.step(state, {
      ...{ kind: 'message', from: 'peer', message: { kind: 'certificate', certificate }, nowMs },
    })

  test('begins to vote when a block is buried, and proposes it in its turn', () => {
    const early = grown(5)
    const waiting = begin(early, 1)
    assert.ok(!kinds(waiting.effects).includes('sign'))
    early.add()
    // Instance 1 begins with the second of the set.
    const step = early.engine.step(waiting.state, early.imported())
    const proposal = step.effects.find((effect) => effect.kind === 'sign')
    assert.ok(proposal?.unsigned.kind === 'proposal')
    assert.deepEqual(proposal.unsigned.content.value, early.blocks[4]?.hash)
    assert.equal(proposal.unsigned.content.instance, 1)
  })

  test('keeps what was decided, offers it, and goes on when it is kept', () => {
    const chain = grown(6)
    const { hash } = chain.blocks[4] as Block
    const certificate = decided(1n, hash)
    const heard = hear(chain.engine, begin(chain).state, certificate)
    assert.ok(kinds(heard.effects).includes('keep-point'))
    assert.ok(!kinds(heard.effects).includes('set-final'))
    const kept = chain.engine.step(heard.state, { kind: 'point-kept', hash, nowMs })
    const final = kept.effects.find((effect) => effect.kind === 'set-final')
    assert.equal(final?.number, 4n)
    assert.equal(kept.state.votes.core.height, 2n)
    const draft = chain.engine.draft?.(kept.state, nowMs)
    assert.deepEqual(decodeRecord(draft?.record as Uint8Array).finality, [certificate])
  })

  test('asks for a block that is decided and not in its chain', () => {
    const chain = grown(6)
    const value = new Uint8Array(32).fill(5)
    const heard = hear(chain.engine, begin(chain).state, decided(1n, value))
    const asked = heard.effects.find((effect) => effect.kind === 'check-point')
    assert.deepEqual(asked, { kind: 'check-point', hash: value, isDecided: true })
    const checked = chain.engine.step(heard.state, {
      ...{ kind: 'point-checked', hash: value, verdict: 'valid', nowMs },
    })
    assert.ok(kinds(checked.effects).includes('keep-point'))
    // What a quorum decided is wrong: nothing more is done.
    const wrong = chain.engine.step(heard.state, {
      ...{ kind: 'point-checked', hash: value, verdict: 'invalid', nowMs },
    })
    assert.ok(kinds(wrong.effects).includes('halt'))
    assert.deepEqual(chain.engine.step(wrong.state, chain.imported()).effects, [])
  })

  test('decides by a certificate whose votes came before one by one, and the proposal never did', () => {
    const chain = grown(6)
    const { hash } = chain.blocks[4] as Block
    const certificate = decided(1n, hash)
    let { state } = begin(chain)
    for (const vote of certificateVotes(certificate, committee.list.length) ?? []) {
      const message = { kind: 'vote', vote } as const
      state = chain.engine.step(state, { kind: 'message', from: 'peer', message, nowMs }).state
    }
    assert.equal(state.votes.core.decision, undefined)
    assert.ok(kinds(hear(chain.engine, state, certificate).effects).includes('keep-point'))
  })

  test('says what is final when the chain brought more certificates than were heard', () => {
    const chain = grown(6)
    const { state } = begin(chain)
    const { hash } = chain.blocks[4] as Block
    const input = chain.imported()
    assert.ok(input.kind === 'block-imported' && input.derived)
    const derived = { ...input.derived, finality: { instance: 2n, number: 4n, hash } }
    const { effects } = chain.engine.step(state, { ...input, derived })
    assert.equal(effects.find((effect) => effect.kind === 'set-final')?.number, 4n)
  })

  test('stops when two blocks are certified in one instance', () => {
    const chain = grown(8)
    const [fourth, eighth] = [chain.blocks[4], chain.blocks[8]] as [Block, Block]
    const heard = hear(chain.engine, begin(chain).state, decided(1n, fourth.hash))
    const kept = chain.engine.step(heard.state, { kind: 'point-kept', hash: fourth.hash, nowMs })
    const second = hear(chain.engine, kept.state, decided(1n, eighth.hash, [1, 2, 3]))
    const halt = second.effects.find((effect) => effect.kind === 'halt')
    assert.deepEqual([halt?.hash, halt?.contradicts], [eighth.hash, fourth.hash])
    assert.ok(kinds(second.effects).includes('report'))
    // One that is not good, and the same once more, are none.
    const forged = { ...decided(1n, eighth.hash), signers: Uint8Array.of(0b1110) }
    for (const one of [forged, decided(1n, fourth.hash, [1, 2, 3])]) {
      assert.ok(!kinds(hear(chain.engine, kept.state, one).effects).includes('halt'))
    }
  })
})
