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

/** Answers `null` where the endpoint does not know, or hides, what another one may show. */
const aboutTransactions = new Set(['eth_getTransactionReceipt', 'eth_getTransactionByHash'])

/**
 * A client that goes over to the next one where no answer comes, or a later one is promised. A transaction that one of them
 * may have taken without an answer is not refused by another one's word: then nobody has answered. What one of them took is
 * given to the others, too, and what one does not know of a transaction the others are asked.
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
  const others = () => clients.filter((_, at) => at !== current)
  const one = async (method: string, params: readonly Json[] = []) => {
    const question = (client: EndpointClient) => client.request(method, params)
    const sends = method === 'eth_sendRawTransaction'
    const answer = await ask(question, { sends })
    if (sends) for (const other of others()) question(other).catch(() => {})
    if (answer !== null || !aboutTransactions.has(method)) return answer
    for (const other of others()) {
      const found = await question(other).catch(() => null)
      if (found !== null) return found
    }
    return null
  }
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
