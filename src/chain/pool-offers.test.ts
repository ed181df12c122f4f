/** Lets transactions be given to one of several nodes while others hear nothing, and looks where they are afterwards. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { silentLogger } from '../base/logger.ts'
import { keccak256 } from '../crypto/keccak.ts'
import type { ChainNetwork } from './chain-network.ts'
import { encodeRlp } from './ledger/rlp.ts'
import { PoolOffers } from './pool-offers.ts'
import { SwiftClock } from './test-chain/swift-clock.ts'
import { startAll, transfer } from './test-chain/voted-network.ts'
import { reached } from './test-chain/waiting.ts'

test('a transaction comes to who was away when it was told, and into a block without the node that took it', async (t) => {
  const { node, all, links } = await startAll(t, 4)
  await reached(node(0), 1n)
  links.part((name) => name === 'node-3')
  const hash = await node(3).submit(transfer(0n))
  links.part(() => 0)
  for (let turn = 0; turn < 50 && !node(0).pool.get(hash); turn += 1) await setImmediate()
  assert.ok(node(0).pool.get(hash))
  links.away.add('node-3')
  const grown = () => reached(node(0), node(0).head().header.number + 1n)
  while (!node(0).findTransaction(hash)) await grown()
  links.away.delete('node-3')
  await grown()
  await Promise.all(all().map((one) => reached(one, node(0).head().header.number)))
})

/** A pool of these bytes, asked and offering over a network that a test answers for. */
function offersOf(raws: readonly Uint8Array[], network: Partial<ChainNetwork> = {}) {
  const pooled = raws.map((raw) => {
    const hash = keccak256(raw)
    return { raw, hash, id: hash.toHex() }
  })
  const time = new SwiftClock(0)
  const taken: Uint8Array[] = []
  const offers = new PoolOffers({
    pool: () =>
      ({
        best: () => pooled,
        get: (hash: Uint8Array) => pooled.find(({ id }) => id === hash.toHex()),
      }) as never,
    baseFee: () => 0n,
    isInBlock: () => false,
    take: async (raw) => taken.push(raw) > 0,
    nowMs: time.clock.nowMs,
    timer: time.timer,
    logger: silentLogger,
  })
  offers.join(network as ChainNetwork)
  const pass = (ms: number) => {
    const endMs = time.clock.nowMs() + ms
    return time.until(() => time.clock.nowMs() >= endMs)
  }
  return { offers, pass, taken, pooled }
}

const bytesOf = (count: number, length = 100) =>
  Array.from({ length: count }, (_, at) =>
    new Uint8Array(length).with(0, at & 255).with(1, at >> 8),
  )

describe('offers', () => {
  test('are of what waited at two looks, and none is made while nothing waits', async () => {
    const said: number[] = []
    const sayOffer = (hashes: Uint8Array) => void said.push(hashes.length / 32)
    const { offers, pass, pooled } = offersOf(bytesOf(1_500), { sayOffer })
    await pass(10_000)
    assert.deepEqual(said, [])
    offers.came()
    await pass(2_000)
    assert.deepEqual(said, [])
    await pass(2_000)
    assert.deepEqual(said, [1_024])
    pooled.length = 0
    await pass(10_000)
    assert.deepEqual(said, [1_024])
    offers.stop()
  })

  test('are answered within bounds, and what is no list of hashes is the fault of its sender', () => {
    const { offers, pooled } = offersOf(bytesOf(20, 100_000))
    const hashes = pooled.flatMap(({ hash }) => [...hash])
    const answer = offers.answer('peer', Uint8Array.from(hashes))
    assert.ok(
      answer instanceof Uint8Array && answer.length > 1_000_000 && answer.length < 1_100_000,
    )
    assert.equal(offers.answer('peer', new Uint8Array(33)), 'bad-encoding')
    assert.equal(offers.hear('peer', new Uint8Array(33)), 'bad-encoding')
  })

  test('are asked for in parts while what comes is of use', async () => {
    const here = bytesOf(600)
    const asked: number[] = []
    const wrongs: string[] = []
    const network: Partial<ChainNetwork> = {
      ask: async (_, question, bytes) => {
        assert.equal(question, 'transactions')
        asked.push(bytes.length / 32)
        if (asked.length === 3) return Uint8Array.of(1)
        return encodeRlp(here.slice(0, asked.length === 1 ? 200 : 100))
      },
      score: (_, wrong) => void wrongs.push(wrong),
    }
    const { offers, taken } = offersOf([], network)
    const offered = Uint8Array.from(here.flatMap((raw) => [...keccak256(raw)]))
    const settled = () => new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(offers.hear('peer', offered), 'accept')
    assert.equal(offers.hear('peer', offered), 'ignore', 'one offer of a peer at a time')
    await settled()
    assert.deepEqual([asked, taken.length], [[256, 256], 300])
    assert.equal(offers.hear('peer', offered), 'accept')
    await settled()
    assert.deepEqual(wrongs, ['bad-encoding'])
  })
})
