/** Reads what is signed and is no transaction: messages (EIP-191) and typed data (EIP-712). */

import { hashMessage } from 'viem'
import { AppError } from '../base/app-error.ts'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { signedDomain, type TypedData, typedDataHash } from '../crypto/typed-data.ts'
import { badInput } from './evm/abi-json.ts'
import { hexOf, isMembers } from './identity/verdict.ts'

/** What is to be signed, and the hash that its signature is of. */
export type Statement = { readonly hash: Hex } & (
  | { readonly message: Hex }
  /** With the type of its domain. */
  | { readonly typedData: TypedData }
)

/** A statement by a key, which anybody can check. */
export interface SignedStatement {
  readonly address: Hex
  readonly hash: Hex
  /** r ‖ s ‖ v, with 27 or 28. */
  readonly signature: Hex
}

/** Longest message, and typed data as JSON. */
const maxBytes = 65_536

/**
 * Reads `{message}`, text or `{raw: 0x…}`, or `{typedData}`.
 *
 * @throws AppError `workflow/bad-input`
 */
export function statementOf(given: {
  readonly message?: Json | undefined
  readonly typedData?: Json | undefined
}): Statement {
  const { message, typedData } = given
  if ((message === undefined) === (typedData === undefined)) {
    throw badInput('it takes "message" or "typedData", one of them')
  }
  if (message === undefined) return typedStatement(typedData)
  const bytes = messageBytes(message)
  return { message: toHex(bytes), hash: hashMessage({ raw: bytes }) }
}

/** The bytes of a message: of text, or of `{raw: 0x…}`. @throws AppError `workflow/bad-input` */
export function messageBytes(message: Json | undefined): Uint8Array {
  if (isMembers(message)) return fromHex(hexOf(message.raw, 'message.raw', maxBytes))
  if (typeof message !== 'string') throw badInput('"message" must be text, or {raw: 0x…}')
  const bytes = new TextEncoder().encode(message)
  if (bytes.length > maxBytes) throw badInput(`"message" is longer than ${maxBytes} bytes`)
  return bytes
}

/** Refuses what is for another chain than that of the key. @throws AppError `workflow/bad-input` */
export function assertForChain(statement: Statement, chainId: number): void {
  if (!('typedData' in statement)) return
  const { chainId: named } = statement.typedData.domain
  if (named === undefined || Number(named) === chainId) return
  throw badInput(`"typedData" is for chain ${named}, not for ${chainId}`)
}

function typedStatement(value: Json | undefined): Statement {
  const { types, primaryType, domain = {}, message } = isMembers(value) ? value : {}
  const isWhole =
    isMembers(types) &&
    Object.values(types).every(isFieldList) &&
    typeof primaryType === 'string' &&
    isMembers(domain) &&
    isMembers(message)
  if (!isWhole) throw badInput('"typedData" must be {types, primaryType, domain, message}')
  if (JSON.stringify(value).length > maxBytes) {
    throw badInput(`"typedData" is longer than ${maxBytes} characters`)
  }
  const data = { types, primaryType, domain, message } as unknown as TypedData
  const domainType = signedDomain(data)
  const signed = new Set(domainType.map(({ name }) => name))
  // A chain or contract that the signature does not cover would look like one that it does.
  const unsigned = Object.keys(domain).find((name) => !signed.has(name))
  if (unsigned !== undefined) {
    throw badInput(
      `"typedData.domain.${unsigned}" is not signed: no field of the domain has this name`,
    )
  }
  try {
    const typedData = { ...data, types: { ...data.types, EIP712Domain: domainType } }
    return { typedData, hash: toHex(typedDataHash(typedData)) }
  } catch (error) {
    if (error instanceof AppError) throw badInput(error.message)
    throw error
  }
}

function isFieldList(value: Json): boolean {
  if (!Array.isArray(value)) return false
  return value.every(
    (field: Json) =>
      isMembers(field) && typeof field.name === 'string' && typeof field.type === 'string',
  )
}
