/** Serves an agent as Agent2Agent 0.3 says, and minds what a client may not do. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '../../base/json-rpc.ts'
import { served, type TestScope } from './local-server.ts'
import { sendJson } from './mcp-server.ts'

type Message = { readonly [name: string]: Json }

/** A question that came to the agent. */
export interface AgentQuestion {
  readonly headers: IncomingMessage['headers']
  readonly message: Message
}

/** An agent. */
export interface AgentServer {
  readonly url: string
  readonly questions: readonly AgentQuestion[]
  /** Headers of the requests for its card. */
  readonly cardRequests: readonly IncomingMessage['headers'][]
}

/** What is done with a question whose form is right; `say` sends one event of a stream. */
export type AgentAnswer = (
  message: Message,
  response: ServerResponse,
  say: (result: Json) => void,
) => unknown

/** An agent at `/a2a`, with what its card says besides. */
export async function a2aServer(
  t: TestScope,
  answer: AgentAnswer,
  card: (url: string) => Json = (url) => ({ url: `${url}/a2a`, preferredTransport: 'JSONRPC' }),
): Promise<AgentServer> {
  const questions: AgentQuestion[] = []
  const cardRequests: IncomingMessage['headers'][] = []
  const url = await served(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'GET' && request.url === '/.well-known/agent-card.json') {
      cardRequests.push(request.headers)
      return sendJson(response, { name: 'stand-in', ...(card(url) as object) })
    }
    const message = JSON.parse(body) as Message
    const wrong = wrongIn(request, message)
    if (wrong !== undefined) return response.writeHead(400).end(wrong)
    questions.push({ headers: request.headers, message })
    const say = (result: Json) => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`)
    }
    return answer(message, response, say)
  })
  return { url, questions, cardRequests }
}

/** What a client does wrong. */
function wrongIn(request: IncomingMessage, message: Message): string | undefined {
  const { 'content-type': type, accept = '' } = request.headers
  const { jsonrpc, id, method, params } = message
  if (request.method !== 'POST' || request.url !== '/a2a') return 'address'
  if (type !== 'application/json' || jsonrpc !== '2.0' || typeof id !== 'string') return 'form'
  const streams = method === 'message/stream' || method === 'tasks/resubscribe'
  if (!accept.includes(streams ? 'text/event-stream' : 'application/json')) return 'accept'
  if (!String(method).startsWith('message/')) return undefined
  const { kind, role, messageId, parts } = ((params as Message).message ?? {}) as Message
  const isMessage = kind === 'message' && role !== undefined && typeof messageId === 'string'
  return isMessage && Array.isArray(parts) ? undefined : 'message'
}
