/** Lets nodes mine one chain of which a committee makes blocks final: it holds them against more work, and outlives restarts. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { toHex } from '../base/bytes.ts'
import type { SigningKey } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import { decodeRecord } from './consensus/record.ts'
import type { ExecutedBlock } from './ledger/block.ts'
import type { HybridParameters, Manifest } from './ledger/manifest.ts'
import { hybridManifest, openHybrid } from './test-chain/hybrid-chain.ts'
import { HandClock, mine, mineMany } from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { validatorKeys } from './test-chain/voted-chain.ts'

const [every, buried] = [4n, 2n]
const final = (chain: DrivenChain) => chain.finalized().header.number
const hash = (chain: DrivenChain, number: bigint) =>
  toHex(chain.byNumber(number)?.block.hash ?? new Uint8Array())

const blockAt = (chain: DrivenChain, number: bigint) =>
  (chain.byNumber(number) as ExecutedBlock).block

class World {
  readonly time = new HandClock()
  readonly links = new TestLinks()
  readonly keys: readonly SigningKey[]
  readonly manifest: Manifest
  readonly #t: TestContext
  readonly #folders = new Map<number, string>()
  readonly nodes: DrivenChain[] = []

  constructor(t: TestContext, count = 4, change: Partial<HybridParameters> = {}) {
    this.#t = t
    this.keys = validatorKeys(count)
    this.manifest = hybridManifest(this.keys, change)
    t.after(() => Promise.all(this.nodes.map((one) => one.stop())))
  }

  async start(at: number): Promise<DrivenChain> {
    const folder = this.#folders.get(at) ?? (await temporaryFolder(this.#t))
    this.#folders.set(at, folder)
    const chain = await openHybrid(
      {
        ...{ folder, manifest: this.manifest, at, key: this.keys[at] },
        join: this.links.join(`node-${at}`),
      },
      this.time,
    )
    await chain.start()
    this.nodes[at] = chain
    return chain
  }

  async startAll(): Promise<readonly DrivenChain[]> {
    for (const at of this.keys.keys()) await this.start(at)
    return this.nodes
  }

  /** Lets time pass until something holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let turn = 0; !holds(); turn += 1) {
      await setImmediate()
      if (turn % 50 === 49) this.time.advance(100)
    }
  }

  async pass(ms: number): Promise<void> {
    const end = this.time.nowMs + ms
    await this.until(() => this.time.nowMs >= end)
  }

  agreed(chains: readonly DrivenChain[] = this.nodes): Promise<void> {
    return this.until(() => new Set(chains.map((one) => toHex(one.head().hash))).size === 1)
  }

  /** Mines so many, each by the next node. */
  async mineByTurns(count: number, chains: readonly DrivenChain[] = this.nodes): Promise<void> {
    for (let made = 0; made < count; made += 1) {
      await mine(chains[made % chains.length] as DrivenChain, this.time)
      await this.agreed(chains)
    }
  }
}

describe('a chain of work with a committee', () => {
  test('makes every fourth block final once it is buried, and says so on the chain', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    for (let number = 1n; number <= 22n; number += 1n) {
      await world.mineByTurns(1, [nodes[Number(number % 4n)] as DrivenChain, ...nodes])
      // Within two checkpoints and what lies on them (L6).
      const due = number - 2n * every - buried
      await world.until(() => nodes.every((one) => final(one) >= due))
    }
    await world.until(() => nodes.every((one) => final(one) === 20n))
    for (const one of nodes) assert.equal(one.safe().header.number, 20n)
    // Each block brings one certificate at most.
    await world.mineByTurns(6)
    const [first] = nodes as [DrivenChain]
    const blocks = Array.from({ length: 28 }, (_, at) => blockAt(first, BigInt(at + 1)))
    const brought = blocks.flatMap(({ record = new Uint8Array(), withdrawals }) =>
      decodeRecord(record).finality.map(({ height, value }) => {
        return { height, value, withdrawals }
      }),
    )
    assert.deepEqual(
      brought.map(({ height, value }) => [height, toHex(value ?? new Uint8Array())]),
      brought.map((_, at) => [BigInt(at + 1), hash(first, BigInt(at + 1) * every)]),
    )
    assert.ok(brought.length >= 5)
    // A miner brought each, and those who signed share what is paid for it.
    for (const { withdrawals = [] } of brought) {
      assert.equal(withdrawals[1]?.amountGwei, 10n ** 8n)
      const shares = withdrawals.slice(2).map(({ amountGwei }) => amountGwei)
      assert.ok(shares.length === 3 || shares.length === 4)
      assert.ok(shares.every((one) => one === (4n * 10n ** 8n) / BigInt(shares.length)))
    }
    assert.deepEqual(world.links.complaints, [])
  })

  test('does not leave what is final for more work', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    await world.mineByTurns(2)
    // One that is apart makes a longer chain from before the final block.
    world.links.part((name) => name === 'node-3')
    const [a, b, c, apart] = nodes as [DrivenChain, DrivenChain, DrivenChain, DrivenChain]
    await world.mineByTurns(4, [a, b, c])
    await world.until(() => [a, b, c].every((one) => final(one) === 4n))
    await mineMany(apart, world.time, 9)
    assert.equal(final(apart), 0n)
    const own = toHex(a.head().hash)
    for (let number = 3n; number <= 11n; number += 1n) {
      const { kind } = await a.importBlock(blockAt(apart, number))
      assert.equal(kind, 'valid')
    }
    assert.equal(toHex(a.head().hash), own)
    // Linked again, it is the one with more work that goes to the final block.
    world.links.part(() => 0)
    await world.until(() => final(apart) === 4n)
    await world.agreed()
    assert.equal(toHex(apart.head().hash), own)
    assert.deepEqual(world.links.complaints, [])
  })
})
