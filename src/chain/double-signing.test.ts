/** Has one of four validators sign twice: it is convicted on the chain, once, and the others go on without it. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { keyAddress, type SigningKey } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import type { BftParameters } from './ledger/manifest.ts'
import { addresses, governedManifest, isSetOf, startNodes } from './test-chain/governed-chain.ts'
import { convictions, twoVotes } from './test-chain/two-votes.ts'
import { validatorKeys } from './test-chain/voted-chain.ts'
import { until } from './test-chain/waiting.ts'

async function convicted(t: TestContext, owner: BftParameters['owner']) {
  const keys = validatorKeys(4)
  const manifest = governedManifest(keys, owner)
  const { nodes, first, links, verified, agreed } = await startNodes(
    t,
    manifest,
    keys.map((key) => [key]),
  )
  const liar = keys[3] as SigningKey
  const hearer = nodes[1] as DrivenChain
  await until(hearer, () => hearer.head().header.number >= 1n)
  const told = hearer.head().header.number
  // Only one node hears of it: the others get evidence.
  for (const message of twoVotes(hearer, liar, 5)) links.tell('node-1', message)
  const left = new Map(keys.slice(0, 3).map((key) => [key, 1n]))
  await agreed(left)
  const [height, ...more] = convictions(first)
  assert.ok(height !== undefined && height <= told + 8n, `on the chain at ${height}`)
  assert.deepEqual(more, [])
  for (const message of twoVotes(hearer, liar, 6)) links.tell('node-1', message)
  const { number } = first.head().header
  await Promise.all(nodes.map((one) => until(one, () => one.head().header.number >= number + 4n)))
  assert.deepEqual(convictions(first), [height])
  assert.ok(isSetOf(first, left))
  assert.deepEqual(first.derivedAt(height)?.evidenceSeen, [{ signer: keyAddress(liar), height }])
  await verified()
}

describe('a validator that signs twice', { concurrency: true }, () => {
  test('is put out of the registry, and nobody else is', (t) =>
    convicted(t, addresses[0] as Uint8Array))

  test('is put out of a set that nobody governs', (t) => convicted(t, 'nobody'))
})
