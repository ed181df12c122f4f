/** Proves that a transaction stands in a block, and checks such proofs with nothing but the block's hash. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Block, Header } from '../ledger/block.ts'
import { decodeHeader, encodeHeader } from '../ledger/block-codec.ts'
import type { Address, Hash, Transaction } from '../ledger/transaction.ts'
import { decodeTransaction, encodeTransaction, senderOf } from '../ledger/transaction-codec.ts'
import { orderedProof, provenItem } from './ordered-proof.ts'

/** A header, and the way from its root of transactions to one of them. */
export interface TransactionProof {
  /** RLP, whose keccak-256 is the block's hash. */
  readonly header: Uint8Array
  /** Place of the transaction in the block, from 0. */
  readonly position: number
  /** Nodes of the trie, from the root down. */
  readonly nodes: readonly Uint8Array[]
}

/** What a proof shows. */
export interface ProvenTransaction {
  readonly header: Header
  readonly transaction: Transaction
  readonly transactionHash: Hash
  readonly sender: Address
}

/** A proof that shows something, or why it does not. */
export type ProofVerdict =
  | ({ readonly kind: 'valid' } & ProvenTransaction)
  | { readonly kind: 'invalid'; readonly detail: string }

/** The proof of the transaction at a place of a block. */
export function proveTransaction({ header, transactions }: Block, position: number) {
  const nodes = orderedProof(transactions.map(encodeTransaction), position)
  return { header: encodeHeader(header), position, nodes } satisfies TransactionProof
}

/**
 * Checks a proof against the hash of a block that the caller trusts; no chain is needed for it. A transaction that nobody
 * signed (a development chain has such) cannot be proven.
 */
export function checkTransactionProof(
  { header: encoded, position, nodes }: TransactionProof,
  blockHash: Hash,
): ProofVerdict {
  if (!equalBytes(keccak256(encoded), blockHash)) {
    return invalid('the header is not that of the block')
  }
  try {
    const header = decodeHeader(encoded)
    const item = provenItem(header.transactionsRoot, position, nodes)
    if (item === undefined) return invalid(`the nodes show no transaction at place ${position}`)
    const transaction = decodeTransaction(item)
    const sender = senderOf(transaction)
    if (sender === undefined) return invalid('nobody signed the transaction')
    return { kind: 'valid', header, transaction, transactionHash: keccak256(item), sender }
  } catch (error) {
    if (error instanceof AppError) return invalid(error.message)
    throw error
  }
}

function invalid(detail: string): ProofVerdict {
  return { kind: 'invalid', detail }
}
