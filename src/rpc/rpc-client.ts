/** Gives the event wing a client that calls an interface of the same process without a socket. */

import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Rpc } from './rpc.ts'

/** A client of one chain; the first one unless `chain` names another. */
export function rpcClient(rpc: Pick<Rpc, 'call'>, chain?: string): JsonRpcClient {
  return { request: (method, params = []) => rpc.call(method, params, chain) }
}
