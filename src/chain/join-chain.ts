/** Lets a chain that is not begun join by a snapshot of its peers, so that it need not run all blocks. */

import path from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { JoinNetwork, NetworkedChain } from './chain-network.ts'
import { genesisBlock, genesisOf } from './genesis.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'
import { keepManifest } from './stored-manifest.ts'
import { isUnbegun } from './syncing/install-base.ts'
import { type JoinProgress, type JoinResult, SnapshotJoin } from './syncing/snapshot-join.ts'
import { mustBeYoung, type TrustedPlace } from './weak-subjectivity.ts'

export type { JoinProgress, JoinResult } from './syncing/snapshot-join.ts'
export type { TrustedPlace } from './weak-subjectivity.ts'

/** Which chain, and how. */
export interface JoinOptions {
  readonly manifest: Manifest
  /** Of all chains. */
  readonly folder: string
  /** The first block unless given. */
  readonly trust?: TrustedPlace | undefined
  /** Blocks that others must be ahead; 2,000 unless given. */
  readonly farBehind?: bigint
  /** How long somebody is waited for; 10 s unless given. */
  readonly waitMs?: number
  /** How long after the first answer others are waited for; a second unless given. */
  readonly graceMs?: number
}

/** What joining needs of the world. */
export interface JoinWorld {
  readonly join: JoinNetwork
  readonly clock: Clock
  readonly logger: Logger
  readonly tell?: (progress: JoinProgress) => void
  readonly signal?: AbortSignal | undefined
}

/** Blocks that are run sooner than a snapshot is got. */
const usualFarBehind = 2_000n
const [usualWaitMs, usualGraceMs] = [10_000, 1_000]

/**
 * Gets a proof, a snapshot and its chunks, each checked by what is trusted, if the chain is not begun and far behind its
 * peers. The chain is to be opened afterwards, whatever the result; it gets the blocks after the snapshot like any other.
 *
 * @throws AppError `chain/needs-trust` where stakes may have been taken back since the trusted block, `chain/over` when it
 * was ended, and what the disk throws
 */
export async function joinChain(options: JoinOptions, world: JoinWorld): Promise<JoinResult> {
  const { consensus } = options.manifest
  const isVoted =
    consensus.engine !== 'dev' && consensus.engine !== 'ethereum' && consensus.engine !== 'pow'
  if (!isVoted) return { kind: 'left', reason: 'its blocks are not voted on' }
  const folder = path.join(options.folder, options.manifest.name)
  if (!(await isUnbegun(folder))) return { kind: 'left', reason: 'it is begun already' }
  const { manifest, key } = await keepManifest(folder, options.manifest)
  const genesisRoot = rootOf(manifest)
  const first = { number: 0n, hash: genesisBlock(manifest, genesisRoot).block.hash }
  const trusted = { chainKey: key, ...(options.trust ?? first) }
  if (options.trust === undefined) mustBeYoung(manifest, world.clock)
  const network = world.join(listener(key))
  try {
    const joining = new SnapshotJoin({
      ...{ folder, trusted, genesisRoot, network, logger: world.logger },
      farBehind: options.farBehind ?? usualFarBehind,
      ...{ waitMs: options.waitMs ?? usualWaitMs, graceMs: options.graceMs ?? usualGraceMs },
      ...{
        tell: (progress) => world.tell?.(progress),
        isOver: () => world.signal?.aborted === true,
      },
    })
    return await joining.run()
  } finally {
    network.leave()
  }
}

function rootOf(manifest: Manifest): Hash {
  if (manifest.parent) return manifest.parent.stateRoot
  const { state } = genesisOf(manifest)
  const { root } = state
  state.release()
  return root
}

/** A node that only asks. */
function listener(key: Hash): NetworkedChain {
  return {
    ...{ key, validator: () => undefined, isValidator: () => false },
    ...{ hear: () => 'ignore', hearTransaction: async () => 'ignore', hearBlock: () => 'ignore' },
    ...{
      hearStatus: () => 'ignore',
      hearNewBlock: async () => 'ignore',
      hearOffer: () => 'ignore',
    },
    ...{ answer: async () => undefined, peerCame: () => {}, peerWent: () => {} },
  }
}
