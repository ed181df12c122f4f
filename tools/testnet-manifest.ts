/** Writes the manifest of a test network, whose founders have accounts of the well-known test words. */

import { fromHex } from '../src/base/bytes.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import type { SignatureScheme } from '../src/crypto/signatures.ts'
import { birthManifest, type Founder, founderOf } from '../src/node/birth-manifest.ts'
import { devAccounts, testWords } from '../src/node/dev-accounts.ts'

/** How many accounts of the test words have ether. */
const funded = 20

/** What is short in a test network, so that there is something to see. */
const shortParts: Readonly<
  Record<string, (founders: number) => Readonly<Record<string, unknown>>>
> = {
  pos: () => ({ epochLength: 20, unbondingSeconds: 600 }),
  hybrid: () => ({ checkpointEvery: 4, buriedBy: 2 }),
  dpos: (founders) => ({
    ...{ active: Math.max(4, founders), standby: 1, unlockSeconds: 600 },
    ...{ ownUnlockSeconds: 1_200, banSeconds: 600 },
  }),
}

/** The founders who have these seeds. */
export function foundersOf(scheme: SignatureScheme, seeds: readonly Uint8Array[]): Founder[] {
  const owners = devAccounts(testWords, seeds.length)
  return seeds.map((seed, at) => founderOf(scheme, seed, fromHex(owners[at]?.address ?? '')))
}

/**
 * A manifest for them.
 *
 * @param consensus - a name of the table in `birth-manifest.ts`
 * @param time - of the birth, in seconds
 */
export function testnetManifest(
  consensus: string,
  founders: readonly Founder[],
  time: number,
): Manifest {
  const balance = 10n ** 25n
  const accounts = devAccounts(testWords, funded).map(({ address }) => ({ address, balance }))
  return birthManifest({
    ...{ name: 'testnet', chainId: 7001, gasLimit: 100_000_000 },
    ...{ consensus, founders, time, accounts },
    parts: shortParts[consensus]?.(founders.length) ?? {},
  })
}
