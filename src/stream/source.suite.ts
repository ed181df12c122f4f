/** Holds what every source promises: a listener over it stores each event once, and takes back what left. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Source } from './source.ts'
import { at, heard, heardLives, states, until, world } from './test-chain/listening.ts'
import { ScriptedChain } from './test-chain/scripted-chain.ts'

/** A chain of some kind that a test moves; amounts are payments that its source tells as events. */
export interface SuiteChain {
  readonly source: Source
  readonly head: number
  grow(amounts?: readonly bigint[]): void
  drop(count: number): void
}

/** Runs the suite. */
export function sourceSuite(name: string, create: () => SuiteChain): void {
  describe(`a listener to ${name}`, () => {
    const begin = async (t: Parameters<typeof world>[0], chain: SuiteChain) => {
      const { open, start } = await world(t, new ScriptedChain(), { source: chain.source })
      const sql = await open()
      return { sql, start: () => start(sql) }
    }

    test('stores each event once, through restarts, and confirms it', async (t) => {
      const chain = create()
      const { sql, start } = await begin(t, chain)
      chain.grow([1n, 2n])
      const listener = await start()
      await until(listener, at(chain.head))
      assert.deepEqual(await heardLives(sql), ['+1', '+2'])
      await listener.stop()
      chain.grow([3n])
      await until(await start(), at(chain.head))
      assert.deepEqual(await heardLives(sql), ['+1', '+2', '1 confirmed', '2 confirmed', '+3'])
    })

    test('takes back what left, and knows the same payment in another block', async (t) => {
      const chain = create()
      const { sql, start } = await begin(t, chain)
      for (const amounts of [[1n], [2n], [3n]]) chain.grow(amounts)
      const listener = await start()
      await until(listener, at(chain.head))
      chain.drop(2)
      for (const amounts of [[], [3n], []]) chain.grow(amounts)
      await until(listener, at(chain.head))
      assert.deepEqual(await heard(sql), ['+1', '+2', '+3', '-2', '-3', '+3'])
      assert.deepEqual(await states(sql), ['1 confirmed', '2 retracted', '3 confirmed'])
    })

    test('reads a history by ranges', async (t) => {
      const chain = create()
      const { sql, start } = await begin(t, chain)
      for (let n = 1; n <= 50; n += 1) chain.grow(n % 10 === 0 ? [BigInt(n)] : [])
      await until(await start(), at(chain.head))
      assert.deepEqual(await heard(sql), ['+10', '+20', '+30', '+40', '+50'])
    })

    test('says that a block is not there, and finds one by its hash', async () => {
      const chain = create()
      chain.grow([1n])
      await assert.rejects(chain.source.blocksAt([chain.head + 5]), { code: 'stream/inconsistent' })
      const [block] = await chain.source.blocksAt([chain.head])
      assert.equal(block?.number, chain.head)
      assert.equal((await chain.source.blockByHash(block?.hash ?? '0x'))?.number, chain.head)
    })
  })
}
