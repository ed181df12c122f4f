/** Describes a chain's manifest: everything that is fixed at its birth. */

import type { Hardfork } from './fork-rules.ts'
import type { Address } from './transaction.ts'

/** Forks that a chain of one's own may begin with, oldest first. */
export const ownForks = ['shanghai', 'cancun', 'prague', 'osaka'] as const satisfies Hardfork[]

/** What an account holds at birth. */
export interface GenesisAccount {
  readonly address: Address
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly storage: readonly (readonly [slot: bigint, value: bigint])[]
}

/** The rules and the first state of a chain. */
export interface Manifest {
  readonly version: 1
  /** Lower-case letters, digits and dashes; names the chain's folder and RPC path. */
  readonly name: string
  readonly chainId: bigint
  readonly hardfork: Hardfork
  readonly consensus: { readonly engine: 'dev'; readonly blockTimeMs: number }
  readonly genesis: {
    /** Seconds since the epoch. */
    readonly timestamp: bigint
    readonly gasLimit: bigint
    readonly baseFeePerGas: bigint
    readonly extraData: Uint8Array
    readonly accounts: readonly GenesisAccount[]
  }
}
