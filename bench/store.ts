/** Measures group commit of the SQL store beside a loop by hand over the same database driver. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { SqlWrite } from '../src/store/sql.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'

/** Pieces of one measurement, by callers of which each waits for its piece before it writes the next. */
const [pieces, callers] = [20_000, 64]

const schema = [
  'CREATE TABLE step (wf TEXT NOT NULL, seq INTEGER NOT NULL, result TEXT NOT NULL, PRIMARY KEY (wf, seq))',
  'CREATE TABLE wf (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, output TEXT)',
]
const insertStep = 'INSERT INTO step (wf, seq, result) VALUES (?, ?, ?)'
const setWorkflow =
  'INSERT INTO wf (id, seq) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq'

/** What a step of a workflow writes: its result, and where the instance is. */
type Step = readonly [workflow: string, seq: number, result: string]

interface Way {
  write(step: Step): Promise<void>
  close(): Promise<void>
}

const pieceOf = ([workflow, seq, result]: Step): readonly SqlWrite[] => [
  { sql: insertStep, values: [workflow, seq, result] },
  { sql: setWorkflow, values: [workflow, seq], changes: 1 },
]

async function ours(file: string): Promise<Way> {
  const store = await openSqlite({ path: file })
  for (const statement of schema) await store.run(statement)
  return { write: (step) => store.write(pieceOf(step)), close: () => store.close() }
}

/** The least that can be done: one transaction for those that wait, with statements that were prepared once. */
async function byHand(file: string): Promise<Way> {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  for (const statement of schema) database.exec(statement)
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const [step, workflow] = [database.prepare(insertStep), database.prepare(setWorkflow)]
  let waiting: { step: Step; resolve: () => void }[] = []
  let isBusy = false
  const pump = async () => {
    isBusy = true
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const taken = waiting
      waiting = []
      begin.run()
      for (const { step: one } of taken) {
        step.run(...one)
        workflow.run(one[0], one[1])
      }
      commit.run()
      for (const { resolve } of taken) resolve()
      await new Promise(setImmediate)
    }
    isBusy = false
  }
  return {
    write: (one) =>
      new Promise((resolve) => {
        waiting.push({ step: one, resolve })
        if (!isBusy) void pump()
      }),
    close: async () => database.close(),
  }
}

interface Found {
  readonly cpuUs: number
  readonly perSecond: number
  readonly p50Ms: number
}

async function measured(open: (file: string) => Promise<Way>): Promise<Found> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-store-'))
  const way = await open(path.join(folder, 'store.sqlite'))
  const result = 'x'.repeat(200)
  let next = 0
  const caller = async (name: number) => {
    for (let seq = 0; next < pieces; seq += 1) {
      next += 1
      await way.write([`${name}-${seq >> 2}`, seq & 3, result])
    }
  }
  const begun = performance.now()
  const cpu = await timed(() => Promise.all(Array.from({ length: callers }, (_, n) => caller(n))))
  const seconds = (performance.now() - begun) / 1_000
  const alone: number[] = []
  for (let n = 0; n < 200; n += 1) {
    const at = performance.now()
    await way.write(['alone', n, result])
    alone.push(performance.now() - at)
  }
  await way.close()
  await rm(folder, { recursive: true })
  const p50Ms = spreadOf(alone).median
  return { cpuUs: (cpu / pieces) * 1e6, perSecond: pieces / seconds, p50Ms }
}

/** The table of docs/performance.md. */
export async function storeTable(runs: number): Promise<string> {
  const ways = { 'by hand': byHand, store: ours }
  const found = new Map<string, Found[]>()
  const take = async (name: keyof typeof ways) => {
    const one = await measured(ways[name])
    found.set(name, [...(found.get(name) ?? []), one])
    return one.cpuUs
  }
  const cpu = await inTurns(runs, {
    'by hand': () => take('by hand'),
    store: () => take('store'),
  })
  const rows = [...found].map(([name, all]) => [
    name,
    spreadText(spreadOf(all.map((one) => one.perSecond)), 0),
    spreadText(spreadOf(all.map((one) => one.p50Ms))),
    spreadText(spreadOf(all.map((one) => one.cpuUs)), 1),
    spreadText(ratio(cpu.get(name as keyof typeof ways), cpu.get('by hand'))),
  ])
  const head = ['way', 'pieces a second', 'p50 of one alone, ms', 'CPU of a piece, µs']
  return table([...head, 'CPU ÷ by hand'], rows)
}
