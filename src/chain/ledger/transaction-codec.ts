/** Encodes, decodes, hashes and signs transactions (EIP-155, 2718, 2930, 1559, 4844, 7702). */

import { AppError } from '../../base/app-error.ts'
import { concatBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { recoverCompact, signHash } from '../../crypto/secp256k1.ts'
import { type Hardfork, isAtLeast } from './fork-rules.ts'
import {
  decodeRlp,
  encodeRlp,
  type RlpValue,
  rlpBytes,
  rlpInteger,
  rlpList,
  rlpListOf,
  rlpNumber,
  rlpPlaces,
} from './rlp.ts'
import type {
  AccessListEntry,
  Address,
  Authorization,
  FeeMarketPayload,
  Hash,
  Signature,
  Transaction,
  UnsignedTransaction,
} from './transaction.ts'

/** Half of the order of secp256k1: a larger s is refused (EIP-2). */
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** Encodings of transactions that were decoded or encoded before: each has only one. */
const encodings = new WeakMap<Transaction, Uint8Array>()

/** The bytes that travel and are hashed: RLP, after a type byte if there is one (EIP-2718). */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  const known = encodings.get(transaction)
  if (known) return known
  const encoded = encode(transaction)
  encodings.set(transaction, encoded)
  return encoded
}

function encode(transaction: Transaction): Uint8Array {
  const { yParity, r, s } = transaction
  const v = transaction.type === 0 ? legacyV(transaction) : BigInt(yParity)
  return typed(transaction.type, [...payload(transaction), ...[v, r, s].map(rlpInteger)])
}

/** What is signed: keccak-256 of the encoding without signature. */
function signingHash(transaction: UnsignedTransaction): Hash {
  const fields = payload(transaction)
  if (transaction.type === 0 && transaction.chainId !== undefined) {
    fields.push(rlpInteger(transaction.chainId), rlpInteger(0), rlpInteger(0))
  }
  return keccak256(typed(transaction.type, fields))
}

/** keccak-256 of the whole encoding. */
export function transactionHash(transaction: Transaction): Hash {
  return keccak256(encodeTransaction(transaction))
}

/** Signs with a private key of 32 bytes. */
export function signTransaction(transaction: UnsignedTransaction, key: Uint8Array): Transaction {
  return { ...transaction, ...signHash(signingHash(transaction), key) }
}

/** What was signed, and the signature: from both follows who signed. */
export interface SignedMessage {
  readonly hash: Hash
  /** r and s, 32 bytes each. */
  readonly compact: Uint8Array
  readonly yParity: number
}

/** What the sender of a transaction signed; nothing for a high s, which only Frontier takes (EIP-2). */
export function signedTransaction(
  transaction: Transaction,
  hardfork: Hardfork = 'osaka',
): SignedMessage | undefined {
  const { yParity, s, type } = transaction
  if (s > halfOrder && isAtLeast(hardfork, 'homestead')) return undefined
  // All of it lies in the encoding already: cutting it out is quicker than encoding it anew.
  const bytes = encodeTransaction(transaction)
  const places = rlpPlaces(bytes, type === 0 ? 0 : 1)
  const [signature = 0, rAt = 0, sAt = 0, end = 0] = places.slice(-4)
  const fields = [bytes.subarray(places[0], signature)]
  if (type === 0 && transaction.chainId !== undefined) {
    fields.push(encodeRlp(rlpInteger(transaction.chainId)), Uint8Array.of(0x80, 0x80))
  }
  const compact = new Uint8Array(64)
  copyInteger(bytes, [rAt, sAt], compact.subarray(0, 32))
  copyInteger(bytes, [sAt, end], compact.subarray(32))
  return { hash: keccak256(rlpListOf(fields, type)), compact, yParity }
}

/** Copies a number from its encoding to the end of a word of zeros. */
function copyInteger(
  bytes: Uint8Array,
  [start, end]: readonly [number, number],
  word: Uint8Array,
): void {
  const first = (bytes[start] ?? 0) < 0x80 ? start : start + 1
  word.set(bytes.subarray(first, end), word.length - (end - first))
}

/** What an account signed to delegate (EIP-7702); nothing for a high s. */
export function signedDelegation(authorization: Authorization): SignedMessage | undefined {
  const { chainId, address, nonce, yParity, r, s } = authorization
  if (s > halfOrder) return undefined
  const message = encodeRlp([rlpInteger(chainId), address, rlpInteger(nonce)])
  const compact = concatBytes(wordOf(r), wordOf(s))
  return { hash: keccak256(concatBytes(Uint8Array.of(5), message)), compact, yParity }
}

/** Who signed, or `undefined` if nobody can have: no such key, or a high s, which only Frontier takes (EIP-2). */
export function senderOf(transaction: Transaction, hardfork?: Hardfork): Address | undefined {
  return signerOf(signedTransaction(transaction, hardfork))
}

/** Who signed a delegation (EIP-7702), or `undefined` if nobody can have. */
export function authorityOf(authorization: Authorization): Address | undefined {
  return signerOf(signedDelegation(authorization))
}

function signerOf(message: SignedMessage | undefined): Address | undefined {
  return message && recoverCompact(message.hash, message.compact, message.yParity)
}

/**
 * Decodes a transaction of the types 0 to 4, in the form that blocks hold.
 *
 * @throws AppError `ledger/bad-transaction` with the reason, `ledger/type-unsupported`
 */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  const transaction = decode(bytes)
  encodings.set(transaction, bytes)
  return transaction
}

function decode(bytes: Uint8Array): Transaction {
  const first = bytes[0]
  if (first === undefined) throw bad('it is empty')
  try {
    if (first >= 0xc0) return decodeLegacy(rlpList(decodeRlp(bytes), 'the transaction', 9))
    if (first === 0 || first > 0x7f) throw bad('it begins with neither a list nor a type')
    const type = typedForms[first]
    if (type === undefined) throw unsupported(first)
    return type.decode(rlpList(decodeRlp(bytes.subarray(1)), 'the transaction', type.length))
  } catch (error) {
    if (error instanceof AppError && error.code === 'ledger/bad-rlp') throw bad(error.message)
    throw error
  }
}

/** What a typed transaction holds after its type, by that type. */
const typedForms: Readonly<Record<number, TypedForm>> = {
  1: { length: 11, decode: decodeAccessList },
  2: { length: 12, decode: decodeFeeMarket },
  3: { length: 14, decode: decodeBlob },
  4: { length: 13, decode: decodeDelegation },
}

interface TypedForm {
  readonly length: number
  decode(fields: readonly RlpValue[]): Transaction
}

function typed(type: number, fields: readonly RlpValue[]): Uint8Array {
  const body = encodeRlp(fields)
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body)
}

function payload(transaction: UnsignedTransaction): RlpValue[] {
  const { nonce, gasLimit, to = new Uint8Array(), value, data } = transaction
  const common = [rlpInteger(gasLimit), to, rlpInteger(value), data]
  if (transaction.type === 0) {
    return [rlpInteger(nonce), rlpInteger(transaction.gasPrice), ...common]
  }
  const start = [rlpInteger(transaction.chainId), rlpInteger(nonce)]
  const accessList = transaction.accessList.map(({ address, slots }) => [
    address,
    slots.map((slot) => wordOf(slot)),
  ])
  if (transaction.type === 1) {
    return [...start, rlpInteger(transaction.gasPrice), ...common, accessList]
  }
  const fees = [transaction.maxPriorityFeePerGas, transaction.maxFeePerGas].map(rlpInteger)
  const whole = [...start, ...fees, ...common, accessList]
  if (transaction.type === 2) return whole
  if (transaction.type === 4) return [...whole, transaction.authorizations.map(tuple)]
  return [...whole, rlpInteger(transaction.maxFeePerBlobGas), transaction.blobVersionedHashes]
}

function tuple(one: Authorization): RlpValue {
  const { chainId, address, nonce, yParity, r, s } = one
  return [rlpInteger(chainId), address, ...[nonce, BigInt(yParity), r, s].map(rlpInteger)]
}

function wordOf(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(64, '0'))
}

function legacyV({ chainId, yParity }: { chainId?: bigint | undefined; yParity: number }): bigint {
  return chainId === undefined ? BigInt(27 + yParity) : chainId * 2n + 35n + BigInt(yParity)
}

function decodeLegacy(fields: readonly RlpValue[]): Transaction {
  const [nonce, gasPrice, gasLimit, to, value, data, vField, r, s] = fields
  const v = rlpNumber(vField, 'v')
  if (v !== 27n && v !== 28n && v < 35n) throw bad(`v is ${v}`)
  const chainId = v < 35n ? undefined : (v - 35n) / 2n
  const yParity = Number(v < 35n ? v - 27n : (v - 35n) % 2n)
  return {
    ...{ type: 0, chainId, gasPrice: rlpNumber(gasPrice, 'gasPrice') },
    ...common([nonce, gasLimit, to, value, data]),
    ...signature([rlpInteger(yParity), r, s]),
  }
}

function decodeAccessList(fields: readonly RlpValue[]): Transaction {
  const [chainId, nonce, gasPrice, gasLimit, to, value, data, accessList, ...signed] = fields
  return {
    ...{ type: 1, chainId: rlpNumber(chainId, 'chainId') },
    gasPrice: rlpNumber(gasPrice, 'gasPrice'),
    ...common([nonce, gasLimit, to, value, data]),
    accessList: decodeAccess(accessList),
    ...signature(signed),
  }
}

function decodeFeeMarket(fields: readonly RlpValue[]): FeeMarketPayload & Signature {
  const [chainId, nonce, tip, fee, gasLimit, to, value, data, accessList, ...signed] = fields
  return {
    ...{ type: 2 as const, chainId: rlpNumber(chainId, 'chainId') },
    maxPriorityFeePerGas: rlpNumber(tip, 'maxPriorityFeePerGas'),
    maxFeePerGas: rlpNumber(fee, 'maxFeePerGas'),
    ...common([nonce, gasLimit, to, value, data]),
    accessList: decodeAccess(accessList),
    ...signature(signed),
  }
}

function decodeBlob(fields: readonly RlpValue[]): Transaction {
  const hashes = rlpList(fields[10], 'the list of blob hashes')
  const rest = decodeFeeMarket([...fields.slice(0, 9), ...fields.slice(11)])
  if (rest.to === undefined) throw bad('a transaction with blobs cannot create a contract')
  return {
    ...{ ...rest, type: 3, maxFeePerBlobGas: rlpNumber(fields[9], 'maxFeePerBlobGas') },
    blobVersionedHashes: hashes.map((hash) => rlpBytes(hash, 'a blob hash', 32)),
  }
}

function decodeDelegation(fields: readonly RlpValue[]): Transaction {
  const authorizations = rlpList(fields[9], 'the authorization list').map(decodeAuthorization)
  const rest = decodeFeeMarket([...fields.slice(0, 9), ...fields.slice(10)])
  if (rest.to === undefined) throw bad('a delegation cannot create a contract')
  if (authorizations.length === 0) throw bad('the authorization list is empty')
  return { ...rest, type: 4, authorizations }
}

function decodeAuthorization(value: RlpValue): Authorization {
  const [chainId, address, nonce, yParity, r, s] = rlpList(value, 'an authorization', 6)
  return {
    chainId: rlpNumber(chainId, 'chainId'),
    address: rlpBytes(address, 'address', 20),
    nonce: rlpNumber(nonce, 'nonce', 64),
    yParity: Number(rlpNumber(yParity, 'yParity', 8)),
    r: rlpNumber(r, 'r'),
    s: rlpNumber(s, 's'),
  }
}

function decodeAccess(value: RlpValue | undefined): AccessListEntry[] {
  return rlpList(value, 'the access list').map((entry) => {
    const [address, slots] = rlpList(entry, 'an access list entry', 2)
    return {
      address: rlpBytes(address, 'address', 20),
      slots: rlpList(slots, 'slots').map((slot) => {
        return BigInt(`0x${rlpBytes(slot, 'slot', 32).toHex()}`)
      }),
    }
  })
}

function common([nonce, gasLimit, to, value, data]: readonly (RlpValue | undefined)[]) {
  const target = rlpBytes(to, 'to')
  return {
    nonce: rlpNumber(nonce, 'nonce', 64),
    gasLimit: rlpNumber(gasLimit, 'gasLimit', 64),
    to: target.length === 0 ? undefined : rlpBytes(to, 'to', 20),
    value: rlpNumber(value, 'value'),
    data: rlpBytes(data, 'data'),
  }
}

function signature([yParity, r, s]: readonly (RlpValue | undefined)[]): Signature {
  const parity = rlpNumber(yParity, 'yParity', 8)
  if (parity > 1n) throw bad(`yParity is ${parity}`)
  return { yParity: Number(parity), r: rlpNumber(r, 'r'), s: rlpNumber(s, 's') }
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-transaction', message: `bad transaction: ${reason}` })
}

function unsupported(type: number): AppError {
  const message = `transaction type ${type} is not known; the types are 0 to 4`
  return new AppError({ code: 'ledger/type-unsupported', message, data: { type } })
}
