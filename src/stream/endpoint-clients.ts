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
 * given to the others, too, and what one does not know of a transaction the others are asked: what they show in a block
 * counts if most have that block.
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
      if (found !== null && (await isOnChain(found))) return found
    }
    return null
  }
  const agreedHash = async (block: number) => {
    const hashes = await Promise.all(clients.map((client) => hashOf(client, block)))
    const most = Math.floor(clients.length / 2) + 1
    const agreed = hashes.find((hash) => hash && count(hashes, hash) >= most)
    // Whoever has another block there is not the one to be asked.
    if (agreed !== undefined && hashes[current] !== agreed) current = hashes.indexOf(agreed)
    return agreed
  }
  const isOnChain = async (found: Json) => {
    const { blockNumber, blockHash } = found as { blockNumber?: Json; blockHash?: Json }
    if (typeof blockNumber !== 'string') return true
    return (await agreedHash(Number(blockNumber))) === blockHash
  }
  return {
    ...{ request: one, agreedHash },
    requestAll: (calls: readonly JsonRpcCall[]) =>
      ask(
        (client) =>
          client.requestAll?.(calls) ??
          Promise.all(calls.map(([method, params]) => client.request(method, params))),
      ),
  }
}

async function hashOf(client: EndpointClient, block: number): Promise<string | undefined> {
  const params = [`0x${block.toString(16)}`, false]
  const answer = await client.request('eth_getBlockByNumber', params).catch(() => null)
  const { hash } = (answer ?? {}) as { readonly hash?: Json }
  return typeof hash === 'string' ? hash : undefined
}

const count = (all: readonly unknown[], one: unknown) => all.filter((other) => other === one).length
