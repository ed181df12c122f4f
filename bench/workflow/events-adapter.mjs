/** Runs the listener as a target of the benchmark of event intake: `node events.mjs --targets adapter:PATH`. */

import path from 'node:path'
import { systemClock, systemTimer } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { createEventDecoder } from '../../src/stream/event-decoder.ts'
import { createEventStore, streamMigrations } from '../../src/stream/event-store.ts'
import { createEvmSource } from '../../src/stream/evm-source.ts'
import { createHttpClient } from '../../src/stream/json-rpc-http.ts'
import { createListener } from '../../src/stream/listener.ts'

const chain = 'bench'
let sql
let listener
let last

export const name = 'quantumstream'

export async function start({ dir, rpcUrl, chainId, address, fromBlock, toBlock }) {
  sql = await openSqlite({ path: path.join(dir, 'events.sqlite') })
  await sql.migrate(streamMigrations)
  const world = { logger: silentLogger, metrics: noMetrics }
  const source = createEvmSource(
    // Hashes, blooms and roots of the benchmark's chain are made up.
    { chain, checks: 'none' },
    {
      ...{ ...world, client: createHttpClient({ url: rpcUrl }) },
      decoder: createEventDecoder([{ event: 'ERC-20.Transfer', address }]),
    },
  )
  last = toBlock
  listener = createListener(
    {
      ...{ chain, chainId, startBlock: fromBlock, pollMs: 20, shortHistory: 100_000 },
      ...(toBlock === null ? {} : { endBlock: toBlock }),
    },
    {
      ...{ ...world, source, sql, events: createEventStore(sql) },
      ...{ clock: systemClock, timer: systemTimer },
      handler: { appeared: nothing, advanced: nothing, retracted: nothing },
    },
  )
  await listener.start()
}

async function nothing() {}

export async function count() {
  const { problem, state } = listener.status()
  if (state === 'stopped') throw new Error(problem)
  return Number((await sql.get('SELECT count(*) AS n FROM events')).n)
}

export async function done() {
  return last === null || (listener.status().checkpoint ?? -1) >= last
}

export async function event(block, logIndex) {
  const query = 'SELECT id FROM events WHERE chain = ? AND block_number = ? AND log_index = ?'
  const row = await sql.get(query, chain, block, logIndex)
  if (row === undefined) return undefined
  const found = await createEventStore(sql).get(row.id)
  const { from, to, value } = found.args
  const timestamp = found.blockTimeMs / 1_000
  return { block, logIndex, timestamp, txHash: found.transactionHash, from, to, value }
}

export const pids = () => []

export async function stop() {
  await listener.stop()
  await sql.close()
}
