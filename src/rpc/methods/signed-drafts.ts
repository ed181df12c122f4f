/** Makes transactions for others to sign, and takes their signatures. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Hash, Signature, UnsignedTransaction } from '../../chain/ledger/transaction.ts'
import {
  encodeTransaction,
  signingBytes,
  transactionHash,
} from '../../chain/ledger/transaction-codec.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { codedError } from '../envelope/coded-error.ts'
import { transactionFields } from '../format/transaction-json.ts'
import { plainRequest } from '../params/call-request.ts'
import type { ChainContext } from '../view/context.ts'
import type { DraftWish } from '../view/drafts.ts'
import { fill } from './account-methods.ts'

/** A transaction with the sender's next nonce, gas and fees. */
export async function completed(
  context: ChainContext,
  { sender, to, value, data }: DraftWish,
): Promise<UnsignedTransaction> {
  return fill(context, plainRequest({ from: sender, to, value, data }))
}

/** Drafts a transaction, and remembers it until its signature comes. */
export async function draft(context: ChainContext, wish: DraftWish): Promise<Json> {
  const filled = await completed(context, wish)
  const unsigned = { ...filled, nonce: context.chain.pool.nextNonce(wish.sender) }
  context.drafts.add(wish, unsigned)
  const raw = signingBytes(unsigned)
  const fields = transactionFields({ ...unsigned, yParity: 0, r: 0n, s: 0n }, undefined)
  const { v: _v, r: _r, s: _s, yParity: _parity, gasPrice: _price, ...transaction } = fields
  return { transaction, raw: toHex(raw), hash: toHex(keccak256(raw)) }
}

/**
 * Takes the signature over a draft, once or again.
 *
 * @throws AppError `json-rpc/error` with the codes `rpc/no-draft`, `rpc/bad-signature`, `rpc/nonce-moved`
 */
export async function submitSigned(
  { chain, drafts }: ChainContext,
  wish: DraftWish,
  signature: Signature,
): Promise<Hash> {
  const transaction = drafts.signed(wish, signature)
  if (transaction === undefined) {
    if (drafts.has(wish)) {
      const message = `no draft of this transaction was signed so by ${toHex(wish.sender)}; sign the hash of the draft itself, without a prefix, with the key of the sender`
      throw codedError('rpc/bad-signature', message)
    }
    const message =
      'nothing was drafted with this sender, recipient, amount and data, or it is forgotten; ask for a draft and sign that'
    throw codedError('rpc/no-draft', message)
  }
  const hash = transactionHash(transaction)
  if (chain.pool.get(hash) || chain.findTransaction(hash)) return hash
  const next = chain.pool.nextNonce(wish.sender)
  if (transaction.nonce !== next) {
    const message = `the draft has the nonce ${transaction.nonce}, and the next one of ${toHex(wish.sender)} is ${next} by now; ask for a new draft and sign that`
    throw codedError('rpc/nonce-moved', message)
  }
  return chain.submit(encodeTransaction(transaction))
}
