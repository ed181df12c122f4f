/** Lets nodes mine one chain of which a committee makes blocks final: it holds them against more work, and outlives restarts. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate as soon } from 'node:timers'
import { setImmediate } from 'node:timers/promises'
import { encodeFunctionData } from 'viem'
import { committeeAbi } from '../abi/committee.gen.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import { keyAddress, type SigningKey, schemeFacts } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import { contractAddresses } from './consensus/contract-layout.ts'
import { decodeRecord } from './consensus/record.ts'
import type { ExecutedBlock } from './ledger/block.ts'
import type { Manifest } from './ledger/manifest.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import { hybridManifest, openHybrid } from './test-chain/hybrid-chain.ts'
import { HandClock, mine, mineMany } from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { convictions, evidenceOf, twoVotes } from './test-chain/two-votes.ts'
import { validatorKeys } from './test-chain/voted-chain.ts'
import { verifyChain } from './verify-chain.ts'

const key = new Uint8Array(32).fill(1)
const owner = addressOfKey(key)
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
  /** What was final once and then was not. */
  readonly #fallen: string[] = []
  #isOver = false
  readonly nodes: DrivenChain[] = []

  constructor(t: TestContext, members = 4, nodes = members) {
    this.#t = t
    this.keys = validatorKeys(nodes)
    this.manifest = hybridManifest(this.keys.slice(0, members), { owner }, [owner])
    t.after(async () => {
      this.#isOver = true
      await Promise.all(this.nodes.map((one) => one.stop()))
      assert.deepEqual(this.#fallen, [])
    })
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
    this.#watch(at, chain)
    this.nodes[at] = chain
    return chain
  }

  /** Looks at every turn whether what was final still is. */
  #watch(at: number, chain: DrivenChain): void {
    let before = final(chain)
    const look = () => {
      if (final(chain) < before) this.#fallen.push(`${before} to ${final(chain)} at node ${at}`)
      before = final(chain)
      if (!this.#isOver) soon(look)
    }
    look()
  }

  async startAll(): Promise<readonly DrivenChain[]> {
    for (const at of this.keys.keys()) await this.start(at)
    return this.nodes
  }

  folderOf(at: number): string {
    return this.#folders.get(at) ?? assert.fail()
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
      brought.map(({ height }) => height),
      brought.map((_, at) => BigInt(at + 1)),
    )
    // One that was late may have been passed over.
    const numbers = brought.map(
      ({ value = new Uint8Array() }) => first.byHash(value)?.block.header.number ?? 0n,
    )
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => Number(a - b)),
    )
    assert.ok(numbers.every((number) => number > 0n && number % every === 0n))
    assert.ok((numbers.at(-1) ?? 0n) >= 20n)
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

  test('goes on without finality while half of the committee is away, and finds it again when they are back', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    world.links.part((name) => (name === 'node-2' || name === 'node-3' ? name : 'there'))
    const [a, b, c, d] = nodes as [DrivenChain, DrivenChain, DrivenChain, DrivenChain]
    await world.mineByTurns(11, [a, b])
    assert.equal(final(a), 0n)
    world.links.part(() => 'there')
    await world.until(() => final(a) === 8n)
    await world.until(() => [b, c, d].every((one) => final(one) === 8n))
    // It is the first instance that was decided; one that was not up to date yet may have proposed block 4.
    while (a.derived()?.finality === undefined) await world.mineByTurns(1)
    const { instance, number, hash: value } = a.derived()?.finality ?? assert.fail()
    assert.equal(instance, 1n)
    assert.ok(number === 4n || number === 8n)
    assert.deepEqual(value, blockAt(a, number).hash)
  })

  test('one that was away with a heavier chain goes to the final block that it never had', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    const [a, b, c, apart] = nodes as [DrivenChain, DrivenChain, DrivenChain, DrivenChain]
    world.links.part((name) => name === 'node-3')
    await mineMany(apart, world.time, 14)
    await world.mineByTurns(7, [a, b, c])
    await world.until(() => [a, b, c].every((one) => final(one) === 4n))
    world.links.part(() => 0)
    await world.until(() => final(apart) === 4n)
    assert.equal(hash(apart, 4n), hash(a, 4n))
    await world.agreed()
    await world.mineByTurns(4)
    await world.until(() => world.nodes.every((one) => final(one) === 8n))
  })

  test('knows after a restart what was final, and votes on', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    await world.mineByTurns(6)
    await world.until(() => nodes.every((one) => final(one) === 4n))
    for (const at of [0, 1, 2, 3]) await (nodes[at] as DrivenChain).stop()
    for (const at of [0, 1, 2, 3]) {
      const again = await world.start(at)
      assert.equal(final(again), 4n, `node ${at}`)
    }
    await world.mineByTurns(6)
    await world.until(() => world.nodes.every((one) => final(one) === 8n))
    const [first] = world.nodes as [DrivenChain]
    const all = Array.from({ length: 12 }, (_, at) => blockAt(first, BigInt(at + 1)))
    const brought = all.flatMap(({ record = new Uint8Array() }) => decodeRecord(record).finality)
    assert.deepEqual(brought[0]?.value, blockAt(first, 4n).hash)
  })

  test('a node that only follows knows what is final by the chain and by its peers', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    await world.mineByTurns(9)
    await world.until(() => nodes.every((one) => final(one) === 4n))
    const late = await openHybrid(
      {
        ...{ folder: await temporaryFolder(t), manifest: world.manifest, at: 9 },
        join: world.links.join('late'),
      },
      world.time,
    )
    await late.start()
    t.after(() => late.stop())
    await world.until(() => final(late) === 4n)
    await world.mineByTurns(1)
    await world.until(() => [...nodes, late].every((one) => final(one) === 8n))
  })

  test('a member that its contract gets votes from the instance after the next one on', async (t) => {
    // Four are members from the birth; the fifth outweighs them all.
    const world = new World(t, 4, 5)
    const nodes = await world.startAll()
    const [first] = nodes as [DrivenChain]
    await world.mineByTurns(1)
    const joining = world.keys[4] as SigningKey
    const [address, publicKey] = [toHex(owner), toHex(joining.publicKey)]
    const data = encodeFunctionData({
      ...{ abi: committeeAbi, functionName: 'add' },
      args: [address, schemeFacts.ed25519.byte, publicKey, 20n, address],
    })
    await first.submit(
      encodeTransaction(
        signTransaction(
          {
            ...{ type: 2, chainId: 7n, nonce: 0n, gasLimit: 1_000_000n, value: 0n },
            ...{ to: contractAddresses.committee, data: fromHex(data), accessList: [] },
            ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
          },
          key,
        ),
      ),
    )
    while ((first.derived()?.finality?.instance ?? 0n) < 4n) await world.mineByTurns(1)
    // The committee in the state of the block that instance 1 made final votes in instance 3.
    const sets = new Map<bigint, string>()
    for (let number = 1n; number <= first.head().header.number; number += 1n) {
      const record = decodeRecord(blockAt(first, number).record ?? new Uint8Array())
      const [certificate] = record.finality
      if (certificate) sets.set(certificate.height, toHex(record.validatorsHash))
    }
    const [old, same, next, last] = [1n, 2n, 3n, 4n].map((instance) => sets.get(instance))
    assert.ok(old && next)
    assert.deepEqual([same, last], [old, next])
    assert.notEqual(old, next)
    assert.equal(first.derived()?.validators.list.length, 5)
    // Without it nothing is final any more.
    await (nodes[4] as DrivenChain).stop()
    world.nodes.splice(4)
    const before = final(first)
    await world.mineByTurns(9)
    await world.pass(20_000)
    assert.ok(final(first) <= before + 4n)
  })

  test('a member that votes twice is put out of the contract, and of the instances that follow', async (t) => {
    const world = new World(t)
    const nodes = await world.startAll()
    const [first, hearer] = nodes as [DrivenChain, DrivenChain]
    const [old, liar] = world.keys.slice(2) as [SigningKey, SigningKey]
    const ofFirst = evidenceOf(twoVotes(hearer, old, 2, 1))
    await world.mineByTurns(7)
    // One hears of it; the others get evidence, and whoever mines next brings it.
    for (const message of twoVotes(hearer, liar, 5, 1)) world.links.tell('node-1', message)
    await world.until(() => nodes.every((one) => one.round()?.evidence.length === 1))
    const told = first.head().header.number
    await world.mineByTurns(1)
    assert.deepEqual(convictions(first), [told + 1n])
    assert.deepEqual(first.derived()?.evidenceSeen, [
      { signer: keyAddress(liar), height: told + 1n },
    ])
    await world.until(() => nodes.every((one) => one.round()?.evidence.length === 0))
    while (first.derived()?.validators.list.length !== 3) await world.mineByTurns(1)
    const at = first.head().header.number
    await world.mineByTurns(8)
    await world.until(() => nodes.every((one) => final(one) > at))
    assert.deepEqual(convictions(first), [told + 1n])
    // What one signed in an instance that is long over counts, too.
    world.links.tell('node-1', ofFirst)
    await world.until(() => hearer.round()?.evidence.length === 1)
    await world.mineByTurns(3)
    assert.equal(convictions(first).length, 2)
    assert.deepEqual(world.links.complaints, [])
    await first.stop()
    const { manifest } = world
    const { faults } = await verifyChain({ manifest, folder: world.folderOf(0), run: true })
    assert.deepEqual(faults, [])
  })

  test('what is final stays so when a block is mined while a vote ends', async (t) => {
    const world = new World(t, 1)
    const [alone] = (await world.startAll()) as [DrivenChain]
    // Work is handed in at every moment, whatever the vote is at.
    await mineMany(alone, world.time, 24)
    await world.until(() => final(alone) >= 20n)
    await alone.stop()
    world.nodes.length = 0
    const { manifest } = world
    const { faults, blocks } = await verifyChain({ manifest, folder: world.folderOf(0), run: true })
    assert.deepEqual([faults, blocks], [[], 24])
  })

  test('a block that is known does no harm when it comes again with another record', async (t) => {
    const world = new World(t, 1)
    const [alone] = (await world.startAll()) as [DrivenChain]
    await mine(alone, world.time)
    const block = blockAt(alone, 1n)
    const spoilt = Uint8Array.from(block.record ?? [], (byte) => byte ^ 1)
    assert.deepEqual(await alone.importBlock({ ...block, record: spoilt }), { kind: 'valid' })
    await mine(alone, world.time)
    assert.equal(alone.head().header.number, 2n)
  })
})
