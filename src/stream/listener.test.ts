/** Follows a scripted chain: every event once, through restarts, changed settings and long gaps. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { silentLogger } from '../base/logger.ts'
import { createEventStore } from './event-store.ts'
import type { StreamEvent } from './stream.ts'
import {
  at,
  heard,
  heardLives,
  keptNumbers,
  problemOf,
  states,
  until,
  world,
} from './test-chain/listening.ts'
import { paid, ScriptedChain, vault } from './test-chain/scripted-chain.ts'
import { playedLife, steps } from './test-chain/story.ts'

/** Lets what runs go on for a while, without a clock. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('the listener', () => {
  test('stores each event once, hands it over, and tells when a block is on top', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    const sql = await open()
    chain.grow([5n])
    const listener = await start(sql)
    await until(listener, at(1))
    assert.deepEqual([await states(sql), await heard(sql)], [['5 pending'], ['+5']])
    chain.grow([6n, 7n])
    await until(listener, at(2))
    assert.deepEqual(await heardLives(sql), ['+5', '5 confirmed', '+6', '+7'])
    chain.grow()
    await until(listener, at(3))
    assert.deepEqual((await heardLives(sql)).slice(4), ['6 confirmed', '7 confirmed'])
    const [, , event] = (await createEventStore(sql).list({ limit: 10 })).items
    assert.match(event?.id ?? '', /^test:0x[0-9a-f]{64}:[0-9a-f]{16}$/)
    assert.equal(event?.transactionHash, event?.id.split(':')[1])
    assert.deepEqual(event?.args, { who: vault, amount: '5' })
    assert.equal(event?.blockTimeMs, 1_001_000)
  })

  test('goes on after every restart, nothing lost, nothing twice', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    for (let round = 1; round <= 15; round += 1) {
      chain.grow([BigInt(round)])
      const sql = await open()
      const listener = await start(sql)
      if (round % 3 === 0) await until(listener, at(chain.head))
      else await turns(round * 3)
      await listener.stop()
      await sql.close()
    }
    chain.grow()
    const sql = await open()
    await until(await start(sql), at(chain.head))
    assert.deepEqual(
      await heard(sql),
      Array.from({ length: 15 }, (_, n) => `+${n + 1}`),
    )
  })

  test('is started again after it was stopped, and says that it starts', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    const sql = await open()
    chain.grow([1n])
    const listener = await start(sql)
    await until(listener, at(1))
    chain.chainId = 8
    chain.down = true
    await until(listener, ({ state }) => state === 'waiting')
    chain.down = false
    assert.match(await problemOf(listener, 'stopped'), /chain id/)
    chain.chainId = 7
    chain.grow()
    await listener.stop()
    await listener.start()
    const { state, problem } = listener.status()
    assert.deepEqual([state, problem], ['starting', undefined])
    await until(listener, at(2))
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('a handler that fails leaves nothing behind, and is asked again', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { confirmations: 0 })
    chain.grow([1n])
    const sql = await open()
    let failures = 2
    const fail = () => {
      failures -= 1
      return failures >= 0
    }
    const listener = await start(sql, { fail })
    await until(listener, at(1))
    assert.deepEqual([await heard(sql), await states(sql)], [['+1'], ['1 confirmed']])
    assert.ok(failures < 0)
  })

  test('confirms with as many blocks on top as were asked for, not before', async (t) => {
    for (const confirmations of [0, 1, 3]) {
      const chain = new ScriptedChain()
      const { open, start } = await world(t, chain, { confirmations })
      const sql = await open()
      const listener = await start(sql)
      chain.grow([1n])
      for (let onTop = 0; onTop < confirmations; onTop += 1) {
        await until(listener, at(chain.head))
        assert.deepEqual(await states(sql), ['1 pending'])
        chain.grow()
      }
      await until(listener, at(1 + confirmations))
      assert.deepEqual(await heardLives(sql), confirmations ? ['+1', '1 confirmed'] : ['+1'])
      assert.deepEqual(await states(sql), ['1 confirmed'])
    }
  })

  test('confirms what waited when fewer confirmations are asked for, without a new block', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { confirmations: 3 })
    const sql = await open()
    for (const amounts of [[1n], [2n], [3n]]) chain.grow(amounts)
    const listener = await start(sql)
    await until(listener, at(3))
    assert.deepEqual(await heardLives(sql), ['+1', '+2', '+3'])
    await listener.stop()
    await until(await start(sql, { confirmations: 1 }), at(3))
    assert.deepEqual((await heardLives(sql)).slice(3), ['1 confirmed', '2 confirmed'])
    assert.deepEqual(await states(sql), ['1 confirmed', '2 confirmed', '3 pending'])
  })

  test('a subscriber that throws keeps no other from being told, and nothing from being stored', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    const sql = await open()
    const events = createEventStore(sql)
    const told: string[] = []
    const errors: string[] = []
    events.subscribe(() => {
      throw new Error('the subscriber fails')
    })
    events.subscribe(({ args, state }: StreamEvent) => told.push(`${args.amount} ${state}`))
    const logger = { ...silentLogger, error: (line: string) => errors.push(line) }
    const listener = await start(sql, { events, logger })
    chain.grow([1n])
    await until(listener, at(1))
    chain.grow()
    await until(listener, at(2))
    assert.deepEqual(told, ['1 pending', '1 confirmed'])
    assert.deepEqual(await heard(sql), ['+1'])
    assert.ok(errors.length > 0 && errors.every((line) => /not all were told/.test(line)))
  })

  test('begins at the head when it is told so, however short the chain', async (t) => {
    for (const length of [0, 5]) {
      const chain = new ScriptedChain()
      for (let n = 1; n <= length; n += 1) chain.grow([BigInt(n)])
      const { open, start } = await world(t, chain, { startBlock: 'latest', confirmations: 0 })
      const sql = await open()
      const listener = await start(sql)
      await until(listener, at(length))
      chain.grow([6n])
      await until(listener, at(length + 1))
      assert.deepEqual(await heard(sql), ['+6'])
    }
  })

  test('waits for a first block that is not there yet, and reads from it on', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    const { open, start } = await world(t, chain, { startBlock: 4, confirmations: 0 })
    const sql = await open()
    const listener = await start(sql)
    assert.match(await problemOf(listener, 'waiting'), /waiting for block 3.*the head is block 1/)
    for (const amounts of [[2n], [3n], [4n], [5n]]) chain.grow(amounts)
    await until(listener, at(5))
    assert.deepEqual(await heard(sql), ['+4', '+5'])
  })

  test('refuses a bad event and bad settings', async (t) => {
    const { open, start } = await world(t, new ScriptedChain())
    const sql = await open()
    const unnamed = [{ event: 'Paid(uint256)', address: vault } as const]
    await assert.rejects(start(sql, { subscriptions: unnamed }), { code: 'stream/bad-event' })
    await assert.rejects(start(sql, { subscriptions: [] }), { code: 'stream/no-events' })
    for (const bad of [{ window: 0 }, { maxRange: 1.5 }, { confirmations: -1 }]) {
      await assert.rejects(start(sql, bad), { code: 'stream/bad-setting' })
    }
    const away = [{ event: paid, address: '0xaa' } as const]
    await assert.rejects(start(sql, { subscriptions: away }), { code: 'stream/bad-address' })
  })

  test('follows at once before a history of millions of blocks, which it reads beside by ranges', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    chain.leap(1_000_000)
    chain.grow([2n])
    chain.leap(2_000_000)
    chain.grow([3n])
    chain.grow()
    const { open, start } = await world(t, chain, { maxRange: 100_000 })
    const gate = Promise.withResolvers<void>()
    chain.distort = async (method, answer, [filter]) => {
      if (method === 'eth_getLogs' && 'fromBlock' in (filter as object)) await gate.promise
      return answer
    }
    const sql = await open()
    const listener = await start(sql)
    const first = await until(listener, at(chain.head))
    assert.deepEqual([first.backFill !== undefined, await heard(sql)], [true, ['+3']])
    gate.resolve()
    await until(listener, ({ backFill }) => backFill === undefined)
    assert.deepEqual(await heard(sql), ['+3', '+1', '+2'])
    assert.deepEqual(await states(sql), ['3 confirmed', '1 finalized', '2 finalized'])
    assert.ok(chain.headers < 3_000, `${chain.headers} headers`)
    const kept = Array.from({ length: 11 }, (_, n) => chain.head - 10 + n)
    assert.deepEqual(await keptNumbers(sql), kept)
  })

  test('asks for logs by hash near the head, and by range in the far past', async (t) => {
    const chain = new ScriptedChain()
    chain.leap(100)
    const { open, start } = await world(t, chain, { maxRange: 50 })
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(100))
    assert.deepEqual(chain.ranges, [50, 35])
    const near = Array.from({ length: 16 }, (_, n) => 85 + n)
    assert.deepEqual(chain.exact, near)
    chain.grow()
    await until(listener, at(101))
    assert.deepEqual([chain.ranges.length, chain.exact.at(-1)], [2, 101])
  })

  test('whatever happens, hears in the end what the chain holds, each event once', async () => {
    await fc.assert(fc.asyncProperty(steps, playedLife), { numRuns: 40, endOnFailure: true })
  })
})
