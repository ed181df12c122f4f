/** Describes what is listened to. */

import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'

/** One event of one contract, of several, of those that a factory made, or of any. */
export interface Subscription {
  /**
   * As in Solidity, `Deposited(address indexed account, uint256 amount, bytes32 memo)`; a name of the registry,
   * `ERC-20.Transfer`; with `abi` the event's name in it.
   */
  readonly event: string
  /** An ABI as compilers write it. */
  readonly abi?: readonly unknown[]
  /** Without it, and without `factory`, any contract. */
  readonly address?: Hex | readonly Hex[]
  /** Contracts that an event names in one of its arguments, from its block on. */
  readonly factory?: {
    readonly address: Hex | readonly Hex[]
    readonly event: string
    readonly abi?: readonly unknown[]
    readonly argument: string
    /** What events of these contracts are told to be made by (`StreamEvent.madeBy`). */
    readonly label?: string
  }
  /** Values of indexed arguments, one or any of a list; integers as decimal text. */
  readonly where?: { readonly [argument: string]: Json }
  /** A jq expression over `{name, signature, address, args}`; integers are exact. A failure counts as no. */
  readonly filter?: string
}

/** What is decoded of a log; hex in lower case. */
export interface RawLog {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: number
}
