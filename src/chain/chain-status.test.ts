/** Checks when a chain is called degraded. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Chain } from './chain.ts'
import { isDegraded } from './chain-status.ts'
import { hybridManifest } from './test-chain/hybrid-chain.ts'
import { powManifest } from './test-chain/pow-chain.ts'

const at = (number: bigint) => () => ({ header: { number } })
const chain = (manifest: Chain['manifest'], head: bigint, final: bigint) =>
  ({ manifest, head: at(head), finalized: at(final) }) as unknown as Chain

test('a chain with a committee is degraded when more than eight of its checkpoints lack finality', () => {
  const hybrid = hybridManifest([], { checkpointEvery: 4 })
  assert.equal(isDegraded(chain(hybrid, 132n, 100n)), false)
  assert.equal(isDegraded(chain(hybrid, 133n, 100n)), true)
})

test('a chain of work alone is not, however far behind its finality is', () => {
  assert.equal(isDegraded(chain(powManifest(), 1_000n, 0n)), false)
})
