/** Writes manifests of new chains for their founders: each consensus that several nodes can hold gives its part in one table. */

import { type Hex, toHex } from '../base/bytes.ts'
import { hashChain, hashChainSecret, revealSeed } from '../chain/consensus/randao.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { parseManifest } from '../chain/ledger/manifest-codec.ts'
import { type SignatureScheme, signingKey } from '../crypto/signatures.ts'
import type { ConsensusName } from './consensus-names.ts'

/** A node that the network begins with. */
export interface Founder {
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
  /** What the key follows from. */
  readonly seed: Uint8Array
  /** Account that the founder is paid to, and that has its rights in contracts. */
  readonly owner: Uint8Array
}

/** What a consensus gives. */
interface ConsensusPart {
  /** Of the manifest, as JSON. */
  consensus(
    founders: readonly Founder[],
    chainId: number,
  ): { readonly engine: string } & Record<string, unknown>
  /** Flags of `quantumstream start` for a founder's node besides those of every node. */
  flags?(founder: Founder): readonly string[]
}

const [ether, hundredEther] = [10n ** 18n, 10n ** 20n].map(String) as [string, string]

/** All that a new chain can have, by name. */
export const consensusParts: Readonly<Record<ConsensusName, ConsensusPart>> = {
  bft: {
    consensus: (founders) => ({
      ...{ engine: 'bft', blockTimeMs: 1_000 },
      validators: founders.map(({ scheme, publicKey, owner }) => {
        return { scheme, publicKey: toHex(publicKey), weight: '1', payTo: toHex(owner) }
      }),
    }),
  },
  pos: {
    consensus: (founders, chainId) => ({
      ...{ engine: 'pos', issuanceWei: ether },
      validators: founders.map((founder) => {
        const commitment = commitmentOf(founder.seed, chainId)
        return { ...ownedKey(founder), stakeWei: hundredEther, commitment }
      }),
    }),
  },
  dpos: {
    consensus: (founders) => ({
      ...{ engine: 'dpos', issuanceWei: ether },
      validators: founders.map((founder, at) => {
        return { ...ownedKey(founder), name: `validator ${at}`, ownVotesWei: hundredEther }
      }),
    }),
  },
  pow: {
    // So many digests as four threads on two processors make in a second or some, busy as they may be.
    consensus: () => ({
      ...{ engine: 'pow', blockTimeMs: 4_000, halfLifeSeconds: 120 },
      ...{ startTarget: String(2n ** 256n / 400_000n), safeDepth: 6, maxReorg: 16 },
    }),
    flags: ({ owner }) => ['--miner', toHex(owner)],
  },
  hybrid: {
    consensus: (founders) => ({
      ...{ engine: 'hybrid', blockTimeMs: 4_000, halfLifeSeconds: 120 },
      ...{ startTarget: String(2n ** 256n / 400_000n), validators: founders.map(ownedKey) },
    }),
    flags: ({ owner }) => ['--miner', toHex(owner)],
  },
}

function ownedKey({ scheme, publicKey, owner }: Founder) {
  return { scheme, publicKey: toHex(publicKey), payTo: toHex(owner), owner: toHex(owner) }
}

/** What a validator with the key of this seed commits to at first. */
function commitmentOf(seed: Uint8Array, chainId: number): string {
  const secret = hashChainSecret(revealSeed(seed), { chainId: BigInt(chainId), number: 0 })
  return toHex(hashChain(secret).commitment)
}

/** What a new chain is to be. */
export interface Birth {
  readonly name: string
  readonly chainId: number
  /** A name of the table. */
  readonly consensus: string
  /** Fields of the consensus that differ from those of the table. */
  readonly parts?: Readonly<Record<string, unknown>>
  readonly founders: readonly Founder[]
  /** In seconds. */
  readonly time: number
  readonly gasLimit: number
  readonly accounts: readonly { readonly address: Hex; readonly balance: bigint }[]
}

/** A founder who has a seed. */
export function founderOf(scheme: SignatureScheme, seed: Uint8Array, owner: Uint8Array): Founder {
  return { scheme, publicKey: signingKey(scheme, seed).publicKey, seed, owner }
}

/** @throws AppError `ledger/bad-manifest` */
export function birthManifest(birth: Birth): Manifest {
  const { name, chainId, consensus, parts, founders, time, gasLimit, accounts } = birth
  return parseManifest(
    JSON.stringify({
      ...{ version: 1, name, chainId, hardfork: 'osaka' },
      consensus: { ...partOf(consensus).consensus(founders, chainId), ...parts },
      genesis: {
        ...{ timestamp: time, gasLimit: String(gasLimit), baseFeePerGas: '1000000000' },
        extraData: '0x',
        accounts: accounts.map(({ address, balance }) => ({ address, balance: String(balance) })),
      },
    }),
  )
}

/** Flags that the nodes of a consensus need besides those of every node. */
export function founderFlags(consensus: string, founder: Founder): readonly string[] {
  return partOf(consensus).flags?.(founder) ?? []
}

function partOf(consensus: string): ConsensusPart {
  const part: ConsensusPart | undefined = consensusParts[consensus as ConsensusName]
  if (part) return part
  throw new RangeError(`no part for the consensus ${consensus}`)
}
