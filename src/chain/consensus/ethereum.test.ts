/** Runs the suite of engines on the follower, and checks the header of each fork and the ommers. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Block, Header } from '../ledger/block.ts'
import { headerHash, ommersHash } from '../ledger/block-codec.ts'
import { nextDifficulty } from '../ledger/difficulty.ts'
import { type Hardfork, rulesOf, rulesOfOne } from '../ledger/fork-rules.ts'
import { consensusSuite, firstHeader, judge, summaryOf } from './consensus.suite.ts'
import type { Verdict } from './consensus.ts'
import { ethereumEngine } from './ethereum.ts'

consensusSuite('ethereum', () => ethereumEngine(rulesOfOne(7n, 'prague')))

const later = [
  ...(['baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas'] as const),
  ...(['parentBeaconBlockRoot', 'requestsHash'] as const),
]
const ruleOf = (verdict: Verdict) =>
  verdict.kind === 'invalid' ? `${verdict.rule}: ${verdict.detail}` : verdict.kind

/** A header without the last fields, of which `kept` stay. */
function without(header: Header, kept: number): Header {
  return { ...header, ...Object.fromEntries(later.slice(kept).map((name) => [name, undefined])) }
}

/** Fields that came after Homestead, by fork. */
const fields: Partial<Record<Hardfork, number>> = {
  ...{ frontier: 0, berlin: 0, london: 1, paris: 1, shanghai: 2, cancun: 5, prague: 6, osaka: 6 },
}

/** A block after `parent` by the rules of a fork before London, thirteen seconds later. */
function mined(
  parent: Header,
  change: Partial<Header> = {},
  ommers: readonly Header[] = [],
): Block {
  const timestamp = parent.timestamp + 13n
  const hasOmmers = ommersHash(ommers).toHex() !== ommersHash([]).toHex()
  const header = {
    ...without(parent, 0),
    ...{ number: parent.number + 1n, parentHash: headerHash(parent), timestamp },
    difficulty: nextDifficulty(rulesOf('homestead'), { ...parent, hasOmmers }, timestamp),
    ommersHash: ommersHash(ommers),
    ...change,
  }
  return { header, hash: headerHash(header), transactions: [], ommers, withdrawals: undefined }
}

describe('the follower', () => {
  const nowMs = 0
  const genesis: Header = { ...without(firstHeader, 0), difficulty: 131_072n }

  test('wants the fields of each fork, no more and no less', () => {
    for (const [fork, count] of Object.entries(fields)) {
      const engine = ethereumEngine(rulesOfOne(7n, fork as Hardfork))
      const child = { ...firstHeader, number: 1n, timestamp: 1_013n }
      for (let kept = 0; kept <= later.length; kept += 1) {
        const parent = without(firstHeader, count)
        const header = without({ ...child, parentHash: headerHash(parent) }, kept)
        const fault = ruleOf(judge(engine, parent, header)).startsWith('fields')
        assert.equal(fault, kept !== count, `${fork} with ${kept}`)
      }
    }
  })

  test('checks difficulty before the Merge, and that nothing of it is left after', () => {
    const work = ethereumEngine(rulesOfOne(7n, 'homestead'))
    const { header } = mined(genesis)
    assert.equal(ruleOf(judge(work, genesis, header)), 'valid')
    const harder = { ...header, difficulty: header.difficulty + 1n }
    assert.match(ruleOf(judge(work, genesis, harder)), /^difficulty: /)
    const merged = ethereumEngine(rulesOfOne(7n, 'paris'))
    const stake = { ...header, baseFeePerGas: 10n ** 9n, gasLimit: 60_000_000n, difficulty: 0n }
    assert.equal(ruleOf(judge(merged, genesis, stake)), 'valid')
    const nonce = new Uint8Array(8).fill(1)
    assert.match(ruleOf(judge(merged, genesis, { ...stake, nonce })), /^constants: /)
  })

  test('ten blocks from the fork of the DAO on say on which side they are', () => {
    const said = new TextEncoder().encode('dao-hard-fork')
    const verdicts = (isTaken: boolean, extraData: Uint8Array) => {
      const rules = { ...rulesOfOne(7n, 'homestead'), daoFork: { block: 3n, isTaken } }
      let parent = genesis
      return Array.from({ length: 14 }, () => {
        const { header } = mined(parent, { extraData })
        const verdict = ruleOf(judge(ethereumEngine(rules), parent, header))
        parent = header
        return verdict.replace(/:.*/, '')
      })
    }
    const inside = (verdict: string) =>
      Array.from({ length: 14 }, (_, at) => (at + 1 >= 3 && at + 1 < 13 ? verdict : 'valid'))
    assert.deepEqual(verdicts(true, said), inside('valid'))
    assert.deepEqual(verdicts(true, new Uint8Array()), inside('extra-data'))
    assert.deepEqual(verdicts(false, said), inside('extra-data'))
    assert.deepEqual(verdicts(false, new Uint8Array()), inside('valid'))
  })

  test('the Merge comes after the block that reaches the total difficulty', () => {
    const forks = (difficulty = 0n) => rulesOf(difficulty > 0n ? 'homestead' : 'paris')
    const engine = ethereumEngine({ chainId: 7n, rulesAt: (at) => forks(at.difficulty) }, 1_000n)
    const { header: work } = mined(genesis)
    const later = { baseFeePerGas: 10n ** 9n, gasLimit: 60_000_000n, difficulty: 0n }
    const stake = { ...work, ...later }
    const rule = (totalWork: bigint | undefined, header: Header) =>
      ruleOf(judge(engine, { ...genesis, totalWork }, header))
    assert.deepEqual([rule(999n, work), rule(1_000n, stake)], ['valid', 'valid'])
    assert.match(rule(1_000n, work), /^difficulty: there is none after the Merge/)
    assert.match(rule(999n, stake), /^difficulty: the Merge comes later/)
    // An ommer's parent has no total that is known.
    assert.match(rule(undefined, stake), /^difficulty: the Merge comes later/)
  })

  test('the gas limit moves by less than a 1024th part', () => {
    const engine = ethereumEngine(rulesOfOne(7n, 'homestead'))
    const rule = (gasLimit: bigint) => {
      const { header } = mined(genesis, { gasLimit })
      return ruleOf(judge(engine, genesis, header))
    }
    const most = genesis.gasLimit / 1_024n
    assert.equal(rule(genesis.gasLimit + most - 1n), 'valid')
    assert.equal(rule(genesis.gasLimit - most + 1n), 'valid')
    assert.match(rule(genesis.gasLimit + most), /^gas: gas limit/)
    assert.match(rule(genesis.gasLimit - most), /^gas: gas limit/)
  })

  test('the first block of London doubles the limit and begins with a fee of one gwei', () => {
    const engine = ethereumEngine(rulesOfOne(7n, 'london'))
    const { header } = mined(genesis, { baseFeePerGas: 10n ** 9n, gasLimit: 60_000_000n })
    assert.equal(ruleOf(judge(engine, genesis, header)), 'valid')
    const dear = { ...header, baseFeePerGas: 10n ** 9n + 1n }
    assert.match(ruleOf(judge(engine, genesis, dear)), /^gas: base fee/)
    const low = { ...header, gasLimit: 30_000_000n }
    assert.match(ruleOf(judge(engine, genesis, low)), /^gas: gas limit/)
  })

  test('blob gas comes in steps, has a bound, and its excess follows from the parent', () => {
    const engine = ethereumEngine(rulesOfOne(7n, 'cancun'))
    const parent = { ...without(firstHeader, 5), blobGasUsed: 6n * 131_072n }
    const header = {
      ...{ ...parent, number: 1n, parentHash: headerHash(parent), timestamp: 1_001n },
      ...{ baseFeePerGas: 875_000_000n, blobGasUsed: 0n, excessBlobGas: 3n * 131_072n },
    }
    const rule = (change: Partial<Header>) =>
      ruleOf(judge(engine, parent, { ...header, ...change }))
    assert.equal(rule({}), 'valid')
    assert.equal(rule({ blobGasUsed: 6n * 131_072n }), 'valid')
    assert.match(rule({ blobGasUsed: 7n * 131_072n }), /^gas: blob gas/)
    assert.match(rule({ blobGasUsed: 131_071n }), /^gas: blob gas/)
    assert.match(rule({ excessBlobGas: 0n }), /^gas: excess blob gas/)
  })

  test('each imported block is final', () => {
    const engine = ethereumEngine(rulesOfOne(7n, 'homestead'))
    const start = { header: genesis, beneficiary: new Uint8Array(20), nowMs }
    const { state } = engine.start({ ...start, head: summaryOf(genesis) })
    const { header } = mined(genesis)
    const head = summaryOf(header)
    const step = engine.step(state, { kind: 'block-imported', head, header, nowMs })
    assert.deepEqual(step.effects, [{ kind: 'set-final', number: 1n }])
  })
})

describe('ommers', () => {
  const engine = ethereumEngine(rulesOfOne(7n, 'homestead'))
  const genesis: Header = { ...without(firstHeader, 0), difficulty: 131_072n }
  const chain: Block[] = [mined(genesis)]
  for (let at = 0; at < 9; at += 1) chain.push(mined(chain[at]?.header ?? genesis))
  const headerAt = (number: number) =>
    number === 0 ? genesis : (chain[number - 1]?.header ?? genesis)
  const blocks = new Map(chain.map((block) => [block.hash.toHex(), block]))
  blocks.set(headerHash(genesis).toHex(), { ...mined(genesis), header: genesis })
  const extraData = (byte: number) => ({ extraData: Uint8Array.of(byte) })
  /** A block beside the one of this number. */
  const beside = (number: number, byte = 1) => mined(headerAt(number - 1), extraData(byte)).header
  const verdict = (ommers: readonly Header[], known = blocks) =>
    ruleOf(engine.checkOmmers(mined(headerAt(10), {}, ommers), (hash) => known.get(hash.toHex())))

  test('of one to six generations are valid, two of them at most', () => {
    assert.equal(verdict([]), 'valid')
    assert.equal(verdict([beside(10), beside(5)]), 'valid')
    assert.match(verdict([beside(11)]), /^ommers: number 11 has no parent/)
    assert.match(verdict([beside(4)]), /^ommers: number 4 has no parent/)
    assert.match(verdict([beside(10), beside(9), beside(8)]), /^ommers: 3 are over 2/)
  })

  test('stand in the chain once, and are not blocks of it', () => {
    assert.match(verdict([beside(10), beside(10)]), /is in the chain already/)
    assert.match(verdict([headerAt(9)]), /is in the chain already/)
    const tenth = { ...chain[9], ommers: [beside(8)] } as Block
    const known = new Map(blocks).set(headerHash(headerAt(10)).toHex(), tenth)
    assert.match(verdict([beside(8)], known), /is in the chain already/)
  })

  test('keep the rules of headers', () => {
    assert.match(verdict([{ ...beside(10), gasUsed: 10n ** 9n }]), /^ommers: gas used/)
  })
})
