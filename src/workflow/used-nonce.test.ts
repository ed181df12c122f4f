/** Sends through nodes that hide what became of a transaction: its nonce stays until another one is proven to have it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keccak256, parseTransaction, stringToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createFailoverClient } from '../stream/endpoint-clients.ts'
import { workflowMigrations } from './engine.ts'
import { keySigner } from './signers.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { ScriptedNode } from './test-world/scripted-node.ts'
import { createTransactionSender, listSentTransactions } from './transaction-sender.ts'

type Test = { after(run: () => Promise<void>): void }

const to = `0x${'11'.repeat(20)}` as const
const key = (text: string) => keccak256(stringToHex(text))
const request = (name: string) => ({ idempotencyKey: key(name), to, data: '0x' as Hex, value: 1n })
const turns = () => new Promise((resolve) => setTimeout(resolve, 5))

async function world(t: Test) {
  // In memory, so that what is asked is done within a turn of the event loop.
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(workflowMigrations)
  t.after(() => sql.close())
  const node = new ScriptedNode()
  const time = new ManualTime()
  return { sql, node, time, sender: senderOn({ sql, node, time }) }
}

const secret = new Uint8Array(32).fill(5)
const noncesOf = (node: ScriptedNode) => node.sent.map((raw) => parseTransaction(raw).nonce ?? 0)
const seconds = async (time: ManualTime, count: number) => {
  for (let second = 0; second < count; second += 1) {
    time.advance(1_000)
    await turns()
  }
}

function senderOn({ sql, node, time }: { sql: SqlStore; node: JsonRpcClient; time: ManualTime }) {
  return createTransactionSender(
    { chainId: 7, signer: keySigner(secret), maxFeePerGas: 100n * 10n ** 9n },
    { client: node, sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
  )
}

const running = () => new AbortController().signal

describe('a transaction whose nonce is used up', () => {
  const others = (nonce: number) =>
    privateKeyToAccount(toHex(secret)).signTransaction({
      ...{ type: 'eip1559', chainId: 7, nonce, gas: 21_000n, to: `0x${'99'.repeat(20)}` },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    })

  test('one whose nonce somebody else used is signed anew once that is final', async (t) => {
    const { node, sender, time } = await world(t)
    const sending = sender.send(request('a'), running())
    await turns()
    node.forget()
    node.mineOther(await others(0))
    node.finalized = 1_000
    await seconds(time, 40)
    assert.equal(node.sent.length, 1)
    node.grow(64)
    await seconds(time, 20)
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
    assert.deepEqual(noncesOf(node), [0, 1])
  })

  /** One is sent, and somebody else uses its nonce, which a node that soon forgets states could tell for two seconds. */
  const usedElsewhere = async (t: Test) => {
    const made = await world(t)
    const { node, sender, time } = made
    node.states = 4
    const sending = sender.send(request('a'), running())
    await turns()
    node.forget()
    node.mineOther(await others(0))
    node.grow(2)
    await seconds(time, 2)
    return { ...made, sending }
  }

  /** One is sent behind a nonce that somebody else has used, whose block then leaves. */
  const behindGap = async (t: Test) => {
    const made = await world(t)
    const { node, sender } = made
    const other = await others(0)
    node.mineOther(other)
    const sending = sender.send(request('a'), running())
    await turns()
    assert.deepEqual(noncesOf(node), [1])
    node.leave(2)
    return { ...made, other, sending }
  }

  test('who used it is looked up before the node forgets the state of that block', async (t) => {
    const { node, time, sending } = await usedElsewhere(t)
    node.finalized = 1_000
    node.grow(62)
    await seconds(time, 20)
    node.mine()
    await seconds(time, 2)
    assert.equal((await sending).succeeded, true)
    assert.deepEqual(noncesOf(node), [0, 1])
  })

  test('what was looked up counts no more when its block has left', async (t) => {
    const { node, time, sending } = await usedElsewhere(t)
    node.leave(2)
    await seconds(time, 2)
    node.mine()
    node.grow(80)
    Object.assign(node, { hidesReceipts: true, finalized: 80 })
    await seconds(time, 40)
    assert.deepEqual(new Set(noncesOf(node)), new Set([0]))
    Object.assign(node, { hidesReceipts: false })
    await seconds(time, 2)
    assert.equal((await sending).succeeded, true)
  })

  test('a nonce that was used elsewhere and given back for good is filled, so that what waits behind it goes on', async (t) => {
    const { node, sql, time, sending } = await behindGap(t)
    node.revert = { message: 'execution reverted' }
    await seconds(time, 14)
    assert.deepEqual(noncesOf(node), [1])
    await seconds(time, 16)
    assert.deepEqual(noncesOf(node), [1, 0])
    const filling = parseTransaction(node.sent[1] as Hex)
    const { address } = privateKeyToAccount(toHex(secret))
    assert.deepEqual([filling.to, filling.value ?? 0n], [address.toLowerCase(), 0n])
    node.mine()
    node.mine()
    await seconds(time, 2)
    assert.equal((await sending).succeeded, true)
    const { items } = await listSentTransactions(sql, { limit: 5 })
    assert.deepEqual(new Set(items.map(({ nonce }) => nonce)), new Set([0, 1]))
  })

  test('a nonce that was used elsewhere and comes back with its block is not filled', async (t) => {
    const { node, time, other, sending } = await behindGap(t)
    await seconds(time, 10)
    node.mineOther(other)
    node.mine()
    await seconds(time, 30)
    assert.equal((await sending).succeeded, true)
    assert.deepEqual(noncesOf(node), [1])
  })

  test('what fills a nonce is not signed anew where the other one comes back after all', async (t) => {
    const { node, sql, sender, time, other, sending } = await behindGap(t)
    await seconds(time, 20)
    assert.deepEqual(noncesOf(node), [1, 0])
    node.drop(node.sent[1] as Hex)
    node.mineOther(other)
    node.mine()
    await seconds(time, 2)
    assert.equal((await sending).succeeded, true)
    sender.start()
    node.finalized = 1_000
    node.grow(80)
    await seconds(time, 60)
    await sender.stop()
    assert.deepEqual(new Set(noncesOf(node)), new Set([1, 0]))
    const { items } = await listSentTransactions(sql, { limit: 5 })
    assert.deepEqual(
      items.map(({ nonce, state }) => [nonce, state]),
      [[1, 'final']],
    )
  })

  for (const hidesBodies of [false, true]) {
    const what = hidesBodies ? 'and what is in its block' : 'and shows it in its block'
    test(`one whose receipt the only node hides for long ${what} keeps its nonce`, async (t) => {
      const { node, sql, sender, time } = await world(t)
      const sending = sender.send(request('a'), running())
      await turns()
      node.mine()
      node.grow(100)
      node.finalized = 100
      Object.assign(node, { hidesReceipts: true, hidesBodies })
      await seconds(time, 120)
      assert.deepEqual(new Set(noncesOf(node)), new Set([0]))
      const { items } = await listSentTransactions(sql, { limit: 1 })
      assert.match(items[0]?.problem ?? '', /nonce 0 is used up/)
      Object.assign(node, { hidesReceipts: false })
      await seconds(time, 2)
      assert.equal((await sending).succeeded, true)
      assert.equal(new Set(node.sent).size, 1)
    })
  }

  for (const hiding of [0, 1, 2]) {
    test(`where number ${hiding + 1} of three endpoints hides receipts it is sent once, and found at once`, async (t) => {
      const { node, sql, time } = await world(t)
      const client = createFailoverClient(
        [0, 1, 2].map((at) => ({
          async request(method: string, params?: readonly Json[]) {
            if (at === hiding && /ByHash|Receipt/.test(method)) return null
            return node.request(method, params)
          },
        })),
      )
      const sending = senderOn({ node: client, sql, time }).send(request('a'), running())
      await turns()
      node.mine()
      await seconds(time, 2)
      assert.equal((await sending).succeeded, true)
      assert.equal(new Set(node.sent).size, 1)
    })
  }

  for (const stale of [0, 1, 2]) {
    test(`one that only number ${stale + 1} of three endpoints still shows, in a block that left, is sent again`, async (t) => {
      const { node, sql, time } = await world(t)
      const behind = new ScriptedNode()
      const client = createFailoverClient([0, 1, 2].map((at) => (at === stale ? behind : node)))
      const sender = senderOn({ node: client, sql, time })
      const sending = sender.send(request('a'), running())
      await turns()
      node.mine()
      behind.mine()
      await seconds(time, 2)
      assert.equal((await sending).succeeded, true)
      sender.start()
      node.leave(2)
      node.forget()
      const sentBefore = node.sent.length
      for (const one of [node, behind]) {
        one.grow(80)
        one.finalized = 80
      }
      await seconds(time, 40)
      assert.ok(node.sent.length > sentBefore)
      node.mine()
      node.grow(80)
      behind.grow(80)
      await seconds(time, 40)
      await sender.stop()
      const { items } = await listSentTransactions(sql, { limit: 1 })
      const [sent] = items
      assert.deepEqual([sent?.outcome?.blockNumber, new Set(noncesOf(node))], [82, new Set([0])])
    })
  }

  for (const words of ['nonce too low', 'replacement transaction underpriced']) {
    test(`a node that says "${words}" and passes it on gets no other nonce`, async (t) => {
      const { node, sender, time } = await world(t)
      let isFirst = true
      node.refuse = (raw) => {
        if (!isFirst) return undefined
        isFirst = false
        void node.request('eth_sendRawTransaction', [raw])
        return words
      }
      const sending = sender.send(request('a'), running())
      await turns()
      node.mine()
      await seconds(time, 2)
      assert.equal((await sending).succeeded, true)
      assert.equal(new Set(node.sent).size, 1)
    })
  }
})
