/** Checks a question before it is asked, and gives it the form in which it goes out. */

import { AppError } from '../../base/app-error.ts'

/** A question that may be sent. */
export interface RequestParts {
  readonly url: URL
  readonly method: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
}

interface Unchecked {
  readonly url: string | URL
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Longest address and headers together, in characters. */
const maxUrlLength = 16 * 1024
const maxHeaderLength = 64 * 1024
/** These belong to the connection; a body's framing that somebody else chooses is how requests are smuggled. */
const ownHeaders = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade'],
  ...['proxy-connection', 'te', 'trailer', 'expect', 'http2-settings'],
])
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * A question in its form. User and password of the address become basic authentication.
 *
 * @throws AppError `workflow/http-bad-request`, whose message shows no more of the address than its origin
 */
export function checkRequest({
  url: address,
  method = 'GET',
  headers,
  body,
}: Unchecked): RequestParts {
  const url = typeof address === 'string' ? parsed(address) : address
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw badRequest(`${url.protocol} is neither http: nor https:`)
  if (url.href.length > maxUrlLength)
    throw badRequest(`an address has over ${maxUrlLength} characters`)
  const verb = method.toUpperCase()
  if (!methods.has(verb)) throw badRequest(`"${method}" is no method of HTTP that may be used`)
  const checked: Record<string, string> = { 'accept-encoding': 'gzip, deflate, br' }
  let length = 0
  for (const name in headers) {
    const value = String(headers[name])
    const key = name.toLowerCase()
    if (ownHeaders.has(key)) continue
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw badRequest(`the header "${name.slice(0, 100)}" cannot be sent`)
    length += key.length + value.length
    checked[key] = value
  }
  if (length > maxHeaderLength) throw badRequest(`headers have over ${maxHeaderLength} characters`)
  if (url.username !== '' || url.password !== '') checked.authorization ??= basicOf(url)
  return { url, method: verb, headers: checked, body }
}

function parsed(address: string): URL {
  if (URL.canParse(address)) return new URL(address)
  throw badRequest('the address is no whole URL')
}

function basicOf({ username, password }: URL): string {
  const [user, word] = [username, password].map(decoded)
  return `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badRequest('user or password in the address cannot be decoded')
  }
}

function badRequest(message: string): AppError {
  return new AppError({ code: 'workflow/http-bad-request', message })
}
