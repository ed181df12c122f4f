/** Reads the transaction objects of eth_call, eth_estimateGas and eth_sendTransaction. */

import { equalBytes } from '../../base/bytes.ts'
import type {
  AccessListEntry,
  Address,
  Authorization,
  Hash,
} from '../../chain/ledger/transaction.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { listOf, optional, type Parser, record } from './parser.ts'
import { address, bytes, hash, quantity, quantity64, word } from './values.ts'

/** A transaction as a client describes it; everything may be left out. Amounts are in wei. */
export interface CallRequest {
  readonly type: bigint | undefined
  readonly chainId: bigint | undefined
  readonly from: Address | undefined
  readonly to: Address | undefined
  readonly nonce: bigint | undefined
  readonly gas: bigint | undefined
  readonly gasPrice: bigint | undefined
  readonly maxFeePerGas: bigint | undefined
  readonly maxPriorityFeePerGas: bigint | undefined
  readonly value: bigint
  readonly data: Uint8Array
  readonly accessList: readonly AccessListEntry[] | undefined
  readonly authorizations: readonly Authorization[] | undefined
  readonly blobVersionedHashes: readonly Hash[] | undefined
  readonly maxFeePerBlobGas: bigint | undefined
}

/** A request that leaves everything to the node but these. */
export function plainRequest(
  fields: Pick<CallRequest, 'from' | 'to' | 'value' | 'data'>,
): CallRequest {
  return {
    ...{ type: undefined, chainId: undefined, nonce: undefined, gas: undefined },
    ...{ gasPrice: undefined, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined },
    ...{ accessList: undefined, authorizations: undefined, blobVersionedHashes: undefined },
    maxFeePerBlobGas: undefined,
    ...fields,
  }
}

/** Most entries of an access list, slots of an entry, and delegations. */
const mostEntries = 10_000
const mostBlobs = 128

/** A transaction object; fields that are not known are passed over, as geth does. */
export const callRequest: Parser<CallRequest> = (value, path) => {
  const fields = record(value, path)
  const read = <T>(name: string, parse: Parser<T>) =>
    optional(parse)(fields[name], `${path}.${name}`)
  const request: CallRequest = {
    type: read('type', quantity64),
    chainId: read('chainId', quantity),
    from: read('from', address),
    to: read('to', address),
    nonce: read('nonce', quantity64),
    gas: read('gas', quantity64),
    gasPrice: read('gasPrice', quantity),
    maxFeePerGas: read('maxFeePerGas', quantity),
    maxPriorityFeePerGas: read('maxPriorityFeePerGas', quantity),
    value: read('value', quantity) ?? 0n,
    data: inputOf(read('data', bytes), read('input', bytes), path),
    accessList: read('accessList', listOf(accessListEntry, mostEntries)),
    authorizations: read('authorizationList', listOf(authorization, mostEntries)),
    blobVersionedHashes: read('blobVersionedHashes', listOf(hash, mostBlobs)),
    maxFeePerBlobGas: read('maxFeePerBlobGas', quantity),
  }
  checkFees(request, path)
  if ((fields.blobs ?? null) !== null) {
    throw invalidParams(
      `${path}.blobs: blobs themselves are only taken by eth_sendRawTransaction; give blobVersionedHashes`,
    )
  }
  return request
}

const accessListEntry: Parser<AccessListEntry> = (value, path) => {
  const fields = record(value, path)
  return {
    address: address(fields.address, `${path}.address`),
    slots: optional(listOf(word, mostEntries), [])(fields.storageKeys, `${path}.storageKeys`),
  }
}

const authorization: Parser<Authorization> = (value, path) => {
  const fields = record(value, path)
  return {
    chainId: quantity(fields.chainId, `${path}.chainId`),
    address: address(fields.address, `${path}.address`),
    nonce: quantity64(fields.nonce, `${path}.nonce`),
    yParity: Number(optional(quantity64, 0n)(fields.yParity, `${path}.yParity`)),
    r: optional(paddedQuantity, 0n)(fields.r, `${path}.r`),
    s: optional(paddedQuantity, 0n)(fields.s, `${path}.s`),
  }
}

/** Wallets write r and s as quantities or as whole words. */
const paddedQuantity: Parser<bigint> = (value, path) =>
  typeof value === 'string' && value.length === 66 ? word(value, path) : quantity(value, path)

function inputOf(
  data: Uint8Array | undefined,
  input: Uint8Array | undefined,
  path: string,
): Uint8Array {
  if (data !== undefined && input !== undefined && !equalBytes(data, input)) {
    throw invalidParams(
      `${path}: both "data" and "input" are set and not equal; use "input" to pass transaction call data`,
    )
  }
  return input ?? data ?? new Uint8Array()
}

function checkFees(request: CallRequest, path: string): void {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = request
  if (
    gasPrice !== undefined &&
    (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined)
  ) {
    throw invalidParams(
      `${path}: both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified`,
    )
  }
  if (maxFeePerGas === undefined || maxPriorityFeePerGas === undefined) return
  if (maxPriorityFeePerGas > maxFeePerGas) {
    throw invalidParams(
      `${path}: maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`,
    )
  }
}
