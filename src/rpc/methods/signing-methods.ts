/** Signs messages and structured data with the node's own accounts. */

import { concatBytes, fromBigInt, type Hex, padStart, toBigInt, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { recoverAddress, signHash } from '../../crypto/secp256k1.ts'
import { type TypedData, type TypedField, typedDataHash } from '../../crypto/typed-data.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { listOf, optional, type Parser, record } from '../params/parser.ts'
import { address, bytes, text } from '../params/values.ts'
import { keyOf } from './account-methods.ts'
import { type MethodTable, method } from './method.ts'

const mostFields = 1_000

const typedField: Parser<TypedField> = (value, path) => {
  const fields = record(value, path)
  return { name: text(fields.name, `${path}.name`), type: text(fields.type, `${path}.type`) }
}

const types: Parser<TypedData['types']> = (value, path) =>
  Object.fromEntries(
    Object.entries(record(value, path)).map(([name, fields]) => [
      name,
      listOf(typedField, mostFields)(fields, `${path}.${name.slice(0, 80)}`),
    ]),
  )

/** Structured data, as an object or as its JSON text. */
const typedData: Parser<TypedData> = (value, path) => {
  const fields = record(typeof value === 'string' ? parsed(value, path) : value, path)
  return {
    types: types(fields.types, `${path}.types`),
    primaryType: text(fields.primaryType, `${path}.primaryType`),
    domain: optional(record, {})(fields.domain, `${path}.domain`),
    message: optional(record, {})(fields.message, `${path}.message`),
  }
}

const signature: Parser<{ readonly r: bigint; readonly s: bigint; readonly yParity: number }> = (
  value,
  path,
) => {
  const given = bytes(value, path)
  const [v = 0] = given.subarray(64)
  if (given.length !== 65 || (v !== 27 && v !== 28))
    throw invalidParams(`${path}: expected r, s and 27 or 28, in 65 bytes`)
  const [r, s] = [given.subarray(0, 32), given.subarray(32, 64)].map(toBigInt)
  return { r: r ?? 0n, s: s ?? 0n, yParity: v - 27 }
}

export const signingMethods: MethodTable = {
  eth_sign: method([address, bytes], (context, [who, data]) =>
    signed(messageHash(data), keyOf(context, who)),
  ),
  // Wallets take a password as a third parameter; the keys here have none.
  personal_sign: method([bytes, address, optional(text)], (context, [data, who]) =>
    signed(messageHash(data), keyOf(context, who)),
  ),
  personal_ecRecover: method([bytes, signature], (_, [data, of]) => {
    const who = recoverAddress(messageHash(data), of)
    if (who) return toHex(who)
    throw invalidParams('params[1]: this signature is of nobody')
  }),
  eth_signTypedData_v4: method([address, typedData], (context, [who, data]) => {
    const key = keyOf(context, who)
    return signed(hashOf(data), key)
  }),
}

function hashOf(data: TypedData): Uint8Array {
  try {
    return typedDataHash(data)
  } catch (error) {
    throw invalidParams(`params[1]: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function parsed(value: string, path: string): Parameters<Parser<unknown>>[0] {
  try {
    return JSON.parse(value)
  } catch {
    throw invalidParams(`${path}: expected an object, or its JSON text`)
  }
}

/** A message with its prefix (EIP-191, version 0x45). */
function messageHash(data: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode(`\x19Ethereum Signed Message:\n${data.length}`)
  return keccak256(concatBytes(prefix, data))
}

/** r, s and 27 or 28. */
function signed(hash: Uint8Array, key: Uint8Array): Hex {
  const { r, s, yParity } = signHash(hash, key)
  const words = [r, s].map((value) => padStart(fromBigInt(value), 32))
  return toHex(concatBytes(...words, Uint8Array.of(27 + yParity)))
}
