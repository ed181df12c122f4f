/** Lists everything that bounds the JSON-RPC interface, with its defaults. */

import { availableParallelism } from 'node:os'

/** Sizes in bytes (or UTF-16 units of JSON text), times in milliseconds, gas in units. */
export interface RpcLimits {
  /** Longest request body or WebSocket message. */
  readonly requestBytes: number
  /** Longest answer, a batch's answers together. */
  readonly responseLength: number
  /** Most requests of one batch. */
  readonly batchItems: number
  /** Most HTTP and WebSocket connections together. */
  readonly connections: number
  /** Time for a request to arrive whole. */
  readonly requestTimeoutMs: number
  /** Time for an HTTP client to take an answer whole. */
  readonly responseTimeoutMs: number
  /** Most requests of one WebSocket connection that are worked on at a time; it is not read past that. */
  readonly socketRequests: number
  /** Most bytes that may wait for a WebSocket or IPC client when there is more to send; a slower one is cut off. */
  readonly socketQueueBytes: number
  /** Most subscriptions of one WebSocket connection. */
  readonly subscriptions: number
  /** Most notifications held back until the answer to `eth_subscribe` is out. */
  readonly heldNotifications: number
  /** Most filters of one chain. */
  readonly filters: number
  /** A filter that nobody asks for this long is dropped. */
  readonly filterIdleMs: number
  /** Most changes that wait in one filter; a filter that is asked too seldom is dropped. */
  readonly filterChanges: number
  /** Most blocks that one query of logs may span. */
  readonly logRange: bigint
  /** Most logs that one query gives. */
  readonly logResults: number
  /** Most addresses, and most alternatives for a topic, of a log query. */
  readonly logAlternatives: number
  /** Gas of a call that names none, if its block has no more; of all calls of a simulation together. */
  readonly callGas: bigint
  /** Most gas of a call; a call that names more gets this. */
  readonly callGasCap: bigint
  /** Threads for calls that are known to be long. */
  readonly callThreads: number
  /** Longest run of a call, all runs of one estimate together. */
  readonly callMs: number
  /** Time after which the pending block takes no more transactions. */
  readonly pendingBuildMs: number
  /** Most blocks of one fee history. */
  readonly feeHistoryBlocks: bigint
  /** Most percentiles of one fee history. */
  readonly feeHistoryPercentiles: number
  /** Most storage slots of one proof. */
  readonly proofSlots: number
  /** Most accounts and slots, together, of a state override. */
  readonly overrideEntries: number
  /** Most calls of one block of a simulation. */
  readonly simulatedCalls: number
  /** Most bytes of injected data. */
  readonly injectBytes: number
  /** Most items or blocks of one page of the group qs. */
  readonly pageItems: number
  /** Bytes of encoded blocks after which a page ends. */
  readonly pageBytes: number
  /** Most blocks that are looked through for one page of injected data. */
  readonly scannedBlocks: number
  /** Most snapshots that `evm_snapshot` keeps. */
  readonly snapshots: number
  /** Most accounts that are impersonated by name. */
  readonly impersonated: number
}

/** What holds unless an option says otherwise. */
export const defaultLimits: RpcLimits = {
  requestBytes: 5 * 1024 * 1024,
  responseLength: 128 * 1024 * 1024,
  batchItems: 1_000,
  connections: 1_000,
  requestTimeoutMs: 30_000,
  responseTimeoutMs: 5 * 60 * 1000,
  socketRequests: 64,
  socketQueueBytes: 16 * 1024 * 1024,
  subscriptions: 128,
  heldNotifications: 1_024,
  filters: 1_000,
  filterIdleMs: 5 * 60 * 1000,
  filterChanges: 10_000,
  logRange: 100_000n,
  logResults: 200_000,
  logAlternatives: 1_000,
  callGas: 50_000_000n,
  callGasCap: 30_000_000_000n,
  callThreads: Math.min(availableParallelism() - 1, 4),
  callMs: 60_000,
  pendingBuildMs: 100,
  feeHistoryBlocks: 1_024n,
  feeHistoryPercentiles: 100,
  proofSlots: 1_024,
  overrideEntries: 10_000,
  simulatedCalls: 5_000,
  injectBytes: 64 * 1024,
  pageItems: 200,
  pageBytes: 4 * 1024 * 1024,
  scannedBlocks: 10_000,
  snapshots: 1_024,
  impersonated: 10_000,
}
