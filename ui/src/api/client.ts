/** Asks the node's API and its JSON-RPC. */

/** The node answered that it will not, or that there is no such thing. */
export class Refused extends Error {}

/** Asks the node; what the browser says of a lost line differs from one to another and helps nobody. */
async function ask(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request)
  } catch (cause) {
    throw new Error('There is no answer from the node. Is it running?', { cause })
  }
}

/** Asks one address of the API; @throws Error with the API's own sentence */
export function getJson<T>(path: string): Promise<T> {
  return askJson(path, { headers: { accept: 'application/json' } })
}

/** Has the API do something; @throws Error with the API's own sentence */
export function postJson<T>(path: string): Promise<T> {
  return askJson(path, { method: 'POST', headers: { 'content-type': 'application/json' } })
}

/** Gives the API a body, and has it do something; @throws Error with the API's own sentence */
export function sendJson<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return askJson(path, { method, headers, body: JSON.stringify(body) })
}

/** Has the API take something away; @throws Error with the API's own sentence */
export function deleteThing(path: string): Promise<void> {
  return askJson(path, { method: 'DELETE' })
}

async function askJson<T>(path: string, request: RequestInit): Promise<T> {
  const response = await ask(path, request)
  const body = (await response.json().catch(() => undefined)) as
    | (T & { error?: { message: string } })
    | undefined
  if (response.ok && (body !== undefined || response.status === 204)) return body as T
  const message = body?.error?.message ?? `${path} answered ${response.status}`
  throw response.status >= 400 && response.status < 500 ? new Refused(message) : new Error(message)
}

/** Calls one JSON-RPC method of a chain; @throws Error with the node's own sentence */
export async function callRpc<T>(rpcPath: string, method: string, params: unknown[]): Promise<T> {
  const response = await ask(rpcPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const body = (await response.json().catch(() => undefined)) as
    | { result: T; error?: { message: string } }
    | undefined
  if (body === undefined) throw new Error(`${rpcPath} answered ${response.status}`)
  if (!body.error) return body.result
  throw new Error(body.error.message)
}
