/** Does `call: openapi`. */

import { randomUUID } from 'node:crypto'
import type { Json } from '../../base/json-rpc.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import {
  type Fields,
  fieldsOf,
  invalid,
  isFields,
  type OutsideCall,
  textOf,
} from './call-fields.ts'
import { documentValue, type ExternalDocuments, unusable } from './external-documents.ts'
import { bodyOf, type HttpCallBounds, headersOf } from './http-call.ts'
import { outputOf, outputWish } from './http-output.ts'
import { type ApiBody, type ApiOperation, apiOperation } from './openapi-document.ts'
import { writeParameters } from './openapi-parameters.ts'

/**
 * `{document, operationId, parameters?, authentication?, output?, redirect?}`. The body is the parameter `body`, or is
 * made of the parameters that the operation does not name.
 *
 * @see the language's reference, "OpenAPI Call"
 */
export function openapiCall(
  { http, documents }: { readonly http: AuthenticatedHttp; readonly documents: ExternalDocuments },
  bounds: HttpCallBounds,
): OutsideCall {
  return async (input, context) => {
    const fields = fieldsOf(input, 'call: openapi')
    const operationId = textOf(fields, 'operationId', 'call: openapi')
    const wish = outputWish(fields)
    const { signal } = context
    const read = {
      read: async (found: { uri: string; text: string }) => ({
        uri: found.uri,
        value: documentValue(found),
      }),
      signal,
    }
    const { uri, value } = await documents.read(fields.document, 'an OpenAPI document', read)
    const operation = apiOperation(value, uri, operationId)
    const given = fieldsOf(fields.parameters, 'parameters')
    const { path, headers } = writeParameters(operation, given)
    const { body, type } = writeBody(operation, given)
    const url = `${operation.server}${path}`
    const asked = {
      ...{ method: operation.method, uri: url },
      headers: headersOf(
        { ...acceptOf(operation), ...headers },
        { method: operation.method, type, context },
      ),
    }
    const answer = await http.request(fields.authentication, {
      ...{ url, method: asked.method, headers: asked.headers, signal },
      ...{ timeoutMs: bounds.timeoutMs, maxBytes: bounds.maxAnswerBytes },
      ...(body === undefined ? {} : { body }),
      redirect: wish.redirect ? 'follow' : 'manual',
    })
    return { kind: 'done', output: outputOf(answer, asked, wish) }
  }
}

function acceptOf({ answers }: ApiOperation): { readonly accept?: string } {
  return answers.length === 0 ? {} : { accept: answers.slice(0, 8).join(', ') }
}

interface WrittenBody {
  readonly body?: string | Uint8Array
  readonly type?: string
}

function writeBody({ parameters, body }: ApiOperation, given: Fields): WrittenBody {
  const named = new Set(parameters.map(({ name }) => name))
  const rest = Object.entries(given).filter(([name]) => !named.has(name))
  const known = [...named, ...(body?.fields ?? body?.names ?? [])].join(', ') || 'none'
  if (body === undefined) {
    const [first] = rest
    if (first === undefined) return {}
    throw invalid(`the operation has no parameter "${first[0]}"; it has: ${known}`)
  }
  const whole = rest.find(([name]) => body.names.includes(name))
  const loose = rest.filter((entry) => entry !== whole)
  const stranger = loose.find(
    ([name]) => whole !== undefined || body.fields?.includes(name) === false,
  )
  if (stranger !== undefined)
    throw invalid(`the operation has no parameter "${stranger[0]}"; it has: ${known}`)
  const value = whole === undefined ? Object.fromEntries(loose) : (whole[1] ?? null)
  if (whole === undefined && loose.length === 0) {
    if (body.required)
      throw invalid(`the operation needs a body, as the parameter "${body.names[0]}"`)
    return {}
  }
  return asType(value, body)
}

/** The first of the operation's types that can be written. */
function asType(value: Json, { types }: ApiBody): WrittenBody {
  const all = types.map((type) => ({
    type,
    media: (type.split(';', 1)[0] ?? '').trim().toLowerCase(),
  }))
  const json = all.find(({ media }) => /[/+]json$/.test(media) || media === '*/*')
  if (json !== undefined) {
    const type = json.media === '*/*' ? 'application/json' : json.type
    return { body: JSON.stringify(value), type }
  }
  const form = all.find(({ media }) => media === 'application/x-www-form-urlencoded')
  if (form !== undefined && isFields(value)) return { ...bodyOf(value, form.type) }
  if (all.some(({ media }) => media === 'multipart/form-data') && isFields(value))
    return multipart(value)
  const bytes = all.find(({ media }) => media === 'application/octet-stream')
  if (bytes !== undefined && typeof value === 'string')
    return { body: Buffer.from(value, 'base64'), type: bytes.type }
  const [first] = all
  if (first !== undefined && typeof value === 'string') return { body: value, type: first.type }
  throw unusable(`a body of the types ${types.join(', ')} cannot be written from this value`)
}

/** @see RFC 7578 */
function multipart(value: Fields): WrittenBody {
  const boundary = `form-${randomUUID()}`
  const parts = Object.entries(value).flatMap(([name, field]) =>
    (Array.isArray(field) ? field : [field]).map((one) => {
      const isText = typeof one !== 'object'
      const quoted = name.replace(/["\r\n]/g, (sign) => encodeURIComponent(sign))
      const type = isText ? '' : 'content-type: application/json\r\n'
      const content = isText ? String(one) : JSON.stringify(one)
      return `--${boundary}\r\ncontent-disposition: form-data; name="${quoted}"\r\n${type}\r\n${content}\r\n`
    }),
  )
  return {
    body: `${parts.join('')}--${boundary}--\r\n`,
    type: `multipart/form-data; boundary=${boundary}`,
  }
}
