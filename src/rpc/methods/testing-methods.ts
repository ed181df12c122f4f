/** Builds blocks for tests of clients; the chain stays as it is (execution-apis, testing). */

import type { Transaction } from '../../chain/ledger/transaction.ts'
import { decodeTransaction } from '../../chain/ledger/transaction-codec.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { listOf, optional, type Parser } from '../params/parser.ts'
import { payloadAttributes } from '../params/payload-attributes.ts'
import { bytes, hash } from '../params/values.ts'
import { builtPayload } from '../simulation/built-payload.ts'
import { type MethodTable, method } from './method.ts'

const mostTransactions = 10_000
const mostExtraBytes = 32

const transaction: Parser<Transaction> = (value, path) => {
  const encoded = bytes(value, path)
  try {
    return decodeTransaction(encoded)
  } catch (error) {
    throw invalidParams(`${path}: ${error instanceof Error ? error.message : 'no transaction'}`)
  }
}

const extraData: Parser<Uint8Array> = (value, path) => {
  const read = bytes(value, path)
  if (read.length > mostExtraBytes) throw invalidParams(`${path}: at most ${mostExtraBytes} bytes`)
  return read
}

export const testingMethods: MethodTable = {
  testing_buildBlockV1: method(
    [hash, payloadAttributes, optional(listOf(transaction, mostTransactions)), optional(extraData)],
    (context, [parent, attributes, transactions, extra]) =>
      builtPayload(context, { ...attributes, parent, transactions, extraData: extra }),
  ),
}
