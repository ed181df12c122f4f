/** Tests what every engine must keep; each engine runs it from its own test file. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import type { Block, Header } from '../ledger/block.ts'
import { emptyOmmersHash, headerHash } from '../ledger/block-codec.ts'
import type {
  ChainReader,
  ConsensusEngine,
  HeadSummary,
  Input,
  SealedHeader,
  Step,
  Verdict,
} from './consensus.ts'
import type { Derived } from './derived.ts'

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
export function summaryOf(header: Header, totalWork?: bigint): HeadSummary {
  const hash = headerHash(header)
  const { number, parentHash: parent, timestamp } = header
  return { number, hash, parent, timestampMs: timestamp * 1_000n, finalNumber: 0n, totalWork }
}

/** A block that is only a header, with a record if it has one. */
export function blockOf(header: Header, record?: Uint8Array): Block {
  const body = { transactions: [], ommers: [], withdrawals: [] }
  return { header, hash: headerHash(header), ...body, ...(record && { record }) }
}

/** A chain of one block, as engines look at it. */
export function readerOf(
  block: SealedHeader,
  given: { readonly derived?: Derived | undefined; readonly totalWork?: bigint | undefined } = {},
): ChainReader {
  const isIt = (hash: Uint8Array) => hash.toHex() === block.hash.toHex()
  return {
    header: (hash) => (isIt(hash) ? block : undefined),
    derived: (hash) => (isIt(hash) ? given.derived : undefined),
    totalWork: (hash) => (isIt(hash) ? given.totalWork : undefined),
  }
}

/** What an engine whose blocks have no records says of a header on its parent. */
export function judge(
  engine: ConsensusEngine<never> | Pick<ConsensusEngine<unknown>, 'checkHeader'>,
  { totalWork, ...parent }: Header & { readonly totalWork?: bigint | undefined },
  header: Header,
): Verdict {
  const reader = readerOf(blockOf(parent), { totalWork })
  return engine.checkHeader(reader, blockOf(header), 0)
}

/** The blocks that an engine is tried with, if not the usual ones. */
export interface SuiteChain {
  readonly first: Block
  /** Absent where blocks have no records. */
  readonly derived?: Derived | undefined
  /** A sound child. */
  readonly second: Block
}

/** What is particular about an engine. */
export interface SuiteOptions<S> {
  /** Gas limit and base fee may be chosen. */
  readonly freeGas?: boolean
  readonly chain?: SuiteChain
  /** The rule that extra data of 33 bytes breaks. */
  readonly extraDataRule?: string
  /** A state without functions, which cannot be compared; all of it unless given. */
  readonly dataOf?: (state: S) => unknown
}

/** Most bytes that a state takes, whatever is put in. */
const mostBytes = 64 * 1_024

/** Declares the tests. */
export function consensusSuite<S>(
  name: string,
  create: () => ConsensusEngine<S>,
  options: SuiteOptions<S> = {},
): void {
  const { freeGas = false, chain = usualChain(), extraDataRule = 'constants' } = options
  const { dataOf = (state: S) => state } = options
  const nowMs = 2_000_000
  const { first, second, derived } = chain
  const begin = (engine: ConsensusEngine<S>) =>
    engine.start({
      ...{ head: summaryOf(first.header), header: first.header, derived, nowMs },
      beneficiary: new Uint8Array(20),
    })
  const imported = (block: Block, atMs: number): Input => ({
    ...{ kind: 'block-imported', head: summaryOf(block.header), header: block.header },
    ...{ derived, nowMs: atMs },
  })
  const inputs: readonly Input[] = [
    { kind: 'tick', nowMs: nowMs + 1 },
    { kind: 'seal-now', nowMs: nowMs + 2 },
    { kind: 'tick', nowMs: nowMs + 100_000 },
    { kind: 'work-waiting', count: 3, nowMs: nowMs + 100_001 },
    { kind: 'block-built', request: 1, block: second },
    { kind: 'search-result', request: 1, nonce: 7n },
    imported(second, nowMs + 100_002),
    { kind: 'block-built', request: 999, block: second },
    { kind: 'search-result', request: 999, nonce: -1n },
    { kind: 'build-failed', request: 999, nowMs: nowMs + 100_003 },
    { kind: 'tick', nowMs: 0 },
  ]
  const play = (engine: ConsensusEngine<S>, given = inputs): Step<S>[] => {
    const steps = [begin(engine)]
    for (const input of given) {
      const last = steps.at(-1) as Step<S>
      steps.push(engine.step(last.state, input))
    }
    return steps
  }
  const plain = (steps: readonly Step<S>[]) =>
    steps.map(({ state, effects }) => ({ state: dataOf(state), effects }))
  const anyInputs = fc.array(inputArbitrary(imported, [first, second]), { maxLength: 60 })

  describe(`${name} is a consensus engine`, () => {
    test('the same inputs give the same steps', () => {
      assert.deepEqual(plain(play(create())), plain(play(create())))
      fc.assert(
        fc.property(anyInputs, (given) =>
          assert.deepEqual(plain(play(create(), given)), plain(play(create(), given))),
        ),
      )
    })

    test('no step changes the state it was given, and none makes it large', () => {
      const most = (given: readonly Input[]) => {
        const engine = create()
        let { state } = begin(engine)
        for (const input of given) {
          const before = structuredClone(dataOf(state))
          const next = engine.step(state, input)
          assert.deepEqual(dataOf(state), before)
          state = next.state
          assert.ok(serialize(dataOf(state)).length <= mostBytes)
        }
      }
      most(inputs)
      fc.assert(fc.property(anyInputs, most))
    })

    test('what comes twice causes nothing the second time', () => {
      const engine = create()
      const twice = (given: readonly Input[], input: Input) => {
        const last = play(engine, given).at(-1) as Step<S>
        const once = engine.step(last.state, input)
        const again = engine.step(once.state, input)
        assert.deepEqual(plain([again]), plain([{ state: once.state, effects: [] }]))
      }
      twice([], imported(second, nowMs))
      const nonce = fc.bigInt(-1n, 2n ** 65n)
      fc.assert(
        fc.property(anyInputs, fc.nat(20), nonce, (given, request, found) => {
          twice(given, imported(second, nowMs))
          twice(given, { kind: 'search-result', request, nonce: found })
        }),
      )
    })

    test('a child must have the right parent, number, time, gas and fee', () => {
      const engine = create()
      const broken: readonly [string, Partial<Header>][] = [
        ['parent', { parentHash: new Uint8Array(32).fill(1) }],
        ['parent', { number: 2n }],
        ['timestamp', { timestamp: first.header.timestamp }],
        ['gas', { gasLimit: 31_000_000n }],
        ['gas', { baseFeePerGas: 1_000_000_000n }],
        ['gas', { gasUsed: 30_000_001n }],
        ['gas', { blobGasUsed: 1n }],
        ['constants', { ommersHash: new Uint8Array(32) }],
        [extraDataRule, { extraData: new Uint8Array(33) }],
      ]
      const judged = (change: Partial<Header>) =>
        engine.checkHeader(
          readerOf(first, { derived }),
          blockOf({ ...second.header, ...change }, second.record),
          nowMs,
        )
      assert.deepEqual(judged({}), { kind: 'valid' })
      for (const [rule, change] of freeGas ? [...broken.slice(0, 3), ...broken.slice(5)] : broken) {
        const verdict = judged(change)
        assert.equal(
          verdict.kind === 'invalid' && verdict.rule,
          rule,
          JSON.stringify(Object.keys(change)),
        )
      }
    })
  })
}

function usualChain(): SuiteChain {
  const first = blockOf(firstHeader)
  const second = { ...firstHeader, number: 1n, parentHash: first.hash }
  const later = { timestamp: 1_001n, baseFeePerGas: 875_000_000n }
  return { first, second: blockOf({ ...second, ...later }) }
}

/** Whatever a driver could say, in any order. */
function inputArbitrary(
  imported: (block: Block, atMs: number) => Input,
  blocks: readonly Block[],
): fc.Arbitrary<Input> {
  const nowMs = fc.oneof(fc.integer({ min: 1_990_000, max: 2_100_000 }), fc.nat(2 ** 31))
  const request = fc.nat(20)
  const block = fc.constantFrom(...blocks)
  const seconds = fc.bigInt(0n, 2n ** 40n)
  return fc.oneof<fc.Arbitrary<Input>[]>(
    nowMs.map((at) => ({ kind: 'tick', nowMs: at })),
    fc.tuple(block, nowMs).map(([one, at]) => imported(one, at)),
    fc.tuple(request, block).map(([of, one]) => ({ kind: 'block-built', request: of, block: one })),
    fc.tuple(request, nowMs).map(([of, at]) => ({ kind: 'build-failed', request: of, nowMs: at })),
    fc.tuple(request, fc.bigInt(-1n, 2n ** 65n)).map(([of, nonce]) => ({
      ...{ kind: 'search-result', request: of, nonce },
    })),
    nowMs.map((at) => ({ kind: 'work-waiting', count: 1, nowMs: at })),
    nowMs.map((at) => ({ kind: 'seal-now', nowMs: at })),
    fc.tuple(fc.nat(10_000), nowMs).map(([blockTimeMs, at]) => ({
      ...{ kind: 'set-block-time', blockTimeMs, nowMs: at },
    })),
    fc.tuple(seconds, nowMs).map(([by, at]) => ({ kind: 'shift-time', seconds: by, nowMs: at })),
    fc.tuple(seconds, nowMs).map(([timestamp, at]) => ({
      ...{ kind: 'set-time', timestamp, nowMs: at },
    })),
    fc.boolean().map((on) => ({ kind: 'set-automine', on })),
    seconds.map((timestamp) => ({ kind: 'shape-next', shape: { timestamp } })),
  )
}
