/** Describes what a method sees: one chain, and what the interface keeps about it. */

import type { Hex } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Chain, ChainMark } from '../../chain/chain.ts'
import type { ChainSet } from '../../chain/chain-set.ts'
import type { CallCrew } from '../calls/call-crew.ts'
import type { DataSchema } from '../data/data-schema.ts'
import type { RpcLimits } from '../limits.ts'
import type { Filters } from '../live/filters.ts'
import type { Drafts } from './drafts.ts'
import type { Exclusive } from './exclusive.ts'
import type { Pending } from './pending.ts'

/** A connection that can be told things later. */
export interface Subscriber {
  /**
   * Opens a subscription; `begin` gets a function that notifies, and gives one that ends it.
   *
   * @throws AppError `json-rpc/error` -32005 when there are too many
   */
  subscribe(begin: (notify: (result: Json) => void) => () => void): Hex
  /** Ends a subscription; false if there is no such one. */
  unsubscribe(id: string): boolean
}

/** Who asks. */
export interface Caller {
  /** Absent where it cannot be told anything later. */
  readonly subscriber?: Subscriber
  /** Whether nobody will hear the answer. */
  readonly isGone?: () => boolean
}

/** A point to which the development chain can be taken back. */
interface Snapshot {
  readonly id: Hex
  readonly mark: ChainMark
  /** Seconds that the clock was ahead. */
  readonly shiftedSeconds: bigint
}

/** How data get into transactions of a chain. */
export interface Injection {
  /** Signs for whoever gives data without a signature; nobody does if it is absent. */
  readonly key: Uint8Array | undefined
  /** What JSON has to fit; anything goes without one. */
  readonly schema: DataSchema | undefined
}

/** What the interface keeps about one chain. */
export interface ChainContext {
  readonly chain: Chain
  readonly limits: RpcLimits
  readonly clock: Clock
  /** Whether what runs long should end: nobody will hear its answer. */
  readonly isStopping: () => boolean
  readonly clientVersion: string
  readonly dataFolder: string | undefined
  /** Private keys that may sign, by address in lower-case hex. */
  readonly keys: ReadonlyMap<Hex, Uint8Array>
  readonly calls: CallCrew
  readonly filters: Filters
  readonly pending: Pending
  /** How data get into transactions. */
  readonly injection: Injection
  /** Transactions that others are to sign. */
  readonly drafts: Drafts
  /** Fills in nonces one transaction at a time. */
  readonly signing: Exclusive
  /** Names of all methods. */
  readonly methodNames: readonly string[]
  /** All chains of the process; absent where there is but this one. */
  readonly chains: ChainSet | undefined
  /** What the development methods remember. */
  readonly development: {
    /** Oldest first. */
    readonly snapshots: Snapshot[]
    taken: number
    shiftedSeconds: bigint
    /** Accounts, in lower-case hex, that send without a key; all of them if `everybody`. */
    readonly impersonated: Set<Hex>
    everybody: boolean
  }
}

/** What one call sees. */
export interface CallContext extends ChainContext {
  /** Absent where the caller cannot be told anything later. */
  readonly subscriber: Subscriber | undefined
}
