/** Follows an endpoint that is down, lags, lies, limits or hangs: waits, says why, and stores nothing wrong. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import {
  at,
  countingMetrics,
  heard,
  problemOf,
  states,
  until,
  world,
} from './test-chain/listening.ts'
import { changedLogs, refusal, ScriptedChain } from './test-chain/scripted-chain.ts'

const otherHash = `0x${'99'.repeat(32)}`
const honest = (_: string, answer: Json) => answer
const fields = (answer: Json) => (answer ?? {}) as { readonly [name: string]: Json }

describe('the listener of an endpoint with faults', () => {
  test('waits for an endpoint that is down, and for a head that lags', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    chain.grow([1n])
    chain.grow()
    chain.down = true
    const sql = await open()
    const listener = await start(sql)
    assert.match(await problemOf(listener, 'waiting'), /refused/)
    chain.down = false
    await until(listener, at(2))
    assert.equal(listener.status().problem, undefined)
    chain.distort = (method, answer) => (method === 'eth_blockNumber' ? '0x1' : answer)
    await until(listener, ({ head }) => head === 1)
    chain.distort = honest
    await until(listener, ({ head }) => head === 2)
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('asks for less when it is too much, and again when answers do not fit together', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain)
    for (let n = 1; n <= 100; n += 1) chain.grow(n % 10 === 0 ? [BigInt(n)] : [])
    chain.maxRange = 7
    let lies = 3
    chain.distort = (method, answer) => {
      if (method !== 'eth_getLogs' || lies === 0) return answer
      if (!Array.isArray(answer) || answer.length === 0) return answer
      lies -= 1
      return changedLogs(answer, { blockHash: otherHash })
    }
    const sql = await open()
    await until(await start(sql), at(100))
    assert.equal(lies, 0)
    assert.ok(Math.max(...chain.ranges) > 7 && chain.ranges.some((range) => range <= 7))
    assert.deepEqual(
      await heard(sql),
      Array.from({ length: 10 }, (_, n) => `+${(n + 1) * 10}`),
    )
  })

  for (const message of [
    'requested too many blocks from 0 to 84, maximum is set to 10',
    'please limit the query to at most 10 blocks',
    'query returned more than 10000 results',
    'block range is too wide',
    'request timed out',
    'eth_getLogs is limited to a 10,000 range',
    'Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range.',
    'Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size',
  ]) {
    test(`asks for fewer blocks after "${message}"`, async (t) => {
      const chain = new ScriptedChain()
      chain.leap(100)
      const { open, start } = await world(t, chain)
      chain.distort = (method, answer) => {
        if (method === 'eth_getLogs' && (chain.ranges.at(-1) ?? 0) > 10) throw refusal(message)
        return answer
      }
      await until(await start(await open()), at(100))
      assert.ok(chain.ranges.includes(10) || chain.ranges.includes(5), chain.ranges.join())
    })
  }

  for (const [message, code] of [
    ['daily request count exceeded, request rate limited', -32005],
    ['project ID request rate exceeded', -32005],
    ['Too Many Requests', 429],
    ['Your app has exceeded its compute units per second capacity', 429],
    ['15/second request limit reached - reduce calls per second', -32007],
    ['call rate limit exhausted, retry in 10s', -32005],
  ] as const) {
    test(`waits, and asks for as many blocks again, after "${message}"`, async (t) => {
      const chain = new ScriptedChain()
      chain.leap(100)
      const { open, start } = await world(t, chain)
      chain.distort = (method, answer) => {
        if (method === 'eth_getLogs' && chain.ranges.length < 3) throw refusal(message, code)
        return answer
      }
      await until(await start(await open()), at(100))
      assert.deepEqual(chain.ranges, [85, 85, 85])
    })
  }

  test('asks for fewer blocks after an answer over the limit of bytes, or one that came too late', async (t) => {
    for (const reason of ['too-large', 'timeout']) {
      const chain = new ScriptedChain()
      chain.leap(100)
      const { open, start } = await world(t, chain, { maxRange: 80 })
      chain.distort = (method, answer) => {
        if (method !== 'eth_getLogs' || (chain.ranges.at(-1) ?? 0) <= 20) return answer
        const message = `no answer: ${reason}`
        throw new AppError({ code: 'json-rpc/unreachable', message, data: { reason } })
      }
      await until(await start(await open()), at(100))
      assert.deepEqual(chain.ranges.slice(0, 3), [80, 40, 20])
    }
  })

  test('asks for fewer blocks when there are too many logs, down to one block', async (t) => {
    const chain = new ScriptedChain()
    chain.leap(3)
    chain.grow([1n])
    chain.leap(30)
    chain.distort = (method, answer) =>
      method === 'eth_getLogs' && Array.isArray(answer) && answer.length > 0
        ? Array.from({ length: 10_001 }, () => answer[0] as Json)
        : answer
    const { open, start } = await world(t, chain)
    const sql = await open()
    await until(await start(sql), at(34))
    assert.ok(chain.ranges.includes(1), chain.ranges.join())
    assert.deepEqual(await heard(sql), ['+1'])
  })

  const malformed: readonly (readonly [string, RegExp, (method: string, answer: Json) => Json])[] =
    [
      [
        'a head that is no number',
        /eth_blockNumber.*a number that is none/,
        (method, answer) => (method === 'eth_blockNumber' ? 'latest' : answer),
      ],
      [
        'a block without a hash',
        /eth_getBlockByNumber.*a hash that is none/,
        (method, answer) =>
          method === 'eth_getBlockByNumber' && answer
            ? { ...fields(answer), hash: '0x12' }
            : answer,
      ],
      [
        'a block of another number',
        /eth_getBlockByNumber.*another block number/,
        (method, answer) =>
          method === 'eth_getBlockByNumber' && answer
            ? { ...fields(answer), number: '0x63' }
            : answer,
      ],
      [
        'no list of logs',
        /eth_getLogs.*no list/,
        (method, answer) => (method === 'eth_getLogs' ? { logs: answer } : answer),
      ],
      [
        'a log that is no object',
        /eth_getLogs.*no object/,
        (method, answer) => (method === 'eth_getLogs' ? ['0x'] : answer),
      ],
      [
        'a log of a block that was not asked for',
        /eth_getLogs.*a log of a block that was not asked for/,
        (method, answer) =>
          method === 'eth_getLogs' ? changedLogs(answer, { blockHash: otherHash }) : answer,
      ],
      [
        'a log that is not in a block',
        /eth_getLogs.*a hash that is none/,
        (method, answer) =>
          method === 'eth_getLogs' ? changedLogs(answer, { blockHash: null }) : answer,
      ],
    ]
  for (const [what, problem, distort] of malformed) {
    test(`waits, says so and stores nothing at ${what}`, async (t) => {
      const chain = new ScriptedChain()
      chain.grow([1n])
      chain.grow()
      chain.distort = distort
      const { open, start } = await world(t, chain)
      const sql = await open()
      const listener = await start(sql)
      assert.match(await problemOf(listener, 'waiting'), problem)
      assert.deepEqual([await states(sql), await heard(sql)], [[], []])
      chain.distort = honest
      await until(listener, at(2))
      assert.deepEqual(await heard(sql), ['+1'])
    })
  }

  test('refuses a range whose logs lie outside of it', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    chain.leap(50)
    chain.distort = (method, answer) =>
      method === 'eth_getLogs' ? changedLogs(answer, { blockNumber: '0x30' }) : answer
    const { open, start } = await world(t, chain)
    const sql = await open()
    assert.match(await problemOf(await start(sql), 'waiting'), /a log of a block that was not/)
    assert.deepEqual(await states(sql), [])
  })

  test('says so when answers never fit together', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    chain.leap(20)
    chain.distort = (method, answer) =>
      method === 'eth_getLogs' ? changedLogs(answer, { blockHash: otherHash }) : answer
    const { open, start } = await world(t, chain)
    const sql = await open()
    const listener = await start(sql)
    assert.match(await problemOf(listener, 'waiting'), /a log names another block 1/)
    assert.deepEqual(await states(sql), [])
    chain.distort = honest
    await until(listener, at(21))
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('takes a log that is given twice for one', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n, 2n])
    chain.distort = (method, answer) =>
      method === 'eth_getLogs' && Array.isArray(answer) ? [...answer, ...answer] : answer
    const { open, start } = await world(t, chain)
    const sql = await open()
    await until(await start(sql), at(1))
    assert.deepEqual(await heard(sql), ['+1', '+2'])
  })

  test('says so when a block never names the one before it', async (t) => {
    const chain = new ScriptedChain()
    chain.leap(9)
    chain.grow([1n])
    chain.grow()
    chain.distort = (method, answer) =>
      method === 'eth_getBlockByNumber' && fields(answer).number === '0x8'
        ? { ...fields(answer), parentHash: otherHash }
        : answer
    const { open, start } = await world(t, chain)
    const sql = await open()
    const listener = await start(sql)
    assert.match(await problemOf(listener, 'waiting'), /block 8 has another parent/)
    assert.deepEqual(await states(sql), [])
    chain.distort = honest
    await until(listener, at(11))
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('asks again, without a word, when a block left between its header and its logs', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    chain.grow()
    let refusals = 2
    chain.distort = (method, answer) => {
      if (method !== 'eth_getLogs' || refusals === 0) return answer
      refusals -= 1
      throw refusal(refusals === 0 ? 'unknown block' : 'header not found')
    }
    const { open, start } = await world(t, chain)
    const sql = await open()
    const listener = await start(sql)
    const { state } = await until(listener, (now) => at(2)(now) || now.problem !== undefined)
    assert.deepEqual([state, refusals, await heard(sql)], ['following', 0, ['+1']])
  })

  test('checks that a far range follows what was read before it', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    const { open, start } = await world(t, chain)
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(1))
    await listener.stop()
    const old = { hash: chain.hashOf(1), parentHash: chain.hashOf(0) }
    chain.drop(1)
    chain.leap(100)
    // One of several nodes behind the endpoint still has the old block.
    chain.distort = (method, answer) =>
      method === 'eth_getBlockByNumber' && fields(answer).number === '0x1'
        ? { ...fields(answer), ...old }
        : answer
    const again = await start(sql)
    assert.match(await problemOf(again, 'waiting'), /block 2 has another parent/)
    assert.deepEqual([await states(sql), await heard(sql)], [['1 pending'], ['+1']])
    chain.distort = honest
    await until(again, at(100))
    assert.deepEqual([await states(sql), await heard(sql)], [['1 retracted'], ['+1', '-1']])
  })

  test('counts and leaves out a log that does not fit its event', async (t) => {
    const chain = new ScriptedChain()
    const { metrics, count } = countingMetrics()
    chain.grow([1n])
    chain.grow([2n])
    chain.grow()
    chain.distort = (method, answer) =>
      method === 'eth_getLogs' && JSON.stringify(answer).includes('"0x1"')
        ? (answer as readonly Json[]).map((log) =>
            fields(log).blockNumber === '0x1' ? { ...fields(log), data: '0x00' } : log,
          )
        : answer
    const { open, start } = await world(t, chain, { metrics })
    const sql = await open()
    await until(await start(sql), at(3))
    assert.deepEqual(await heard(sql), ['+2'])
    assert.equal(count('quantumstream_stream_malformed_logs_total'), 1)
  })

  test('leaves out logs of other contracts that the filter let through', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    chain.distort = (method, answer) =>
      method === 'eth_getLogs' ? changedLogs(answer, { address: `0x${'bb'.repeat(20)}` }) : answer
    const { open, start } = await world(t, chain)
    const sql = await open()
    await until(await start(sql), at(1))
    assert.deepEqual(await states(sql), [])
  })

  test('stops at once while a request hangs', { timeout: 5_000 }, async (t) => {
    for (const hanging of ['eth_blockNumber', 'eth_getBlockByNumber', 'eth_getLogs']) {
      const chain = new ScriptedChain()
      for (let n = 1; n <= 14; n += 1) chain.grow([BigInt(n)])
      const { open, start } = await world(t, chain)
      const asked = Promise.withResolvers<void>()
      chain.distort = (method, answer) => {
        if (method !== hanging) return answer
        asked.resolve()
        return new Promise(() => {})
      }
      const sql = await open()
      const listener = await start(sql)
      await asked.promise
      await listener.stop()
      assert.deepEqual(await states(sql), [])
      assert.equal(listener.status().problem, undefined)
    }
  })
})
