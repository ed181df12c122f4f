/** Tests what every engine must keep; each engine runs it from its own test file. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Header } from '../ledger/block.ts'
import { emptyOmmersHash, headerHash } from '../ledger/block-codec.ts'
import type { ConsensusEngine, HeadSummary, Input, Step } from './consensus.ts'

/** A header to start from. */
export const firstHeader: Header = {
  parentHash: new Uint8Array(32),
  ommersHash: emptyOmmersHash,
  beneficiary: new Uint8Array(20),
  stateRoot: new Uint8Array(32),
  transactionsRoot: new Uint8Array(32),
  receiptsRoot: new Uint8Array(32),
  logsBloom: new Uint8Array(256),
  difficulty: 0n,
  number: 0n,
  gasLimit: 30_000_000n,
  gasUsed: 0n,
  timestamp: 1_000n,
  extraData: new Uint8Array(),
  mixHash: new Uint8Array(32),
  nonce: new Uint8Array(8),
  baseFeePerGas: 1_000_000_000n,
  withdrawalsRoot: new Uint8Array(32),
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: new Uint8Array(32),
  requestsHash: new Uint8Array(32),
}

/** The summary of a header that is the head. */
export function summaryOf(header: Header): HeadSummary {
  const hash = headerHash(header)
  const { number, parentHash: parent, timestamp } = header
  return { number, hash, parent, timestampMs: timestamp * 1_000n, finalNumber: 0n }
}

/** Declares the tests; with `freeGas` the engine lets gas limit and base fee be chosen. */
export function consensusSuite<S>(
  name: string,
  create: () => ConsensusEngine<S>,
  { freeGas = false }: { readonly freeGas?: boolean } = {},
): void {
  const nowMs = 2_000_000
  const begin = (engine: ConsensusEngine<S>) =>
    engine.start({
      ...{ head: summaryOf(firstHeader), header: firstHeader, nowMs },
      beneficiary: new Uint8Array(20),
    })
  const second: Header = { ...firstHeader, number: 1n, parentHash: headerHash(firstHeader) }
  const inputs: readonly Input[] = [
    { kind: 'tick', nowMs: nowMs + 1 },
    { kind: 'seal-now', nowMs: nowMs + 2 },
    { kind: 'tick', nowMs: nowMs + 100_000 },
    { kind: 'work-waiting', count: 3, nowMs: nowMs + 100_001 },
    { kind: 'block-built', request: 1, hash: headerHash(second) },
    { kind: 'block-imported', head: summaryOf(second), header: second, nowMs: nowMs + 100_002 },
    { kind: 'block-built', request: 999, hash: new Uint8Array(32) },
    { kind: 'build-failed', request: 999, nowMs: nowMs + 100_003 },
    { kind: 'tick', nowMs: 0 },
  ]
  const play = (engine: ConsensusEngine<S>): Step<S>[] => {
    const steps = [begin(engine)]
    for (const input of inputs) {
      const last = steps.at(-1) as Step<S>
      steps.push(engine.step(last.state, input))
    }
    return steps
  }

  describe(`${name} is a consensus engine`, () => {
    test('the same inputs give the same steps', () => {
      assert.deepEqual(play(create()), play(create()))
    })

    test('no step changes the state it was given', () => {
      const engine = create()
      let { state } = begin(engine)
      for (const input of inputs) {
        const before = structuredClone(state)
        const next = engine.step(state, input)
        assert.deepEqual(state, before)
        state = next.state
      }
    })

    test('a block that is imported twice causes nothing the second time', () => {
      const engine = create()
      const import_: Input = {
        kind: 'block-imported',
        head: summaryOf(second),
        header: second,
        nowMs,
      }
      const once = engine.step(begin(engine).state, import_)
      assert.deepEqual(engine.step(once.state, import_), { state: once.state, effects: [] })
    })

    test('a child must have the right parent, number, time, gas and fee', () => {
      const engine = create()
      const broken: readonly [string, Partial<Header>][] = [
        ['parent', { parentHash: new Uint8Array(32).fill(1) }],
        ['parent', { number: 2n }],
        ['timestamp', { timestamp: firstHeader.timestamp }],
        ['gas', { gasLimit: 31_000_000n }],
        ['gas', { baseFeePerGas: 1_000_000_000n }],
        ['gas', { gasUsed: 30_000_001n }],
        ['gas', { blobGasUsed: 1n }],
        ['constants', { ommersHash: new Uint8Array(32) }],
        ['constants', { extraData: new Uint8Array(33) }],
      ]
      const sound = { ...second, timestamp: 1_001n, baseFeePerGas: 875_000_000n }
      for (const [rule, change] of freeGas ? [...broken.slice(0, 3), ...broken.slice(5)] : broken) {
        const verdict = engine.checkHeader(firstHeader, { ...sound, ...change }, nowMs)
        assert.equal(
          verdict.kind === 'invalid' && verdict.rule,
          rule,
          JSON.stringify(Object.keys(change)),
        )
      }
    })
  })
}
