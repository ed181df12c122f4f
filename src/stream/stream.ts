/** Describes events of a chain as the event wing keeps them. */

import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlSession } from '../store/sql.ts'
import type { EndpointStatus } from './source.ts'

/**
 * Where an event is in its life: in a block of the head chain (`pending`), with enough blocks on top (`confirmed`), at or
 * below the endpoint's tag or a set depth (`safe`, `finalized`), or its block left the chain (`retracted`).
 */
export type EventState = 'pending' | 'confirmed' | 'safe' | 'finalized' | 'retracted'

/** A decoded log. */
export interface StreamEvent {
  /**
   * Unique: `<chain>:<transaction hash>:<digest of what the event says>`, with `-1`, `-2` … where a transaction says the
   * same again. The same event in another block keeps it.
   */
  readonly id: string
  /** Name of the chain in this process's configuration. */
  readonly chain: string
  readonly chainId: number
  /** The contract. */
  readonly address: Hex
  /** As CloudEvents name it, where it is not `evm.log`. */
  readonly type?: string
  /** `Deposited`. */
  readonly name: string
  /** Canonical: `Deposited(address,uint256,bytes32)`. */
  readonly signature: string
  /** By argument name; integers as decimal strings of full precision. */
  readonly args: { readonly [name: string]: Json }
  readonly state: EventState
  readonly blockNumber: number
  readonly blockHash: Hex
  readonly transactionHash: Hex
  /** Within the block. */
  readonly logIndex: number
  /** Of the block, milliseconds since the epoch. */
  readonly blockTimeMs: number
  readonly seenAtMs: number
  /** Labels of the factories that made the contract; of an event that has just appeared, it is not stored. */
  readonly madeBy?: readonly string[]
}

/**
 * What `stream` calls, in the SQL transaction that stores the event: the exactly-once point. Within one chain events
 * come in the order of their blocks and logs, the changes of one event in the order in which they happened.
 */
export interface EventHandler {
  /**
   * A new event, or one that came back after it was retracted: normally `pending`, or further where its block is deep
   * when it is read.
   */
  appeared(session: SqlSession, event: StreamEvent): Promise<void>
  /** Their state, the same of all, is a later one: `confirmed`, `safe` or `finalized`; a state may be passed over. */
  advanced(session: SqlSession, events: readonly StreamEvent[]): Promise<void>
  /** Its block left the chain, whichever state it had; it is given as `retracted`. */
  retracted(session: SqlSession, event: StreamEvent): Promise<void>
  /**
   * What was told one by one, once more together, so that it can be written by few statements: all changes of one kind of
   * the transaction, in their order.
   */
  changed?(session: SqlSession, changes: readonly EventChange[]): Promise<void>
}

/** A change of an event. */
export interface EventChange {
  readonly event: StreamEvent
  /** Absent where it was not there, or was retracted. */
  readonly before: EventState | undefined
}

/** How far a listener is. */
export interface ListenerStatus {
  readonly chain: string
  /** `waiting`: the endpoint does not answer; `stopped` with `problem` when it cannot go on. */
  readonly state: 'starting' | 'catching-up' | 'following' | 'waiting' | 'stopped'
  /** Last block whose events are stored. */
  readonly checkpoint: number | undefined
  /** The endpoint's head. */
  readonly head: number | undefined
  /** The last error while it lasts, or an alarm until somebody acknowledged it. */
  readonly problem: string | undefined
  /** The history that is read beside the following, while there is some. */
  readonly backFill:
    | { readonly next: number; readonly last: number; readonly problem: string | undefined }
    | undefined
  /** Last blocks whose events are in each state or further, since the head was seen. */
  readonly marks:
    | { readonly confirmed: number; readonly safe: number; readonly finalized: number }
    | undefined
  /** How many endpoints must agree on what is final, and how many there are; absent where there is one. */
  readonly quorum: { readonly needed: number; readonly of: number } | undefined
  /** How the endpoints do, where there are several. */
  readonly endpoints: readonly EndpointStatus[]
  /** Those that nobody has acknowledged, oldest first; the last 16. */
  readonly alarms: readonly ListenerAlarm[]
}

/**
 * Something that must not happen, and did: events that were `finalized` left the chain, or the listener cannot go on. It
 * stays over restarts until somebody acknowledges it.
 */
export interface ListenerAlarm {
  readonly number: number
  readonly kind: 'finality-violated' | 'source-stopped'
  readonly atMs: number
  readonly detail: string
  readonly acknowledged: { readonly by: string; readonly atMs: number } | undefined
}

/** Follows one chain and stores the events that match. */
export interface Listener {
  status(): ListenerStatus
  /** Alarms with who acknowledged them, newest first. */
  alarms(query: PageQuery): Promise<Page<ListenerAlarm>>
  /** Says that somebody has looked at one alarm, or at all that are open. @returns how many were open */
  acknowledge(who: string, number?: number): Promise<number>
  start(): Promise<void>
  stop(): Promise<void>
}

/** An event as it is kept, with when it came how far. */
export interface StoredEvent extends StreamEvent {
  /**
   * In the order of time; states that it passed over are left out. `returned`: in another block after it had been
   * retracted; then what came before the return is not told.
   */
  readonly life: readonly {
    readonly state: 'seen' | 'returned' | Exclude<EventState, 'pending'>
    readonly atMs: number
  }[]
}

/** Questions about stored events. */
export interface EventStore {
  get(id: string): Promise<StoredEvent | undefined>
  /** Newest first. */
  list(query: PageQuery & { readonly name?: string | undefined }): Promise<Page<StoredEvent>>
  /** Calls for each event that appears or changes its state, after it is on disk. */
  subscribe(listener: (event: StreamEvent) => void): () => void
}
