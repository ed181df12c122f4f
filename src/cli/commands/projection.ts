/** The command `projection`: checks declarations of tables, and shows, exports and refills those of a running node. */

import { createWriteStream } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../base/app-error.ts'
import { fileReason } from '../../base/file-reason.ts'
import { type ApiPage, askApi, table } from '../api-client.ts'
import { apiOrigin, listQuery, printPage } from '../api-lists.ts'
import type { Call, Command } from '../command.ts'
import { badUsage, textOf } from '../flag-values.ts'

interface ProjectionRow {
  readonly name: string
  readonly sources: readonly string[]
  readonly life: string
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly value: string
    readonly index: boolean
    readonly sum: boolean
  }[]
  readonly key: readonly string[]
  readonly state: string
  readonly progress: { readonly done: number; readonly last: number }
  readonly failures: number
  readonly problem: string | null
}

interface FailureRow {
  readonly record: string
  readonly block: number
  readonly reason: string
  readonly at: string
}

export const projectionCommand: Command = {
  name: 'projection',
  summary: 'Checks declarations of tables, and shows, exports and refills those of a running node',
  usage: 'check FILE | list | show NAME | rows NAME | export NAME | failures NAME | rebuild NAME',
  details: [
    "quantumstream projection rows transfers --where 'amount.gte.1000 and sender.eq.0x…' --order -amount",
    'quantumstream projection export transfers --format csv --out transfers.csv',
    'What a declaration says, and the operators of --where, are told in docs/projections.md.',
  ].join('\n'),
  mostWords: 2,
  flags: [
    { name: 'where', value: 'W', description: 'COLUMN.OPERATOR.VALUE, several with " and "' },
    { name: 'order', value: 'O', description: 'Column with an index; - before it turns it round' },
    { name: 'columns', value: 'C', description: 'Names with commas, default all' },
    { name: 'format', value: 'F', description: 'Of an export, jsonl (default) or csv' },
    { name: 'out', value: 'FILE', description: 'Where an export goes, default the terminal' },
    { name: 'cursors', description: 'Each row of an export ends with the cursor that goes on' },
    { name: 'limit', value: 'N', description: 'Lines of a list, 1 to 200, default 20' },
    { name: 'cursor', value: 'C', description: 'Goes on where the list or export before ended' },
    { name: 'yes', description: 'Empties and refills without asking again' },
    { name: 'json', description: 'Prints JSON' },
  ],
  settings: ['apiHost', 'apiPort'],
  async run(call) {
    const [what = 'list', subject] = call.words
    if (what === 'check' && subject !== undefined) return check(call, subject)
    if (what === 'list' && subject === undefined) return list(await apiOrigin(call), call)
    const act = Object.hasOwn(acts, what) ? acts[what] : undefined
    if (act !== undefined && subject !== undefined) {
      return act(await apiOrigin(call), call, subject)
    }
    throw badUsage('projection', `"projection ${call.words.join(' ')}" is not known or not whole`)
  },
}

type Act = (origin: string, call: Call, name: string) => Promise<number>

const acts: Readonly<Record<string, Act>> = { show, rows, export: exportRows, failures, rebuild }

const pathOf = (name: string, way = '') => `/v1/projections/${encodeURIComponent(name)}${way}`

async function check(call: Call, file: string): Promise<number> {
  const { readProjectionFile } = await import('../../node/projection-wiring.ts')
  const declaration = await readProjectionFile(file)
  const { name, columns, key, life } = declaration
  if (call.own.json) console.log(JSON.stringify(declaration, null, 2))
  else {
    const form =
      key.length > 0 ? `a row for each ${key.join(', ')}` : 'a row for each event or record'
    console.log(`${file}: well; table "${name}", ${columns.length} columns, ${form}, from ${life}`)
  }
  return 0
}

async function list(origin: string, call: Call): Promise<number> {
  const page = await askApi<ApiPage<ProjectionRow>>(origin, '/v1/projections')
  return printPage(call, page, {
    projection: ({ name }) => name,
    of: ({ sources }) => sources.join(', ').slice(0, 60),
    life: ({ life }) => life,
    state: ({ state, progress }) =>
      state === 'filling' ? `filling, ${progress.done} of ${progress.last}` : state,
    failures: (one) => String(one.failures),
    problem: ({ problem }) => problem ?? '',
  })
}

async function show(origin: string, call: Call, name: string): Promise<number> {
  return print(call, await askApi<ProjectionRow>(origin, pathOf(name)))
}

function print(call: Call, one: ProjectionRow): number {
  if (call.own.json) {
    console.log(JSON.stringify(one, null, 2))
    return 0
  }
  const { name, sources, life, key, state, progress, problem } = one
  const further = problem === null ? '' : `: ${problem}`
  console.log(`${name} of ${sources.join(', ')}, from ${life}`)
  console.log(`${state}${further}; filled ${progress.done} of ${progress.last}`)
  console.log(`${one.failures} failures${key.length > 0 ? `; key ${key.join(', ')}` : ''}\n`)
  const cells = one.columns.map((column) => [
    ...[column.name, column.type, column.value],
    [column.index ? 'index' : '', column.sum ? 'sum' : ''].join(' ').trim(),
  ])
  console.log(table(['column', 'type', 'value', ''], cells))
  return 0
}

async function rows(origin: string, call: Call, name: string): Promise<number> {
  const query = listQuery(call, { order: textOf(call, 'order'), columns: textOf(call, 'columns') })
  for (const filter of filters(call)) query.append('where', filter)
  type Row = Readonly<Record<string, unknown>>
  const page = await askApi<ApiPage<Row>>(origin, pathOf(name, `/rows?${query}`))
  const names = Object.keys(page.items[0] ?? {})
  const columns = names.map((column) => [column, (row: Row) => cell(row[column])] as const)
  return printPage(call, page, Object.fromEntries(columns))
}

function cell(value: unknown): string {
  if (value === null) return '-'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function filters(call: Call): readonly string[] {
  return textOf(call, 'where')?.split(' and ') ?? []
}

async function exportRows(origin: string, call: Call, name: string): Promise<number> {
  const query = new URLSearchParams({ format: textOf(call, 'format') ?? 'jsonl' })
  for (const flag of ['columns', 'cursor']) {
    const value = textOf(call, flag)
    if (value !== undefined) query.set(flag, value)
  }
  if (call.own.cursors) query.set('cursors', 'true')
  for (const filter of filters(call)) query.append('where', filter)
  const url = `${origin}${pathOf(name, `/export?${query}`)}`
  const response = await fetch(url).catch((cause: unknown) => {
    const message = `no node answers at ${origin}; start one with "quantumstream start --dev", or name its port by --api-port`
    throw new AppError({ code: 'cli/no-node', message, cause, retry: 'later' })
  })
  if (!response.ok || response.body === null) {
    const body = (await response.json().catch(() => ({}))) as { error?: { message: string } }
    const message = body.error?.message ?? `${url} answered ${response.status}`
    throw new AppError({ code: 'cli/refused', message })
  }
  const file = textOf(call, 'out')
  const target: Writable = file === undefined ? process.stdout : createWriteStream(file)
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  try {
    await pipeline(body, target, { end: file !== undefined })
  } catch (cause) {
    // Whoever reads has enough, as `head` has.
    if (file === undefined && (cause as NodeJS.ErrnoException).code === 'EPIPE') return 0
    const where = file === undefined ? '' : ` into ${file}`
    const message = `the export${where} broke off (${fileReason(cause)}); what came is not all: begin again, or go on with --cursor behind the last row of an export with --cursors`
    throw new AppError({ code: 'cli/broken-off', message, cause })
  }
  return 0
}

async function failures(origin: string, call: Call, name: string): Promise<number> {
  const path = pathOf(name, `/failures?${listQuery(call, {})}`)
  return printPage(call, await askApi<ApiPage<FailureRow>>(origin, path), {
    block: ({ block }) => String(block),
    reason: ({ reason }) => reason,
    record: ({ record }) => record,
    at: ({ at }) => at,
  })
}

async function rebuild(origin: string, call: Call, name: string): Promise<number> {
  if (!call.own.yes) {
    const message = `this empties the table "${name}" and fills it anew; say so by --yes`
    throw new AppError({ code: 'cli/not-confirmed', message })
  }
  const how = { method: 'POST', body: {}, timeoutMs: 600_000 } as const
  return print(call, await askApi<ProjectionRow>(origin, pathOf(name, '/rebuild'), how))
}
