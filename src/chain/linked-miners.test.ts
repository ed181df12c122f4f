/** Links nodes whose blocks are sealed by work: miners agree, those that were apart or behind follow, and liars cost little. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { concatBytes, equalBytes, toHex } from '../base/bytes.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { ChainEvent } from './chain.ts'
import type { ChainNetwork, NetworkedChain } from './chain-network.ts'
import type { ChainOptions, DrivenChain } from './chain-parts.ts'
import {
  decodeHashes,
  decodeHeadersQuestion,
  encodeBlocks,
  encodeHeaders,
  encodeStatus,
  headerEntry,
} from './gossip/block-messages.ts'
import { nextBaseFee } from './ledger/base-fee.ts'
import type { Block, Header } from './ledger/block.ts'
import { encodeBlock, headerHash } from './ledger/block-codec.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import {
  HandClock,
  mine,
  mineMany,
  miningFor,
  openPow,
  powManifest,
  workManifest,
} from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { TestLinks } from './test-chain/test-links.ts'

const payee = (at: number) => new Uint8Array(20).fill(0xa0 + at)
const key = new Uint8Array(32).fill(1)

/** Nodes of one chain that are linked, each of which can mine. */
class World {
  readonly time = new HandClock()
  readonly links = new TestLinks()
  readonly #t: TestContext
  readonly #options: Partial<ChainOptions>

  constructor(t: TestContext, options: Partial<ChainOptions> = {}) {
    this.#t = t
    this.#options = options
  }

  async node(name: string, at: number): Promise<DrivenChain> {
    const folder = await temporaryFolder(this.#t)
    const options = { ...this.#options, ...miningFor(payee(at)), join: this.links.join(name) }
    const chain = await openPow(folder, this.time, options)
    await chain.start()
    this.#t.after(() => chain.stop())
    return chain
  }

  /** Lets time pass until something holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let turn = 0; !holds(); turn += 1) {
      await setImmediate()
      if (turn % 50 === 49) this.time.advance(500)
    }
  }

  /** The same for some time, whatever happens. */
  async pass(ms: number): Promise<void> {
    const end = this.time.nowMs + ms
    await this.until(() => this.time.nowMs >= end)
  }

  agreed(...chains: readonly DrivenChain[]): Promise<void> {
    return this.until(() => new Set(chains.map((one) => toHex(one.head().hash))).size === 1)
  }

  /** A node that answers as a test wants; what it says to have is heard by all. */
  liar(answer: NetworkedChain['answer']): ChainNetwork {
    const nothing = async () => 'ignore' as const
    return this.links.join('liar')({
      ...{ key: new Uint8Array(32), validator: () => undefined, isValidator: () => false },
      ...{ hear: () => 'ignore', hearBlock: () => 'ignore', hearStatus: () => 'ignore' },
      ...{ hearTransaction: nothing, hearNewBlock: nothing, hearOffer: () => 'ignore' },
      ...{ peerCame: () => {}, peerWent: () => {}, answer },
    })
  }
}

const claim = (head: bigint, totalWork = 2n ** 200n) =>
  encodeStatus({
    ...{ head, headHash: new Uint8Array(32), totalWork },
    ...{ final: 0n, finalHash: new Uint8Array(32) },
  })

/** Answers with headers that are made from those of a chain, or from the one before. */
function headersFrom(make: (number: bigint) => Block | undefined) {
  return (bytes: Uint8Array) => {
    const { from, count } = decodeHeadersQuestion(bytes)
    const blocks = Array.from({ length: count }, (_, at) => make(from + BigInt(at)))
    return encodeHeaders(blocks.filter((one) => one !== undefined).map(headerEntry))
  }
}

/** Headers that break no rule that can be checked ahead, where every seal will do. */
function endlessHeaders(first: Block): (number: bigint) => Block {
  const made = [first]
  return (number) => {
    for (let parent = made.at(-1); made.length <= Number(number) && parent; ) {
      const header: Header = {
        ...{ ...parent.header, parentHash: parent.hash, number: BigInt(made.length) },
        ...{ timestamp: parent.header.timestamp + 15n, baseFeePerGas: nextBaseFee(parent.header) },
        parentBeaconBlockRoot: parent.header.extraData,
      }
      parent = { ...parent, header, hash: headerHash(header) }
      made.push(parent)
    }
    return made[Number(number)] as Block
  }
}

describe('miners that are linked', () => {
  test('agree, block after block, and mine what came to others', async (t) => {
    const world = new World(t, { manifest: powManifest({}, [addressOfKey(key)]) })
    const [a, b, c] = [await world.node('a', 1), await world.node('b', 2), await world.node('c', 3)]
    const unsigned = {
      ...({ type: 2, chainId: 7n, nonce: 0n, gasLimit: 21_000n, value: 5n } as const),
      ...{ to: payee(9), maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 7n },
      ...{ accessList: [], data: new Uint8Array() },
    }
    const hash = await a.submit(encodeTransaction(signTransaction(unsigned, key)))
    await world.until(() => c.pool.get(hash) !== undefined)
    for (const miner of [c, a, b, b, a, c]) {
      await mine(miner, world.time)
      await world.agreed(a, b, c)
    }
    assert.equal(a.head().header.number, 6n)
    assert.equal(b.findTransaction(hash)?.executed.block.header.number, 1n)
    assert.deepEqual(world.links.complaints, [])
  })

  test('that were apart take the side with more work when they are linked again', async (t) => {
    const world = new World(t)
    const [a, b, c] = [await world.node('a', 1), await world.node('b', 2), await world.node('c', 3)]
    await mine(a, world.time)
    await world.agreed(a, b, c)
    world.links.part((name) => name === 'a')
    await mineMany(a, world.time, 4)
    const others = await mineMany(b, world.time, 6)
    await world.agreed(b, c)
    assert.notDeepEqual(a.head().hash, b.head().hash)
    world.links.part(() => 0)
    await world.agreed(a, b, c)
    assert.deepEqual(a.head().hash, others[5]?.hash)
    await mine(a, world.time)
    await world.agreed(a, b, c)
    assert.deepEqual(world.links.complaints, [])
  })

  test('one that comes late gets all blocks, and goes on where it was cut off', async (t) => {
    const world = new World(t)
    const a = await world.node('a', 1)
    await mineMany(a, world.time, 300)
    const late = await world.node('late', 2)
    await world.until(() => late.head().header.number >= 130n)
    world.links.part((name) => name)
    await world.pass(20_000)
    const { number } = late.head().header
    assert.ok(number < 300n)
    // What it does not know the parent of waits.
    const next = await mine(a, world.time)
    world.links.part(() => 0)
    await world.agreed(a, late)
    assert.deepEqual(late.head().hash, next.hash)
    assert.deepEqual(late.stateAt(next.hash)?.root, next.header.stateRoot)
    // 512 headers and 128 blocks at a time: what it had was not asked for again.
    assert.ok((world.links.questions.get('a') ?? 0) < 20)
    assert.deepEqual(world.links.complaints, [])
  })

  test('a chain that was held back is not followed if it parts too far back, and is asked for no more', async (t) => {
    const world = new World(t)
    const [a, hidden] = [await world.node('a', 1), await world.node('hidden', 2)]
    world.links.part((name) => name)
    const own = await mineMany(a, world.time, 12)
    await mineMany(hidden, world.time, 14)
    const heard: ChainEvent[] = []
    a.subscribe((event) => heard.push(event))
    world.links.part(() => 0)
    await world.until(() => heard.some(({ kind }) => kind === 'reorg-too-deep'))
    const asked = world.links.questions.get('hidden')
    await world.pass(300_000)
    assert.deepEqual(a.head().hash, own[11]?.hash)
    assert.equal(heard.filter(({ kind }) => kind === 'reorg-too-deep').length, 1)
    assert.equal(world.links.questions.get('hidden'), asked)
    // No block of it was fetched.
    assert.ok((asked ?? 0) <= 4)
  })
})

describe('peers that lie', () => {
  test('about headers, whose seals have not the work, are asked for no block', async (t) => {
    const world = new World(t, { manifest: workManifest })
    const a = await world.node('a', 1)
    await mineMany(a, world.time, 3)
    const sealless = (number: bigint): Block | undefined => {
      const block = a.byNumber(number > 3n ? 3n : number)?.block
      if (!block || number < 3n) return block
      const header: Header = { ...block.header, number, nonce: new Uint8Array(8) }
      return { ...block, header: { ...header, parentHash: a.blockHash(2n) ?? header.parentHash } }
    }
    const kinds = new Set<string>()
    const liar = world.liar(async (question, _, bytes) => {
      kinds.add(question)
      return question === 'headers' ? headersFrom(sealless)(bytes) : undefined
    })
    const before = a.head().hash
    liar.sayStatus(claim(1_000n))
    await world.until(() => world.links.wrongs('liar').length > 0)
    assert.deepEqual(world.links.wrongs('liar'), ['bad-block'])
    assert.deepEqual([...kinds], ['headers'])
    assert.deepEqual(a.head().hash, before)
  })

  test('about how much they have cost two questions, and are left alone for a while', async (t) => {
    const world = new World(t)
    const a = await world.node('a', 1)
    await mineMany(a, world.time, 3)
    const honest = headersFrom((number) => a.byNumber(number)?.block)
    const liar = world.liar(async (question, _, bytes) =>
      question === 'headers' ? honest(bytes) : undefined,
    )
    for (let said = 0; said < 20; said += 1) {
      liar.sayStatus(claim(3n))
      await world.pass(1_000)
    }
    assert.deepEqual([...new Set(world.links.wrongs('liar'))], ['empty-claim'])
    assert.ok((world.links.questions.get('liar') ?? 0) <= 4)
  })

  test('with headers without end are asked for no more than may be kept, and for a block then', async (t) => {
    const world = new World(t)
    const a = await world.node('a', 1)
    const b = await world.node('b', 2)
    world.links.part((name) => (name === 'b' ? 1 : 0))
    await mineMany(b, world.time, 5)
    world.time.nowMs = 2_000_000_000
    const made = endlessHeaders(a.head())
    let headers = 0
    let blocks = 0
    const liar = world.liar(async (question, _, bytes) => {
      if (question === 'blocks') blocks += 1
      if (question === 'blocks') return undefined
      headers += 1
      return headersFrom(made)(bytes)
    })
    liar.sayStatus(claim(2n ** 60n))
    await world.until(() => blocks > 0)
    await world.pass(5_000)
    assert.equal(blocks, 1)
    // 4,096 of them.
    assert.equal(headers, 9)
    assert.equal(a.head().header.number, 0n)
    // Another one, that has them, is followed all the same.
    world.links.part(() => 0)
    await world.agreed(a, b)
  })

  test('about bodies: another block, another body, bytes that are none', async (t) => {
    for (const [wrong, lie] of [
      ['unasked-answer', (_: Block, other: Block) => encodeBlock(other)],
      ['bad-body', (block: Block) => encodeBlock({ ...block, withdrawals: [] })],
      ['bad-encoding', (block: Block) => concatBytes(encodeBlock(block), new Uint8Array(1))],
      ['empty-claim', () => new Uint8Array()],
    ] as const) {
      const world = new World(t)
      const [a, b] = [await world.node('a', 1), await world.node('b', 2)]
      world.links.part((name) => (name === 'b' ? 1 : 0))
      const made = await mineMany(b, world.time, 3)
      const [first, second] = made
      assert.ok(first && second)
      const liar = world.liar(async (question, _, bytes) => {
        if (question === 'headers') {
          return headersFrom((number) => made[Number(number) - 1])(bytes)
        }
        const asked = decodeHashes(bytes)
        assert.ok(asked[0] && equalBytes(asked[0], first.hash))
        return encodeBlocks([lie(first, second)])
      })
      liar.sayStatus(claim(3n))
      await world.until(() => world.links.wrongs('liar').length > 0)
      assert.deepEqual(world.links.wrongs('liar'), [wrong])
      assert.equal(a.head().header.number, 0n)
    }
  })

  test('about new blocks: wrong ones are not passed on', async (t) => {
    const world = new World(t, { manifest: workManifest })
    const [a, b] = [await world.node('a', 1), await world.node('b', 2)]
    world.links.part((name) => (name === 'b' ? 1 : 0))
    const block = await mine(b, world.time)
    const liar = world.liar(async () => undefined)
    const unsealed = { ...block.header, stateRoot: new Uint8Array(32) }
    liar.sayNewBlock(Uint8Array.of(1, 2, 3))
    liar.sayNewBlock(encodeBlock({ ...block, withdrawals: [] }))
    liar.sayNewBlock(encodeBlock({ ...block, header: { ...unsealed, difficulty: 5n } }))
    await world.until(() => world.links.wrongs('liar').length === 3)
    assert.deepEqual(world.links.wrongs('liar').toSorted(), [
      ...['bad-block', 'bad-body', 'bad-encoding'],
    ])
    assert.equal(a.head().header.number, 0n)
    // The same block with its own body is taken.
    liar.sayNewBlock(encodeBlock(block))
    await world.until(() => a.head().header.number === 1n)
  })

  test('who say too much are scored for it', async (t) => {
    const world = new World(t)
    await world.node('a', 1)
    const liar = world.liar(async () => undefined)
    for (let said = 0; said < 130; said += 1) liar.sayStatus(claim(0n, 0n))
    liar.sayStatus(Uint8Array.of(1))
    for (let turn = 0; turn < 10; turn += 1) await setImmediate()
    assert.deepEqual(world.links.wrongs('liar'), new Array(11).fill('out-of-place'))
  })
})
