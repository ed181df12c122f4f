/** Defines how any data land in a transaction: as calldata to an address that nobody has a key of. */

import { AppError } from '../../base/app-error.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from './rlp.ts'
import type { Address, Hash } from './transaction.ts'

/** The 20 letters of `QuantumStream.data/1`; the digit is the version of the form. */
export const dataAddress: Address = new TextEncoder().encode('QuantumStream.data/1')

/** Longest media type, in characters. */
export const maxMediaType = 128

/** Data with what a reader needs to understand them. */
export interface InjectedData {
  /** As in HTTP (RFC 9110, section 8.3.1): `application/json`. */
  readonly mediaType: string
  /** SHA-256 of the JSON Schema that the content was held to. */
  readonly schema: Hash | undefined
  readonly content: Uint8Array
}

const token = "[\\w!#$%&'*+.^`|~-]+"
const parameter = `${token}=(?:${token}|"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*")`
const mediaTypeForm = new RegExp(`^${token}/${token}(?: ?; ?${parameter})*$`)

/** Whether this is a media type, with or without parameters. */
export function isMediaType(text: string): boolean {
  return text.length <= maxMediaType && mediaTypeForm.test(text)
}

/** Whether content of a media type is JSON (RFC 6839, section 3.1). */
export function isJsonType(mediaType: string): boolean {
  const [essence = ''] = mediaType.toLowerCase().split(';', 1)
  return /^application\/json$|\+json$/.test(essence.trim())
}

/** Calldata: RLP of media type, schema (empty if there is none) and content. */
export function encodeInjectedData({ mediaType, schema, content }: InjectedData): Uint8Array {
  return encodeRlp([new TextEncoder().encode(mediaType), schema ?? new Uint8Array(), content])
}

/** Data from calldata; `undefined` for what is not of this form, which anybody may send. */
export function decodeInjectedData(calldata: Uint8Array): InjectedData | undefined {
  try {
    const [type, schema, content] = rlpList(decodeRlp(calldata, 4), 'data', 3)
    const mediaType = String.fromCharCode(...rlpBytes(type, 'media type').subarray(0, 256))
    const hash = rlpBytes(schema, 'schema')
    if (!isMediaType(mediaType) || (hash.length !== 0 && hash.length !== 32)) return undefined
    return {
      mediaType,
      schema: hash.length === 0 ? undefined : hash,
      content: rlpBytes(content, 'content'),
    }
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}
