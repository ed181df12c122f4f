/** Puts CloudEvents into HTTP messages and reads them from there: structured, binary and batched content mode. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'

/** A CloudEvent 1.0 in its JSON form: attributes, and `data` or `data_base64`. */
export type CloudEvent = { readonly [attribute: string]: Json } & {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
}

/** Headers, by names in lower case, and body of a request or an answer. */
export interface CloudEventMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** Attributes of one event: names of 20 characters are what the specification asks for at least. */
const bounds = { attributes: 100, name: 100, batch: 1_000 }
const structured = 'application/cloudevents+json'
const batched = 'application/cloudevents-batch+json'
const required = ['specversion', 'id', 'source', 'type'] as const

/**
 * An event as a message.
 *
 * @throws AppError `stream/bad-cloud-event` for one that is no event, or that binary mode cannot hold
 * @see CloudEvents 1.0.2, HTTP protocol binding, 3.1 and 3.2
 */
export function encodeCloudEvent(
  event: CloudEvent,
  mode: 'structured' | 'binary',
): CloudEventMessage {
  checked(event)
  if (mode === 'structured') {
    const headers = { 'content-type': `${structured}; charset=utf-8` }
    return { headers, body: JSON.stringify(event) }
  }
  const { data, data_base64: base64, datacontenttype, ...attributes } = event
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) continue
    if (typeof value === 'object') throw bad(`the attribute "${name}" is a structure`)
    headers[`ce-${name}`] = escaped(String(value))
  }
  if (data === undefined && base64 === undefined) {
    if (typeof datacontenttype === 'string') headers['content-type'] = datacontenttype
    return { headers, body: '' }
  }
  const type = typeof datacontenttype === 'string' ? datacontenttype : 'application/json'
  headers['content-type'] = type
  if (base64 !== undefined) return { headers, body: Buffer.from(String(base64), 'base64') }
  if (isJson(type)) return { headers, body: JSON.stringify(data) }
  if (typeof data !== 'string') throw bad(`data of the type ${type} is no text`)
  return { headers, body: data }
}

/**
 * The events of a message: several in batched mode, one in the others.
 *
 * @throws AppError `stream/bad-cloud-event`
 */
export function decodeCloudEvents({ headers, body }: CloudEventMessage): readonly CloudEvent[] {
  const type = headers['content-type'] ?? ''
  const media = mediaOf(type)
  if (media === batched) {
    const events = jsonOf(textOf(body))
    if (!Array.isArray(events)) throw bad('a batch is no list')
    if (events.length > bounds.batch) throw bad(`a batch has over ${bounds.batch} events`)
    return events.map(checked)
  }
  if (media === structured) return [checked(jsonOf(textOf(body)))]
  if (media.startsWith('application/cloudevents')) throw bad(`the format ${media} is not known`)
  const attributes: Record<string, Json> = {}
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('ce-')) attributes[name.slice('ce-'.length)] = unescaped(value)
  if (type !== '') attributes.datacontenttype = type
  return [checked({ ...attributes, ...dataOf(type, body) })]
}

/** What stands in the body, by its type. */
function dataOf(type: string, body: string | Uint8Array): { readonly [name: string]: Json } {
  if (body.length === 0) return {}
  if (type === '' || isJson(type)) return { data: jsonOf(textOf(body)) }
  const media = mediaOf(type)
  if (media.startsWith('text/') || media === 'application/xml' || media.endsWith('+xml'))
    return { data: textOf(body) }
  const data_base64 = Buffer.from(body as Uint8Array).toString('base64')
  return { data_base64 }
}

/** Whether it is an event: its required attributes, and the names and kinds of all. */
function checked(value: Json): CloudEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('an event is no object')
  const fields = value as { readonly [name: string]: Json }
  for (const name of required) {
    const attribute = fields[name]
    if (typeof attribute !== 'string' || attribute === '') throw bad(`an event has no "${name}"`)
  }
  if (fields.specversion !== '1.0') throw bad(`version ${fields.specversion} is not known`)
  const names = Object.keys(fields)
  if (names.length > bounds.attributes)
    throw bad(`an event has over ${bounds.attributes} attributes`)
  for (const name of names)
    if (!/^[a-z0-9]+$/.test(name) ? name !== 'data_base64' : name.length > bounds.name)
      throw bad(`"${name.slice(0, bounds.name)}" is no name of an attribute`)
  if (fields.data !== undefined && fields.data_base64 !== undefined)
    throw bad('an event has both data and data_base64')
  if (typeof (fields.data_base64 ?? '') !== 'string') throw bad('data_base64 is no text')
  if (typeof (fields.time ?? '') !== 'string' || !isTime(fields.time as string | undefined))
    throw bad(`"${String(fields.time).slice(0, bounds.name)}" is no time`)
  return fields as CloudEvent
}

/** RFC 3339. */
function isTime(time: string | undefined | null): boolean {
  const form = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
  return time === undefined || time === null || (form.test(time) && !Number.isNaN(Date.parse(time)))
}

function mediaOf(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function isJson(type: string): boolean {
  const media = mediaOf(type)
  return media.endsWith('/json') || media.endsWith('+json')
}

/** Percent-encoding of what a header cannot hold. */
function escaped(text: string): string {
  if (!text.isWellFormed()) throw bad('an attribute is no text of Unicode')
  return text.replace(/[^\x21\x23\x24\x26-\x7e]+/gu, (part) =>
    [...Buffer.from(part)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}

/** A header's value, out of quotes if an older sender put it into some, percent-decoded once. */
function unescaped(header: string): string {
  const text = header
    .trim()
    .replace(/"((?:[^"\\]|\\.)*)"/g, (_, inner: string) => inner.replace(/\\(.)/g, '$1'))
  try {
    return text.replace(/(%[0-9a-fA-F]{2})+/g, decodeURIComponent)
  } catch (cause) {
    throw bad('an attribute is no UTF-8', cause)
  }
}

function textOf(body: string | Uint8Array): string {
  if (typeof body === 'string') return body
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw bad('the body is no UTF-8', cause)
  }
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw bad('the body is no JSON', cause)
  }
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'stream/bad-cloud-event', message, cause })
}
