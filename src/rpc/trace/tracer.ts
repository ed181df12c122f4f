/** Defines what a tracer is: it watches a transaction, and then tells what it saw. */

import type { Json } from '../../base/json-rpc.ts'
import type { CallResult, ExecutedTransaction } from '../../chain/evm/evm.ts'
import type { Watcher } from '../../chain/evm/watcher.ts'
import type { Address, Transaction } from '../../chain/ledger/transaction.ts'

/** What is traced: a transaction, or a call that is like one. */
export interface Traced {
  readonly from: Address
  readonly to: Address | undefined
  readonly gasLimit: bigint
  /** Who gets the fees of the block. */
  readonly beneficiary: Address
  /** Accounts whose code the transaction sets (EIP-7702). */
  readonly authorities: readonly Address[]
}

/** How it ended. */
export type TracedEnd = Pick<CallResult, 'halt' | 'haltDetail' | 'output' | 'gasUsed'>

/** Watches, and tells. */
export interface Tracer extends Watcher {
  /** @throws AppError `json-rpc/error` when there is too much to tell */
  result(end: TracedEnd): Json
}

/** The end of a transaction as of a call. */
export function endOf({ halt, haltDetail, output, receipt }: ExecutedTransaction): TracedEnd {
  return { halt, haltDetail, output, gasUsed: receipt.gasUsed }
}

/** What a transaction is for a tracer. */
export function tracedOf(
  { to, gasLimit }: Transaction,
  from: Address,
  place: Pick<Traced, 'beneficiary' | 'authorities'>,
): Traced {
  return { ...place, from, to, gasLimit }
}
