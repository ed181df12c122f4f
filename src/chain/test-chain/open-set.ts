/** Opens sets of development chains, for tests. */

import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { ChainSet, type ChainSetOptions } from '../chain-set.ts'
import type { Manifest } from '../ledger/manifest.ts'
import { encodeTransaction, signTransaction } from '../ledger/transaction-codec.ts'
import { devManifest } from './dev-manifest.ts'
import { temporaryFolder } from './short-chain.ts'

export const senderKey = new Uint8Array(32).fill(1)
/** Has 100 ether on each chain. */
export const sender = addressOfKey(senderKey)
/** Gets what `transfer` sends. */
export const receiver = new Uint8Array(20).fill(9)

const settings = {
  ...{
    poolTransactions: 100,
    poolPerSender: 50,
    poolBacklog: 2_000,
    stateHistory: 16,
    snapshotEvery: 0,
    stateArchive: false,
    minerThreads: 0,
  },
  ...{ stateMemory: 64, blockMemory: 16 },
}

/** A chain that seals a block for each transaction. */
export function named(name: string, chainId: bigint): Manifest {
  return { ...devManifest(sender), name, chainId }
}

/** A set whose first chain is `dev` with the id 7; what ran before runs. */
export async function openSet(
  folder: string,
  first = devManifest(sender),
  own: Pick<ChainSetOptions, 'validatorsOf'> = {},
) {
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger }
  const set = new ChainSet(
    { folder, settings, beneficiary: sender, most: 5, ...own },
    { ...world, metrics: noMetrics },
  )
  const chain = await set.open(first)
  await set.resume()
  return { set, first: chain }
}

/** The same in a folder that is gone after the test. */
export async function openNewSet(t: { after(run: () => Promise<void>): void }, first?: Manifest) {
  const folder = await temporaryFolder(t)
  const opened = await openSet(folder, first)
  t.after(() => opened.set.end())
  return { folder, ...opened }
}

/** The chain of that name, which must run. */
export function chainOf(set: ChainSet, name: string) {
  const { chain } = set.get(name)
  if (chain === undefined) throw new Error(`${name} does not run`)
  return chain
}

/** 5 wei for `receiver`, signed for one chain. */
export function transfer(chainId: bigint, nonce: bigint): Uint8Array {
  const unsigned = {
    type: 2,
    ...{ chainId, nonce, to: receiver, value: 5n, accessList: [], data: new Uint8Array() },
    ...{ gasLimit: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
  } as const
  return encodeTransaction(signTransaction(unsigned, senderKey))
}
