/** Writes transactions as JSON, in blocks and in the pool. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import type { AccessListEntry, Transaction } from '../../chain/ledger/transaction.ts'
import type { PooledTransaction } from '../../chain/txpool/txpool.ts'
import { toQuantity, toWord } from './quantity.ts'

type Fields = { readonly [key: string]: Json }

/** A transaction of a block; undefined if the block has none at this position. */
export function minedTransaction(executed: ExecutedBlock, position: number): Fields | undefined {
  const { block, senders, transactionHashes } = executed
  const transaction = block.transactions[position]
  const sender = senders[position]
  const hash = transactionHashes[position]
  if (!transaction || !sender || !hash) return undefined
  return {
    blockHash: toHex(block.hash),
    blockNumber: toQuantity(block.header.number),
    blockTimestamp: toQuantity(block.header.timestamp),
    from: toHex(sender),
    hash: toHex(hash),
    transactionIndex: toQuantity(position),
    ...transactionFields(transaction, block.header.baseFeePerGas),
  }
}

/** A transaction that waits for a block. */
export function pooledTransaction({ transaction, hash, sender }: PooledTransaction): Fields {
  return {
    blockHash: null,
    blockNumber: null,
    blockTimestamp: null,
    from: toHex(sender),
    hash: toHex(hash),
    transactionIndex: null,
    ...transactionFields(transaction, undefined),
  }
}

/** A signed transaction as eth_signTransaction answers it. */
export function transactionFields(transaction: Transaction, baseFee: bigint | undefined): Fields {
  const { nonce, gasLimit, to, value, data, type, r, s } = transaction
  return {
    gas: toQuantity(gasLimit),
    input: toHex(data),
    nonce: toQuantity(nonce),
    to: to ? toHex(to) : null,
    value: toQuantity(value),
    type: toQuantity(type),
    ...typedFields(transaction, baseFee),
    ...{ r: toQuantity(r), s: toQuantity(s) },
  }
}

/** An access list as JSON. */
export function accessListJson(accessList: readonly AccessListEntry[]): Json {
  return accessList.map(({ address, slots }) => ({
    address: toHex(address),
    storageKeys: slots.map(toWord),
  }))
}

function typedFields(transaction: Transaction, baseFee: bigint | undefined): Fields {
  const { yParity } = transaction
  if (transaction.type === 0) {
    const { chainId, gasPrice } = transaction
    const price = { gasPrice: toQuantity(gasPrice) }
    if (chainId === undefined) return { ...price, v: toQuantity(27 + yParity) }
    const v = toQuantity(chainId * 2n + 35n + BigInt(yParity))
    return { ...price, chainId: toQuantity(chainId), v }
  }
  const fields = {
    accessList: accessListJson(transaction.accessList),
    chainId: toQuantity(transaction.chainId),
    v: toQuantity(yParity),
    yParity: toQuantity(yParity),
  }
  if (transaction.type === 1) return { ...fields, gasPrice: toQuantity(transaction.gasPrice) }
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  const fees = {
    gasPrice: toQuantity(effectivePrice(maxFeePerGas, maxPriorityFeePerGas, baseFee)),
    maxFeePerGas: toQuantity(maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
  }
  if (transaction.type === 2) return { ...fields, ...fees }
  if (transaction.type === 3) {
    const { maxFeePerBlobGas, blobVersionedHashes } = transaction
    return {
      ...{ ...fields, ...fees, maxFeePerBlobGas: toQuantity(maxFeePerBlobGas) },
      blobVersionedHashes: blobVersionedHashes.map(toHex),
    }
  }
  const authorizationList = transaction.authorizations.map((one) => ({
    chainId: toQuantity(one.chainId),
    address: toHex(one.address),
    nonce: toQuantity(one.nonce),
    yParity: toQuantity(one.yParity),
    r: toQuantity(one.r),
    s: toQuantity(one.s),
  }))
  return { ...fields, ...fees, authorizationList }
}

/** Before it is in a block, a transaction shows the most it may pay. */
function effectivePrice(maxFee: bigint, tip: bigint, baseFee: bigint | undefined): bigint {
  if (baseFee === undefined || baseFee + tip > maxFee) return maxFee
  return baseFee + tip
}
