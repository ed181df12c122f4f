/** Holds injected data to the JSON Schema of their chain. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { sha256 } from '../../crypto/sha256.ts'
import { jsonSchemaCheck } from './json-schema.ts'

/** The schema of a chain. */
export interface DataSchema {
  /** SHA-256 of its text, by which data name it. */
  readonly hash: Hash
  /** As it was given. */
  readonly document: Json
  /** What is wrong with data, `undefined` when nothing is. */
  faultOf(value: Json): string | undefined
}

/** Reads the schema of a chain. @throws AppError `rpc/bad-schema` */
export function dataSchema(chain: string, text: Uint8Array): DataSchema {
  try {
    const document = parseJson(text)
    const check = jsonSchemaCheck(document)
    return { hash: sha256(text), document, faultOf: (value) => check(value, '$') }
  } catch (cause) {
    const message = `the JSON Schema of the chain "${chain}" is not understood: ${(cause as Error).message}`
    throw new AppError({ code: 'rpc/bad-schema', message, cause })
  }
}

/** JSON from bytes in UTF-8. @throws SyntaxError, TypeError */
export function parseJson(bytes: Uint8Array): Json {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json
}
