/** Makes clients to the endpoints of a foreign chain, and one client that asks whichever of them answers. */

import { AppError } from '../base/app-error.ts'
import type { Json, JsonRpcCall, JsonRpcClient } from '../base/json-rpc.ts'
import type { EndpointClient } from './evm-source.ts'
import { createHttpClient } from './json-rpc-http.ts'
import { createSocketClient } from './json-rpc-socket.ts'

/** A client to an address: HTTP, or a WebSocket for `ws` and `wss`. */
export function createEndpointClient(url: string): EndpointClient {
  return /^wss?:/.test(url) ? createSocketClient({ url }) : createHttpClient({ url })
}

/**
 * A client that goes over to the next one where no answer comes, or a later one is promised. A transaction that one of them
 * may have taken without an answer is not refused by another one's word: then nobody has answered.
 */
export function createFailoverClient(clients: readonly EndpointClient[]): JsonRpcClient {
  let current = 0
  const ask = async <Result>(
    question: (client: EndpointClient) => Promise<Result>,
    { sends = false } = {},
  ) => {
    let unanswered: AppError | undefined
    for (let tried = 1; ; tried += 1) {
      const used = current
      try {
        return await question(clients[used] as EndpointClient)
      } catch (error) {
        const isAway = error instanceof AppError && error.retry === 'later'
        if (isAway && current === used) current = (used + 1) % clients.length
        if (isAway && sends && error.code === 'json-rpc/unreachable') unanswered = error
        if (!isAway || tried >= clients.length) throw unanswered ?? error
      }
    }
  }
  const one = (method: string, params: readonly Json[] = []) =>
    ask((client) => client.request(method, params), { sends: method === 'eth_sendRawTransaction' })
  return {
    request: one,
    requestAll: (calls: readonly JsonRpcCall[]) =>
      ask(
        (client) =>
          client.requestAll?.(calls) ??
          Promise.all(calls.map(([method, params]) => client.request(method, params))),
      ),
  }
}
