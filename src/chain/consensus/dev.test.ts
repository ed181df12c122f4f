/** Runs the suite of engines on the development engine, and checks when it seals. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { headerHash } from '../ledger/block-codec.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import { blockOf, consensusSuite, firstHeader, judge, summaryOf } from './consensus.suite.ts'
import type { Effect, Input, Step } from './consensus.ts'
import { type DevState, devEngine, nextMixHash } from './dev.ts'

const rules = rulesOfOne(7n, 'prague')

consensusSuite('dev', () => devEngine({ blockTimeMs: 1_000 }, rules), { freeGas: true })

describe('the development engine', () => {
  const nowMs = 5_000_000
  function play(blockTimeMs: number, ...inputs: readonly Input[]): Step<DevState> {
    const engine = devEngine({ blockTimeMs }, rules)
    const beneficiary = new Uint8Array(20)
    let step = engine.start({
      head: summaryOf(firstHeader),
      header: firstHeader,
      beneficiary,
      nowMs,
    })
    for (const input of inputs) step = engine.step(step.state, input)
    return step
  }
  const kinds = (effects: readonly Effect[]) => effects.map(({ kind }) => kind)
  const child = {
    ...firstHeader,
    number: 1n,
    timestamp: 5_001n,
    parentHash: headerHash(firstHeader),
  }
  const imported = (at: number): Input => ({
    ...{ kind: 'block-imported', head: summaryOf(child), header: child, nowMs: at },
  })

  test('seals when the interval is over, not before', () => {
    assert.deepEqual(play(1_000).effects.slice(1), [{ kind: 'wake-at', atMs: nowMs + 1_000 }])
    // A timer may fire a moment early: the alarm is set again, or the chain would stand still.
    const early = play(1_000, { kind: 'tick', nowMs: nowMs + 999 })
    assert.deepEqual(early.effects, [{ kind: 'wake-at', atMs: nowMs + 1_000 }])
    const due = play(1_000, { kind: 'tick', nowMs: nowMs + 1_000 })
    assert.deepEqual(kinds(due.effects), ['build-block'])
  })

  test('keeps its pace when a block was late, and never builds two at once', () => {
    const tick: Input = { kind: 'tick', nowMs: nowMs + 1_300 }
    assert.deepEqual(play(1_000, tick, tick).effects, [])
    const next = play(1_000, tick, imported(nowMs + 1_400))
    assert.deepEqual(next.effects, [{ kind: 'wake-at', atMs: nowMs + 2_000 }])
    const far = play(1_000, tick, imported(nowMs + 9_000))
    assert.deepEqual(far.effects, [{ kind: 'wake-at', atMs: nowMs + 9_000 }])
  })

  test('keeps its pace when blocks are asked for in between', () => {
    const seal: Input = { kind: 'seal-now', nowMs: nowMs + 300 }
    const next = play(1_000, seal, imported(nowMs + 310))
    assert.deepEqual(next.effects, [{ kind: 'wake-at', atMs: nowMs + 1_000 }])
  })

  test('waits no longer than an interval after the clock was set back, or a block failed', () => {
    const back = play(1_000, { kind: 'tick', nowMs: nowMs - 3_600_000 })
    assert.deepEqual(back.effects, [{ kind: 'wake-at', atMs: nowMs - 3_599_000 }])
    const tick: Input = { kind: 'tick', nowMs: nowMs + 1_000 }
    const failed = play(1_000, tick, { kind: 'build-failed', request: 1, nowMs: nowMs + 1_100 })
    assert.deepEqual(failed.effects, [{ kind: 'wake-at', atMs: nowMs + 2_100 }])
  })

  test('with no interval seals for each transaction, and once more for what came meanwhile', () => {
    const work: Input = { kind: 'work-waiting', count: 1, nowMs }
    assert.deepEqual(kinds(play(0, work).effects), ['build-block'])
    assert.deepEqual(kinds(play(0, work, work).effects), [])
    assert.deepEqual(kinds(play(0, work, work, imported(nowMs)).effects), ['build-block'])
    assert.deepEqual(kinds(play(0, work, imported(nowMs)).effects), [])
  })

  test('time is that of the machine with an offset, and always moves on', () => {
    const timestamp = (...inputs: readonly Input[]) => {
      const [effect] = play(0, ...inputs, { kind: 'seal-now', nowMs }).effects
      return effect?.kind === 'build-block' ? effect.draft.timestamp : undefined
    }
    assert.equal(timestamp(), 5_000n)
    assert.equal(timestamp({ kind: 'shift-time', seconds: 60n, nowMs }), 5_060n)
    // Blocks in quick succession have gone ahead of the machine by a second.
    const shift = { kind: 'shift-time', seconds: 60n, nowMs } as const
    assert.equal(timestamp(imported(nowMs), shift), 5_061n)
    assert.equal(timestamp(imported(nowMs)), 5_002n)
  })

  test('a built block becomes the head, and two blocks behind it are final', () => {
    const block = blockOf(child)
    const step = play(0, { kind: 'seal-now', nowMs }, { kind: 'block-built', request: 1, block })
    assert.deepEqual(step.effects, [{ kind: 'set-head', hash: block.hash, finalNumber: 0n }])
  })

  const draftOf = (step: Step<DevState>) => {
    const [effect] = step.effects
    return effect?.kind === 'build-block' ? effect.draft : assert.fail('nothing is built')
  }
  const seal: Input = { kind: 'seal-now', nowMs }

  test('what was chosen is in the next block only, but the beneficiary in all', () => {
    const beneficiary = new Uint8Array(20).fill(7)
    const mixHash = new Uint8Array(32).fill(8)
    const chosen = { timestamp: 6_000n, mixHash, gasLimit: 1n, baseFeePerGas: 2n }
    const shape: Input = { kind: 'shape-next', shape: { beneficiary, ...chosen } }
    const first = play(0, shape, seal)
    const { timestamp, gasLimit, baseFeePerGas } = draftOf(first)
    assert.deepEqual(
      { timestamp, gasLimit, baseFeePerGas, mixHash: draftOf(first).mixHash },
      chosen,
    )
    const sealed = { ...child, timestamp: 6_000n, mixHash }
    const next: Input = { kind: 'block-imported', head: summaryOf(sealed), header: sealed, nowMs }
    const second = draftOf(play(0, shape, seal, next, { ...seal, nowMs: nowMs + 10_000 }))
    assert.equal(second.gasLimit, undefined)
    assert.deepEqual(second.beneficiary, beneficiary)
    assert.deepEqual(second.mixHash, nextMixHash(mixHash, 2n))
    // The chain's clock goes on from the time that was chosen.
    assert.equal(second.timestamp, 6_010n)
  })

  test('what is chosen while a block is built is for the one after it', () => {
    const shape: Input = { kind: 'shape-next', shape: { gasLimit: 9n } }
    assert.equal(draftOf(play(0, seal, shape, imported(nowMs), seal)).gasLimit, 9n)
  })

  test('blocks for each transaction can be turned on and off, with an interval or without', () => {
    const work: Input = { kind: 'work-waiting', count: 1, nowMs }
    assert.deepEqual(play(0, { kind: 'set-automine', on: false }, work).effects, [])
    assert.deepEqual(play(1_000, work).effects, [])
    const both = play(1_000, { kind: 'set-automine', on: true }, work)
    assert.deepEqual(kinds(both.effects), ['build-block'])
  })

  test('gas limit, base fee and mix may be any', () => {
    const engine = devEngine({ blockTimeMs: 0 }, rules)
    const odd = { ...child, baseFeePerGas: 7n, gasLimit: 5n, mixHash: new Uint8Array(32).fill(1) }
    assert.deepEqual(judge(engine, firstHeader, odd), { kind: 'valid' })
  })
})
