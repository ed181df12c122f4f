/** Makes the bytes of a transaction again from its fields, by which its hash and its signer can be checked. */

import { toRlp } from 'viem'
import { concatBytes, fromHex, type Hex, toBigInt, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { recoverAddress } from '../../crypto/secp256k1.ts'
import { badAnswer, bytesOf, type Fields, fieldsOf, integerOf, numberOf } from './evm-answers.ts'

/** A transaction with what its fields prove. */
export interface TransactionBytes {
  readonly bytes: Uint8Array
  readonly hash: Hex
  /** Who signed it; `undefined` where nobody can have. */
  signer(): Hex | undefined
}

type Item = Uint8Array | readonly Item[]

const method = 'eth_getBlockByNumber'
/** Integers in front of gas, by type. */
const fronts: Readonly<Record<number, readonly string[]>> = {
  0: ['nonce', 'gasPrice'],
  1: ['chainId', 'nonce', 'gasPrice'],
  2: ['chainId', 'nonce', 'maxPriorityFeePerGas', 'maxFeePerGas'],
  3: ['chainId', 'nonce', 'maxPriorityFeePerGas', 'maxFeePerGas'],
  4: ['chainId', 'nonce', 'maxPriorityFeePerGas', 'maxFeePerGas'],
}

/**
 * The bytes of a transaction as JSON-RPC gives it; `undefined` for a type that only some chains have.
 *
 * @throws AppError `stream/bad-answer` for fields that are missing or malformed
 * @see Yellow Paper 4.3; EIP-155, 2718, 2930, 1559, 4844, 7702
 */
export function transactionBytes(fields: Fields): TransactionBytes | undefined {
  const type = fields.type === undefined ? 0 : numberOf(fields.type, method)
  const front = fronts[type]
  if (front === undefined) return undefined
  const integer = (name: string) => integerOf(fields[name], method, name)
  const common: Item[] = [
    ...front.map(integer),
    ...[integer('gas'), isNothing(fields.to) ? new Uint8Array() : bytes(fields.to)],
    ...[integer('value'), bytes(fields.input ?? fields.data)],
    ...(type === 0 ? [] : [accessList(fields.accessList)]),
    ...(type === 3 ? [integer('maxFeePerBlobGas'), hashes(fields.blobVersionedHashes)] : []),
    ...(type === 4 ? [authorizations(fields.authorizationList)] : []),
  ]
  const [r, s] = [integer('r'), integer('s')]
  const v = type === 0 ? integer('v') : parity(fields)
  const { yParity, replay } =
    type === 0 ? ofLegacy(v) : { yParity: Number(toBigInt(v)), replay: [] }
  const whole = enveloped(type, [...common, v, r, s])
  return {
    ...{ bytes: whole, hash: toHex(keccak256(whole)) },
    signer() {
      const signed = keccak256(enveloped(type, [...common, ...replay]))
      const address = recoverAddress(signed, { yParity, r: toBigInt(r), s: toBigInt(s) })
      return address && toHex(address)
    },
  }
}

function enveloped(type: number, items: readonly Item[]): Uint8Array {
  const body = toRlp(items as never, 'bytes')
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body)
}

/** What `v` says of the signature, and of the chain that it was made for. */
function ofLegacy(bytesOfV: Uint8Array): { yParity: number; replay: readonly Item[] } {
  const v = toBigInt(bytesOfV)
  if (v < 35n) return { yParity: Number(v) - 27, replay: [] }
  const chainId = (v - 35n) / 2n
  const digits = `0x${chainId.toString(16)}`
  const replay = [integerOf(digits, method, 'v'), new Uint8Array(), new Uint8Array()]
  return { yParity: Number((v - 35n) % 2n), replay }
}

/** Older nodes give the parity as `v` alone. */
function parity(fields: Fields): Uint8Array {
  return integerOf(fields.yParity ?? fields.v, method, 'yParity')
}

function accessList(value: Json | undefined): Item {
  return listOf(value ?? []).map((one) => {
    const { address, storageKeys } = fieldsOf(one, method)
    return [bytes(address), hashes(storageKeys)]
  })
}

function authorizations(value: Json | undefined): Item {
  return listOf(value).map((one) => {
    const fields = fieldsOf(one, method)
    const integer = (name: string) => integerOf(fields[name], method, name)
    const front = [integer('chainId'), bytes(fields.address), integer('nonce')]
    return [...front, parity(fields), integer('r'), integer('s')]
  })
}

function hashes(value: Json | undefined): Item {
  return listOf(value).map(bytes)
}

function listOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[]
  throw badAnswer(method, 'no list')
}

const bytes = (value: Json | undefined) => fromHex(bytesOf(value, method))
const isNothing = (value: Json | undefined) => value === undefined || value === null
