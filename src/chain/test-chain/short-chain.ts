/** Makes development chains of a few blocks with transfers, for tests. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import type { ChainOptions } from '../chain-parts.ts'
import { createChain } from '../create-chain.ts'
import { encodeTransaction, signTransaction } from '../ledger/transaction-codec.ts'
import { devManifest } from './dev-manifest.ts'

const key = new Uint8Array(32).fill(1)
const sender = addressOfKey(key)

/** Blocks come on demand only. */
export const shortManifest = devManifest(sender, 3_600_000)

/** A folder that is gone after the test. */
export async function temporaryFolder(t: {
  after(run: () => Promise<void>): void
}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-chain-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An open chain that is not started, so that it makes no blocks of its own. */
export function openStill(
  folder: string,
  manifest = shortManifest,
  options: Partial<ChainOptions> = {},
) {
  return createChain(
    { manifest, folder, beneficiary: sender, ...options },
    { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  )
}

/** A chain with so many blocks of a transfer each; it is running. */
export async function openShort(
  folder: string,
  blocks: number,
  options: Partial<ChainOptions> = {},
) {
  const chain = await openStill(folder, shortManifest, options)
  await chain.start()
  for (let nonce = 0; nonce < blocks; nonce += 1) {
    const unsigned = {
      type: 2,
      ...{ chainId: 7n, nonce: BigInt(nonce), gasLimit: 21_000n, value: 1n },
      ...{ to: new Uint8Array(20).fill(nonce % 200), accessList: [], data: new Uint8Array() },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    } as const
    await chain.submit(encodeTransaction(signTransaction(unsigned, key)))
    await chain.dev.sealNow()
  }
  return chain
}
