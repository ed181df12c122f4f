/** Makes chains that are sealed by work, whose time tests move by hand. */

import { setImmediate } from 'node:timers/promises'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { JoinNetwork } from '../chain-network.ts'
import type { ChainOptions, DrivenChain } from '../chain-parts.ts'
import { createChain } from '../create-chain.ts'
import type { Block } from '../ledger/block.ts'
import type { Manifest, PowParameters } from '../ledger/manifest.ts'
import type { Address } from '../ledger/transaction.ts'

/** With this target every nonce seals, and every block is as much work as any. */
const easiest = 2n ** 256n - 1n

/** A chain whose blocks need no work, on which some have 100 ether. */
export function powManifest(
  change: Partial<PowParameters> = {},
  owners: readonly Address[] = [],
): Manifest {
  return {
    ...{ version: 1, name: 'work', chainId: 7n, forks: [{ hardfork: 'osaka' }] },
    consensus: {
      ...{ engine: 'pow', blockTimeMs: 15_000, seal: 'keccak', halfLifeSeconds: 3_600 },
      ...{ startTarget: easiest, easiestTarget: easiest, issuanceWei: 2n * 10n ** 18n },
      ...{ halving: 1_000, safeDepth: 2, finalizedDepth: 8, maxReorg: 8, futureMs: 15_000 },
      ...change,
    },
    genesis: {
      ...{ timestamp: 1_000n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
      extraData: new Uint8Array(),
      accounts: owners.map((address) => ({
        ...{ address, balance: 10n ** 20n, nonce: 0n, code: new Uint8Array(), storage: [] },
      })),
    },
  }
}

/** The same, but half of all digests are too high. */
export const workManifest = powManifest({ startTarget: 2n ** 255n, easiestTarget: 2n ** 255n })

/** A clock that moves only when it is told to, with its timers. */
export class HandClock {
  nowMs = 2_000_000
  readonly #alarms = new Set<{ readonly atMs: number; readonly run: () => void }>()

  readonly clock = { nowMs: () => this.nowMs }
  readonly timer = {
    after: (delayMs: number, run: () => void) => {
      const alarm = { atMs: this.nowMs + delayMs, run }
      this.#alarms.add(alarm)
      return () => void this.#alarms.delete(alarm)
    },
  }

  /** Moves on, and calls what is due. */
  advance(ms: number): void {
    this.nowMs += ms
    for (const alarm of [...this.#alarms]) {
      if (alarm.atMs > this.nowMs || !this.#alarms.delete(alarm)) continue
      alarm.run()
    }
  }
}

/** Seals blocks for somebody; their nonces come by `mine`. */
export const miningFor = (payTo: Address) => ({ mining: { payTo, threads: 0 } })

/** Opens a chain that is followed, unless it is to be mined. */
export function openPow(
  folder: string,
  time: HandClock,
  { join, ...options }: Partial<ChainOptions> & { readonly join?: JoinNetwork } = {},
): Promise<DrivenChain> {
  return createChain(
    { manifest: powManifest(), folder, beneficiary: new Uint8Array(20), ...options },
    { ...time, logger: silentLogger, metrics: noMetrics, ...(join && { join }) },
  )
}

/** Seals the next block of a chain that is mined, a block time later. */
export async function mine(chain: DrivenChain, time: HandClock): Promise<Block> {
  const { number } = chain.head().header
  time.advance(15_000)
  for (let nonce = 0n; ; nonce += 1n) {
    const work = chain.mining.work()
    if (work?.number === number + 1n && chain.mining.submitWork(work.sealHash, nonce)) break
    await setImmediate()
  }
  while (chain.head().header.number === number) await setImmediate()
  return chain.head()
}

/** Seals so many. */
export async function mineMany(
  chain: DrivenChain,
  time: HandClock,
  count: number,
): Promise<readonly Block[]> {
  const blocks: Block[] = []
  for (let made = 0; made < count; made += 1) blocks.push(await mine(chain, time))
  return blocks
}
