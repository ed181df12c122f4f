/** Says of a transaction that an endpoint gives what its signature proves. */

import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { fieldsOf, numberOf } from './evm/evm-answers.ts'
import { transactionBytes } from './evm/transaction-bytes.ts'

/** What nobody but the signer can have made. */
export interface SignedFields {
  readonly hash: Hex
  /** In lower case. */
  readonly signer: Hex | undefined
  readonly nonce: number
}

/**
 * Hash, signer and nonce of a transaction, computed from its fields; `undefined` for a type that is not known.
 *
 * @throws AppError `stream/bad-answer`
 */
export function signedFields(transaction: Json): SignedFields | undefined {
  const method = 'eth_getBlockByNumber'
  const fields = fieldsOf(transaction, method)
  const made = transactionBytes(fields)
  return made && { hash: made.hash, signer: made.signer(), nonce: numberOf(fields.nonce, method) }
}
