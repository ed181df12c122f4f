/** Follows at once and reads a long history beside it: no gaps, nothing twice, whatever happens meanwhile. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ListenerStatus } from './stream.ts'
import { at, heard, problemOf, states, until, world } from './test-chain/listening.ts'
import { ScriptedChain } from './test-chain/scripted-chain.ts'

/** A chain with an event in every hundredth block. */
function longChain(blocks: number): ScriptedChain {
  const chain = new ScriptedChain()
  for (let n = 1; n <= blocks; n += 1) chain.grow(n % 100 === 0 ? [BigInt(n)] : [])
  return chain
}

const isFilled = ({ backFill }: { readonly backFill: unknown }) => backFill === undefined

/** Amounts that were heard, in their order by number. */
const sorted = (lines: readonly string[]) => [...lines].sort((a, b) => Number(a) - Number(b))
const every = (blocks: number) =>
  Array.from({ length: Math.floor(blocks / 100) }, (_, n) => `+${(n + 1) * 100}`)

describe('a long history', () => {
  test('is read beside the following, through restarts, each event once', async (t) => {
    const chain = longChain(3_000)
    const { open, start } = await world(t, chain, { maxRange: 150 })
    let restarts = 0
    let reached = 0
    for (;;) {
      const sql = await open()
      const listener = await start(sql)
      await until(listener, at(chain.head))
      const isOn = (now: ListenerStatus) => isFilled(now) || Number(now.backFill?.next) > reached
      const { backFill } = await until(listener, isOn)
      reached = backFill?.next ?? reached
      await listener.stop()
      await sql.close()
      if (backFill === undefined) break
      restarts += 1
      chain.grow()
    }
    const sql = await open()
    await until(await start(sql), at(chain.head))
    assert.ok(restarts > 3, `${restarts} restarts`)
    assert.deepEqual(sorted(await heard(sql)), every(3_000))
    assert.equal((await states(sql)).length, 30)
  })

  test('does not lose what happens in front of it, nor a reorganisation near its end', async (t) => {
    const chain = longChain(2_000)
    const { open, start } = await world(t, chain, { maxRange: 40 })
    const sql = await open()
    const listener = await start(sql)
    await until(listener, at(2_000))
    // As deep as is followed: the first block that was followed stays.
    chain.drop(10)
    for (const amounts of [[5n], [6n]]) chain.grow(amounts)
    chain.leap(9)
    await until(listener, at(2_001))
    await until(listener, isFilled)
    assert.deepEqual(
      sorted((await heard(sql)).filter((line) => line !== '+2000' && line !== '-2000')),
      ['+5', '+6', ...every(1_900)],
    )
    assert.deepEqual(
      (await states(sql)).filter((line) => line.startsWith('2000')),
      ['2000 retracted'],
    )
  })

  test('ends in the block from which following began, or says so', async (t) => {
    const chain = longChain(1_500)
    const { open, start } = await world(t, chain, { window: 20 })
    let isOther = false
    // The endpoint has another block there, as after a reorganisation deeper than what is followed.
    chain.distort = (method, answer, [number]) =>
      isOther && method === 'eth_getBlockByNumber' && Number(number) === 1_480
        ? { ...(answer as object), hash: `0x${'99'.repeat(32)}` }
        : answer
    const sql = await open()
    const listener = await start(sql)
    await until(listener, ({ checkpoint }) => checkpoint !== undefined && checkpoint >= 1_480)
    isOther = true
    const { backFill } = await until(listener, (now) => now.backFill?.problem !== undefined)
    assert.match(backFill?.problem ?? '', /block 1480 is another one than when following began/)
    assert.equal(listener.status().state, 'following')
    isOther = false
    await until(listener, isFilled)
    assert.deepEqual(sorted(await heard(sql)), every(1_500))
  })

  test('of few blocks is read in order, before what comes then', async (t) => {
    const chain = longChain(900)
    const { open, start } = await world(t, chain)
    const sql = await open()
    const listener = await start(sql)
    const { backFill } = await until(listener, at(900))
    assert.equal(backFill, undefined)
    assert.deepEqual(await heard(sql), every(900))
    chain.drop(11)
    chain.leap(20)
    assert.match(await problemOf(listener, 'stopped'), /deeper than the 10 blocks/)
  })
})
