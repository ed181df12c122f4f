/** Makes transactions without signatures of the calls of a simulation. */

import type { Transaction } from '../../chain/ledger/transaction.ts'
import { invalidParams, serverError } from '../envelope/rpc-error.ts'
import type { CallRequest } from '../params/call-request.ts'

/** What a call does not say itself. */
export interface CallDefaults {
  readonly chainId: bigint
  readonly nonce: bigint
  /** Gas that the block has left; more than that is refused before. */
  readonly gas: bigint
  /** Most gas that a call gets. */
  readonly gasCap: bigint
  /** Absent before London, when transactions have a gas price. */
  readonly baseFeePerGas: bigint | undefined
}

const unsigned = { yParity: 0, r: 0n, s: 0n } as const

/**
 * The transaction of a call, of the type that its fields ask for, and of type 2 where they ask for none.
 *
 * @throws AppError `json-rpc/error` -32602, -32000
 */
export function imaginedTransaction(call: CallRequest, defaults: CallDefaults): Transaction {
  const { to, value, data, accessList = [], gasPrice } = call
  const { chainId, gasCap } = defaults
  if (call.chainId !== undefined && call.chainId !== chainId)
    throw serverError(`chainId does not match node's (have=${call.chainId}, want=${chainId})`)
  const gas = call.gas ?? defaults.gas
  const shared = {
    ...{ ...unsigned, to, value, data, nonce: call.nonce ?? defaults.nonce },
    gasLimit: gas < gasCap ? gas : gasCap,
  }
  if (gasPrice !== undefined || defaults.baseFeePerGas === undefined)
    return { ...shared, type: 0, chainId: undefined, gasPrice: gasPrice ?? 0n }
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = call
  const typed = { ...shared, chainId, accessList, maxFeePerGas, maxPriorityFeePerGas }
  const { authorizations, blobVersionedHashes, maxFeePerBlobGas = 0n } = call
  if (authorizations) return { ...typed, type: 4, to: targetOf(call), authorizations }
  if (!blobVersionedHashes) return { ...typed, type: 2 }
  return { ...typed, type: 3, to: targetOf(call), blobVersionedHashes, maxFeePerBlobGas }
}

function targetOf({ to }: CallRequest): Uint8Array {
  if (to) return to
  throw invalidParams('a transaction with delegations or blobs needs a target ("to")')
}
