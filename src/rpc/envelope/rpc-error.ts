/** Makes the errors of JSON-RPC, and turns what was thrown into the error that a client sees. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'

/** Error codes of JSON-RPC 2.0, of EIP-1474, and of geth. */
export const errorCodes = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  server: -32000,
  responseTooLarge: -32003,
  limitExceeded: -32005,
  reverted: 3,
  /** A transaction that was taken is in no block yet (EIP-7966). */
  notProcessed: 4,
  // Of eth_simulateV1 (execution-apis).
  nonceTooLow: -38010,
  nonceTooHigh: -38011,
  feeCapTooLow: -38012,
  intrinsicGas: -38013,
  insufficientFunds: -38014,
  blockGasLimit: -38015,
  blockNumber: -38020,
  blockTimestamp: -38021,
  senderHasCode: -38024,
  initCodeSize: -38025,
  clientLimit: -38026,
  execution: -32015,
} as const

/** The `error` of an answer. */
export interface ErrorObject {
  readonly code: number
  readonly message: string
  readonly data?: Json
}

/** An error for the client; the in-process client throws it as it is. */
export function rpcError(code: number, message: string, data?: Json): AppError {
  return new AppError({
    code: 'json-rpc/error',
    message,
    data: data === undefined ? { code } : { code, data },
  })
}

/** Says that a parameter is wrong. */
export function invalidParams(message: string): AppError {
  return rpcError(errorCodes.invalidParams, message)
}

/** The plain failure of geth: code -32000. */
export function serverError(message: string): AppError {
  return rpcError(errorCodes.server, message)
}

/**
 * What a client is told of a failure; of one that is over soon, in how many ms to ask again.
 *
 * @returns undefined for a failure that nobody planned, which must be logged and not shown
 */
export function errorObject(error: unknown): ErrorObject | undefined {
  if (!(error instanceof AppError)) return undefined
  const { code, data, retryAfterMs } = error.data
  if (typeof retryAfterMs === 'number') {
    return { code: errorCodes.limitExceeded, message: error.message, data: { retryAfterMs } }
  }
  if (error.code !== 'json-rpc/error' || typeof code !== 'number') {
    return { code: errorCodes.server, message: error.message }
  }
  const shown = { code, message: error.message }
  return data === undefined ? shown : { ...shown, data: data as Json }
}
