/** Asks the node's API and its JSON-RPC. */

/** Asks one address of the API; @throws Error with the API's own sentence */
export async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: 'application/json' } })
  const body = (await response.json().catch(() => undefined)) as
    | (T & { error?: { message: string } })
    | undefined
  if (response.ok && body !== undefined) return body
  throw new Error(body?.error?.message ?? `${path} answered ${response.status}`)
}

/** Calls one JSON-RPC method of a chain; @throws Error with the node's own sentence */
export async function callRpc<T>(rpcPath: string, method: string, params: unknown[]): Promise<T> {
  const response = await fetch(rpcPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const body = (await response.json()) as { result: T; error?: { message: string } | string }
  if (!body.error) return body.result
  throw new Error(typeof body.error === 'string' ? body.error : body.error.message)
}
