/** Runs several validators of one chain in a process, over links that a test can cut. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import { type SigningKey, signingKey } from '../../crypto/signatures.ts'
import type { ChainDependencies, ChainOptions, DrivenChain } from '../chain-parts.ts'
import { createChain } from '../create-chain.ts'
import type { BftParameters, Manifest } from '../ledger/manifest.ts'
import type { Address } from '../ledger/transaction.ts'
import { devManifest } from './dev-manifest.ts'
import type { TestLinks } from './test-links.ts'

/** Keys of so many validators. */
export function validatorKeys(count: number): readonly SigningKey[] {
  return Array.from({ length: count }, (_, at) =>
    signingKey('ed25519', new Uint8Array(32).fill(at + 1)),
  )
}

/** A chain that they vote on, on which one account has 100 ether. */
export function votedManifest(owner: Address, keys: readonly SigningKey[]): Manifest {
  const wait = { baseMs: 500, deltaMs: 250 }
  const consensus: BftParameters = {
    ...{ engine: 'bft', blockTimeMs: 1_000, maxTimeoutMs: 30_000, emptyBlocks: 'always' },
    timeouts: { propose: wait, prevote: wait, precommit: wait },
    ...{ absence: true, buildLeadMs: 200, futureMs: 500, evidenceHeights: 604_800 },
    validators: keys.map(({ scheme, publicKey }, at) => ({
      ...{ scheme, publicKey, weight: 1n, payTo: new Uint8Array(20).fill(at + 1) },
      owner: new Uint8Array(20).fill(at + 1),
    })),
    ...{ owner, maxValidators: 32 },
  }
  return { ...devManifest(owner), name: 'voted', consensus }
}

/** A folder for a node, and its name. */
export async function nodeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'voted-chain-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Opens and starts a node. */
export async function startNode(
  links: TestLinks,
  node: {
    readonly name: string
    readonly folder: string
    readonly manifest: Manifest
    /** The first that the set has signs. */
    readonly keys?: readonly SigningKey[]
    /** What the hash chains of each come from, where proposers reveal something. */
    readonly revealSeeds?: readonly Uint8Array[]
  } & Pick<ChainOptions, 'snapshotEvery' | 'trust'>,
  time: Pick<ChainDependencies, 'clock' | 'timer'> = { clock: systemClock, timer: systemTimer },
): Promise<DrivenChain> {
  const { name, folder, manifest, keys = [], revealSeeds = [], ...options } = node
  const validators = keys.map((key, at) => ({
    ...{ key, guardFile: path.join(folder, `guard-${at}`) },
    ...(revealSeeds[at] && { revealSeed: revealSeeds[at] }),
  }))
  const chain = await createChain(
    {
      ...{ ...options, folder, manifest, beneficiary: new Uint8Array(20) },
      validators,
    },
    {
      ...{ clock: time.clock, timer: time.timer, logger: silentLogger, metrics: noMetrics },
      join: links.join(name),
    },
  )
  await chain.start()
  return chain
}
