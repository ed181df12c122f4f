/** Says what development chains of tests begin with. */

import type { Manifest } from '../ledger/manifest.ts'
import type { Address } from '../ledger/transaction.ts'

/** A chain by the rules of Osaka, on which one account has 100 ether; blocks come on demand if `blockTimeMs` is 0. */
export function devManifest(owner: Address, blockTimeMs = 0): Manifest {
  return {
    ...{ version: 1, name: 'dev', chainId: 7n, forks: [{ hardfork: 'osaka' }] },
    consensus: { engine: 'dev', blockTimeMs },
    genesis: {
      ...{ timestamp: 1_000n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
      extraData: new Uint8Array(),
      accounts: [
        { address: owner, balance: 10n ** 20n, nonce: 0n, code: new Uint8Array(), storage: [] },
      ],
    },
  }
}
