/** Does `call: http`. */

import type { Json } from '../../base/json-rpc.ts'
import type { HttpRequest } from '../guarded-http.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import {
  type CallContext,
  type Fields,
  fieldsOf,
  invalid,
  isFields,
  type OutsideCall,
  optionalText,
  textOf,
} from './call-fields.ts'
import { outputOf, outputWish } from './http-output.ts'

/** Bounds of a question. */
export interface HttpCallBounds {
  readonly timeoutMs: number
  readonly maxAnswerBytes: number
}

/** Where something is, and how one shows who asks. */
export interface Endpoint {
  readonly uri: string
  readonly authentication: Json | undefined
}

/** Methods that change something, and so carry the key by which a server knows a repetition. */
const unsafeMethods = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** Longest address with its query, in characters. */
const maxQueryLength = 16 * 1024

/** `{method, endpoint, headers?, query?, body?, output?, redirect?}`. @see the language's reference, "HTTP Call" */
export function httpCall(http: AuthenticatedHttp, bounds: HttpCallBounds): OutsideCall {
  return async (input, context) => {
    const fields = fieldsOf(input, 'call: http')
    const { uri, authentication } = endpointOf(fields.endpoint, 'call: http')
    const wish = outputWish(fields)
    const method = textOf(fields, 'method', 'call: http').toUpperCase()
    const url = withQuery(uri, fieldsOf(fields.query, 'query'))
    const { body, type } = bodyOf(fields.body, headerIn(fields.headers, 'content-type'))
    const headers = headersOf(fields.headers, { method, type, context })
    const answer = await http.request(authentication, {
      ...{ url, method, headers, signal: context.signal },
      ...{ timeoutMs: bounds.timeoutMs, maxBytes: bounds.maxAnswerBytes },
      ...(body === undefined ? {} : { body }),
      redirect: wish.redirect ? 'follow' : 'manual',
    } satisfies HttpRequest)
    return { kind: 'done', output: outputOf(answer, { method, uri: url, headers }, wish) }
  }
}

/** A text, or `{uri, authentication?}`. */
export function endpointOf(value: Json | undefined, what: string): Endpoint {
  if (typeof value === 'string') return { uri: value, authentication: undefined }
  if (!isFields(value)) throw invalid(`${what} needs an endpoint`)
  return {
    uri: textOf(value, 'uri', `the endpoint of ${what}`),
    authentication: value.authentication,
  }
}

/**
 * Headers that go out, `traceparent` among them where traces are kept. Unsafe methods carry `Idempotency-Key`; one that the workflow gives stands, an empty one leaves
 * it out.
 */
export function headersOf(
  value: Json | undefined,
  asked: {
    readonly method: string
    readonly type: string | undefined
    readonly context: CallContext
  },
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  const { method, type, context } = asked
  if (type !== undefined) headers['content-type'] = type
  if (unsafeMethods.has(method)) headers['idempotency-key'] = context.idempotencyKey
  if (context.traceparent !== undefined) headers.traceparent = context.traceparent
  const fields = fieldsOf(value, 'headers')
  for (const name of Object.keys(fields)) {
    const text = optionalText(fields, name, 'headers')
    const key = name.toLowerCase()
    if (text !== undefined && text !== '') headers[key] = text
    else delete headers[key]
  }
  return headers
}

/** Texts go as they are, anything else as JSON, or as a form if the content type says so. */
export function bodyOf(
  body: Json | undefined,
  contentType: string | undefined,
): { readonly body?: string; readonly type?: string } {
  if (body === undefined || body === null) return {}
  if (typeof body === 'string') return { body, type: 'text/plain; charset=utf-8' }
  if (contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') && isFields(body))
    return { body: queryText(body), type: contentType }
  return { body: JSON.stringify(body), type: 'application/json' }
}

/** An address with more parameters; a list gives one for each member, an object goes as JSON. */
function withQuery(uri: string, query: Fields): string {
  const added = queryText(query)
  if (added === '') return uri
  if (added.length > maxQueryLength)
    throw invalid(`the query has over ${maxQueryLength} characters`)
  const [before = '', fragment] = uri.split('#', 2)
  const joint = !before.includes('?') ? '?' : /[?&]$/.test(before) ? '' : '&'
  return `${before}${joint}${added}${fragment === undefined ? '' : `#${fragment}`}`
}

function queryText(query: Fields): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null)
        parameters.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one))
  return parameters.toString()
}

function headerIn(headers: Json | undefined, wanted: string): string | undefined {
  if (!isFields(headers)) return undefined
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]
  return typeof found === 'string' ? found : undefined
}
