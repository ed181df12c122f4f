/** Counts what a peer whose seals are dear to check can cost, with headers that an engine of the test finds right. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { silentLogger } from '../../base/logger.ts'
import type { ChainNetwork } from '../chain-network.ts'
import type { HeadSummary, SealedHeader } from '../consensus/consensus.ts'
import { genesisBlock } from '../genesis.ts'
import type { Block, Header } from '../ledger/block.ts'
import { headerHash } from '../ledger/block-codec.ts'
import { HandClock, powManifest } from '../test-chain/pow-chain.ts'
import { decodeHeadersQuestion, encodeHeaders, headerEntry } from './block-messages.ts'
import { Budget } from './budget.ts'
import { CatchUp, type CatchUpPlace } from './catch-up.ts'

const { block: genesis } = genesisBlock(powManifest(), new Uint8Array(32))

/** A chain of so many headers on the first block. */
function chainOf(count: number): readonly SealedHeader[] {
  const made: SealedHeader[] = [genesis]
  for (let number = 1; number <= count; number += 1) {
    const { header: parent, hash: parentHash } = made.at(-1) as SealedHeader
    const header: Header = { ...parent, number: BigInt(number), parentHash }
    made.push({ header, hash: headerHash(header), record: Uint8Array.of(1) })
  }
  return made
}

/** Follows a peer that has these headers, and no blocks of them. */
function follow(
  headers: readonly SealedHeader[],
  claimed: number,
  change: Partial<CatchUpPlace> = {},
) {
  const time = new HandClock()
  const startMs = time.nowMs
  const checkedMs: number[] = []
  const wrongs: string[] = []
  let blocks = 0
  const known = (hash: Uint8Array) => (hash.toHex() === genesis.hash.toHex() ? genesis : undefined)
  const catchUp = new CatchUp({
    ...{ nowMs: time.clock.nowMs, timer: time.timer, chance: () => 0.5 },
    engine: {
      ...{ isSealDear: true, maxReorg: 8 },
      checkAhead(_, __, { isSealChecked }) {
        if (isSealChecked) checkedMs.push(time.nowMs - startMs)
        return { kind: 'valid' }
      },
    },
    chain: {
      ...{ header: known, blockOf: known, forkOf: known, derived: () => undefined },
      totalWork: () => 1n,
    },
    summary: () => ({ number: 0n, hash: genesis.hash, totalWork: 1n }) as HeadSummary,
    importBlock: async (_: Block) => ({ kind: 'valid' }),
    ...{
      settled: async () => {},
      turns: () => () => undefined,
      tooDeep: () => {},
      sealBudget: new Budget(64, 60_000),
    },
    ...{ logger: silentLogger, ...change },
  })
  const network: Pick<ChainNetwork, 'ask' | 'score'> = {
    score: (_, wrong) => void wrongs.push(wrong),
    async ask(_, question, bytes) {
      if (question === 'blocks') blocks += 1
      if (question === 'blocks') return undefined
      const { from, count } = decodeHeadersQuestion(bytes)
      const asked = headers.slice(Number(from), Number(from) + count)
      return encodeHeaders(asked.map(headerEntry))
    },
  }
  catchUp.join(network as ChainNetwork)
  catchUp.claims.set('peer', {
    ...{ head: BigInt(claimed), headHash: genesis.hash, totalWork: 2n ** 200n },
    ...{ final: 0n, finalHash: genesis.hash },
  })
  catchUp.consider()
  return { time, checkedMs, wrongs, blocks: () => blocks, catchUp }
}

describe('headers whose seals are dear', () => {
  test('the last 512 are checked, 64 in a minute, and then their blocks are asked for', async () => {
    const { time, checkedMs, blocks, catchUp } = follow(chainOf(600), 600)
    for (let turn = 0; blocks() === 0; turn += 1) {
      await setImmediate()
      if (turn % 20 === 19) time.advance(1_000)
    }
    // Of the 88 before them none was drawn.
    assert.equal(checkedMs.length, 512)
    for (let minute = 0; minute < 8; minute += 1) {
      const inIt = checkedMs.filter((ms) => Math.floor(ms / 60_000) === minute)
      assert.ok(inIt.length <= 64, `${inIt.length} in minute ${minute}`)
    }
    await catchUp.stop()
  })

  test('no more than 1,024 are taken before their blocks, whatever a peer says to have', async () => {
    const { time, checkedMs, blocks, catchUp } = follow(chainOf(2_000), 1_000_000)
    while (blocks() === 0) await setImmediate()
    assert.equal(checkedMs.length, 0)
    await catchUp.stop()
    time.advance(600_000)
    for (let turn = 0; turn < 10; turn += 1) await setImmediate()
    assert.equal(blocks(), 1)
  })
})

test('what fails here is told, is no fault of the peer, and is tried again', async () => {
  const told: string[] = []
  let asked = 0
  const { time } = follow(chainOf(3), 3, {
    logger: { ...silentLogger, error: (message) => void told.push(message) },
    settled: async () => {
      asked += 1
    },
    chain: {
      header: () => assert.fail('the disk is gone'),
    } as unknown as CatchUpPlace['chain'],
  })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.deepEqual(told, ['catching up with a peer failed'])
  time.advance(11_000)
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.equal(told.length, 2)
  assert.ok(asked >= 2)
})

test('headers of a time to come are no empty claim: the clocks of two nodes are apart', async () => {
  const checkAhead = () => ({ kind: 'too-early', retryAtMs: 0 }) as const
  const { wrongs } = follow(chainOf(5), 5, { engine: { maxReorg: 8, checkAhead } })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.deepEqual(wrongs, [])
})

test('who has less than it says makes an empty claim', async () => {
  const { wrongs } = follow([genesis], 5, { engine: { maxReorg: 8 } })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.deepEqual(wrongs, ['empty-claim'])
})

/** The head of a chain that has all the work from the third look on. */
function growingHead(totalWork: bigint) {
  let looks = 0
  return {
    looks: () => looks,
    summary() {
      looks += 1
      return {
        number: 0n,
        hash: genesis.hash,
        totalWork: looks > 2 ? totalWork : 1n,
      } as HeadSummary
    },
  }
}

test('who has what it says, which the own chain has meanwhile, too, makes no empty claim', async () => {
  const headers = chainOf(5)
  const totalWork = 1n + 5n * genesis.header.difficulty
  const growing = growingHead(totalWork)
  const { wrongs, catchUp } = follow(headers, 5, {
    engine: { maxReorg: 8 },
    summary: growing.summary,
  })
  const said = { head: 5n, headHash: genesis.hash, final: 0n, finalHash: genesis.hash }
  catchUp.claims.set('peer', { ...said, totalWork })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.ok(growing.looks() > 2)
  assert.deepEqual(wrongs, [])
})

test('a peer whose blocks came meanwhile by themselves is followed again soon', async () => {
  const headers = chainOf(5)
  const blocks = new Map(headers.map((one) => [one.hash.toHex(), one as Block]))
  const blockOf = (hash: Uint8Array) => blocks.get(hash.toHex())
  const totalWork = 1n + 5n * genesis.header.difficulty
  const growing = growingHead(totalWork)
  let asked = 0
  const { time, catchUp } = follow(headers, 5, {
    engine: { maxReorg: 8 },
    chain: {
      ...{ header: blockOf, blockOf, forkOf: blockOf, derived: () => undefined },
      totalWork: () => totalWork,
    },
    summary: growing.summary,
    settled: async () => {
      asked += 1
    },
  })
  const said = { head: 5n, headHash: genesis.hash, final: 0n, finalHash: genesis.hash }
  catchUp.claims.set('peer', { ...said, totalWork })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  const before = asked
  catchUp.claims.set('peer', { ...said, totalWork: totalWork + 1n })
  time.advance(3_000)
  catchUp.consider()
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.ok(asked > before)
})
