/** Lets validators hold one chain: alone, four of them, with one gone and back, and after restarts. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import { silentLogger } from '../base/logger.ts'
import { decodeRecord } from './consensus/record.ts'
import { voteSignBytes } from './consensus/sign-bytes.ts'
import { chainKey } from './ledger/manifest-codec.ts'
import { owner, startAll, transfer } from './test-chain/voted-network.ts'
import { reached } from './test-chain/waiting.ts'
import { openValidatorSigner } from './validating/validator-signer.ts'

describe('a chain that is voted on', { concurrency: true }, () => {
  test('one validator alone decides, in time, and goes on after a restart', async (t) => {
    const { node, stop, start } = await startAll(t, 1)
    await node(0).submit(transfer(0n))
    await reached(node(0), 2n)
    const { hash } = node(0).head()
    assert.deepEqual(node(0).finalized().hash, node(0).head().hash)
    await stop(0)
    await start(0)
    await reached(node(0), 3n)
    assert.ok(node(0).byHash(hash))
    assert.equal(node(0).stateAt(node(0).head().hash)?.account(owner)?.nonce, 1n)
  })

  test('one validator goes on when a crash left the first vote of a height to its guard', async (t) => {
    const { node, places, stop, start } = await startAll(t, 1)
    const [place] = places
    assert.ok(place)
    const { keys, folder, manifest } = place
    const [key] = keys
    assert.ok(key)
    await reached(node(0), 1n)
    await stop(0)
    const signer = await openValidatorSigner(
      { key, guardFile: path.join(folder, 'guard-0') },
      {
        ...{ folder: path.join(folder, manifest.name), chainKey: chainKey(manifest) },
        logger: silentLogger,
      },
    )
    const height = signer.logged?.height ?? 0n
    const nil = { instance: 0, type: 'prevote', height, round: 0, validRound: -1 } as const
    const bytes = voteSignBytes(
      { ...nil, value: undefined },
      { chainKey: chainKey(manifest), setHash: new Uint8Array(32) },
    )
    await signer.guard.sign(bytes).onDisk
    await signer.close()
    await start(0)
    await reached(node(0), height + 1n)
  })

  test('one validator goes on wherever within a height it is stopped', async (t) => {
    const { node, stop, start } = await startAll(t, 1)
    // A height begins 800 ms after the block before it was made.
    for (const afterMs of [0, 790, 795, 800, 805, 810]) {
      const { number } = node(0).head().header
      await reached(node(0), number + 1n)
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      await stop(0)
      await start(0)
    }
    const { number } = node(0).head().header
    await reached(node(0), number + 1n)
  })

  test('a validator whose key fails follows the others, and catches up with them', async (t) => {
    const { node, all, links } = await startAll(t, 4, {
      keyOf: (key, at) => (at === 3 ? { ...key, sign: () => assert.fail('the key is gone') } : key),
    })
    await reached(node(3), 2n)
    links.away.add('node-3')
    await reached(node(0), 7n)
    links.asked.clear()
    links.away.delete('node-3')
    await Promise.all(all().map((one) => reached(one, 9n)))
    assert.ok(links.asked.has('node-3'))
  })

  test('four hold the same chain, with one away that comes back', async (t) => {
    const { node, all, links, stop, start } = await startAll(t, 4)
    await node(2).submit(transfer(0n))
    await Promise.all(all().map((one) => reached(one, 2n)))
    links.away.add('node-1')
    await node(0).submit(transfer(1n))
    await Promise.all([0, 2, 3].map((at) => reached(node(at), 4n)))
    assert.ok(node(1).head().header.number < 4n)
    links.away.delete('node-1')
    await Promise.all(all().map((one) => reached(one, 6n)))
    await stop(3)
    await Promise.all([0, 1, 2].map((at) => reached(node(at), 7n)))
    await start(3)
    await Promise.all(all().map((one) => reached(one, 9n)))
    for (let height = 1n; height <= 9n; height += 1n) {
      const hashes = all().map((one) => toHex(one.byNumber(height)?.block.hash ?? new Uint8Array()))
      assert.equal(new Set(hashes).size, 1, `height ${height}`)
    }
    assert.equal(node(3).stateAt(node(3).head().hash)?.account(owner)?.nonce, 2n)
  })
})

test('a block of several parts is decided in its first round, though its parts come before the proposal', async (t) => {
  const { node, all, links } = await startAll(t, 4)
  await reached(node(0), 1n)
  links.proposalsLateMs = 100
  const rounds: number[] = []
  // A slow machine may need another round for one of them.
  for (let nonce = 0n; nonce < 5n && !rounds.includes(0); nonce += 1n) {
    const { number } = node(0).head().header
    await node(0).submit(transfer(nonce, new Uint8Array(100_000).fill(1)))
    await Promise.all(all().map((one) => reached(one, number + 3n)))
    const blocks = [1n, 2n, 3n].map((on) => node(3).byNumber(number + on)?.block)
    const block = blocks.find((one) => (one?.transactions.length ?? 0) > 0)
    if (block?.record) rounds.push(decodeRecord(block.record).round)
  }
  assert.equal(rounds.at(-1), 0, `rounds ${rounds}`)
})
