/** Checks what is measured of rounds, from views of an engine in virtual time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metrics } from '../base/metrics.ts'
import { ChainMeasures } from './chain-measures.ts'
import type { RoundView } from './consensus/round-view.ts'

/** Keeps all that is counted and observed, as lines. */
function recorder() {
  const lines: string[] = []
  const note =
    (name: string) =>
    (value = 1, labels: object = {}) => {
      const shown = Object.entries(labels).map(([key, one]) => `${key}=${one}`)
      lines.push(`${name.replace('quantumstream_', '')}{${shown.join()}} ${value}`)
    }
  let ended = 0
  const metrics: Metrics = {
    counter: (name) => ({ add: note(name) }),
    gauge: () => ({ set() {} }),
    histogram: (name) => ({ observe: note(name) }),
    observed: () => () => {
      ended += 1
    },
  }
  return { lines, metrics, ended: () => ended }
}

function opened() {
  const { lines, metrics, ended } = recorder()
  let nowMs = 0
  const chain = { manifest: { name: 'harbour' } } as ConstructorParameters<typeof ChainMeasures>[0]
  const measures = new ChainMeasures(chain, { metrics, clock: { nowMs: () => nowMs } })
  const validators = { list: [{}, {}, {}] } as unknown as RoundView['validators']
  const vote = {} as NonNullable<RoundView['prevotes'][number]>
  const at = (timeMs: number, parts: Partial<RoundView>) => {
    nowMs = timeMs
    const view: RoundView = {
      ...{ height: 5n, round: 0, step: 'propose', validators, proposer: 0, self: undefined },
      ...{ hasProposal: true, prevotes: [vote, vote, vote], precommits: [vote, undefined, vote] },
      ...{ evidence: [], ...parts },
    }
    measures.stepped(view, [])
  }
  return { lines, measures, at, ended }
}

test('steps, rounds, missed turns and missing votes of a height are measured', () => {
  const { lines, at } = opened()
  at(0, { round: -1, step: 'new' })
  at(100, { hasProposal: false })
  at(100, { hasProposal: false })
  at(600, { hasProposal: false, step: 'prevote' })
  at(800, { round: 1 })
  at(900, { round: 1, step: 'decided' })
  at(950, { height: 6n, round: -1, step: 'new' })
  assert.deepEqual(lines, [
    'consensus_step_seconds{chain=harbour,step=propose} 0.5',
    'consensus_step_seconds{chain=harbour,step=prevote} 0.2',
    'consensus_missed_turns_total{chain=harbour} 1',
    'consensus_step_seconds{chain=harbour,step=propose} 0.1',
    'consensus_step_seconds{chain=harbour,step=decided} 0.05',
    'consensus_rounds{chain=harbour} 2',
    'consensus_missing_votes_total{chain=harbour,type=precommit} 1',
  ])
})

test('a block is measured with the time since the first round of its height', () => {
  const { lines, measures, at, ended } = opened()
  at(1_000, {})
  at(1_200, { round: 1, step: 'decided' })
  const header = { number: 5n, gasUsed: 25n, gasLimit: 100n }
  const executed = { block: { header }, receipts: [{}, {}] }
  measures.added(executed as unknown as Parameters<ChainMeasures['added']>[0])
  assert.deepEqual(lines.slice(-4), [
    'chain_blocks_total{chain=harbour} 1',
    'chain_block_transactions{chain=harbour} 2',
    'chain_block_gas_share{chain=harbour} 0.25',
    'consensus_commit_seconds{chain=harbour} 0.2',
  ])
  measures.end()
  assert.equal(ended(), 4)
})

test('a fault of a validator is counted by its kind', () => {
  const { lines, measures } = opened()
  const evidence = { kind: 'double-vote' } as never
  measures.stepped(undefined, [{ kind: 'report', evidence }])
  assert.deepEqual(lines, ['consensus_evidence_total{chain=harbour,kind=double-vote} 1'])
})
