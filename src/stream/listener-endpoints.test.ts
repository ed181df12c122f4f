/** Follows one chain by several endpoints, of which some are down, lag, lie or belong elsewhere. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import { systemClock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createEndpointPool } from './endpoint-pool.ts'
import { createEventDecoder } from './event-decoder.ts'
import { createEvmSource } from './evm-source.ts'
import type { FoundEvents, Source } from './source.ts'
import { at, heard, states, until, world } from './test-chain/listening.ts'
import { paid, ScriptedChain, vault } from './test-chain/scripted-chain.ts'

type Distort = (method: string, answer: Json, params: readonly Json[]) => Json | Promise<Json>

const honest: Distort = (_, answer) => answer
const down: Distort = () => {
  throw new AppError({ code: 'json-rpc/unreachable', message: 'refused', retry: 'later' })
}
const otherHash = `0x${'99'.repeat(32)}`

/** Another block of every number up to one. */
const lyingUpTo =
  (last: number): Distort =>
  (method, answer) => {
    const { number } = (answer ?? {}) as { number?: string }
    const isBlock = method === 'eth_getBlockByNumber' && Number(number) <= last
    return isBlock ? { ...(answer as object), hash: otherHash } : answer
  }

/** A pool over endpoints to one chain, each of which answers in its own way. */
function poolOf(chain: ScriptedChain, ways: Record<string, Distort>, quorum?: number) {
  const decoder = createEventDecoder([{ event: paid, address: vault }])
  const world = { logger: silentLogger, metrics: noMetrics }
  const options = { chain: 'test', chainId: 7, finalityDepth: 2 }
  return createEndpointPool(
    { ...options, ...(quorum === undefined ? {} : { quorum }) },
    {
      ...{ ...world, clock: systemClock },
      endpoints: Object.keys(ways).map((name) => ({
        name,
        open: () =>
          createEvmSource(
            { chain: 'test', checks: 'none' },
            {
              ...{ ...world, decoder },
              client: {
                request: async (method, params = []) => {
                  const answer = await chain.request(method, params)
                  return (ways[name] ?? honest)(method, answer, params)
                },
              },
            },
          ),
      })),
    },
  )
}

test('what an endpoint gave is held against its own proofs, whichever is used by then', async () => {
  const asked: string[] = []
  const source = (name: string) => ({
    eventsIn: async () => ({ events: [], discovered: [] }),
    async proven(_: unknown, found: FoundEvents) {
      asked.push(name)
      return found
    },
  })
  const pool = createEndpointPool(
    { chain: 'test', chainId: 7 },
    {
      ...{ clock: systemClock, logger: silentLogger, metrics: noMetrics },
      endpoints: ['a', 'b'].map((name) => ({
        name,
        open: () => source(name) as unknown as Source,
      })),
    },
  )
  const found = await pool.eventsIn({ from: 0, to: 1 })
  pool.blame?.('another one')
  assert.equal(pool.used(), 1)
  await pool.proven([], found)
  await pool.proven([], { events: [], discovered: [] })
  assert.deepEqual(asked, ['a', 'b'])
})

test('headers of one endpoint are not held against the logs of another one', async () => {
  const block = () => ({ number: 1, hash: otherHash, parentHash: otherHash, timeMs: 0 })
  const pool = createEndpointPool(
    { chain: 'test', chainId: 7 },
    {
      ...{ clock: systemClock, logger: silentLogger, metrics: noMetrics },
      endpoints: ['a', 'b'].map((name) => ({
        name,
        open: () =>
          ({
            wantsHeaders: true,
            blocksAt: async () => [block()],
            eventsIn: async () => ({ events: [], discovered: [] }),
            proven: async (_: unknown, found: FoundEvents) => found,
          }) as unknown as Source,
      })),
    },
  )
  const span = { from: 1, to: 1 }
  const before = await pool.blocksAt([1])
  const found = await pool.eventsIn(span)
  assert.equal(await pool.proven(before, found), found)
  pool.blame?.('it is another chain')
  const mixed = { code: 'stream/inconsistent', message: /another endpoint/ }
  await assert.rejects(pool.proven(before, await pool.eventsIn(span)), mixed)
  await assert.rejects(pool.proven(await pool.blocksAt([1]), found), mixed)
  assert.equal(pool.endpoints()[1]?.fault, undefined)
})

test('what a factory made before counts where most endpoints have its block', async () => {
  const child = { factory: 'f', address: vault, blockNumber: 7 } as const
  const block = (hash: string) => ({ number: 7, hash, parentHash: '0x', timeMs: 0 })
  const [real, other] = ['0x01', '0x02']
  const poolWith = (hashes: Readonly<Record<string, string | undefined>>, quorum?: number) => {
    const pool = createEndpointPool(
      { chain: 'test', chainId: 7, ...(quorum ? { quorum } : {}) },
      {
        ...{ clock: systemClock, logger: silentLogger, metrics: noMetrics },
        endpoints: Object.entries(hashes).map(([name, hash]) => ({
          name,
          open: () =>
            ({
              blocksAt: async () => (hash === undefined ? down('', null, []) : [block(hash)]),
              discover: async () => ({ discovered: [child], blocks: [block(hash ?? '')] }),
            }) as unknown as Source,
        })),
      },
    )
    return { pool, search: async () => (await pool.discover?.(span))?.discovered }
  }
  const span = { from: 7, to: 7 }
  for (const hashes of [{ a: real }, { a: real, b: real }, { a: real, b: undefined, c: real }]) {
    assert.deepEqual(await poolWith(hashes).search(), [child])
  }
  const liar = poolWith({ a: other, b: real, c: real })
  await assert.rejects(liar.search(), { code: 'stream/dishonest', message: /block 7/ })
  assert.match(liar.pool.endpoints()[0]?.fault ?? '', /block 7 is another one/)
  const waits = { code: 'stream/not-agreed', message: /agree on block 7; 1 of/ }
  for (const hashes of [
    { a: real, b: undefined },
    { a: real, b: other },
    { a: real, b: other, c: undefined },
  ]) {
    const { pool, search } = poolWith(hashes)
    await assert.rejects(search(), waits)
    assert.equal(pool.endpoints()[0]?.fault, undefined)
  }
  assert.deepEqual(await poolWith({ a: real, b: other }, 1).search(), [child])
})

test('who lied of what a factory made is not believed in the rest of it', async () => {
  const asked: string[] = []
  const pool = createEndpointPool(
    { chain: 'test', chainId: 7 },
    {
      ...{ clock: systemClock, logger: silentLogger, metrics: noMetrics },
      endpoints: ['liar', 'b'].map((name) => ({
        name,
        open: (blame: (fault: 'lie', reason: string) => void) =>
          ({
            async discover() {
              asked.push(name)
              if (name === 'liar') blame('lie', 'it named another one')
              return { discovered: [], blocks: [] }
            },
          }) as unknown as Source,
      })),
    },
  )
  await pool.discover?.({ from: 0, to: 1 })
  assert.deepEqual([asked, pool.used()], [['liar', 'b'], 1])
})

describe('several endpoints', () => {
  test('one that is down is left for another, and nothing is lost', async (t) => {
    const chain = new ScriptedChain()
    const ways: Record<string, Distort> = { a: down, b: honest, c: honest }
    const source = poolOf(chain, ways)
    const { open, start } = await world(t, chain, { source })
    const sql = await open()
    chain.grow([1n])
    const listener = await start(sql)
    await until(listener, at(1))
    Object.assign(ways, { a: honest, b: down, c: down })
    chain.grow([2n])
    await until(listener, at(2))
    assert.deepEqual(await heard(sql), ['+1', '+2'])
    const { endpoints } = listener.status()
    assert.deepEqual(
      endpoints.filter(({ fault }) => fault !== undefined).length >= 2,
      true,
      JSON.stringify(endpoints),
    )
    assert.match(endpoints[0]?.fault ?? '', /refused/)
  })

  test('one that is far behind is not used, and its status says why', async (t) => {
    const chain = new ScriptedChain()
    const behind: Distort = (method, answer) => (method === 'eth_blockNumber' ? '0x1' : answer)
    const source = poolOf(chain, { slow: behind, b: honest, c: honest })
    const { open, start } = await world(t, chain, { source })
    chain.leap(20)
    chain.grow([1n])
    const listener = await start(await open())
    const { endpoints } = await until(listener, at(21))
    const [slow] = endpoints
    assert.deepEqual([slow?.isUsed, slow?.lag], [false, 20])
    assert.match(slow?.fault ?? '', /20 blocks behind the others/)
  })

  test('one is blamed once for what it gives, and nobody else is', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    const malformed: Distort = (method, answer) => (method === 'eth_getLogs' ? [null] : answer)
    const source = poolOf(chain, { a: malformed, b: honest })
    const { open, start } = await world(t, chain, { source })
    await until(await start(await open()), at(1))
    const [a, b] = source.endpoints()
    assert.match(a?.fault ?? '', /eth_getLogs/)
    assert.ok((a?.penalty ?? 0) <= 30, JSON.stringify(a))
    assert.equal(b?.fault, undefined)
  })

  test('blocks are final only where a quorum has the same; one that is alone is a liar', async (t) => {
    const chain = new ScriptedChain()
    const ways: Record<string, Distort> = { a: honest, b: lyingUpTo(50) }
    const two = poolOf(chain, ways)
    const { open, start } = await world(t, chain, { source: two, finalityDepth: 2 })
    const sql = await open()
    chain.grow([1n])
    chain.leap(9)
    const listener = await start(sql)
    const { problem } = await until(
      listener,
      (now) => at(10)(now) && /agree/.test(now.problem ?? ''),
    )
    assert.match(problem ?? '', /finality waits for 2 endpoints to agree on block 8; 1 of 2 do/)
    assert.deepEqual(await states(sql), ['1 confirmed'])
    await listener.stop()

    const source = poolOf(chain, { a: honest, liar: lyingUpTo(50), c: honest })
    const again = await start(sql, { source, finalityDepth: 2 })
    await until(again, at(10))
    for (let tries = 0; tries < 2_000; tries += 1) {
      if ((await states(sql))[0] === '1 finalized') break
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.deepEqual(await states(sql), ['1 finalized'])
    assert.match(source.endpoints()[1]?.fault ?? '', /its final block 8 is another one/)
  })

  test('one that is used and alone with its blocks loses its place', async (t) => {
    const chain = new ScriptedChain()
    chain.leap(9)
    chain.grow([1n])
    const isOther: Distort = (method, answer, params) =>
      method === 'eth_getLogs' ? [] : lyingUpTo(8)(method, answer, params)
    const source = poolOf(chain, { liar: isOther, b: honest, c: honest })
    await source.head()
    await source.idle()
    await source.head()
    await source.idle()
    assert.notEqual(source.used(), 0)
    assert.match(source.endpoints()[0]?.fault ?? '', /its final block 8 is another one/)
    const { open, start } = await world(t, chain, { source })
    const sql = await open()
    await until(await start(sql), at(10))
    assert.deepEqual(await heard(sql), ['+1'])
  })

  test('one of another chain is left out, and one with another block 0 does not stop the rest', async (t) => {
    const chain = new ScriptedChain()
    chain.grow([1n])
    const other: Distort = (method, answer) => (method === 'eth_chainId' ? '0x8' : answer)
    const source = poolOf(chain, { other, b: honest })
    const { open, start } = await world(t, chain, { source })
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(1))
    assert.match(source.endpoints()[0]?.fault ?? '', /its chain id is 8, not 7/)
    await listener.stop()
    const second = poolOf(chain, { a: lyingUpTo(0), b: honest })
    chain.grow([2n])
    const again = await start(sql, { source: second })
    await until(again, at(2))
    assert.match(second.endpoints()[0]?.fault ?? '', /block 0 is not the one/)
    assert.deepEqual(await heard(sql), ['+1', '+2'])
  })

  test('a quorum of more than there are is refused', () => {
    const chain = new ScriptedChain()
    assert.throws(() => poolOf(chain, { a: honest, b: honest }, 3), { code: 'stream/bad-setting' })
  })
})
