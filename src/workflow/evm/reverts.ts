/** Finds out why a call is reverted, and says it in the contract's own words. */

import { type Abi, decodeErrorResult, keccak256, stringToHex } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { JsonRpcClient } from '../../base/json-rpc.ts'
import type { SentOutcome } from '../sent-transaction.ts'

/** A custom error, `Error` of a `require`, or `Panic`. */
export interface Revert {
  readonly name: string
  readonly args: readonly string[]
}

/** A call as nodes take it. */
export interface CallFields {
  readonly from?: Hex | undefined
  readonly to: Hex | undefined
  readonly data: Hex
  readonly value: bigint
}

/** Who is asked, and which errors are known by name. */
interface Known {
  readonly client: JsonRpcClient
  readonly abis: readonly Abi[]
}

/** The call of JSON-RPC. */
export function rpcCall({ from, to, data, value }: CallFields) {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...{ data, value: `0x${value.toString(16)}` },
  }
}

/**
 * The error of a call or of its estimate with the decoded reason, `workflow/call-reverted`; any other as it is. Nodes
 * that leave the data out of an estimate's error give it for the call itself.
 */
export async function toldRevert(
  error: AppError,
  call: CallFields & { readonly what: string },
  { client, abis }: Known,
): Promise<AppError> {
  if (error.code !== 'json-rpc/error') return error
  const data = revertDataOf(error) ?? (await simulated(client, call, 'latest'))
  if (data === undefined) return error
  const { reason, facts } = told(data, abis)
  const message = `${call.what} would be reverted: ${reason}`
  return new AppError({ code: 'workflow/call-reverted', message, data: facts, cause: error })
}

/**
 * The error of a transaction that was reverted in its block, `workflow/transaction-reverted`. A receipt has no reason: it is
 * the one that the same call has after that block, if it has one.
 */
export async function blockRevert(
  { hash, blockNumber }: Pick<SentOutcome, 'hash' | 'blockNumber'>,
  call: CallFields,
  { client, abis }: Known,
): Promise<AppError> {
  const data = await simulated(client, call, `0x${blockNumber.toString(16)}`)
  const { reason, facts } = data === undefined ? {} : told(data, abis)
  const why = reason === undefined ? '' : `: ${reason}`
  const message = `transaction ${hash} was reverted in block ${blockNumber}${why}`
  return new AppError({
    ...{ code: 'workflow/transaction-reverted', message },
    data: { hash, ...facts },
  })
}

/** Revert data in words, and as members of an error. */
function told(data: Hex, abis: readonly Abi[]) {
  const revert = decodedRevert(data, abis)
  const reason = revert
    ? `${revert.name}(${revert.args.join(', ')})`
    : `unknown error ${data.slice(0, 74)}`
  return { reason, facts: { ...(revert && { error: revert.name, args: revert.args }), data } }
}

/** Revert data by the first ABI that knows them. */
function decodedRevert(data: Hex, abis: readonly Abi[]): Revert | undefined {
  for (const abi of [...abis, []]) {
    try {
      const { errorName, args = [] } = decodeErrorResult({ abi, data })
      const given = args as readonly unknown[]
      return { name: errorName, args: given.map((one) => nameOf(String(one), abis)) }
    } catch {
      // Another ABI may know it.
    }
  }
  return undefined
}

/** A role's hash as its name, where an ABI has a constant for it. */
function nameOf(value: string, abis: readonly Abi[]): string {
  for (const item of abis.flat()) {
    if (item.type !== 'function' || !item.name.endsWith('_ROLE')) continue
    if (keccak256(stringToHex(item.name)) === value) return item.name
  }
  return value
}

/** Revert data as nodes put it into their errors. */
function revertDataOf(error: AppError): Hex | undefined {
  if (error.code !== 'json-rpc/error') return undefined
  const { data } = error.data as { data?: unknown }
  const found = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : data
  return typeof found === 'string' && /^0x[0-9a-f]{8,}$/i.test(found) ? (found as Hex) : undefined
}

async function simulated(
  client: JsonRpcClient,
  call: CallFields,
  block: string,
): Promise<Hex | undefined> {
  try {
    await client.request('eth_call', [rpcCall(call), block])
    return undefined
  } catch (cause) {
    return cause instanceof AppError ? revertDataOf(cause) : undefined
  }
}
