/** The command `function`: deploys, shows, calls and removes the functions of a running node. */

import { readFile } from 'node:fs/promises'
import { AppError } from '../../base/app-error.ts'
import { fileReason } from '../../base/file-reason.ts'
import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listQuery, printPage } from '../api-lists.ts'
import type { Call, Command } from '../command.ts'
import { badUsage, numberOf, textOf } from '../flag-values.ts'

interface FunctionRow {
  readonly name: string
  readonly provider: string
  readonly version: string | null
  readonly state: string
  readonly isCalled: boolean
  readonly circuit: string
  readonly runs: number
  readonly errors: number
  readonly medianMs: number | null
  readonly p95Ms: number | null
  readonly lastError: string | null
}

interface FunctionDetail extends FunctionRow {
  readonly versions: readonly {
    readonly version: string
    readonly at: string | null
    readonly bytes: number | null
    readonly isCurrent: boolean
  }[]
}

interface RunRow {
  readonly at: string
  readonly ms: number
  readonly outcome: string
  readonly idempotencyKey: string
  readonly error: string | null
}

interface LogRow {
  readonly at: string
  readonly level: string
  readonly text: string
}

/** Longest wait for a call or for a cloud that makes a function ready. */
const longestMs = 15 * 60_000
const width = 12

export const functionCommand: Command = {
  name: 'function',
  summary: 'Deploys, shows, calls and removes the functions of a running node',
  usage:
    'deploy PATH | deploy NAME --version V | list | show NAME | invoke NAME | runs NAME | logs NAME | remove NAME',
  details: [
    'deploy takes a file or a folder with a function.json; calls go to the new version at once, and --version goes back to an',
    'older one. Where functions run, and which provider has which, is told in docs/functions.md.',
  ].join('\n'),
  mostWords: 2,
  flags: [
    { name: 'name', value: 'N', description: 'Name, default that of the file or folder' },
    { name: 'provider', value: 'P', description: 'Where it is to run, default where it runs now' },
    { name: 'version', value: 'V', description: 'Version to go to; its beginning will do' },
    { name: 'network', description: 'Lets a local function use the network' },
    { name: 'timeout', value: 'MS', description: 'Longest run' },
    { name: 'memory', value: 'MB', description: 'Most memory' },
    { name: 'runtime', value: 'R', description: 'Of a cloud, such as nodejs24.x' },
    { name: 'handler', value: 'H', description: 'What a cloud calls, such as main.handler' },
    { name: 'payload', value: 'JSON', description: 'Of a call, or @FILE; default null' },
    { name: 'key', value: 'K', description: 'Idempotency key of a call, default a new one' },
    { name: 'limit', value: 'N', description: 'Lines of a list, 1 to 200, default 20' },
    { name: 'cursor', value: 'C', description: 'Goes on where the list before ended' },
    { name: 'yes', description: 'Removes without asking again' },
    { name: 'json', description: 'Prints JSON' },
  ],
  settings: ['apiHost', 'apiPort'],
  async run(call) {
    const [what = 'list', subject] = call.words
    const origin = await apiOrigin(call)
    if (what === 'list' && subject === undefined) return list(origin, call)
    const act = Object.hasOwn(acts, what) ? acts[what] : undefined
    if (act !== undefined && subject !== undefined) return act(origin, call, subject)
    throw badUsage('function', `"function ${call.words.join(' ')}" is not known or not whole`)
  },
}

type Act = (origin: string, call: Call, subject: string) => Promise<number>

const acts: Readonly<Record<string, Act>> = { deploy, show, invoke, runs, logs, remove }

const pathOf = (name: string) => `/v1/functions/${encodeURIComponent(name)}`

async function list(origin: string, call: Call): Promise<number> {
  const path = `/v1/functions?${listQuery(call, {})}`
  const page = await askApi<ApiPage<FunctionRow> & { readonly problems: readonly string[] }>(
    ...[origin, path],
    { timeoutMs: 60_000 },
  )
  for (const problem of page.problems) console.error(`not told: ${problem}`)
  return printPage(call, page, {
    function: ({ name, isCalled }) => (isCalled ? name : `(${name})`),
    provider: ({ provider }) => provider,
    version: ({ version }) => version?.slice(0, width) ?? '-',
    state: ({ state, circuit }) => (circuit === 'closed' ? state : `circuit ${circuit}`),
    runs: (one) => String(one.runs),
    errors: (one) => String(one.errors),
    median: ({ medianMs }) => time(medianMs),
    p95: ({ p95Ms }) => time(p95Ms),
    'last error': ({ lastError }) => lastError?.slice(0, 80) ?? '',
  })
}

const time = (ms: number | null) => (ms === null ? '-' : `${ms} ms`)

async function show(origin: string, call: Call, name: string): Promise<number> {
  return print(call, await askApi<FunctionDetail>(origin, pathOf(name), { timeoutMs: 60_000 }))
}

function print(call: Call, one: FunctionDetail): number {
  if (call.own.json) {
    console.log(JSON.stringify(one, null, 2))
    return 0
  }
  const { name, provider, state, runs: count, errors, medianMs, p95Ms } = one
  console.log(
    `${name} at ${provider}: ${state}; ${count} runs, ${errors} errors, median ${time(medianMs)}, p95 ${time(p95Ms)}\n`,
  )
  return printPage(
    call,
    { items: one.versions, next: null },
    {
      version: ({ version }) => version.slice(0, width),
      deployed: ({ at }) => at ?? '-',
      bytes: ({ bytes }) => (bytes === null ? '-' : String(bytes)),
      '': ({ isCurrent }) => (isCurrent ? 'is called' : ''),
    },
  )
}

async function deploy(origin: string, call: Call, subject: string): Promise<number> {
  const version = textOf(call, 'version')
  const provider = textOf(call, 'provider')
  const put = (name: string, body: object) =>
    askApi<FunctionDetail>(origin, pathOf(name), { method: 'PUT', body, timeoutMs: longestMs })
  if (version !== undefined) return print(call, await put(subject, { version }))
  const timeoutMs = numberOf(call, 'timeout', { least: 1, rest: 0 })
  const memoryMb = numberOf(call, 'memory', { least: 1, rest: 0 })
  const [runtime, handler] = [textOf(call, 'runtime'), textOf(call, 'handler')]
  const given = {
    ...(call.own.network === true && { network: true }),
    ...(timeoutMs > 0 && { timeoutMs }),
    ...(memoryMb > 0 && { memoryMb }),
    ...(runtime !== undefined && { runtime }),
    ...(handler !== undefined && { handler }),
  }
  const { readFunction } = await import('../../node/function-folder.ts')
  const { name, ...upload } = await readFunction(subject, given, textOf(call, 'name'))
  return print(call, await put(name, { ...upload, ...(provider !== undefined && { provider }) }))
}

async function invoke(origin: string, call: Call, name: string): Promise<number> {
  const idempotencyKey = textOf(call, 'key')
  const body = { payload: await payloadOf(call), ...(idempotencyKey && { idempotencyKey }) }
  const path = `${pathOf(name)}/invoke`
  const result = await askApi<{ readonly output: unknown }>(origin, path, {
    ...{ method: 'POST', body, timeoutMs: longestMs },
  })
  console.log(JSON.stringify(call.own.json ? result : result.output, null, 2))
  return 0
}

async function payloadOf(call: Call): Promise<unknown> {
  const given = textOf(call, 'payload')
  if (given === undefined) return null
  const file = given.startsWith('@') ? given.slice(1) : undefined
  const text = file === undefined ? given : await readFile(file, 'utf8').catch(noFile(file))
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw badUsage('function', `the payload is no JSON: ${(cause as Error).message}`)
  }
}

function noFile(file: string) {
  return (cause: Error): never => {
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'cli/unreadable-file', message, cause })
  }
}

async function runs(origin: string, call: Call, name: string): Promise<number> {
  const path = `${pathOf(name)}/runs?${listQuery(call, {})}`
  return printPage(call, await askApi<ApiPage<RunRow>>(origin, path), {
    time: ({ at }) => at,
    took: ({ ms }) => `${ms} ms`,
    outcome: ({ outcome }) => outcome,
    key: ({ idempotencyKey }) => idempotencyKey.slice(0, 20),
    error: ({ error }) => error ?? '',
  })
}

async function logs(origin: string, call: Call, name: string): Promise<number> {
  const path = `${pathOf(name)}/logs?limit=${call.own.limit ?? 100}`
  const { items } = await askApi<{ readonly items: readonly LogRow[] }>(origin, path)
  if (call.own.json) console.log(JSON.stringify(items, null, 2))
  else for (const { at, level, text } of items) console.log(`${at} ${level} ${text}`)
  return 0
}

async function remove(origin: string, call: Call, name: string): Promise<number> {
  if (!call.own.yes) {
    const message = `this removes the function "${name}" with all its versions, for good; say so by --yes`
    throw new AppError({ code: 'cli/not-confirmed', message })
  }
  await askApi<undefined>(origin, pathOf(name), { method: 'DELETE', timeoutMs: longestMs })
  console.log(`the function "${name}" is gone`)
  return 0
}
