/** Asks a running node through its JSON-RPC. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { configOf } from './call-config.ts'
import type { Call } from './command.ts'

/** Calls one method. */
export type AskRpc = <T>(method: string, ...params: readonly Json[]) => Promise<T>

/** Asks the node that the settings of a call name; of a chain, if it is not the one that the node stands on. */
export async function rpcOf(call: Call, chain?: string): Promise<AskRpc> {
  const origin = await originOf(call)
  const url = chain === undefined ? origin : `${origin}/rpc/${encodeURIComponent(chain)}`
  return (method, ...params) => askRpc(url, method, params)
}

/** Where JSON-RPC is: `--rpc`, or the address that the settings say. */
async function originOf(call: Call): Promise<string> {
  const { rpc } = call.own
  if (typeof rpc === 'string') {
    if (/^https?:\/\//.test(rpc) && URL.canParse(rpc)) return rpc.replace(/\/+$/, '')
    const message = `--rpc is an address such as http://127.0.0.1:8545, not "${rpc}"`
    throw new AppError({ code: 'cli/bad-usage', message })
  }
  const { values } = await configOf(call)
  const host = values.rpcHost.replace(/[[\]]/g, '')
  return `http://${host.includes(':') ? `[${host}]` : host}:${values.rpcPort}`
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
    | {
        readonly result: T
        readonly error?: { readonly message: string; readonly data?: Json }
      }
    | undefined
  if (answer !== undefined && answer.error === undefined) return answer.result
  const message =
    answer?.error?.message ?? `${url} answered ${response.status}, which is no JSON-RPC`
  throw new AppError({ code: 'cli/refused', message, data: { revert: answer?.error?.data } })
}
