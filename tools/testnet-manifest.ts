/** Writes the manifest of a test network: each consensus that several nodes can hold gives its part in one table. */

import { fromHex, toHex } from '../src/base/bytes.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { parseManifest } from '../src/chain/ledger/manifest-codec.ts'
import { type SignatureScheme, signingKey } from '../src/crypto/signatures.ts'
import { devAccounts, testWords } from '../src/node/dev-accounts.ts'

/** A node that the network begins with. */
interface Founder {
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
  /** What the key follows from. */
  readonly seed: Uint8Array
  /** Account of the well-known test words that the birth funds and the founder is paid to. */
  readonly owner: Uint8Array
}

/** What a consensus gives. */
interface ConsensusPart {
  /** Of the manifest, as JSON. */
  consensus(founders: readonly Founder[]): { readonly engine: string } & Record<string, unknown>
  /** Flags of `quantumstream start` for a founder's node besides those of every node. */
  flags?(founder: Founder): readonly string[]
}

/** All of them, by the name that `--consensus` takes. */
export const consensusParts: Readonly<Record<string, ConsensusPart>> = {
  bft: {
    consensus: (founders) => ({
      ...{ engine: 'bft', blockTimeMs: 1_000 },
      validators: founders.map(({ scheme, publicKey, owner }) => {
        return { scheme, publicKey: toHex(publicKey), weight: '1', payTo: toHex(owner) }
      }),
    }),
  },
  pow: {
    // So many digests as four threads on two processors make in some four seconds.
    consensus: () => ({
      ...{ engine: 'pow', blockTimeMs: 4_000, halfLifeSeconds: 120 },
      ...{ startTarget: String(2n ** 256n / 2_000_000n), safeDepth: 6, maxReorg: 16 },
    }),
    flags: ({ owner }) => ['--miner', toHex(owner)],
  },
}

/** How many accounts of the test words have ether. */
const funded = 20

/** The founders who have these seeds. */
export function foundersOf(scheme: SignatureScheme, seeds: readonly Uint8Array[]): Founder[] {
  const owners = devAccounts(testWords, seeds.length)
  return owners.map(({ address }, at) => {
    const seed = seeds[at] as Uint8Array
    const { publicKey } = signingKey(scheme, seed)
    return { scheme, publicKey, seed, owner: fromHex(address) }
  })
}

/**
 * A manifest for them.
 *
 * @param consensus - a name of the table
 * @param time - of the birth, in seconds
 */
export function testnetManifest(
  consensus: string,
  founders: readonly Founder[],
  time: number,
): Manifest {
  const balance = String(10n ** 25n)
  const accounts = devAccounts(testWords, funded).map(({ address }) => ({ address, balance }))
  return parseManifest(
    JSON.stringify({
      ...{ version: 1, name: 'testnet', chainId: 7001, hardfork: 'osaka' },
      consensus: partOf(consensus).consensus(founders),
      genesis: {
        ...{ timestamp: time, gasLimit: '100000000', baseFeePerGas: '1000000000' },
        ...{ extraData: '0x', accounts },
      },
    }),
  )
}

/** Flags that the nodes of a consensus need besides those of every node. */
export function testnetFlags(consensus: string, founder: Founder): readonly string[] {
  return partOf(consensus).flags?.(founder) ?? []
}

function partOf(consensus: string): ConsensusPart {
  const part = consensusParts[consensus]
  if (part) return part
  throw new RangeError(`no part for the consensus ${consensus}`)
}
