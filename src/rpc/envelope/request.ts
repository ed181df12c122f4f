/** Reads JSON-RPC 2.0 requests and writes the answers to them. */

import type { Json } from '../../base/json-rpc.ts'
import { type ErrorObject, errorCodes } from './rpc-error.ts'
import type { WrittenJson } from './written-text.ts'

/** What tells answers apart. */
export type RequestId = string | number | RawNumber | null

/** A JSON number that a double cannot hold: written out as it came. */
type RawNumber = { readonly rawJSON: string }

/** Of ES2026, which the compiler's declarations do not have yet. */
interface SourceJson {
  parse(text: string, revive: Revive): unknown
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}

type Revive = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

const sourceJson = JSON as unknown as SourceJson

/** One request; without an id it is a notification, which gets no answer. */
export interface RpcRequest {
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: readonly Json[]
}

/** One answer. */
export type RpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: Json | WrittenJson }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly error: ErrorObject }

/** A request that could be read, or the answer to one that could not. */
export type ReadRequest =
  | { readonly kind: 'request'; readonly request: RpcRequest }
  | { readonly kind: 'refused'; readonly response: RpcResponse }

/** The answer that tells of a failure. */
export function failure(id: RequestId, error: ErrorObject): RpcResponse {
  return { jsonrpc: '2.0', id, error }
}

/** The answer to what is no request. */
export function invalidRequest(message: string, id: RequestId = null): RpcResponse {
  return failure(id, { code: errorCodes.invalidRequest, message })
}

/** The answer to what is not JSON. */
export const notJson: RpcResponse = failure(null, {
  ...{ code: errorCodes.parse, message: 'parse error: the request is not JSON' },
})

/** JSON from text, or the answer to what is none. Ids that a double cannot hold are kept as they are written. */
export function parseJson(
  text: string,
): { readonly value: Json } | { readonly refusal: RpcResponse } {
  try {
    const value = JSON.parse(text) as Json
    const hasLongId = (isList(value) ? value : [value]).some(
      (one) => isRecord(one) && typeof one.id === 'number' && !Number.isSafeInteger(one.id),
    )
    return { value: hasLongId ? (sourceJson.parse(text, keepLongIds) as Json) : value }
  } catch {
    return { refusal: notJson }
  }
}

const keepLongIds: Revive = function (key, value, { source }) {
  const isId = key === 'id' && isRecord(this as Json) && Object.hasOwn(this as object, 'method')
  if (!isId || typeof value !== 'number' || source === undefined) return value
  return sourceJson.rawJSON(source)
}

function refuse(message: string, id: RequestId = null): ReadRequest {
  return { kind: 'refused', response: invalidRequest(message, id) }
}

/** Reads one request by sections 4 and 4.2 of the JSON-RPC 2.0 specification. */
export function readRequest(value: Json): ReadRequest {
  if (!isRecord(value)) return refuse('invalid request: expected an object')
  const { id, jsonrpc, method, params } = value
  if (id !== undefined && !isId(id))
    return refuse('invalid request: id must be a string or a number')
  if (jsonrpc !== '2.0') return refuse('invalid request: jsonrpc must be "2.0"', id)
  if (typeof method !== 'string') return refuse('invalid request: method must be a string', id)
  if (typeof params === 'object' && params !== null && !isList(params)) {
    const message = 'params: expected an array, since no method names its parameters'
    const response = failure(id ?? null, { code: errorCodes.invalidParams, message })
    return { kind: 'refused', response }
  }
  if (params !== undefined && params !== null && !isList(params))
    return refuse('invalid request: params must be an array', id)
  return { kind: 'request', request: { id, method, params: params ?? [] } }
}

function isId(value: Json): value is RequestId {
  if (value === null || typeof value === 'string' || typeof value === 'number') return true
  return sourceJson.isRawJSON(value)
}

/** Whether a value is a JSON object. */
export function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a JSON array. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
