/** A process that runs the workflows of a schema of PostgreSQL: `node workflow-host.ts URL SCHEMA PORT`, for `workers.ts`. */

import { once } from 'node:events'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { createWorkflowEngine } from '../src/workflow/engine.ts'
import { createGuardedHttp } from '../src/workflow/guarded-http.ts'
import { outsideCalls } from '../src/workflow/outside-calls.ts'
import { readDefinition } from '../src/workflow/read-definition.ts'
import type { WorkflowEngine } from '../src/workflow/workflow.ts'

/** Three steps, each on disk before the next: a value is made, a function is asked, and the answer is kept. */
const definition = (
  port: string,
) => `document: {dsl: "1.0.3", namespace: bench, name: score, version: "1.0.0"}
do:
  - prepare: {call: bench.prepare, with: {amount: '\${ .amount }'}}
  - ask: {call: http, with: {method: post, endpoint: 'http://127.0.0.1:${port}/', body: '\${ . }'}}
  - keep: {call: bench.keep, with: {score: '\${ .score }'}}
`

/** The engine, with or without the running of instances. */
export async function openEngine(
  [url = '', schema = '', port = '']: readonly string[],
  isWorker: boolean,
): Promise<{ readonly engine: WorkflowEngine; stop(): Promise<void> }> {
  const sql = await openPostgres({ url, schema })
  const http = createGuardedHttp({ allowHosts: ['127.0.0.1'] })
  const calls = outsideCalls({ http, folder: import.meta.dirname })
  const functions = {
    ...calls.functions,
    'bench.prepare': async (input: unknown) => {
      const { amount } = input as { amount: number }
      return { kind: 'done', output: { amount: amount * 3 } } as const
    },
    'bench.keep': async (input: unknown, { instanceId }: { instanceId: string }) => {
      const values = [instanceId, (input as { score: number }).score]
      const writes = [{ sql: 'INSERT INTO scores VALUES (?, ?)', values }]
      return { kind: 'done', output: null, writes } as const
    },
  }
  const engine = createWorkflowEngine({
    ...{ sql, clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
    ...{ random: Math.random, functions, isWorker },
  })
  await engine.deploy(readDefinition(definition(port), { functions }))
  await engine.start()
  return {
    engine,
    async stop() {
      await engine.stop()
      await calls.stop()
      await http.stop()
      await sql.close()
    },
  }
}

if (import.meta.main) {
  const { stop } = await openEngine(process.argv.slice(2), true)
  console.log('ready')
  await once(process, 'SIGTERM')
  await stop()
}
