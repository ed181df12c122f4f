/** Kills the one node that saw a validator sign twice: what it saw is on disk, and convicts after the restart. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { keyAddress, type SigningKey } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import { HeldEvidence, heldEvidenceFile } from './held-evidence.ts'
import { governedManifest } from './test-chain/governed-chain.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { convictions } from './test-chain/two-votes.ts'
import { nodeFolder, startNode, validatorKeys } from './test-chain/voted-chain.ts'
import { until } from './test-chain/waiting.ts'

const entry = path.join(import.meta.dirname, 'test-chain/lone-witness.ts')
const keys = validatorKeys(4)
const manifest = governedManifest(keys, 'nobody')
const liar = keys[3] as SigningKey

/** A folder of a witness that was killed as soon as it had something on disk. */
async function killedWitness(folder: string): Promise<void> {
  const child = spawn(process.execPath, [entry, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const told = await Promise.race([once(child.stdout, 'data'), closed])
  assert.equal(String(told[0]), 'kept\n')
  child.kill('SIGKILL')
  await closed
}

async function heldIn(folder: string) {
  const held = await HeldEvidence.open(path.join(folder, manifest.name), silentLogger)
  const { found } = held
  await held.close()
  return found.map(({ signer }) => signer.toHex())
}

test('a kill of the only witness lets nobody off', { timeout: 60_000 }, async (t) => {
  const folders = await Promise.all([0, 1, 2].map(() => nodeFolder(t)))
  const [first = ''] = folders
  await killedWitness(first)
  assert.deepEqual(await heldIn(first), [keyAddress(liar).toHex()])
  const links = new TestLinks()
  const nodes: DrivenChain[] = []
  for (const [at, folder] of folders.entries()) {
    const own = keys.slice(at, at + 1)
    nodes.push(await startNode(links, { name: `node-${at}`, folder, manifest, keys: own }))
  }
  t.after(() => Promise.all(nodes.map((one) => one.stop())))
  const [witness] = nodes as [DrivenChain]
  assert.deepEqual(
    witness.round()?.evidence.map(({ signer }) => signer),
    [keyAddress(liar)],
  )
  await until(witness, () => convictions(witness).length > 0)
  await until(witness, () => witness.head().header.number >= (convictions(witness)[0] ?? 0n) + 2n)
  const set = witness.validatorsAt(witness.head().header.number + 1n)
  assert.equal(set?.list.length, 3)
  assert.deepEqual(witness.round()?.evidence, [])
  await witness.stop()
  // What stands in a block waits no more.
  assert.deepEqual(await heldIn(first), [])
})

test('a write that is torn leaves what was written before it', async (t) => {
  const folder = await nodeFolder(t)
  await killedWitness(folder)
  const file = heldEvidenceFile(path.join(folder, manifest.name))
  const whole = await readFile(file)
  // The next write would go to the other half.
  const half = whole.length / 2
  const isInFirst = whole.subarray(0, 8).readBigUInt64BE() > whole.readBigUInt64BE(half)
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(100, 0xff), 0, 100, isInFirst ? half : 0)
  await handle.close()
  assert.deepEqual(await heldIn(folder), [keyAddress(liar).toHex()])
})
