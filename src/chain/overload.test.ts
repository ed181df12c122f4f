/** Gives a validator more than its blocks take, and lets it be late: it says "later", and takes what others have taken. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import type { NetworkedChain } from './chain-network.ts'
import { SwiftClock } from './test-chain/swift-clock.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { nodeFolder, startNode, validatorKeys, votedManifest } from './test-chain/voted-chain.ts'
import { owner, startAll, transfer } from './test-chain/voted-network.ts'
import { reached } from './test-chain/waiting.ts'

/** A validator alone, whose time passes as the test lets it, and the chain as a peer has it. */
async function startAlone(t: TestContext) {
  const keys = validatorKeys(1)
  const manifest = votedManifest(owner, keys)
  const time = new SwiftClock(Number(manifest.genesis.timestamp) * 1_000)
  const links = new TestLinks()
  let networked: NetworkedChain | undefined
  const join = links.join('alone')
  links.join = () => (chain) => {
    networked = chain
    return join(chain)
  }
  const place = { name: 'alone', folder: await nodeFolder(t), manifest, keys }
  const chain = await startNode(links, place, time)
  t.after(() => chain.stop())
  assert.ok(networked)
  /** Lets so much time pass in so many turns. */
  const pass = (turns: number, stepMs: number) => {
    let left = turns
    return time.until(() => left-- === 0, stepMs)
  }
  return { chain, time, pass, peer: networked }
}

/** Zeros are the cheapest bytes: more of them fit in a block's gas than in a proposal. */
const zeros = new Uint8Array(120_000)

const isLater = (error: unknown) =>
  error instanceof AppError &&
  error.code === 'txpool/overloaded' &&
  error.retry === 'later' &&
  error.data.retryAfterMs === 1_000

describe('a validator with more to do than it can', () => {
  test('says when to come again while more waits than the next blocks take', async (t) => {
    const { chain, time, peer } = await startAlone(t)
    for (let nonce = 0n; nonce < 2_000n; nonce += 1n) await chain.submit(transfer(nonce))
    await assert.rejects(chain.submit(transfer(2_000n)), isLater)
    assert.equal(await peer.hearTransaction(transfer(2_001n)), 'accept')
    await time.until(() => chain.pool.counts().pending < 2_000)
    await chain.submit(transfer(2_000n))
  })

  test('does not count what cannot pay for the next block', async (t) => {
    const { chain, time } = await startAlone(t)
    const cheap = (nonce: bigint) => transfer(nonce, new Uint8Array(), 1n)
    for (let nonce = 0n; nonce < 2_010n; nonce += 1n) await chain.submit(cheap(nonce))
    await time.until(() => chain.head().header.number > 0n)
    await chain.submit(transfer(2_010n))
    assert.equal(chain.pool.counts().pending, 2_011)
  })

  test('lets less wait while it is late, until it is in time again', async (t) => {
    const { chain, pass, peer } = await startAlone(t)
    for (let nonce = 0n; nonce < 1_300n; nonce += 1n) await chain.submit(transfer(nonce))
    await pass(1, 700)
    await assert.rejects(chain.submit(transfer(1_300n)), isLater)
    assert.equal(await peer.hearTransaction(transfer(1_301n)), 'accept')
    await pass(25, 50)
    await chain.submit(transfer(1_300n))
  })
})

test('blocks go on when more bytes wait than a proposal may have, though their gas would fit', async (t) => {
  const { node, all } = await startAll(t, 4, { gasLimit: 200_000_000n })
  for (let nonce = 0n; nonce < 45n; nonce += 1n) await node(0).submit(transfer(nonce, zeros))
  const left = () => all().reduce((sum, one) => sum + one.pool.counts().pending, 0)
  while (left() > 0) await reached(node(0), node(0).head().header.number + 1n)
})
