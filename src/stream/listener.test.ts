/** Follows a scripted chain: every event once, through restarts, reorganisations, lies and outages. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createEventStore, streamMigrations } from './event-store.ts'
import { createListener, type ListenerOptions } from './listener.ts'
import type { Listener, ListenerStatus } from './stream.ts'
import { paid, ScriptedChain, vault } from './test-chain/scripted-chain.ts'

type Test = { after(run: () => Promise<void>): void }

/** A listener on a chain, with a log of what its handler heard. */
async function world(t: Test, chain: ScriptedChain, options: Partial<ListenerOptions> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-listener-'))
  t.after(() => rm(folder, { recursive: true }))
  const open = async () => {
    const sql = await openSqlite({ path: path.join(folder, 'events.sqlite') })
    const heard = { id: 'test/001', statements: ['CREATE TABLE heard (line TEXT)'] }
    await sql.migrate([...streamMigrations, heard])
    return sql
  }
  const start = async (sql: SqlStore, fail: () => boolean = () => false): Promise<Listener> => {
    const listener = createListener(
      {
        ...{ chain: 'test', chainId: 7, startBlock: 0, confirmations: 1, pollMs: 1, window: 10 },
        ...{ subscriptions: [{ event: paid, address: vault }], ...options },
      },
      {
        ...{
          client: chain,
          sql,
          events: createEventStore(sql),
          clock: systemClock,
          timer: systemTimer,
        },
        ...{ logger: silentLogger, metrics: noMetrics },
        handler: {
          appeared: async (session, event) => {
            await session.run('INSERT INTO heard VALUES (?)', `+${event.args.amount}`)
            if (fail()) throw new Error('the handler fails')
          },
          retracted: async (session, event) => {
            await session.run('INSERT INTO heard VALUES (?)', `-${event.args.amount}`)
          },
        },
      },
    )
    await listener.start()
    return listener
  }
  return { open, start }
}

const heard = async (sql: SqlStore) =>
  (await sql.all('SELECT line FROM heard ORDER BY rowid')).map(({ line }) => String(line))
const states = async (sql: SqlStore) =>
  (await sql.all('SELECT args, state FROM events ORDER BY seq')).map(
    ({ args, state }) => `${JSON.parse(String(args)).amount} ${state}`,
  )

async function until(
  listener: Listener,
  wanted: (status: ListenerStatus) => boolean,
): Promise<ListenerStatus> {
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    if (wanted(listener.status())) return listener.status()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return assert.fail(`never as wanted: ${JSON.stringify(listener.status())}`)
}
const at = (block: number) => (status: ListenerStatus) =>
  status.state === 'following' && status.checkpoint === block

describe('the listener', () => {
  test('stores each event once, and hands it over when a block is on top', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    const sql = await open()
    chain.grow([5n])
    const listener = await start(sql)
    await until(listener, at(1))
    assert.deepEqual([await states(sql), await heard(sql)], [['5 pending'], []])
    chain.grow([6n, 7n])
    await until(listener, at(2))
    chain.grow([])
    await until(listener, at(3))
    assert.deepEqual(await heard(sql), ['+5', '+6', '+7'])
    const row = await sql.get('SELECT id, args FROM events ORDER BY seq')
    assert.match(String(row?.id), /^test:0x[0-9a-f]{64}:1$/)
    assert.deepEqual(JSON.parse(String(row?.args)), { who: vault, amount: '5' })
    await listener.stop()
    await sql.close()
  })

  test('goes on after every restart, nothing lost, nothing twice', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    for (let round = 1; round <= 15; round += 1) {
      chain.grow([BigInt(round)])
      const sql = await open()
      const listener = await start(sql)
      if (round % 3 === 0) await until(listener, at(chain.head))
      else await new Promise((resolve) => setTimeout(resolve, round))
      await listener.stop()
      await sql.close()
    }
    chain.grow([])
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(chain.head))
    assert.deepEqual(
      await heard(sql),
      Array.from({ length: 15 }, (_, n) => `+${n + 1}`),
    )
    await listener.stop()
    await sql.close()
  })

  test('takes back what left the chain, and knows the same payment in another block', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    const sql = await open()
    for (const amounts of [[1n], [2n], [3n], []]) chain.grow(amounts)
    const listener = await start(sql)
    await until(listener, at(4))
    const before = await sql.all('SELECT id FROM events ORDER BY seq')
    chain.drop(3)
    for (const amounts of [[], [3n], [], [], []]) chain.grow(amounts)
    await until(listener, at(6))
    assert.deepEqual(await heard(sql), ['+1', '+2', '+3', '-2', '-3', '+3'])
    assert.deepEqual(await states(sql), ['1 confirmed', '2 retracted', '3 confirmed'])
    assert.deepEqual(await sql.all('SELECT id FROM events ORDER BY seq'), before)
    const moved = await sql.get(
      "SELECT block_number FROM events WHERE state = 'confirmed' ORDER BY seq DESC",
    )
    assert.equal(moved?.block_number, 3)
    await listener.stop()
    await sql.close()
  })

  test('notices while it was away that its block was replaced', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    for (const amounts of [[1n], [2n], []]) chain.grow(amounts)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(3))
    await listener.stop()
    chain.drop(2)
    for (const amounts of [[], [], []]) chain.grow(amounts)
    const again = await start(sql)
    await until(again, at(4))
    assert.deepEqual(await heard(sql), ['+1', '+2', '-2'])
    await again.stop()
    await sql.close()
  })

  test('stops, and says so, when the chain changes below what it keeps, has another id, or lost its data', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    for (let n = 0; n < 40; n += 1) chain.grow([])
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(40))
    chain.drop(20)
    for (let n = 0; n < 25; n += 1) chain.grow([])
    assert.match(
      (await until(listener, ({ state }) => state === 'stopped')).problem ?? '',
      /deeper than the 10 blocks/,
    )
    await listener.stop()
    const small = await start(sql)
    chain.drop(40)
    assert.match(
      (await until(small, ({ state }) => state === 'stopped')).problem ?? '',
      /lost its data|deeper/,
    )
    await small.stop()
    chain.chainId = 8
    const other = await start(sql)
    assert.match(
      (await until(other, ({ state }) => state === 'stopped')).problem ?? '',
      /chain id is 8, not 7/,
    )
    await other.stop()
    await sql.close()
  })

  test('waits for an endpoint that is down, and for a head that lags', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    chain.grow([1n])
    chain.grow([])
    chain.down = true
    const sql = await open()
    const listener = await start(sql)
    assert.match(
      (await until(listener, ({ state }) => state === 'waiting')).problem ?? '',
      /refused/,
    )
    chain.down = false
    await until(listener, at(2))
    chain.distort = (method, answer) => (method === 'eth_blockNumber' ? '0x1' : answer)
    await until(listener, ({ head }) => head === 1)
    chain.distort = (_, answer) => answer
    await until(listener, ({ head }) => head === 2)
    assert.deepEqual(await heard(sql), ['+1'])
    await listener.stop()
    await sql.close()
  })

  test('asks for less when it is too much, and again when answers do not fit together', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    for (let n = 1; n <= 100; n += 1) chain.grow(n % 10 === 0 ? [BigInt(n)] : [])
    chain.maxRange = 7
    let lies = 3
    chain.distort = (method, answer) => {
      if (method !== 'eth_getLogs' || lies === 0 || !Array.isArray(answer) || answer.length === 0)
        return answer
      lies -= 1
      return answer.map((log) => ({
        ...(log as Record<string, Json>),
        blockHash: `0x${'99'.repeat(32)}`,
      }))
    }
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(100))
    assert.equal(lies, 0)
    assert.ok(Math.max(...chain.ranges) > 7 && chain.ranges.some((range) => range <= 7))
    assert.deepEqual(
      await heard(sql),
      Array.from({ length: 9 }, (_, n) => `+${(n + 1) * 10}`),
    )
    await listener.stop()
    await sql.close()
  })

  test('a handler that fails leaves nothing behind, and is asked again', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { confirmations: 0 })
    chain.grow([1n])
    const sql = await open()
    let failures = 2
    const listener = await start(sql, () => {
      failures -= 1
      return failures >= 0
    })
    await until(listener, at(1))
    assert.deepEqual([await heard(sql), await states(sql)], [['+1'], ['1 confirmed']])
    assert.ok(failures < 0)
    await listener.stop()
    await sql.close()
  })

  test('begins at the head when it is told so, and refuses a bad event', async (t) => {
    const chain = new ScriptedChain()
    for (let n = 1; n <= 5; n += 1) chain.grow([BigInt(n)])
    const { open, start } = await world(t, chain, { startBlock: 'latest', confirmations: 0 })
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(5))
    chain.grow([6n])
    await until(listener, at(6))
    assert.deepEqual(await heard(sql), ['+6'])
    await listener.stop()
    await sql.close()
    const bad = await world(t, chain, {
      subscriptions: [{ event: 'Paid(uint256)', address: vault }],
    })
    const other = await bad.open()
    await assert.rejects(bad.start(other), { code: 'stream/bad-event' })
    await other.close()
  })
})
