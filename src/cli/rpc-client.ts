/** Asks a running node through its JSON-RPC. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { configOf } from './call-config.ts'
import type { Call } from './command.ts'

/** Calls one method. */
export type AskRpc = <T>(method: string, ...params: readonly Json[]) => Promise<T>

/** Asks the node that the settings of a call name; of a chain, if it is not the one that the node stands on. */
export async function rpcOf(call: Call, chain?: string): Promise<AskRpc> {
  const { values } = await configOf(call)
  const host = values.rpcHost.replace(/[[\]]/g, '')
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${values.rpcPort}`
  const url = chain === undefined ? origin : `${origin}/rpc/${encodeURIComponent(chain)}`
  return (method, ...params) => askRpc(url, method, params)
}

/** @throws AppError `cli/no-node` if nothing answers, `cli/refused` with the node's own message */
async function askRpc<T>(url: string, method: string, params: readonly Json[]): Promise<T> {
  let response: Response
  try {
    response = await fetch(url, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
  } catch (cause) {
    const message = `no node answers at ${url}; start one with "quantumstream start", or name its port by --rpc-port`
    throw new AppError({ code: 'cli/no-node', message, cause, retry: 'later' })
  }
  const answer = (await response.json().catch(() => undefined)) as
    | { readonly result: T; readonly error?: { readonly message: string } }
    | undefined
  if (answer !== undefined && answer.error === undefined) return answer.result
  const message =
    answer?.error?.message ?? `${url} answered ${response.status}, which is no JSON-RPC`
  throw new AppError({ code: 'cli/refused', message })
}
