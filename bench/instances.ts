/** Measures a node whose database has many instances: memory, time until it is ready, and that those that wait are woken. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../src/base/test-ports.ts'
import type { SqlStore } from '../src/store/sql.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { spreadOf, spreadText, table } from './measure.ts'
import { forgetPeak, peakMiB } from './processes.ts'

const main = path.join(import.meta.dirname, '../src/cli/main.ts')
/** Finished instances, and waiting ones: half of them for a time, half for an event. */
const sizes = [
  [0, 0],
  [100_000, 10_000],
  [1_000_000, 100_000],
] as const

const head = (name: string) =>
  `document: {dsl: "1.0.3", namespace: bench, name: ${name}, version: "1.0.0"}`
const definitions = {
  ended: `${head('ended')}
do: [{tell: {emit: {event: {with: {source: 'https://bench.example', type: bench.ended, data: '\${ . }'}}}}}, {rest: {wait: {milliseconds: 1}}}]`,
  sleeper: `${head('sleeper')}
do: [{rest: {wait: '\${ .rest }'}}]`,
  listener: `${head('listener')}
do: [{paid: {listen: {to: {one: {with: {type: bench.paid}, correlate: {order: {from: .data.order, expect: '\${ .order }'}}}}}}}]`,
}

/** The table of docs/performance.md. */
export async function instancesTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const [ended, waiting] of sizes) {
    const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
    try {
      await makeFirst(folder)
      await copyThem(folder, { ended, waiting })
      const found: Reading[] = []
      for (let run = 0; run < runs; run += 1) found.push(await read(folder, { run, waiting }))
      const text = (of: (one: Reading) => number, digits = 0) =>
        spreadText(spreadOf(found.map(of)), digits)
      rows.push([
        `${ended.toLocaleString('en')} + ${waiting.toLocaleString('en')}`,
        ...[text(({ readyS }) => readyS, 2), text(({ peak }) => peak), text(({ rest }) => rest)],
        waiting === 0 ? '–' : text(({ wokenMs }) => wokenMs),
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  return table(['ended + waiting', 'ready, s', 'peak, MiB', 'at rest, MiB', 'woken, ms'], rows)
}

/** One instance of each kind, as the engine itself makes it. */
async function makeFirst(folder: string): Promise<void> {
  const workflows = path.join(folder, 'workflows')
  await mkdir(workflows)
  for (const [name, text] of Object.entries(definitions)) {
    await writeFile(path.join(workflows, `${name}.workflow.yaml`), text)
  }
  const node = await start(folder)
  const inputs = {
    ended: { n: 1 },
    sleeper: { rest: { days: 30 } },
    listener: { order: 'ORDER-0' },
  }
  for (const [name, input] of Object.entries(inputs)) {
    await ask(node, `/v1/workflows/${name}/run`, { input, id: `${name}-0` })
    const wanted = name === 'ended' ? 'completed' : 'waiting'
    await until(async () => (await statusOf(node, `${name}-0`)) === wanted)
  }
  await stop(node)
}

/** As many more of each kind, row for row. */
async function copyThem(
  folder: string,
  { ended, waiting }: { readonly ended: number; readonly waiting: number },
): Promise<void> {
  const sql = await openSqlite({ path: path.join(folder, 'data/events.sqlite') })
  await copies(sql, 'ended', ended)
  await copies(sql, 'sleeper', waiting / 2)
  await copies(sql, 'listener', waiting / 2)
  await sql.close()
}

/** The columns of each table in which an instance is named. */
const named = { instances: 'id', journal: 'instance_id', subscriptions: 'instance_id' }

async function copies(sql: SqlStore, name: string, count: number): Promise<void> {
  for (let from = 1; from <= count; from += 20_000) {
    const to = Math.min(count, from + 19_999)
    for (const [of, key] of Object.entries(named)) {
      const first = await sql.get(`SELECT * FROM ${of} WHERE ${key} = ?`, `${name}-0`)
      const columns = Object.keys(first ?? {}).filter((one) => of === 'journal' || one !== 'seq')
      if (columns.length === 0) continue
      const values = columns.map((column) => {
        if (column === key) return `'${name}-' || n`
        return typeof first?.[column] === 'string'
          ? `replace(${column}, 'ORDER-0', 'ORDER-' || n)`
          : column
      })
      await sql.run(
        `WITH RECURSIVE numbers (n) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST(? AS INTEGER))
          INSERT INTO ${of} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM numbers, ${of} WHERE ${key} = ?`,
        ...[from, to, `${name}-0`],
      )
    }
  }
}

interface Reading {
  readonly readyS: number
  readonly peak: number
  readonly rest: number
  readonly wokenMs: number
}

/** A start, ten quiet seconds, and an event for one of those that wait. */
async function read(
  folder: string,
  { run, waiting }: { readonly run: number; readonly waiting: number },
): Promise<Reading> {
  const node = await start(folder)
  await sleep(5_000)
  await fetch(`${node.api}/v1/status`).then((answer) => answer.arrayBuffer())
  const peak = await peakMiB(node.pid)
  await forgetPeak(node.pid)
  await sleep(5_000)
  const rest = await peakMiB(node.pid)
  const wokenMs = waiting === 0 ? 0 : await wake(node, waiting / 2 - run)
  await stop(node)
  return { readyS: node.readyS, peak, rest, wokenMs }
}

async function wake(node: Node, number: number): Promise<number> {
  const id = `listener-${number}`
  if ((await statusOf(node, id)) !== 'waiting') throw new Error(`${id} does not wait`)
  const began = performance.now()
  await ask(node, '/v1/events', {
    ...{ specversion: '1.0', id: `paid-${number}`, source: '/bench', type: 'bench.paid' },
    data: { order: `ORDER-${number}` },
  })
  await until(async () => (await statusOf(node, id)) === 'completed')
  return performance.now() - began
}

interface Node {
  readonly child: ChildProcess
  readonly pid: number
  readonly api: string
  readonly readyS: number
}

/** None is left behind where a measurement fails. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

async function start(folder: string): Promise<Node> {
  const port = await freePort()
  const flags = { data: path.join(folder, 'data'), workflows: path.join(folder, 'workflows') }
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  const began = performance.now()
  const child = spawn(process.execPath, [main, 'start', '--dev', ...words], {
    env: { ...process.env, QS_DEMO: 'false', QS_RPC_PORT: '0', QS_API_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.add(child)
  const api = `http://127.0.0.1:${port}`
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the node stopped with ${child.exitCode}`)
    const answer = await fetch(`${api}/readyz`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok === true
  })
  return { child, pid: Number(child.pid), api, readyS: (performance.now() - began) / 1_000 }
}

async function stop({ child }: Node): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  children.delete(child)
}

async function ask({ api }: Node, what: string, body: object): Promise<unknown> {
  const type = what === '/v1/events' ? 'application/cloudevents+json' : 'application/json'
  const answer = await fetch(`${api}${what}`, {
    ...{ method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) },
  })
  if (!answer.ok) throw new Error(`${what} answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

async function statusOf({ api }: Node, id: string): Promise<string> {
  const answer = await fetch(`${api}/v1/instances/${id}`)
  return ((await answer.json()) as { status: string }).status
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const last = performance.now() + 120_000
  while (!(await isSo())) {
    if (performance.now() > last) throw new Error('it never came to that')
    await sleep(5)
  }
}
