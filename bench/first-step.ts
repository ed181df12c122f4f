/** Measures the time from the block of an event until the first step of its workflow has begun, on a chain of our own. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { subscriptionsOf, wakeWorkflows, workflowHandler } from '../src/node/workflow-wiring.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { createEventDecoder } from '../src/stream/event-decoder.ts'
import { createEventStore, streamMigrations } from '../src/stream/event-store.ts'
import { createEvmSource } from '../src/stream/evm-source.ts'
import { createSocketClient } from '../src/stream/json-rpc-socket.ts'
import { createListener } from '../src/stream/listener.ts'
import { createWorkflowEngine, workflowMigrations } from '../src/workflow/engine.ts'
import { readDefinition } from '../src/workflow/read-definition.ts'
import type { StepFunction } from '../src/workflow/workflow.ts'
import { callRpc } from '../test/e2e/program.ts'
import {
  type CountingChain,
  counted,
  counter,
  countIn,
  placeCounter,
  startCountingChain,
} from './counting-chain.ts'
import { percentile, spreadOf, spreadText, table } from './measure.ts'

/** Events a second, and how long each rate is kept up. */
const [rate, seconds] = [1_000, 15]
/** Milliseconds between blocks. */
const intervals = [50, 100, 250]

const definition = `document: {dsl: "1.0.3", namespace: bench, name: count, version: "1.0.0"}
schedule: {on: {one: {with: {type: evm.log, event: "${counted}", contract: "${counter}"}}}}
do:
  - note: {call: note.down, with: {number: '\${ .[0].data.args.number }'}}
`

/** The table of docs/performance.md. */
export async function firstStepTable(runs: number): Promise<string> {
  const chain = await startCountingChain()
  try {
    const sender = await placeCounter(chain)
    const rows: string[][] = []
    for (const interval of intervals) {
      const found: { p50: number; p99: number; most: number }[] = []
      for (let run = 0; run < runs; run += 1) found.push(await followed(chain, sender, interval))
      const text = (of: (one: (typeof found)[number]) => number) =>
        spreadText(spreadOf(found.map(of)), 1)
      const each = (rate * interval) / 1_000
      rows.push([
        `every ${interval} ms, ${each} events`,
        ...[text(({ p50 }) => p50), text(({ p99 }) => p99), text(({ most }) => most)],
      ])
    }
    return table(['block', 'p50, ms', 'p99, ms', 'most, ms'], rows)
  } finally {
    await chain.stop()
  }
}

/** Milliseconds from the answer of the node that the block is there until the first step of each of its events. */
async function followed(chain: CountingChain, sender: `0x${string}`, interval: number) {
  const first = new Map<number, number>()
  const noteDown: StepFunction = async (input) => {
    const number = Number((input as { number: string }).number)
    if (!first.has(number)) first.set(number, performance.now())
    return { kind: 'done', output: null }
  }
  const stop = await startWing(chain, { 'note.down': noteDown })
  const each = (rate * interval) / 1_000
  const total = rate * seconds
  const appeared: number[] = []
  const begun = performance.now()
  for (let from = 0; from < total; from += each) {
    await countIn(chain, sender, { from, each, times: 1 })
    appeared.push(performance.now())
    await sleep(Math.max(0, begun + appeared.length * interval - performance.now()))
  }
  for (let before = -1; first.size < total; ) {
    if (before === first.size) throw new Error(`${before} of ${total} workflows began, and no more`)
    before = first.size
    await sleep(5_000)
  }
  await stop()
  // The first second lets the program warm up.
  const took = [...first]
    .filter(([number]) => number >= rate)
    .map(([number, at]) => at - (appeared[Math.floor(number / each)] ?? Number.NaN))
  const at = (share: number) => percentile(took, share)
  return { p50: at(0.5), p99: at(0.99), most: at(1) }
}

/** A listener and an engine over a file of their own, as a node has them; gives what stops them. */
async function startWing({ url }: CountingChain, functions: Record<string, StepFunction>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-first-'))
  const sql = await openSqlite({ path: path.join(folder, 'events.sqlite') })
  await sql.migrate([...streamMigrations, ...workflowMigrations])
  const world = { logger: silentLogger, metrics: noMetrics, clock: systemClock, timer: systemTimer }
  const engine = createWorkflowEngine({
    ...{ ...world, sql, random: Math.random, functions, minimumLife: 'pending' },
  })
  await engine.deploy(readDefinition(definition, { functions }))
  await engine.start()
  const events = createEventStore(sql)
  const client = createSocketClient({ url: url.replace('http', 'ws') })
  const chainId = Number(await callRpc(url, 'eth_chainId'))
  const decoder = createEventDecoder(subscriptionsOf(engine.workflows(), 'bench', {}))
  const listener = createListener(
    { chain: 'bench', chainId, pollMs: 500, startBlock: 'latest' },
    {
      ...{ ...world, sql, events, handler: workflowHandler(engine, {}) },
      source: createEvmSource({ chain: 'bench' }, { ...world, client, decoder }),
    },
  )
  wakeWorkflows(engine, events)
  await listener.start()
  return async () => {
    await listener.stop()
    await engine.stop()
    client.close()
    await sql.close()
    await rm(folder, { recursive: true })
  }
}
