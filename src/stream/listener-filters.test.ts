/** Listens to what was asked for only: indexed arguments, expressions, contracts that a factory made. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeAbiParameters, encodeEventTopics, parseAbiItem } from 'viem'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Listener } from './stream.ts'
import { at, countingMetrics, heard, until, world } from './test-chain/listening.ts'
import { paid, refusal, ScriptedChain, vault } from './test-chain/scripted-chain.ts'

const factory = '0x00000000000000000000000000000000000000fa'
const [first, second] = [`0x${'c1'.repeat(20)}`, `0x${'c2'.repeat(20)}`] as const
const made = 'Made(address indexed child, uint256 count)'
const makes = { address: factory, event: made, argument: 'child' } as const

const logOf = (address: Hex, event: string, [indexed, value]: readonly [Hex, bigint]) => ({
  address,
  topics: encodeEventTopics({
    abi: [parseAbiItem(`event ${event}`)],
    args: [indexed],
  } as never) as Hex[],
  data: encodeAbiParameters([{ type: 'uint256' }], [value]),
})
const births = (child: Hex) => logOf(factory, made, [child, 1n])
const pays = (child: Hex, amount: bigint) => logOf(child, paid, [vault, amount])

describe('the filters of a listener', () => {
  test('ask the endpoint for indexed arguments, and let nothing else through', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n], [logOf(vault, paid, [first, 2n])])
    const subscriptions = [
      { event: paid, address: vault, where: { who: [first, second] } },
    ] as const
    const { open, start } = await world(t, chain, { subscriptions })
    const sql = await open()
    await until(await start(sql), at(1))
    assert.deepEqual(await heard(sql), ['+2'])
    const { topics } = chain.filters[0] as unknown as { topics: readonly (readonly Hex[])[] }
    assert.deepEqual(
      topics[1],
      [first, second].map((one) => `0x${'00'.repeat(12)}${one.slice(2)}`),
    )
  })

  test('hold an expression over exact integers; where it fails is no match, and is counted', async (t) => {
    const chain = new ScriptedChain()
    const { metrics, count } = countingMetrics()
    const big = 2n ** 200n
    chain.grow([5n, big, 2n ** 53n])
    // As text, the larger ones would come first in every order.
    const filter = '.args.amount > 9007199254740991'
    const subscriptions = [{ event: paid, address: vault, filter }] as const
    const { open, start } = await world(t, chain, { subscriptions, metrics })
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(1))
    assert.deepEqual(await heard(sql), [`+${big}`, `+${2n ** 53n}`])
    await listener.stop()
    chain.grow([7n])
    const failing = [{ event: paid, address: vault, filter: '.args.amount + {}' }] as const
    await until(await start(sql, { subscriptions: failing }), at(2))
    assert.equal(count('quantumstream_stream_failed_filters_total'), 1)
    assert.equal((await heard(sql)).length, 2)
  })

  test('find what a factory made, from its block on, and after a restart', async (t) => {
    const chain = new ScriptedChain()
    const subscriptions = [{ event: paid, factory: makes }] as const
    const { open, start } = await world(t, chain, { subscriptions, maxRange: 30 })
    // Before its birth, in the block of its birth and before the log that names it, and after.
    chain.grow([], [pays(first, 1n)])
    chain.grow([], [pays(first, 2n), births(first), pays(second, 3n)])
    chain.leap(60)
    chain.grow([], [pays(first, 4n), pays(second, 5n)])
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(63))
    assert.deepEqual(await heard(sql), ['+2', '+4'])
    await listener.stop()
    chain.grow([], [births(second), pays(first, 6n), pays(second, 7n)])
    await until(await start(sql), at(64))
    assert.deepEqual(await heard(sql), ['+2', '+4', '+6', '+7'])
  })

  test('know what a factory made however far in the past, before they read what came then', async (t) => {
    const chain = new ScriptedChain()
    const subscriptions = [{ event: paid, factory: makes }] as const
    const { open, start } = await world(t, chain, { subscriptions, shortHistory: 20 })
    chain.grow([], [births(first)])
    chain.leap(500)
    chain.grow([], [pays(first, 1n)])
    const sql = await open()
    const { backFill } = await until(await start(sql), at(502))
    assert.deepEqual([backFill, await heard(sql)], [undefined, ['+1']])
  })

  test('know what a factory made before it was listened to, and search for it once', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { maxRange: 30 })
    const sql = await open()
    chain.leap(40)
    chain.grow([], [births(first)])
    chain.leap(40)
    const before = await start(sql)
    await until(before, at(chain.head))
    await before.stop()
    const subscriptions = [{ event: paid, factory: makes }] as const
    const asked = () =>
      chain.filters.filter((one) => JSON.stringify(one).includes(`"${factory}"`)).length
    for (const [amount, searches] of [
      [1n, 3],
      [2n, 0],
    ] as const) {
      chain.grow([], [pays(first, amount), pays(second, 9n)])
      const earlier = asked()
      const listener = await start(sql, { subscriptions })
      await until(listener, at(chain.head))
      await listener.stop()
      // One more for the block that is followed.
      assert.equal(asked() - earlier, searches + 1)
    }
    assert.deepEqual(await heard(sql), ['+1', '+2'])
    // While it was not listened to, it went on.
    chain.grow([], [births(second)])
    const without = await start(sql)
    await until(without, at(chain.head))
    await without.stop()
    chain.grow([], [pays(second, 3n)])
    const again = await start(sql, { subscriptions })
    await until(again, at(chain.head))
    await again.stop()
    assert.deepEqual(await heard(sql), ['+1', '+2', '+3'])
    // A listener that began with the newest block searches nothing.
    await sql.run('DELETE FROM discoveries')
    await sql.run('DELETE FROM searched_factories')
    chain.grow([], [pays(first, 4n)])
    await until(await start(sql, { subscriptions, startBlock: 'latest' }), at(chain.head))
    assert.deepEqual(await heard(sql), ['+1', '+2', '+3'])
  })

  test('go on with a search where it was interrupted', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { maxRange: 10 })
    const sql = await open()
    chain.grow([], [births(first)])
    chain.leap(98)
    const before = await start(sql)
    await until(before, at(chain.head))
    await before.stop()
    const searched: number[] = []
    chain.distort = (method, answer, [filter]) => {
      const { fromBlock } = (filter ?? {}) as { fromBlock?: string }
      if (method !== 'eth_getLogs' || fromBlock === undefined) return answer
      searched.push(Number(fromBlock))
      if (searched.length === 6) throw refusal('not now', -32603)
      return answer
    }
    chain.grow([], [pays(first, 1n)])
    const subscriptions = [{ event: paid, factory: makes }] as const
    await until(await start(sql, { subscriptions }), at(chain.head))
    assert.deepEqual(searched, [0, 10, 20, 30, 40, 50, 50, 60, 70, 80, 90])
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('forget what was named in a history that had to be read again', async (t) => {
    const chain = new ScriptedChain()
    const { open, start } = await world(t, chain, { shortHistory: 20, maxRange: 50 })
    const sql = await open()
    chain.grow([], [births(first)])
    chain.leap(10)
    chain.grow([], [pays(first, 1n), pays(second, 2n)])
    chain.leap(200)
    chain.distort = (method, answer, [filter]) => {
      const { fromBlock } = (filter ?? {}) as { fromBlock?: string }
      if (method === 'eth_getLogs' && fromBlock === '0x0') throw refusal('not now', -32603)
      return answer
    }
    const before = await start(sql)
    await until(before, (now) => at(chain.head)(now) && now.backFill !== undefined)
    await before.stop()
    const asked: string[] = []
    let listener: Listener | undefined
    chain.distort = async (method, answer, [filter]) => {
      const { fromBlock, address } = (filter ?? {}) as { fromBlock?: string; address?: string[] }
      if (method !== 'eth_getLogs' || fromBlock !== '0x0') return answer
      asked.push(address?.includes(factory) ? 'made' : 'paid')
      // First it is searched; then the history is read, and has to be read again.
      if (asked.length === 2) return madeUp(answer)
      if (asked.length === 3) {
        // Nor is what happens meanwhile in front of it.
        chain.grow([], [pays(second, 3n), pays(first, 4n)])
        if (listener) await until(listener, at(chain.head))
        throw refusal('not now', -32603)
      }
      return answer
    }
    const madeUp = (answer: Json): Json => {
      const [log] = answer as { readonly [name: string]: Json }[]
      return [{ ...log, ...births(second), logIndex: '0x9' }]
    }
    listener = await start(sql, { subscriptions: [{ event: paid, factory: makes }] })
    await until(listener, (now) => at(chain.head)(now) && now.backFill === undefined)
    assert.deepEqual(asked.slice(0, 4), ['made', 'made', 'paid', 'made'])
    assert.deepEqual(await heard(sql), ['+4', '+1'])
  })

  test('forget what a factory made in a block that left', async (t) => {
    const chain = new ScriptedChain()
    const subscriptions = [{ event: paid, factory: makes }] as const
    const { open, start } = await world(t, chain, { subscriptions })
    const sql = await open()
    chain.leap(3)
    chain.grow([], [births(first), pays(first, 1n)])
    const listener = await start(sql)
    await until(listener, at(4))
    chain.drop(2)
    chain.grow([], [pays(first, 2n)])
    chain.leap(2)
    await until(listener, at(5))
    chain.grow([], [pays(first, 3n)])
    await until(listener, at(6))
    assert.deepEqual(await heard(sql), ['+1', '-1'])
    assert.deepEqual(await sql.all('SELECT address FROM discoveries'), [])
    chain.grow([], [births(first), pays(first, 4n)])
    await until(listener, at(7))
    assert.deepEqual(await heard(sql), ['+1', '-1', '+4'])
  })

  test('take an event from an ABI by name or signature', async (t) => {
    const abi = [
      { type: 'function', name: 'Paid', inputs: [] },
      {
        ...{ type: 'event', name: 'Paid', anonymous: false },
        inputs: [
          { type: 'address', name: 'who', indexed: true },
          { type: 'uint256', name: 'amount', indexed: false },
        ],
      },
    ]
    const chain = new ScriptedChain()
    chain.grow([1n])
    const { open, start } = await world(t, chain)
    for (const event of ['Paid', 'Paid(address,uint256)']) {
      const sql = await open()
      await sql.run('DELETE FROM heard')
      await sql.run('DELETE FROM checkpoints')
      await sql.run('DELETE FROM events')
      const listener = await start(sql, { subscriptions: [{ event, abi, address: vault }] })
      await until(listener, at(1))
      await listener.stop()
      assert.deepEqual(await heard(sql), ['+1'])
    }
    const sql = await open()
    const unknown = [{ event: 'Other', abi, address: vault }] as const
    await assert.rejects(start(sql, { subscriptions: unknown }), {
      ...{ code: 'stream/bad-event', message: /no event "Other"; it has Paid\(address,uint256\)/ },
    })
  })

  test('that say nothing sensible are refused', async (t) => {
    const { open, start } = await world(t, new ScriptedChain())
    const sql = await open()
    for (const bad of [
      { event: paid, where: { amount: '1' } },
      { event: paid, where: { who: 'me' } },
      { event: paid, address: [] },
      { event: paid, address: vault, factory: makes },
      { event: paid, factory: { ...makes, argument: 'count' } },
    ] as const) {
      await assert.rejects(start(sql, { subscriptions: [bad] }), { code: 'stream/bad-filter' })
    }
  })
})
