/** Measures what a workflow costs where several processes run workflows over one PostgreSQL. */

import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgres } from '../src/store/postgres.ts'
import type { SqlStore } from '../src/store/sql.ts'
import { temporarySchema } from '../src/store/temporary-schema.ts'
import { workflowMigrations } from '../src/workflow/engine.ts'
import { type Program, startProgram } from '../test/e2e/program.ts'
import { inTurns, ratio, spreadOf, spreadText, table } from './measure.ts'
import { cpuSeconds } from './processes.ts'
import { openEngine } from './workflow-host.ts'

/** Workflows of each worker that let it warm up, and those that are measured. */
const [warmingEach, measuredEach] = [1_500, 2_000]
const counts = [1, 2, 4] as const

interface Found {
  readonly perSecond: number
  readonly workersMs: number
  readonly serverMs: number
}

/** The table of docs/performance.md; processor time of the server is that of all its processes. */
export async function workersTable(runs: number): Promise<string> {
  const found = new Map<number, Found[]>()
  const take = async (workers: number) => {
    const one = await run(workers)
    found.set(workers, [...(found.get(workers) ?? []), one])
    return one.workersMs + one.serverMs
  }
  const ways = Object.fromEntries(counts.map((workers) => [workers, () => take(workers)]))
  const cpu = await inTurns(runs, ways)
  const rows = counts.map((workers) => {
    const all = found.get(workers) ?? []
    return [
      String(workers),
      spreadText(spreadOf(all.map(({ perSecond }) => perSecond)), 0),
      spreadText(spreadOf(all.map(({ workersMs }) => workersMs))),
      spreadText(spreadOf(all.map(({ serverMs }) => serverMs))),
      spreadText(ratio(cpu.get(String(workers)), cpu.get('1'))),
    ]
  })
  const head = ['workers', 'workflows a second', 'CPU of workers, ms each', 'of the server']
  return table([...head, 'both ÷ one worker'], rows)
}

async function run(count: number): Promise<Found> {
  const [warming, measured] = [warmingEach * count, measuredEach * count]
  const { remove, ...options } = temporarySchema()
  const sql = await openPostgres(options)
  const answering = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json').end('{"score": 7}')
    })
  }).listen(0, '127.0.0.1')
  await once(answering, 'listening')
  const words = [options.url, options.schema, `${(answering.address() as AddressInfo).port}`]
  const workers: Program[] = []
  try {
    const table = 'CREATE TABLE scores (id TEXT PRIMARY KEY, score BIGINT)'
    await sql.migrate([...workflowMigrations, { id: 'bench/001', statements: [table] }])
    const starter = await openEngine(words, false)
    const entry = path.join(import.meta.dirname, 'workflow-host.ts')
    for (let at = 0; at < count; at += 1) workers.push(startProgram(words, { entry }))
    await Promise.all(workers.map((worker) => worker.printed(/ready/)))
    const begin = (ids: number) =>
      Promise.all(
        Array.from({ length: ids }, (_, amount) =>
          starter.engine.begin({ namespace: 'bench', name: 'score' }, { amount }),
        ),
      )
    await begin(warming)
    await finished(sql, warming)
    const before = await Promise.all([workersSeconds(workers), serverSeconds()])
    const begun = performance.now()
    await begin(measured)
    await finished(sql, warming + measured)
    const seconds = (performance.now() - begun) / 1_000
    const after = await Promise.all([workersSeconds(workers), serverSeconds()])
    await starter.stop()
    const [workersMs = 0, serverMs = 0] = after.map(
      (total, at) => ((total - (before[at] ?? 0)) * 1_000) / measured,
    )
    return { perSecond: measured / seconds, workersMs, serverMs }
  } finally {
    for (const { child } of workers) child.kill()
    await Promise.all(workers.map(({ exited }) => exited))
    answering.close()
    await sql.close()
    await remove()
  }
}

async function finished(sql: SqlStore, wanted: number): Promise<void> {
  for (let waited = 0; ; waited += 1) {
    const row = await sql.get('SELECT count(*) AS n FROM scores')
    if (Number(row?.n) === wanted) return
    if (waited > 1_200) throw new Error(`${row?.n} of ${wanted} workflows are done after a minute`)
    await sleep(50)
  }
}

async function workersSeconds(workers: readonly Program[]): Promise<number> {
  const all = await Promise.all(workers.map(({ child }) => cpuSeconds(child.pid ?? 0)))
  return all.reduce((sum, seconds) => sum + seconds, 0)
}

/** All processes called `postgres` of this machine, which is to have one server. */
async function serverSeconds(): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const names = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')),
  )
  const own = pids.filter((_, at) => names[at]?.trim() === 'postgres')
  const all = await Promise.all(own.map((pid) => cpuSeconds(Number(pid)).catch(() => 0)))
  return all.reduce((sum, seconds) => sum + seconds, 0)
}
