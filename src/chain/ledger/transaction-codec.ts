/** Encodes, decodes, hashes and signs transactions (EIP-155, 2718, 2930, 1559, 4844, 7702). */

import { AppError } from '../../base/app-error.ts'
import { concatBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { recoverCompact, signHash } from '../../crypto/secp256k1.ts'
import { type Hardfork, isAtLeast } from './fork-rules.ts'
import {
  encodeRlp,
  RlpItems,
  type RlpSource,
  type RlpValue,
  RlpWriter,
  rlpBytes,
  rlpList,
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
  const { type, yParity, r, s } = transaction
  const v = type === 0 ? legacyV(transaction) : yParity
  return encodeRlp([...payload(transaction), v, r, s], type)
}

/** The encoding without signature, whose keccak-256 is signed. */
export function signingBytes(transaction: UnsignedTransaction): Uint8Array {
  const fields = payload(transaction)
  if (transaction.type === 0 && transaction.chainId !== undefined) {
    fields.push(transaction.chainId, 0, 0)
  }
  return encodeRlp(fields, transaction.type)
}

/** keccak-256 of the whole encoding. */
export function transactionHash(transaction: Transaction): Hash {
  return keccak256(encodeTransaction(transaction))
}

/** Signs with a private key of 32 bytes. */
export function signTransaction(transaction: UnsignedTransaction, key: Uint8Array): Transaction {
  return { ...transaction, ...signHash(keccak256(signingBytes(transaction)), key) }
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
  const writer = new RlpWriter()
  if (type === 0 && transaction.chainId !== undefined) {
    for (const last of [0, 0, transaction.chainId]) writer.write(last)
  }
  writer.writeEncoded(bytes, places[0], signature)
  writer.closeList(0)
  const compact = new Uint8Array(64)
  copyInteger(bytes, [rAt, sAt], { word: compact, end: 32 })
  copyInteger(bytes, [sAt, end], { word: compact, end: 64 })
  return { hash: keccak256(writer.bytes(type)), compact, yParity }
}

/** Copies a number from its encoding to where it ends in zeros. */
function copyInteger(
  bytes: Uint8Array,
  [start, end]: readonly [number, number],
  to: { readonly word: Uint8Array; readonly end: number },
): void {
  const first = (bytes[start] ?? 0) < 0x80 ? start : start + 1
  for (let at = first; at < end; at += 1) to.word[to.end - end + at] = bytes[at] as number
}

/** What an account signed to delegate (EIP-7702); nothing for a high s. */
export function signedDelegation(authorization: Authorization): SignedMessage | undefined {
  const { chainId, address, nonce, yParity, r, s } = authorization
  if (s > halfOrder) return undefined
  const message = encodeRlp([chainId, address, nonce], 5)
  const compact = concatBytes(wordOf(r), wordOf(s))
  return { hash: keccak256(message), compact, yParity }
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
  const isLegacy = first >= 0xc0
  if (!isLegacy && (first === 0 || first > 0x7f))
    throw bad('it begins with neither a list nor a type')
  const form = isLegacy ? legacyForm : typedForms[first]
  if (form === undefined) throw unsupported(first)
  try {
    const { count, decode } = form
    return decode(new RlpItems(bytes, isLegacy ? 0 : 1, { name: 'the transaction', count }))
  } catch (error) {
    if (error instanceof AppError && error.code === 'ledger/bad-rlp') throw bad(error.message)
    throw error
  }
}

/** How many items a transaction has, and what they say. */
interface Form {
  readonly count: number
  decode(items: RlpItems): Transaction
}

const legacyForm: Form = { count: 9, decode: decodeLegacy }

/** What a typed transaction holds after its type, by that type. */
const typedForms: Readonly<Record<number, Form>> = {
  1: { count: 11, decode: decodeAccessList },
  2: { count: 12, decode: (items) => ({ type: 2, ...feeMarket(items, 9) }) },
  3: { count: 14, decode: decodeBlob },
  4: { count: 13, decode: decodeDelegation },
}

function payload(transaction: UnsignedTransaction): RlpSource[] {
  const { nonce, gasLimit, to = new Uint8Array(), value, data } = transaction
  const common = [gasLimit, to, value, data]
  if (transaction.type === 0) return [nonce, transaction.gasPrice, ...common]
  const { chainId } = transaction
  const accessList = transaction.accessList.map(({ address, slots }) => [
    address,
    slots.map((slot) => wordOf(slot)),
  ])
  if (transaction.type === 1) return [chainId, nonce, transaction.gasPrice, ...common, accessList]
  const { maxPriorityFeePerGas, maxFeePerGas } = transaction
  const whole = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, ...common, accessList]
  if (transaction.type === 2) return whole
  if (transaction.type === 4) return [...whole, transaction.authorizations.map(tuple)]
  return [...whole, transaction.maxFeePerBlobGas, transaction.blobVersionedHashes]
}

function tuple({ chainId, address, nonce, yParity, r, s }: Authorization): RlpSource {
  return [chainId, address, nonce, yParity, r, s]
}

function wordOf(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(64, '0'))
}

function legacyV({ chainId, yParity }: { chainId?: bigint | undefined; yParity: number }): bigint {
  return chainId === undefined ? BigInt(27 + yParity) : chainId * 2n + 35n + BigInt(yParity)
}

function decodeLegacy(items: RlpItems): Transaction {
  const v = items.number(6, 'v')
  if (v !== 27n && v !== 28n && v < 35n) throw bad(`v is ${v}`)
  return {
    ...{ type: 0, chainId: v < 35n ? undefined : (v - 35n) / 2n },
    ...{ nonce: items.number(0, 'nonce', 64), gasPrice: items.number(1, 'gasPrice') },
    ...call(items, 2),
    ...{ yParity: Number(v < 35n ? v - 27n : (v - 35n) % 2n) },
    ...{ r: items.number(7, 'r'), s: items.number(8, 's') },
  }
}

function decodeAccessList(items: RlpItems): Transaction {
  return {
    ...{ type: 1, chainId: items.number(0, 'chainId'), nonce: items.number(1, 'nonce', 64) },
    gasPrice: items.number(2, 'gasPrice'),
    ...call(items, 3),
    accessList: decodeAccess(items, 7),
    ...signature(items, 8),
  }
}

/** What the types since EIP-1559 begin with, and the signature from an item on. */
function feeMarket(items: RlpItems, signedAt: number): Omit<FeeMarketPayload, 'type'> & Signature {
  return {
    ...{ chainId: items.number(0, 'chainId'), nonce: items.number(1, 'nonce', 64) },
    maxPriorityFeePerGas: items.number(2, 'maxPriorityFeePerGas'),
    maxFeePerGas: items.number(3, 'maxFeePerGas'),
    ...call(items, 4),
    accessList: decodeAccess(items, 8),
    ...signature(items, signedAt),
  }
}

function decodeBlob(items: RlpItems): Transaction {
  const maxFeePerBlobGas = items.number(9, 'maxFeePerBlobGas')
  const hashes = items.list(10, 'the list of blob hashes')
  const rest = feeMarket(items, 11)
  if (rest.to === undefined) throw bad('a transaction with blobs cannot create a contract')
  return {
    ...{ type: 3, ...rest, maxFeePerBlobGas },
    blobVersionedHashes: hashes.map((hash) => rlpBytes(hash, 'a blob hash', 32)),
  }
}

function decodeDelegation(items: RlpItems): Transaction {
  const authorizations = items.list(9, 'the authorization list').map(decodeAuthorization)
  const rest = feeMarket(items, 10)
  if (rest.to === undefined) throw bad('a delegation cannot create a contract')
  if (authorizations.length === 0) throw bad('the authorization list is empty')
  return { type: 4, ...rest, authorizations }
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

/** What most transactions have. */
const noAccess: readonly AccessListEntry[] = []

function decodeAccess(items: RlpItems, item: number): readonly AccessListEntry[] {
  const list = items.list(item, 'the access list')
  if (list.length === 0) return noAccess
  return list.map((entry) => {
    const [address, slots] = rlpList(entry, 'an access list entry', 2)
    return {
      address: rlpBytes(address, 'address', 20),
      slots: rlpList(slots, 'slots').map((slot) => {
        return BigInt(`0x${rlpBytes(slot, 'slot', 32).toHex()}`)
      }),
    }
  })
}

/** What is called, from an item on. */
function call(items: RlpItems, first: number) {
  return {
    gasLimit: items.number(first, 'gasLimit', 64),
    to: items.length(first + 1, 'to') === 0 ? undefined : items.bytes(first + 1, 'to', 20),
    value: items.number(first + 2, 'value'),
    data: items.bytes(first + 3, 'data'),
  }
}

function signature(items: RlpItems, first: number): Signature {
  const parity = items.number(first, 'yParity', 8)
  if (parity > 1n) throw bad(`yParity is ${parity}`)
  return {
    yParity: Number(parity),
    ...{ r: items.number(first + 1, 'r'), s: items.number(first + 2, 's') },
  }
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-transaction', message: `bad transaction: ${reason}` })
}

function unsupported(type: number): AppError {
  const message = `transaction type ${type} is not known; the types are 0 to 4`
  return new AppError({ code: 'ledger/type-unsupported', message, data: { type } })
}
