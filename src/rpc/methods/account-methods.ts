/** Signs and sends transactions of the node's own accounts. */

import { toHex } from '../../base/bytes.ts'
import { nextBaseFee } from '../../chain/ledger/base-fee.ts'
import type { Address, Transaction, UnsignedTransaction } from '../../chain/ledger/transaction.ts'
import {
  encodeTransaction,
  signTransaction,
  transactionHash,
} from '../../chain/ledger/transaction-codec.ts'
import { invalidParams, serverError } from '../envelope/rpc-error.ts'
import { transactionFields } from '../format/transaction-json.ts'
import { latest } from '../params/block-reference.ts'
import { type CallRequest, callRequest } from '../params/call-request.ts'
import type { ChainContext } from '../view/context.ts'
import { suggestedTip } from '../view/fees.ts'
import { estimateGas } from './call-methods.ts'
import { type MethodTable, method } from './method.ts'

export const accountMethods: MethodTable = {
  eth_sendTransaction: method([callRequest], async (context, [request]) => {
    const { chain, signing } = context
    const key = isImpersonated(context, request.from) ? undefined : keyOf(context, request.from)
    const filled = await fill(context, request)
    const hash = await signing(() => {
      const { from = new Uint8Array(), nonce = chain.pool.nextNonce(from) } = request
      const unsigned = { ...filled, nonce }
      return key
        ? chain.submit(encodeTransaction(signTransaction(unsigned, key)))
        : chain.dev.submitAs(unsigned, from)
    })
    return toHex(hash)
  }),
  eth_signTransaction: method([callRequest], async (context, [request]) => {
    const key = keyOf(context, request.from)
    const { nonce } = request
    if (nonce === undefined)
      throw invalidParams('params[0].nonce: expected a quantity, got nothing')
    const signed: Transaction = signTransaction({ ...(await fill(context, request)), nonce }, key)
    const tx = {
      ...transactionFields(signed, undefined),
      hash: toHex(transactionHash(signed)),
    }
    return { raw: toHex(encodeTransaction(signed)), tx }
  }),
  eth_fillTransaction: method([callRequest], async (context, [request]) => {
    const { from, nonce = from ? context.chain.pool.nextNonce(from) : 0n } = request
    const unsigned = { ...(await fill(context, request)), nonce, yParity: 0, r: 0n, s: 0n }
    const tx = { ...transactionFields(unsigned, undefined), hash: toHex(transactionHash(unsigned)) }
    return { raw: toHex(encodeTransaction(unsigned)), tx }
  }),
}

/** Development only: what no key has signed. */
export const unsignedMethods: MethodTable = {
  eth_sendUnsignedTransaction: method([callRequest], async (context, [request]) => {
    const { chain, signing } = context
    const { from } = request
    if (!from) throw invalidParams('params[0].from: expected an address of 20 bytes, got nothing')
    const filled = await fill(context, request)
    const hash = await signing(() => {
      const { nonce = chain.pool.nextNonce(from) } = request
      return chain.dev.submitAs({ ...filled, nonce }, from)
    })
    return toHex(hash)
  }),
}

/** An account whose key the node has signs with it all the same. */
function isImpersonated({ development, keys }: ChainContext, from: Address | undefined): boolean {
  if (!from || keys.has(toHex(from))) return false
  return development.everybody || development.impersonated.has(toHex(from))
}

/** @throws AppError `json-rpc/error` when the node has no key of the account */
export function keyOf({ keys }: ChainContext, from: Address | undefined): Uint8Array {
  if (!from) throw invalidParams('params[0].from: expected an address of 20 bytes, got nothing')
  const key = keys.get(toHex(from))
  if (key) return key
  throw serverError(
    `unknown account: this node has no key of ${toHex(from)}; sign the transaction yourself and use eth_sendRawTransaction`,
  )
}

/** A transaction with gas and fees; its nonce is set when it is signed. */
export async function fill(
  context: ChainContext,
  request: CallRequest,
): Promise<UnsignedTransaction> {
  const { chain } = context
  const { to, value, data, accessList = [], authorizations, gasPrice } = request
  const { chainId } = chain.manifest
  if (request.chainId !== undefined && request.chainId !== chainId) {
    throw serverError(`chainId does not match node's (have=${request.chainId}, want=${chainId})`)
  }
  if (request.blobVersionedHashes) {
    throw serverError(
      'this node makes no transactions with blobs; sign one and give it to eth_sendRawTransaction',
    )
  }
  if (to === undefined && data.length === 0)
    throw serverError('contract creation without any data provided')
  const gasLimit = request.gas ?? (await estimateGas(context, request, { at: latest }))
  const payload = { nonce: 0n, chainId, gasLimit, value, data }
  if (authorizations !== undefined) {
    if (to === undefined) throw invalidParams('params[0].to: a delegation needs a target')
    return {
      ...payload,
      ...(await fees(context, request)),
      type: 4,
      to,
      accessList,
      authorizations,
    }
  }
  if (gasPrice === undefined && request.type !== 0n && request.type !== 1n)
    return { ...payload, ...(await fees(context, request)), type: 2, to, accessList }
  const price = gasPrice ?? (chain.head().header.baseFeePerGas ?? 0n) + (await suggestedTip(chain))
  return request.accessList === undefined
    ? { ...payload, type: 0, to, gasPrice: price }
    : { ...payload, type: 1, to, accessList, gasPrice: price }
}

/** Room for the base fee to double, as geth leaves it. */
async function fees({ chain }: ChainContext, request: CallRequest) {
  const maxPriorityFeePerGas =
    request.maxPriorityFeePerGas ?? smaller(await suggestedTip(chain), request)
  const base = nextBaseFee(chain.head().header)
  const maxFeePerGas = request.maxFeePerGas ?? request.gasPrice ?? base * 2n + maxPriorityFeePerGas
  return { maxFeePerGas, maxPriorityFeePerGas }
}

function smaller(tip: bigint, { maxFeePerGas: most }: CallRequest): bigint {
  return most !== undefined && most < tip ? most : tip
}
