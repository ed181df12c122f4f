/** Gives an answer by HTTP as the output of a call. */

import type { Json } from '../../base/json-rpc.ts'
import type { HttpAnswer } from '../guarded-http.ts'
import { WorkflowError } from '../workflow-error.ts'
import { wordOf } from './call-fields.ts'
import { answerFailure } from './failures.ts'

/** What was asked, as `output: response` shows it. */
export interface AskedRequest {
  readonly method: string
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
}

/** How an answer is to be given. */
export interface OutputWish {
  readonly output: 'content' | 'response' | 'raw'
  /** Whether 300 to 399 is no error. */
  readonly redirect: boolean
}

/** Never shown: an output is kept in the journal. */
const secretHeaders = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])

/** What `output` and `redirect` of a call say. */
export function outputWish(fields: {
  readonly output?: unknown
  readonly redirect?: unknown
}): OutputWish {
  return {
    output: wordOf(fields.output as Json, ['content', 'response', 'raw'], '"output"'),
    redirect: fields.redirect === true,
  }
}

/**
 * The output of a call.
 *
 * @throws WorkflowError for an answer that is a failure, or whose JSON is none
 * @see the language's reference, "HTTP Call" and "HTTP Response"
 */
export function outputOf(answer: HttpAnswer, asked: AskedRequest, wish: OutputWish): Json {
  const { status, body } = answer
  if (status < 200 || status > (wish.redirect ? 399 : 299)) {
    const { origin, pathname } = new URL(answer.url)
    throw answerFailure(`${asked.method} ${origin}${pathname}`, answer)
  }
  if (wish.output === 'raw') return body.toString('base64')
  const content = contentOf(answer)
  if (wish.output === 'content') return content
  return {
    request: { method: asked.method, uri: withoutUser(asked.uri), headers: shown(asked.headers) },
    statusCode: status,
    headers: shown(answer.headers),
    content,
  }
}

function withoutUser(uri: string): string {
  const url = new URL(uri)
  if (url.username === '' && url.password === '') return uri
  url.username = ''
  url.password = ''
  return url.href
}

/** JSON as its value, text as text, the rest as base64; nothing is null. */
function contentOf({ headers, body, url }: HttpAnswer): Json {
  if (body.length === 0) return null
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type.endsWith('/json') || type.endsWith('+json')) {
    try {
      return JSON.parse(body.toString('utf8')) as Json
    } catch (cause) {
      const { origin } = new URL(url)
      throw new WorkflowError({
        ...{ type: 'communication', status: 502, title: 'Unreadable answer', cause },
        detail: `${origin} says that it answers with JSON, and does not`,
      })
    }
  }
  const isText =
    type.startsWith('text/') || /[/+](xml|yaml|javascript|x-www-form-urlencoded)$/.test(type)
  if (isText) return body.toString('utf8')
  return type === '' ? guessed(body) : body.toString('base64')
}

/** The server does not say what it is. */
function guessed(body: Buffer): Json {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return body.toString('base64')
  }
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

function shown(headers: Readonly<Record<string, string>>): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.has(name)))
}
