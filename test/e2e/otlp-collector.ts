/** Stands in for a collector of OpenTelemetry: takes OTLP over HTTP in JSON, and refuses what the specification does not allow. */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as it came. */
export interface TakenSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: { readonly code?: number; readonly message?: string }
  /** Of the program that sent it. */
  readonly resource: Readonly<Record<string, unknown>>
}

/** What came, and what was wrong with it. */
export interface Collector {
  readonly url: string
  readonly spans: readonly TakenSpan[]
  readonly faults: readonly string[]
  readonly requests: readonly { readonly headers: IncomingMessage['headers'] }[]
  /** Answers the next requests so instead of taking them. */
  refuse(...answers: readonly Refusal[]): void
}

interface Refusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Takes spans at `url` until the test ends. */
export async function startCollector(t: {
  after(run: () => Promise<void>): void
}): Promise<Collector> {
  const spans: TakenSpan[] = []
  const faults: string[] = []
  const requests: { headers: IncomingMessage['headers'] }[] = []
  const refusals: Refusal[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push({ headers: request.headers })
    const refusal = refusals.shift()
    if (refusal) {
      response.writeHead(refusal.status, refusal.headers).end()
      return
    }
    const found: string[] = []
    const isRight =
      request.method === 'POST' &&
      request.url === '/v1/traces' &&
      request.headers['content-type'] === 'application/json'
    if (!isRight) found.push(`${request.method} ${request.url} ${request.headers['content-type']}`)
    else spans.push(...readRequest(JSON.parse(Buffer.concat(chunks).toString('utf8')), found))
    faults.push(...found)
    response.writeHead(found.length === 0 ? 200 : 400, { 'content-type': 'application/json' })
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans, faults, requests },
    refuse: (...answers) => void refusals.push(...answers),
  }
}

type Members = Readonly<Record<string, unknown>>

/** Members that a message may have, with what each must be. @see opentelemetry-proto 1.9, and "JSON Protobuf Encoding" of OTLP */
function checked(
  what: string,
  value: unknown,
  shape: Readonly<Record<string, Check>>,
  found: string[],
) {
  const members = (typeof value === 'object' && value !== null ? value : {}) as Members
  if (members !== value) found.push(`${what} is no object`)
  for (const [name, member] of Object.entries(members)) {
    if (shape[name] === undefined) found.push(`${what} has an unknown member ${name}`)
    else if (!shape[name](member)) found.push(`${what}.${name} is ${JSON.stringify(member)}`)
  }
  return members
}

type Check = (value: unknown) => boolean
const text: Check = (value) => typeof value === 'string'
const list: Check = (value) => Array.isArray(value)
const object: Check = (value) => typeof value === 'object' && value !== null
const within =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= low && Number(value) <= high
/** 64 bits are decimal text. */
const fixed64: Check = (value) => typeof value === 'string' && /^[1-9]\d{0,19}$/.test(value)
/** Ids are hex, not base64, and not all zero. */
const hexOf =
  (bytes: number): Check =>
  (value) =>
    typeof value === 'string' &&
    new RegExp(`^[0-9a-f]{${bytes * 2}}$`).test(value) &&
    !/^0+$/.test(value)

const spanShape = {
  ...{ traceId: hexOf(16), spanId: hexOf(8), parentSpanId: hexOf(8), traceState: text },
  ...{ flags: within(0, 2 ** 32 - 1), name: (value: unknown) => text(value) && value !== '' },
  ...{ kind: within(0, 5), startTimeUnixNano: fixed64, endTimeUnixNano: fixed64 },
  ...{ attributes: list, events: list, links: list, status: object },
}

function readRequest(body: unknown, found: string[]): TakenSpan[] {
  const { resourceSpans = [] } = checked('request', body, { resourceSpans: list }, found)
  return (resourceSpans as unknown[]).flatMap((one) => {
    const shape = { resource: object, scopeSpans: list, schemaUrl: text }
    const { resource, scopeSpans = [] } = checked('resourceSpans', one, shape, found)
    const { attributes } = checked('resource', resource, { attributes: list }, found)
    const of = attributesOf(attributes, found)
    if (typeof of['service.name'] !== 'string') found.push('the resource lacks service.name')
    return (scopeSpans as unknown[]).flatMap((part) => {
      const { scope, spans = [] } = checked(
        'scopeSpans',
        part,
        { scope: object, spans: list, schemaUrl: text },
        found,
      )
      checked('scope', scope, { name: text, version: text, attributes: list }, found)
      return (spans as unknown[]).map((span) => readSpan(span, of, found))
    })
  })
}

function readSpan(value: unknown, resource: Members, found: string[]): TakenSpan {
  const span = checked('span', value, spanShape, found)
  for (const name of ['traceId', 'spanId', 'name', 'startTimeUnixNano', 'endTimeUnixNano'])
    if (span[name] === undefined) found.push(`span lacks ${name}`)
  const [start, end] = [span.startTimeUnixNano, span.endTimeUnixNano].map((ns) =>
    BigInt(String(ns)),
  )
  if (start !== undefined && end !== undefined && end < start)
    found.push('span ends before it begins')
  const status = checked('status', span.status ?? {}, { code: within(0, 2), message: text }, found)
  const attributes = attributesOf(span.attributes ?? [], found)
  return { ...span, attributes, status, resource } as unknown as TakenSpan
}

function attributesOf(value: unknown, found: string[]): Members {
  const all: Record<string, unknown> = {}
  for (const pair of Array.isArray(value) ? value : []) {
    const { key, value: given } = checked('attribute', pair, { key: text, value: object }, found)
    const shape = { stringValue: text, boolValue: (one: unknown) => typeof one === 'boolean' }
    const numbers = {
      intValue: (one: unknown) => typeof one === 'string' && /^-?\d{1,19}$/.test(one),
      doubleValue: (one: unknown) => typeof one === 'number',
    }
    const members = checked(`attribute ${key}`, given, { ...shape, ...numbers }, found)
    if (Object.keys(members).length !== 1) found.push(`attribute ${key} has not one value`)
    if (Object.hasOwn(all, String(key))) found.push(`attribute ${key} is there twice`)
    all[String(key)] = Object.values(members)[0]
  }
  return all
}
