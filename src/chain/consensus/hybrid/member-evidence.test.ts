/** Checks which double signing of members blocks of work carry, and what it does. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Block } from '../../ledger/block.ts'
import type { Input } from '../consensus.ts'
import type { DoubleSigning, NamedEvidence } from '../messages.ts'
import { decodeRecord } from '../record.ts'
import { slashCall } from '../system-calls.ts'

import {
  begin,
  committee,
  decided,
  grown,
  kinds,
  nowMs,
  twice,
} from '../test-committee/committee-chain.ts'

describe('evidence of members', () => {
  test('stands in a block of work where the chain knows the set of its instance', () => {
    const chain = grown(6)
    const rule = (...evidence: readonly NamedEvidence[]) => chain.rule(chain.next([], evidence))
    assert.equal(rule(twice(0), twice(1, { height: 2n })), 'valid')
    const forged = twice(0)
    const wrong: readonly NamedEvidence[] = [
      twice(0, { height: 3n }),
      twice(0, { height: 0n }),
      twice(0, { instance: 0 }),
      { ...forged, signer: committee.list[1]?.address as Uint8Array },
      { ...forged, evidence: { ...forged.evidence, b: forged.evidence.a } as DoubleSigning },
    ]
    for (const [at, one] of wrong.entries()) assert.equal(rule(one), 'evidence', String(at))
    assert.equal(rule(twice(0), twice(0, { round: 3 })), 'evidence')
    const [, , , , fourth] = chain.blocks as readonly Block[]
    chain.add(chain.next([decided(1n, fourth?.hash as Uint8Array)]))
    for (let made = 0; made < 3; made += 1) chain.add()
    // The certificate of its instance was brought some blocks ago.
    assert.equal(rule(twice(0)), 'valid')
    assert.equal(rule(twice(0, { height: 3n })), 'valid')
    chain.add(chain.next([], [twice(0)]))
    assert.equal(rule(twice(0, { height: 3n })), 'evidence')
    assert.equal(rule(twice(1)), 'valid')
  })

  test('is punished by the contract, and remembered', () => {
    const chain = grown(3)
    const block = chain.next([], [twice(2)])
    const { calls, derived } = chain.close(block)
    const { header } = block
    const [{ signer: validator } = {}] = [twice(2)]
    assert.ok(validator)
    assert.deepEqual(calls, [
      slashCall('committee', {
        ...{ validator, kind: 'double-vote', height: 1n, reporter: header.beneficiary },
      }),
    ])
    assert.deepEqual(derived.evidenceSeen, [{ signer: validator, height: 4n }])
  })

  test('brings what it hears of double votes until it stands in the chain', () => {
    const chain = grown(6)
    const { evidence } = twice(3)
    const message = { kind: 'evidence', evidence } as const
    const input = { kind: 'message', from: 'peer', message, nowMs } as const
    const heard = chain.engine.step(begin(chain).state, input)
    assert.ok(kinds(heard.effects).includes('keep-evidence'))
    const told = heard.effects.find((effect) => effect.kind === 'heard')
    assert.equal(told?.as, 'good')
    assert.deepEqual(chain.engine.step(heard.state, input).effects, [])
    const draft = chain.engine.draft?.(heard.state, nowMs)
    assert.deepEqual(decodeRecord(draft?.record as Uint8Array).evidence, [twice(3)])
    chain.add(chain.next([], [twice(3)]))
    const { state } = chain.engine.step(heard.state, chain.imported())
    assert.deepEqual(state.votes.evidence, [])
    const forged = { ...evidence, b: { ...evidence.b, round: 7 } } as DoubleSigning
    const bad = chain.engine.step(state, {
      ...{
        ...input,
        message: { kind: 'evidence', evidence: { ...twice(1).evidence, b: forged.b } },
      },
    } as Input)
    assert.deepEqual(bad.effects, [{ kind: 'heard', as: 'bad-signature' }])
  })
})
