/** Makes chains of work with a committee, whose time tests move by hand. */

import path from 'node:path'
import type { SigningKey } from '../../crypto/signatures.ts'
import type { JoinNetwork } from '../chain-network.ts'
import type { ChainOptions, DrivenChain } from '../chain-parts.ts'
import type { HybridParameters, Manifest } from '../ledger/manifest.ts'
import type { Address } from '../ledger/transaction.ts'
import { type HandClock, openPow, powManifest } from './pow-chain.ts'

const wait = { baseMs: 500, deltaMs: 250 }

/** Every fourth block can be final, with two on it; they are members of the committee, with equal weights. */
export function hybridManifest(
  keys: readonly SigningKey[],
  change: Partial<HybridParameters> = {},
  owners: readonly Address[] = [],
): Manifest {
  const manifest = powManifest({ maxReorg: 32, finalizedDepth: 32 }, owners)
  if (manifest.consensus.engine !== 'pow') throw new Error('it is a chain of work')
  const { engine: _, safeDepth: __, finalizedDepth: ___, ...work } = manifest.consensus
  const consensus: HybridParameters = {
    ...{ ...work, engine: 'hybrid', checkpointEvery: 4, buriedBy: 2, maxValidators: 16 },
    ...{ owner: payeeOf(0), maxTimeoutMs: 30_000 },
    timeouts: { propose: wait, prevote: wait, precommit: wait },
    ...{ finalityRewardWei: 10n ** 17n, committeeRewardWei: 4n * 10n ** 17n },
    validators: keys.map(({ scheme, publicKey }, at) => ({
      ...{ scheme, publicKey, weight: 1n, owner: payeeOf(at), payTo: payeeOf(at) },
    })),
    ...change,
  }
  return { ...manifest, name: 'hybrid', consensus }
}

/** Who is paid for what a node does. */
const payeeOf = (at: number): Address => new Uint8Array(20).fill(0xc0 + at)

/** Opens a node that can mine, and votes if it has a key. */
export function openHybrid(
  node: {
    readonly folder: string
    readonly manifest: Manifest
    readonly at: number
    readonly key?: SigningKey | undefined
    readonly join?: JoinNetwork
  },
  time: HandClock,
  options: Partial<ChainOptions> = {},
): Promise<DrivenChain> {
  const { folder, manifest, at, key, join } = node
  return openPow(folder, time, {
    ...{ manifest, mining: { payTo: payeeOf(at), threads: 0 }, ...options },
    ...(key && { validators: [{ key, guardFile: path.join(folder, 'guard') }] }),
    ...(join && { join }),
  })
}
