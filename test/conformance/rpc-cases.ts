/** Reads the public JSON-RPC cases, asks a node, and says in which of them it answers otherwise. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type JsonSchema, type SchemaParts, schemaFault } from './json-schema.ts'

/** One file: requests in order, each with the answer that is expected. */
export interface RpcCase {
  /** `METHOD/NAME`. */
  readonly name: string
  /** Only the form of the answer is given. */
  readonly speconly: boolean
  readonly rounds: readonly { readonly request: string; readonly expected: Answer }[]
}

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message?: string }
}

interface OpenRpc {
  readonly methods: readonly { readonly name: string; readonly result?: { schema: JsonSchema } }[]
  readonly components?: { readonly schemas?: SchemaParts }
}

/** How a set of cases went. */
export interface RpcScore {
  readonly methods: ReadonlyMap<string, { readonly passed: number; readonly failed: number }>
  readonly failures: readonly { readonly name: string; readonly reason: string }[]
  /** Answers that are not what the node's own OpenRPC document says. */
  readonly unlike: readonly string[]
}

/** What answers are looked at with. */
interface Look {
  readonly url: string
  /** That of the cases. */
  readonly document: OpenRpc
  readonly own: OpenRpc
  readonly unlike: string[]
}

/** These change the pool, which others look at. */
const last = ['eth_sendRawTransaction', 'testing_buildBlockV1']

/** All cases below `folder/io`, those that change something last. */
export async function readCases(folder: string): Promise<readonly RpcCase[]> {
  const names = await readdir(path.join(folder, 'io'), { recursive: true })
  const cases = await Promise.all(
    names
      .filter((name) => name.endsWith('.io'))
      .sort()
      .map(async (name) => caseOf(name, await readFile(path.join(folder, 'io', name), 'utf8'))),
  )
  const place = ({ name }: RpcCase) => last.indexOf(path.dirname(name))
  return cases.toSorted((a, b) => place(a) - place(b))
}

function caseOf(file: string, text: string): RpcCase {
  const lines = text.split('\n')
  const after = (sign: string) =>
    lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(sign.length).trim())
  const answers = after('<<')
  return {
    name: file.slice(0, -'.io'.length).replaceAll(path.sep, '/'),
    speconly: lines.some((line) => /^\/\/ *speconly:/.test(line)),
    rounds: after('>>').map((request, at) => ({
      request,
      expected: JSON.parse(answers[at] ?? '{}') as Answer,
    })),
  }
}

/** Asks the node at `url` all cases, one after the other. */
export async function runCases(folder: string, url: string): Promise<RpcScore> {
  const discovered = await ask(url, '{"jsonrpc":"2.0","id":0,"method":"rpc_discover"}')
  const own = (discovered.result ?? { methods: [] }) as OpenRpc
  const look: Look = { url, document: await openRpcOf(folder), own, unlike: [] }
  const methods = new Map<string, { passed: number; failed: number }>()
  const failures: { name: string; reason: string }[] = []
  for (const one of await readCases(folder)) {
    const reason = await failureOf(one, look)
    const method = path.dirname(one.name)
    const score = methods.get(method) ?? { passed: 0, failed: 0 }
    methods.set(method, score)
    score[reason === undefined ? 'passed' : 'failed'] += 1
    if (reason !== undefined) failures.push({ name: one.name, reason })
  }
  return { methods, failures, unlike: look.unlike }
}

async function openRpcOf(folder: string): Promise<OpenRpc> {
  const places = ['openrpc/openrpc.json', 'openrpc.json']
  for (const place of places) {
    const text = await readFile(path.join(folder, place), 'utf8').catch(() => undefined)
    if (text !== undefined) return JSON.parse(text) as OpenRpc
  }
  return { methods: [] }
}

async function failureOf(
  { name, speconly, rounds }: RpcCase,
  { url, document, own, unlike }: Look,
): Promise<string | undefined> {
  for (const { request, expected } of rounds) {
    const answer = await ask(url, request)
    const fault = formFault(request, answer, own)
    if (fault !== undefined) unlike.push(`${name}: ${fault}`)
    if ('error' in expected !== 'error' in answer)
      return `expected ${shown(expected)}, got ${shown(answer)}`
    const reason = speconly ? formFault(request, answer, document) : difference(expected, answer)
    if (reason !== undefined) return reason
  }
  return undefined
}

async function ask(url: string, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body })
  return (await response.json()) as Answer
}

function formFault(request: string, answer: Answer, document: OpenRpc): string | undefined {
  if (answer.error) return undefined
  const { method } = JSON.parse(request) as { method: string }
  const schema = document.methods.find(({ name }) => name === method)?.result?.schema
  return schema && schemaFault(answer.result, schema, document.components?.schemas)
}

/** Results must be the same JSON, errors have the same code. */
function difference(expected: Answer, answer: Answer): string | undefined {
  if (expected.error) {
    if (expected.error.code === answer.error?.code) return undefined
    return `expected ${shown(expected)}, got ${shown(answer)}`
  }
  return valueDifference(expected.result, answer.result, 'result')
}

/** Where two JSON values first differ. */
function valueDifference(expected: unknown, found: unknown, at: string): string | undefined {
  if (isDeepStrictEqual(expected, found)) return undefined
  const isOpen = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null
  if (!isOpen(expected) || !isOpen(found) || Array.isArray(expected) !== Array.isArray(found))
    return `${at}: expected ${shown(expected)}, got ${shown(found)}`
  for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const reason = valueDifference(expected[key], found[key], `${at}.${key}`)
    if (reason !== undefined) return reason
  }
  return `${at}: differs`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

/** The lines of a report, the score of all at its end. */
export function reportOf({ methods, failures, unlike }: RpcScore): readonly string[] {
  const sum = (kind: 'passed' | 'failed') =>
    [...methods.values()].reduce((total, score) => total + score[kind], 0)
  return [
    ...Array.from(
      methods,
      ([name, { passed, failed }]) => `${name}: ${passed} of ${passed + failed}`,
    ),
    ...unlike.map((one) => `UNLIKE the node's own document: ${one}`),
    ...failures.map(({ name, reason }) => `FAILED ${name}: ${reason}`),
    `${sum('passed')} passed, ${sum('failed')} failed`,
  ]
}
