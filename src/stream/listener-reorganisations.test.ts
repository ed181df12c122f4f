/** Follows a scripted chain through reorganisations, and stops where it is another chain. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  at,
  countingMetrics,
  heard,
  heardLives,
  keptNumbers,
  problemOf,
  states,
  until,
  world,
} from './test-chain/listening.ts'
import { ScriptedChain } from './test-chain/scripted-chain.ts'

describe('the listener of a chain that reorganises', () => {
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
      "SELECT block_number, block_hash, block_time_ms FROM events WHERE state = 'confirmed' ORDER BY seq DESC",
    )
    const place = { block_number: 3, block_hash: chain.hashOf(3), block_time_ms: 1_003_000 }
    assert.deepEqual({ ...moved }, place)
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
    await until(await start(sql), at(4))
    assert.deepEqual(await heard(sql), ['+1', '+2', '-2'])
  })

  test('takes back an event that left before it was confirmed, too', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { confirmations: 3 })
    const sql = await open()
    for (const amounts of [[1n], [2n]]) chain.grow(amounts)
    const listener = await start(sql)
    await until(listener, at(2))
    chain.drop(1)
    chain.leap(5)
    await until(listener, at(6))
    assert.deepEqual(await states(sql), ['1 confirmed', '2 retracted'])
    assert.deepEqual(await heardLives(sql), ['+1', '+2', '-2', '1 confirmed'])
    chain.grow([2n])
    await until(listener, at(7))
    assert.deepEqual(await states(sql), ['1 confirmed', '2 pending'])
    chain.leap(3)
    await until(listener, at(10))
    assert.deepEqual((await heardLives(sql)).slice(4), ['+2', '2 confirmed'])
  })

  test('follows a chain that became shorter, once it differs', async (t) => {
    const chain = new ScriptedChain()
    const { metrics, count } = countingMetrics()
    const { open, start } = await world(t, chain, { metrics })
    for (const amounts of [[1n], [2n], [3n], []]) chain.grow(amounts)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(4))
    chain.drop(2)
    const short = await until(listener, ({ head }) => head === 2)
    assert.deepEqual([short.state, short.checkpoint], ['following', 4])
    chain.grow([4n])
    await until(listener, at(3))
    assert.deepEqual(await states(sql), [
      ...['1 confirmed', '2 confirmed'],
      ...['3 retracted', '4 pending'],
    ])
    assert.deepEqual(await heard(sql), ['+1', '+2', '+3', '-3', '+4'])
    assert.equal(count('quantumstream_stream_left_blocks_total'), 2)
  })

  test('follows as deep as its window, forgets older blocks, and stops below them', async (t) => {
    const chain = new ScriptedChain()
    chain.leap(40)
    const { open, start } = await world(t, chain)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(40))
    chain.drop(10)
    chain.leap(11)
    await until(listener, at(41))
    assert.deepEqual((await keptNumbers(sql)).slice(0, 2), [31, 32])
    chain.drop(11)
    chain.leap(12)
    assert.match(
      await problemOf(listener, 'stopped'),
      /left the chain below block 31, deeper than the 10 blocks that are kept.*--data/,
    )
  })

  test('goes back to before its first block, and stays there if the chain does', async (t) => {
    const chain = new ScriptedChain()
    chain.leap(5)
    const { open, start } = await world(t, chain, { startBlock: 'latest', confirmations: 0 })
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(5))
    chain.drop(3)
    chain.leap(3)
    chain.grow([1n])
    await until(listener, at(6))
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('asks again when a block changes while its range is read', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { maxRange: 20 })
    for (let n = 1; n <= 60; n += 1) chain.grow([BigInt(n)])
    let changes = 1
    chain.distort = (method, answer) => {
      if (method !== 'eth_getLogs' || changes === 0) return answer
      changes = 0
      chain.drop(50)
      chain.leap(60)
      return answer
    }
    const sql = await open()
    await until(await start(sql), at(70))
    assert.deepEqual(
      await heard(sql),
      Array.from({ length: 10 }, (_, n) => `+${n + 1}`),
    )
  })

  test('misses nothing when the last block of a range changes after its logs were read', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { maxRange: 20 })
    chain.leap(60)
    chain.distort = (method, answer) => {
      if (method !== 'eth_getLogs' || chain.ranges.length > 1) return answer
      chain.drop(55)
      chain.grow([1n])
      chain.leap(60)
      return answer
    }
    const sql = await open()
    await until(await start(sql), at(66))
    assert.deepEqual(await heard(sql), ['+1'])
  })
})

describe('the finality of events', () => {
  test('comes by depth, and a state may be passed over', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { finalityDepth: 3 })
    const sql = await open()
    chain.grow([1n])
    const listener = await start(sql)
    for (const head of [1, 2, 3, 4]) {
      await until(listener, at(head))
      chain.grow(head === 4 ? [2n] : [])
    }
    await until(listener, at(5))
    assert.deepEqual(await heardLives(sql), ['+1', '1 confirmed', '1 finalized', '+2'])
    chain.leap(3)
    await until(listener, at(8))
    assert.deepEqual((await heardLives(sql)).slice(4), ['2 finalized'])
    assert.deepEqual(await states(sql), ['1 finalized', '2 finalized'])
  })

  test("comes by the endpoint's tags, with which a block need not be deep", async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { confirmations: 5 })
    const sql = await open()
    chain.grow([1n])
    chain.grow([2n])
    chain.tags = { safe: 1, finalized: 0 }
    const listener = await start(sql)
    await until(listener, at(2))
    assert.deepEqual(await heardLives(sql), ['+1', '+2'])
    assert.deepEqual(await states(sql), ['1 safe', '2 pending'])
    chain.tags = { safe: 3, finalized: 1 }
    chain.grow()
    await until(listener, at(3))
    assert.deepEqual(await states(sql), ['1 finalized', '2 safe'])
    assert.deepEqual((await heardLives(sql)).slice(2), ['1 finalized', '2 safe'])
  })

  test('violated, is an alarm that stays until it is acknowledged, and the event is retracted', async (t) => {
    const chain = new ScriptedChain()
    const { metrics, count } = countingMetrics()
    const { open, start } = await world(t, chain, { finalityDepth: 2, metrics })
    const sql = await open()
    chain.grow([1n])
    chain.leap(3)
    const listener = await start(sql)
    await until(listener, at(4))
    assert.deepEqual(await states(sql), ['1 finalized'])
    chain.drop(4)
    chain.leap(2)
    chain.grow([1n])
    chain.leap(2)
    await until(listener, at(5))
    assert.deepEqual(await heardLives(sql), ['+1', '-1', '+1'])
    const { alarms, problem, state } = listener.status()
    assert.equal(state, 'following')
    assert.deepEqual(
      alarms.map(({ kind }) => kind),
      ['finality-violated'],
    )
    assert.match(problem ?? '', /1 finalized event.* left the chain above block 0/)
    assert.equal(count('quantumstream_stream_finality_violations_total'), 1)
    await listener.stop()
    const again = await start(sql)
    await until(again, at(5))
    assert.match(again.status().problem ?? '', /left the chain/, 'a restart is no acknowledgement')
    assert.equal(await again.acknowledge('ada'), 1)
    assert.deepEqual([again.status().alarms, again.status().problem], [[], undefined])
    assert.equal(await again.acknowledge('bob'), 0)
    const [kept] = (await again.alarms({ limit: 10 })).items
    assert.equal(kept?.acknowledged?.by, 'ada')
  })
})

describe('the listener of an endpoint with another chain', () => {
  test('stops at another chain id, of the endpoint or of what is stored', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    chain.grow([1n])
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(1))
    await listener.stop()
    chain.chainId = 8
    const stopped = await start(sql)
    assert.match(await problemOf(stopped, 'stopped'), /chain id is 8, not 7/)
    const { alarms } = await until(stopped, (status) => status.alarms.length > 0)
    assert.deepEqual([alarms[0]?.kind, alarms.length], ['source-stopped', 1])
    assert.match(alarms[0]?.detail ?? '', /chain id is 8, not 7/)
    const renamed = await start(sql, { chainId: 8 })
    assert.match(await problemOf(renamed, 'stopped'), /those of chain id 7, not 8.*--data/)
  })

  test('stops when block 0 is another one, after a restart and while it runs', async (t) => {
    for (const isRunning of [false, true]) {
      const chain = new ScriptedChain()
      const { open, start } = await world(t, chain)
      chain.grow([1n])
      const sql = await open()
      let listener = await start(sql)
      await until(listener, at(1))
      if (!isRunning) await listener.stop()
      chain.restart()
      chain.leap(3)
      if (!isRunning) listener = await start(sql)
      assert.match(await problemOf(listener, 'stopped'), /block 0 is not the one.*--data/)
      assert.deepEqual(await states(sql), ['1 pending'])
    }
  })

  test('stops when block 0 differs, however long the new chain is behind', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    chain.leap(40)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(40))
    chain.restart()
    assert.match(await problemOf(listener, 'stopped'), /block 0 is not the one/)
  })

  test('stops when data are lost, as an event that was read tells', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    chain.leap(4)
    chain.grow([1n])
    chain.leap(35)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(40))
    chain.drop(38)
    chain.leap(8)
    assert.match(
      await problemOf(listener, 'stopped'),
      /head is block 10, below block 40.*block 5 is another one: it lost its data/,
    )
    assert.deepEqual(await states(sql), ['1 confirmed'])
  })

  test('waits for a head far behind while nothing says that it is another chain, and goes on', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    chain.leap(1)
    chain.grow([1n])
    chain.leap(38)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(40))
    for (const head of ['0x0', '0x5']) {
      chain.distort = (method, answer) => (method === 'eth_blockNumber' ? head : answer)
      const behind = new RegExp(`head is block ${Number(head)}, far below block 40.*waiting`)
      const { problem } = await until(listener, (now) => behind.test(now.problem ?? ''))
      assert.match(problem ?? '', /if its data were deleted, choose another folder by --data/)
      assert.equal(listener.status().state, 'waiting')
    }
    chain.distort = (_, answer) => answer
    chain.grow([2n])
    chain.grow()
    await until(listener, at(42))
    assert.deepEqual(await heard(sql), ['+1', '+2'])
  })

  test('reads on where the endpoint does not have block 0', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { startBlock: 20 })
    chain.leap(30)
    chain.grow([1n])
    chain.grow()
    chain.distort = (method, answer, [number]) =>
      method === 'eth_getBlockByNumber' && number === '0x0' ? null : answer
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(32))
    assert.deepEqual(await heard(sql), ['+1'])
    const { genesis } = (await sql.get('SELECT genesis FROM checkpoints')) ?? {}
    assert.equal(genesis, null)
    await listener.stop()
    chain.distort = (_, answer) => answer
    chain.grow()
    await until(await start(sql), at(33))
    const row = await sql.get('SELECT genesis FROM checkpoints')
    assert.equal(row?.genesis, chain.hashOf(0))
  })
})
