/** Tells programs the stable code of a refusal: it stands in the data of the error, as `{code}`. */

import { AppError } from '../../base/app-error.ts'
import { errorCodes, rpcError } from './rpc-error.ts'

/** A refusal with a code of its own. */
export function codedError(code: string, message: string): AppError {
  return rpcError(errorCodes.server, message, { code })
}

/** Does something, and gives what it is refused with the code of its reason. */
export async function withCodes<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'json-rpc/error') throw error
    throw codedError(error.code, error.message)
  }
}
