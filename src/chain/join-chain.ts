/** Lets a chain that is not begun join by a snapshot of its peers, so that it need not run all blocks. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { JoinNetwork, NetworkedChain } from './chain-network.ts'
import { genesisBlock, genesisOf } from './genesis.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'
import { keepManifest } from './stored-manifest.ts'
import { isUnbegun } from './syncing/install-base.ts'
import { type JoinProgress, type JoinResult, SnapshotJoin } from './syncing/snapshot-join.ts'

export type { JoinProgress, JoinResult } from './syncing/snapshot-join.ts'

/** A block that an operator trusts, from somebody who runs a node. */
export interface TrustedPlace {
  readonly number: bigint
  readonly hash: Hash
}

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

/**
 * Who had stakes once, and has them no more, can sign a second history without losing anything: it takes somebody's word for
 * which block is of the right one.
 */
function mustBeYoung({ consensus, genesis, name }: Manifest, clock: Clock): void {
  if (!('unbondingSeconds' in consensus)) return
  const ageSeconds = BigInt(Math.floor(clock.nowMs() / 1_000)) - genesis.timestamp
  const most = BigInt(consensus.unbondingSeconds) / 2n
  if (ageSeconds <= most) return
  const message = `the chain "${name}" is older than half the time after which stakes are free (${most} s): ask somebody who runs a node for the number and hash of a block younger than that, and name it by --trust HEIGHT:HASH`
  throw new AppError({ code: 'chain/needs-trust', message })
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
