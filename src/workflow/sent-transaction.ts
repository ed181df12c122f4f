/** Describes what sends transactions, and what is known of each. */

import type { Hex } from '../base/bytes.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Tracer } from '../base/tracing.ts'
import type { SqlStore } from '../store/sql.ts'
import type { Signer } from './signers.ts'
import type { SignedStatement, Statement } from './statement.ts'

/** Which key on which chain, and how it pays. */
export interface SenderOptions {
  readonly chainId: number
  readonly signer: Signer
  /** Highest fee offered, in wei per gas. */
  readonly maxFeePerGas: bigint
  /** Pause between two looks at the chain while something is open; default 200. */
  readonly pollMs?: number
  /** Without a receipt after this time, more is offered; default 30,000. */
  readonly stuckAfterMs?: number
  /**
   * How long a nonce must be used up without a receipt of ours before it is given up if another one has it, how long between
   * two looks for that one, and how long a nonce must be missing before it is filled; default 15,000. Behind one address may
   * be several machines, of which one counts what another does not know yet.
   */
  readonly displacedAfterMs?: number
  /** Transactions that may be out at once; others wait for their turn. Default 64, what pools take of one account. */
  readonly maxOpen?: number
  /** Blocks on top before a block is final, which a node may call so earlier, as development nodes do; default 64. */
  readonly finalDepth?: number
}

/** What a sender needs of the world. */
export interface SenderDependencies {
  readonly client: JsonRpcClient
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
}

/** What is to be sent. */
export interface SendRequest {
  readonly idempotencyKey: Hex
  /** Absent creates a contract. */
  readonly to: Hex | undefined
  readonly data: Hex
  /** Wei. */
  readonly value: bigint
  /** Instead of the estimate with its margin. */
  readonly gas?: bigint | undefined
  /** Blocks on top of its own before it counts as done; default 0. */
  readonly confirmations?: number | undefined
  /** Where its span belongs, the W3C's; kept with it. */
  readonly traceparent?: string | undefined
}

/** `open` until it is in a block, `mined` until that block is final; a reorganisation makes it open again. */
export type SentState = 'open' | 'mined' | 'final'

/** One signing of a transaction; later ones pay more, or have another nonce. */
export interface SignedVersion {
  readonly hash: Hex
  readonly raw: Hex
  /** Wei per gas, decimal. */
  readonly maxFeePerGas: string
  /** Absent where the chain has no base fee. */
  readonly maxPriorityFeePerGas?: string | undefined
  readonly signedAtMs: number
}

/** How a transaction ended. */
export interface SentOutcome {
  readonly hash: Hex
  readonly blockNumber: number
  readonly blockHash: Hex
  readonly succeeded: boolean
  readonly gasUsed: string
  /** Of the contract it created. */
  readonly contractAddress?: Hex
}

/** A transaction of a sender. */
export interface SentTransaction {
  /** `<chain id>:<address>`. */
  readonly lane: string
  readonly idempotencyKey: Hex
  readonly state: SentState
  readonly nonce: number
  readonly request: {
    readonly to: Hex | null
    readonly data: Hex
    readonly value: string
    readonly traceparent?: string
  }
  readonly gas: string
  /** Oldest first; any of them can be mined. */
  readonly versions: readonly SignedVersion[]
  /** Grows with each change. */
  readonly revision: number
  readonly outcome: SentOutcome | undefined
  /** Why it does not get on, for people. */
  readonly problem: string | undefined
  readonly createdAtMs: number
}

/** A lane at a glance. */
export interface LaneStatus {
  readonly chainId: number
  readonly address: Hex
  /** Signed and not in a block. */
  readonly open: number
  /** Waiting for their turn. */
  readonly waiting: number
  /** The last failure, while it lasts. */
  readonly problem: string | undefined
}

/** Sends transactions. */
export interface TransactionSender {
  readonly address: Hex
  readonly chainId: number
  /**
   * Sends, or goes on with what was sent before under the same key, and resolves when it is mined and has its
   * confirmations. The signed transaction is on disk before it is broadcast, so that after a crash the same one goes out
   * again. When it is not signed yet, an aborted signal takes it back.
   *
   * @throws AppError `workflow/no-funds` and `json-rpc/unreachable` (retry `later`), `json-rpc/error` when the node
   * refuses it, `workflow/fee-too-high` and `workflow/not-taken` (retry `later`), `workflow/send-aborted`
   */
  send(request: SendRequest, signal: AbortSignal): Promise<SentOutcome>
  /** Whether something was signed under this key, which is in a block or may come into one. */
  hasSigned(idempotencyKey: Hex): Promise<boolean>
  /** Signs what is no transaction, and so takes no nonce. @throws AppError `workflow/bad-input` for another chain, `workflow/not-signed` */
  sign(statement: Statement): Promise<SignedStatement>
  status(): LaneStatus
  /** Goes on with what was open at the last stop, and watches what is mined until it is final. */
  start(): void
  /** Resolves when nothing is under way. */
  stop(): Promise<void>
}
