/** Opens a development chain in a temporary folder, for tests. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Hex, toHex } from '../../base/bytes.ts'
import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { Chain } from '../../chain/chain.ts'
import { createChain } from '../../chain/create-chain.ts'
import type { Hardfork } from '../../chain/ledger/fork-rules.ts'
import type { Manifest } from '../../chain/ledger/manifest.ts'
import { keyFromMnemonic } from '../../crypto/mnemonic.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'

/** An account with its key. */
interface TestAccount {
  readonly address: Hex
  readonly key: Uint8Array
}

/** What a test may choose. */
export interface TestChainOptions {
  readonly name?: string
  /** 20250 unless said. */
  readonly chainId?: bigint
  readonly hardfork?: Hardfork
  /** 0 unless said: blocks come only on demand. */
  readonly blockTimeMs?: number
  /** 256 MiB unless said. */
  readonly blockMemoryBytes?: number
}

const words = 'test test test test test test test test test test test junk'

/** Ten accounts of the well-known words; each holds 10,000 ether. */
export const testAccounts: readonly TestAccount[] = Array.from({ length: 10 }, (_, number) => {
  const key = keyFromMnemonic(words, number)
  return { address: toHex(addressOfKey(key)), key }
})

/** A development chain whose first ten accounts hold 10,000 ether each. */
export function testManifest(options: TestChainOptions = {}): Manifest {
  const { name = 'dev', chainId = 20_250n, hardfork = 'osaka', blockTimeMs = 0 } = options
  const accounts = testAccounts.map(({ key }) => ({
    ...{ address: addressOfKey(key), balance: 10_000n * 10n ** 18n, nonce: 0n },
    ...{ code: new Uint8Array(), storage: [] },
  }))
  const genesis = {
    ...{ timestamp: 1_700_000_000n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
    ...{ extraData: new Uint8Array(), accounts },
  }
  const consensus = { engine: 'dev', blockTimeMs } as const
  return { version: 1, name, chainId, forks: [{ hardfork }], consensus, genesis }
}

/** A started chain that is stopped, and its folder gone, after the test. */
export async function openChain(
  t: { after(run: () => Promise<void>): void },
  options: TestChainOptions = {},
): Promise<Chain> {
  const { blockMemoryBytes } = options
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-rpc-'))
  const chain = await createChain(
    {
      ...{ manifest: testManifest(options), folder, beneficiary: new Uint8Array(20).fill(0xbe) },
      ...(blockMemoryBytes !== undefined && { blockMemoryBytes }),
    },
    {
      clock: systemClock,
      timer: systemTimer,
      logger: silentLogger,
      metrics: noMetrics,
    },
  )
  t.after(async () => {
    await chain.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  await chain.start()
  return chain
}
