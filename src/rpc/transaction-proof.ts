/** Checks the proof that `qs_transactionProof` gives, for programs that trust the hash of a block and nothing else. */

import { AppError } from '../base/app-error.ts'
import { equalBytes, type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { dataAddress, decodeInjectedData } from '../chain/ledger/injected-data.ts'
import { checkTransactionProof, type ProvenTransaction } from '../chain/state/transaction-proof.ts'
import { listOf, record } from './params/parser.ts'
import { bytes, hash, quantity64 } from './params/values.ts'

/** What a proof shows, with the bytes of injected data as they were sent. */
export interface VerifiedTransaction {
  readonly transactionHash: Hex
  readonly blockHash: Hex
  readonly blockNumber: bigint
  /** Seconds since the epoch. */
  readonly timestamp: bigint
  readonly sender: Hex
  readonly recipient: Hex | undefined
  readonly valueWei: bigint
  /** Absent where the transaction carries none. */
  readonly data:
    | { readonly mediaType: string; readonly schema: Hex | undefined; readonly content: Uint8Array }
    | undefined
}

/** Most nodes between a root and an item. */
const mostNodes = 16

/**
 * Checks a proof.
 *
 * @param proof - as JSON-RPC gives it: `header`, `transactionIndex`, `nodes`
 * @param blockHash - of a block that the caller trusts: one that is final, or has a certificate
 * @throws AppError `rpc/bad-proof` for one that does not show that the transaction stands in that block
 */
export function verifyTransactionProof(proof: Json, blockHash: string): VerifiedTransaction {
  const { header, transactionIndex, nodes, transactionHash } = record(proof, 'proof')
  const trusted = hash(blockHash, 'blockHash')
  const read = {
    header: bytes(header, 'proof.header'),
    position: Number(quantity64(transactionIndex, 'proof.transactionIndex')),
    nodes: listOf(bytes, mostNodes)(nodes, 'proof.nodes'),
  }
  const verdict = checkTransactionProof(read, trusted)
  if (verdict.kind === 'invalid') throw bad(verdict.detail)
  const claimed = hash(transactionHash, 'proof.transactionHash')
  if (!equalBytes(verdict.transactionHash, claimed)) throw bad('it shows another transaction')
  return shown(verdict, toHex(trusted))
}

function shown(
  { header, transaction, transactionHash, sender }: ProvenTransaction,
  blockHash: Hex,
): VerifiedTransaction {
  const { to, value, data: calldata } = transaction
  const data = to && equalBytes(to, dataAddress) ? decodeInjectedData(calldata) : undefined
  return {
    ...{ transactionHash: toHex(transactionHash), blockHash },
    ...{ blockNumber: header.number, timestamp: header.timestamp, sender: toHex(sender) },
    ...{ recipient: to && toHex(to), valueWei: value },
    data: data && { ...data, schema: data.schema && toHex(data.schema) },
  }
}

function bad(detail: string): AppError {
  return new AppError({ code: 'rpc/bad-proof', message: `the proof does not hold: ${detail}` })
}
