/** Measures the intake of events from a node of our own, by how far its answers are checked. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { createEventDecoder } from '../src/stream/event-decoder.ts'
import { createEventStore, streamMigrations } from '../src/stream/event-store.ts'
import { createEvmSource, type EventChecks } from '../src/stream/evm-source.ts'
import { createHttpClient } from '../src/stream/json-rpc-http.ts'
import { createListener } from '../src/stream/listener.ts'
import { callRpc } from '../test/e2e/program.ts'
import {
  type CountingChain,
  counted,
  counter,
  countIn,
  placeCounter,
  startCountingChain,
} from './counting-chain.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'
import { cpuSeconds } from './processes.ts'

/** What lies on the chain. */
const shape = { blocks: 1_000, transactions: 10, logs: 5 }
const events = shape.blocks * shape.transactions * shape.logs

const checks = { 'not at all': 'none', 'hash and bloom': 'bloom', 'all receipts': 'all' } as const
type Way = keyof typeof checks

interface Found {
  readonly perSecond: number
  readonly cpuUs: number
  readonly nodeUs: number
}

/** The table of docs/performance.md. */
export async function intakeTable(runs: number): Promise<string> {
  const chain = await startCountingChain()
  try {
    const last = await filled(chain)
    const found = new Map<Way, Found[]>()
    const take = async (way: Way) => {
      const one = await intake(chain, checks[way], last)
      found.set(way, [...(found.get(way) ?? []), one])
      return one.cpuUs
    }
    const ways = Object.keys(checks) as Way[]
    const taken = Object.fromEntries(ways.map((way) => [way, () => take(way)]))
    const cpu = await inTurns<Way>(runs, taken)
    const rows = [...found].map(([way, all]) => [
      way,
      spreadText(spreadOf(all.map((one) => one.perSecond)), 0),
      spreadText(spreadOf(all.map((one) => one.cpuUs)), 1),
      spreadText(ratio(cpu.get(way), cpu.get('not at all'))),
      spreadText(spreadOf(all.map((one) => one.nodeUs)), 1),
    ])
    const head = ['checked', 'events a second', 'CPU of an event, µs', '÷ not at all']
    return table([...head, 'CPU of the node that is asked, µs'], rows)
  } finally {
    await chain.stop()
  }
}

/** The last block with events. */
async function filled(chain: CountingChain): Promise<number> {
  const { blocks, transactions: times, logs: each } = shape
  const sender = await placeCounter(chain)
  for (let at = 0; at < blocks; at += 1)
    await countIn(chain, sender, { from: at * times * each, each, times })
  const last = Number(await callRpc(chain.url, 'eth_blockNumber'))
  await callRpc(chain.url, 'hardhat_mine', '0x80')
  return last
}

async function intake(node: CountingChain, check: EventChecks, last: number): Promise<Found> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-intake-'))
  const sql = await openSqlite({ path: path.join(folder, 'events.sqlite') })
  await sql.migrate(streamMigrations)
  const world = { logger: silentLogger, metrics: noMetrics }
  const client = createHttpClient({ url: node.url })
  const decoder = createEventDecoder([{ event: counted, address: counter }])
  const nothing = async () => {}
  const listener = createListener(
    {
      ...{ chain: 'bench', chainId: Number(await callRpc(node.url, 'eth_chainId')), pollMs: 20 },
      ...{ startBlock: 0, endBlock: last, shortHistory: 100_000 },
    },
    {
      ...{ ...world, sql, events: createEventStore(sql), clock: systemClock, timer: systemTimer },
      source: createEvmSource({ chain: 'bench', checks: check }, { ...world, client, decoder }),
      handler: { appeared: nothing, advanced: nothing, retracted: nothing },
    },
  )
  const [begun, nodeBefore] = [performance.now(), await cpuSeconds(node.pid)]
  const cpu = await timed(async () => {
    await listener.start()
    while ((listener.status().checkpoint ?? -1) < last) {
      const { problem, state } = listener.status()
      if (state === 'stopped') throw new Error(problem)
      await sleep(5)
    }
  })
  const seconds = (performance.now() - begun) / 1_000
  const nodeUs = (((await cpuSeconds(node.pid)) - nodeBefore) / events) * 1e6
  const stored = Number((await sql.get('SELECT count(*) AS n FROM events'))?.n)
  if (stored !== events) throw new Error(`${stored} events were stored, not ${events}`)
  await listener.stop()
  await sql.close()
  await rm(folder, { recursive: true })
  return { perSecond: events / seconds, cpuUs: (cpu / events) * 1e6, nodeUs }
}
