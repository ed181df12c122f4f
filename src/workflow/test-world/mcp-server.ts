/** Serves the Model Context Protocol as its Streamable HTTP transport says, and minds what a client may not do. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '../../base/json-rpc.ts'
import { served, type TestScope } from './local-server.ts'

type Message = { readonly [name: string]: Json }

/** A request that came, in the order of coming. */
export interface McpRequest {
  readonly verb: string
  readonly headers: IncomingMessage['headers']
  readonly message: Message
}

/** What is done with a question once its session and form are right. */
export type McpAnswer = (
  message: Message,
  response: ServerResponse,
  request: IncomingMessage,
) => unknown

/** A server. */
export interface McpServer {
  readonly url: string
  readonly requests: readonly McpRequest[]
  /** Sessions that are open. */
  readonly sessions: ReadonlySet<string>
  /** Forgets all sessions. */
  forget(): void
}

/** Answers as JSON. */
export function sendJson(response: ServerResponse, message: Json, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(message))
}

/** A result as JSON. */
export function mcpResult({ id = null }: Message, result: Json): Json {
  return { jsonrpc: '2.0', id, result }
}

/** A server, which was at `/old` before; `answer` does what comes after the beginning, `version` is what it agrees to. */
export async function mcpServer(
  t: TestScope,
  answer: McpAnswer,
  { version, stateless = false }: { readonly version?: string; readonly stateless?: boolean } = {},
): Promise<McpServer> {
  const requests: McpRequest[] = []
  const sessions = new Set<string>()
  const begun = new Set<string>()
  const url = await served(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url === '/old') return response.writeHead(307, { location: '/' }).end()
    const message = body === '' ? {} : (JSON.parse(body) as Message)
    requests.push({ verb: request.method ?? '', headers: request.headers, message })
    const refuse = (status: number, text: string) =>
      sendJson(
        response,
        { jsonrpc: '2.0', id: null, error: { code: -32_000, message: text } },
        status,
      )
    const session = request.headers['mcp-session-id'] as string | undefined
    if (request.method !== 'POST') {
      if (session === undefined || !sessions.has(session)) return refuse(404, 'no such session')
      if (request.method === 'GET') return answer({}, response, request)
      sessions.delete(session)
      return response.writeHead(204).end()
    }
    const wrong = wrongIn(request, message)
    if (wrong !== undefined) return refuse(400, wrong)
    if (message.method === 'initialize') {
      const id = stateless ? undefined : `session-${requests.length}`
      if (id !== undefined) sessions.add(id)
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(id === undefined ? {} : { 'Mcp-Session-Id': id }),
      })
      const agreed = version ?? (message.params as Message).protocolVersion
      const serverInfo = { name: 'stand-in', version: '1' }
      return response.end(
        JSON.stringify(
          mcpResult(message, { protocolVersion: agreed, capabilities: {}, serverInfo } as Json),
        ),
      )
    }
    if (!stateless && session === undefined) return refuse(400, 'no session')
    if (!stateless && !sessions.has(session ?? '')) return refuse(404, 'no such session')
    if (request.headers['mcp-protocol-version'] === undefined) return refuse(400, 'no version')
    if (message.id === undefined || message.method === undefined) {
      if (message.method === 'notifications/initialized') begun.add(session ?? '')
      return response.writeHead(202).end()
    }
    if (!begun.has(session ?? '')) return refuse(400, 'not begun')
    return answer(message, response, request)
  })
  return { url, requests, sessions, forget: () => sessions.clear() }
}

/** What a client does wrong. */
function wrongIn({ headers }: IncomingMessage, message: Message): string | undefined {
  const { accept = '' } = headers
  if (!accept.includes('application/json') || !accept.includes('text/event-stream')) return 'accept'
  if (headers['content-type'] !== 'application/json') return 'content-type'
  if (message.jsonrpc !== '2.0') return 'jsonrpc'
  if (message.method !== 'initialize') return undefined
  const { protocolVersion, capabilities, clientInfo } = (message.params ?? {}) as Message
  const { name, version } = (clientInfo ?? {}) as Message
  if (typeof protocolVersion !== 'string' || typeof capabilities !== 'object') return 'initialize'
  if (typeof name !== 'string' || typeof version !== 'string') return 'clientInfo'
  if (headers['mcp-session-id'] !== undefined) return 'a session before its beginning'
  return headers['idempotency-key'] === undefined ? undefined : 'the key of another message'
}
