/** Lets validators join by a snapshot: they vote once they can judge all evidence, and follow what they cannot judge. */

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import type { SigningKey } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import { joinChain, type TrustedPlace } from './join-chain.ts'
import type { BftParameters, Manifest } from './ledger/manifest.ts'
import { SwiftClock } from './test-chain/swift-clock.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { convictions, evidenceOf, twoVotes } from './test-chain/two-votes.ts'
import { nodeFolder, startNode, validatorKeys, votedManifest } from './test-chain/voted-chain.ts'

const keys = validatorKeys(3)
const [heavy, light, liar] = keys as [SigningKey, SigningKey, SigningKey]
const patient = { baseMs: 3_600_000, deltaMs: 1_000 }
const [every, evidenceHeights] = [20, 16]

/** One decides alone; a light one joins later, and another signs twice. */
function lopsided(): Manifest {
  const manifest = votedManifest(new Uint8Array(20).fill(9), keys)
  const consensus = manifest.consensus as BftParameters
  const validators = consensus.validators.map((one, at) => ({
    ...one,
    weight: at === 0 ? 100n : 1n,
  }))
  const timeouts = {
    propose: { baseMs: 60_000, deltaMs: 250 },
    prevote: patient,
    precommit: patient,
  }
  return {
    ...manifest,
    consensus: {
      ...{ ...consensus, validators, owner: 'nobody', evidenceHeights, timeouts },
      maxTimeoutMs: 7_200_000,
    },
  }
}

/** A chain with a snapshot, and what a liar signed at its beginning. */
async function served(t: TestContext) {
  const [links, time] = [new TestLinks(), new SwiftClock(Date.now() - 400_000)]
  const manifest = lopsided()
  const place = { folder: await nodeFolder(t), manifest, snapshotEvery: every }
  const server = await startNode(links, { ...place, name: 'server', keys: [heavy] }, time)
  t.after(() => server.stop())
  const reached = (chain: DrivenChain, height: bigint) =>
    time.until(() => chain.head().header.number >= height)
  await reached(server, 13n)
  const votes = twoVotes(server, liar, 9)
  await reached(server, 23n)
  const snapshot = path.join(place.folder, manifest.name, 'snapshots')
  while (!(await readdir(snapshot)).includes('20.snapshot')) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const join = async (trust?: TrustedPlace) => {
    const folder = await nodeFolder(t)
    const result = await joinChain(
      { manifest, folder, farBehind: 3n, waitMs: 1_000, graceMs: 20, trust },
      { join: links.join('joiner'), clock: time.clock, logger: silentLogger },
    )
    assert.deepEqual(result, { kind: 'joined', number: 20n })
    const node = { name: 'joiner', folder, manifest, keys: [light] }
    const joined = await startNode(links, node, time)
    t.after(() => joined.stop())
    return joined
  }
  return { links, time, server, reached, votes, join }
}

/** Whether its engine signs. */
const isVoting = (chain: DrivenChain) => chain.round()?.self !== undefined

test('a node that joined votes at once where all sets are proven to it', async (t) => {
  const { server, time, reached, join, links, votes } = await served(t)
  const joined = await join()
  assert.ok(isVoting(joined))
  await reached(joined, 24n)
  // By the proof of its base it judges what was signed before that.
  links.tell('joiner', evidenceOf(votes))
  await time.until(() => convictions(server).length > 0)
  await reached(joined, joined.head().header.number + 4n)
  const [convicted, ...more] = convictions(server)
  assert.ok(convicted !== undefined && convicted > 23n)
  assert.deepEqual(more, [])
  assert.deepEqual(links.complaints, [])
})

test('one that trusts a later block votes when it can judge all evidence, and follows what it cannot', async (t) => {
  const { server, time, reached, votes, join, links } = await served(t)
  const hash = server.blockHash(16n) ?? assert.fail()
  const joined = await join({ number: 16n, hash })
  await reached(joined, 24n)
  // It knows nobody who signed height 14, and accuses nobody by what it cannot check.
  links.tell('joiner', evidenceOf(votes))
  await reached(joined, 25n)
  assert.deepEqual([convictions(server), joined.round()?.evidence], [[], []])
  assert.ok(!isVoting(joined))
  links.tell('server', evidenceOf(votes))
  await time.until(() => convictions(joined).length > 0)
  await reached(joined, 29n)
  assert.equal(convictions(joined).length, 1)
  assert.equal(joined.failure, undefined)
  // It knows who signed height 17 and all after it.
  const first = 17n + BigInt(evidenceHeights)
  await time.until(() => isVoting(joined))
  assert.equal(joined.round()?.height, first)
  await reached(joined, first + 4n)
  assert.deepEqual(links.complaints, [])
})
