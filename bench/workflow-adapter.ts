/** Lets the workflow benchmark of peers drive this engine, on SQLite, or on PostgreSQL where `QS_BENCH_DATABASE` is `postgres`. */

import path from 'node:path'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import type { Json } from '../src/base/json-rpc.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { openPostgres } from '../src/store/postgres.ts'
import type { SqlStore } from '../src/store/sql.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { RunnableWorkflow } from '../src/workflow/durable-context.ts'
import { createDurableEngine } from '../src/workflow/engine/durable-engine.ts'
import { engineMigrations } from '../src/workflow/engine/schema.ts'
import type { WorkflowEngine } from '../src/workflow/workflow.ts'

/** What the benchmark hands over; see its README, "Adapter contract". */
interface BenchContext {
  readonly dir: string
  readonly fnPort: number
  readonly services: { postgres(dir: string): Promise<Server> }
  readonly steps: {
    compute(input: Json): Json
    callFunction(port: number, id: string, first: Json): Promise<Json>
    makeResult(id: string, first: Json, second: Json): Members
  }
}

/** A private server of the benchmark. */
interface Server {
  readonly url: string
  pids(): number[]
  settle(): Promise<void>
  stop(): Promise<void>
}

type Members = { readonly [name: string]: Json }

let engine: WorkflowEngine
let sql: SqlStore
let server: Server | undefined
const isPostgres = process.env.QS_BENCH_DATABASE === 'postgres'

/** The three steps, each durable before the next. */
function scoring({ fnPort, steps }: BenchContext): RunnableWorkflow {
  return {
    ...{ namespace: 'bench', name: 'score', version: '1.0.0', title: 'Score', hash: 'score' },
    ...{ document: {}, source: '', trigger: {} },
    async run(context, input) {
      const first = await context.run('/do/0/compute', {
        kind: 'function',
        run: async () => ({ kind: 'done', output: steps.compute(input) }),
      })
      const second = await context.run('/do/1/call', {
        kind: 'http',
        run: async ({ instanceId }) => ({
          kind: 'done',
          output: await steps.callFunction(fnPort, instanceId, first),
        }),
      })
      return context.run('/do/2/record', {
        kind: 'record.write',
        run: async ({ instanceId: id }) => {
          const output = steps.makeResult(id, first, second)
          const values = [id, Number(output.amount), Number(output.score), String(output.tag)]
          return {
            ...{ kind: 'done', output },
            writes: [{ sql: 'INSERT INTO results VALUES (?, ?, ?, ?)', values }],
          }
        },
      })
    },
  }
}

export default {
  name: isPostgres ? 'quantumstream-postgres' : 'quantumstream',
  async start(context: BenchContext): Promise<void> {
    server = isPostgres ? await context.services.postgres(context.dir) : undefined
    sql = server
      ? await openPostgres({ url: server.url })
      : await openSqlite({ path: path.join(context.dir, 'events.sqlite') })
    const results =
      'CREATE TABLE results (id TEXT PRIMARY KEY, amount BIGINT, score BIGINT, tag TEXT)'
    await sql.migrate([...engineMigrations, { id: 'bench/001', statements: [results] }])
    const workflow = scoring(context)
    engine = createDurableEngine({
      ...{ sql, clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
      ...{ random: Math.random, compile: () => workflow, evaluate: () => null },
    })
    await engine.deploy(workflow)
    await engine.start()
  },
  run: (id: string, input: Json): Promise<Json> => engine.run({ name: 'score' }, input, { id }),
  async stop(): Promise<void> {
    await engine.stop()
    await sql.close()
    await server?.stop()
  },
  pids: () => server?.pids() ?? [],
  settle: async () => server?.settle(),
  stored: async (): Promise<number> =>
    Number((await sql.get('SELECT count(*) AS n FROM results'))?.n),
}
