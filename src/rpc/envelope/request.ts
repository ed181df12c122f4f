/** Reads JSON-RPC 2.0 requests and writes the answers to them. */

import type { Json } from '../../base/json-rpc.ts'
import { type ErrorObject, errorCodes } from './rpc-error.ts'

/** What tells answers apart. */
export type RequestId = string | number | null

/** One request; without an id it is a notification, which gets no answer. */
export interface RpcRequest {
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: readonly Json[]
}

/** One answer. */
export type RpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: Json }
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

/** JSON from text, or the answer to what is none. */
export function parseJson(
  text: string,
): { readonly value: Json } | { readonly refusal: RpcResponse } {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    const message = 'parse error: the request is not JSON'
    return { refusal: failure(null, { code: errorCodes.parse, message }) }
  }
}

/** Reads one request by sections 4 and 4.2 of the JSON-RPC 2.0 specification. */
export function readRequest(value: Json): ReadRequest {
  const refuse = (message: string, id: RequestId = null): ReadRequest => ({
    kind: 'refused',
    response: invalidRequest(message, id),
  })
  if (!isRecord(value)) return refuse('invalid request: expected an object')
  const { id, jsonrpc, method, params } = value
  const isId = id === null || typeof id === 'string' || typeof id === 'number'
  if (id !== undefined && !isId) return refuse('invalid request: id must be a string or a number')
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

/** Whether a value is a JSON object. */
export function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a JSON array. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
