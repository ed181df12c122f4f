/** Watches a lane through reorganisations, crowds, confirmations, chains without base fee, and signers elsewhere. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keccak256, parseTransaction, stringToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { openSqlite } from '../store/sqlite.ts'
import { workflowMigrations } from './engine.ts'
import type { SenderOptions } from './sent-transaction.ts'
import { keySigner, remoteSigner } from './signers.ts'
import { alteredStore } from './test-world/altered-store.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { ScriptedNode } from './test-world/scripted-node.ts'
import { createTransactionSender, listSentTransactions } from './transaction-sender.ts'

type Test = { after(run: () => Promise<void>): void }

const secret = new Uint8Array(32).fill(5)
const key = (text: string) => keccak256(stringToHex(text))
const request = (name: string) => ({
  ...{ idempotencyKey: key(name), to: `0x${'11'.repeat(20)}` as Hex, data: '0x' as Hex, value: 1n },
})
const running = () => new AbortController().signal
const turns = () => new Promise((resolve) => setTimeout(resolve, 5))

async function world(t: Test, more: Partial<SenderOptions> = {}) {
  // In memory, so that what is asked is done within a turn of the event loop.
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(workflowMigrations)
  const node = new ScriptedNode()
  const time = new ManualTime()
  const open = () =>
    createTransactionSender(
      { chainId: 7, signer: keySigner(secret), maxFeePerGas: 100n * 10n ** 9n, ...more },
      { client: node, sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
    )
  const sender = open()
  t.after(async () => {
    await sender.stop()
    await sql.close()
  })
  const seconds = async (count: number) => {
    for (let at = 0; at < count; at += 1) {
      time.advance(1_000)
      await turns()
    }
  }
  const states = async () =>
    (await listSentTransactions(sql, { limit: 200 })).items.map(({ state }) => state)
  return { sql, node, time, sender, open, seconds, states }
}

test('a transaction whose block leaves the chain goes out again with the same bytes, until it is final', async (t) => {
  const { node, sender, seconds, states } = await world(t, { finalDepth: 1 })
  sender.start()
  const sending = sender.send(request('a'), running())
  await turns()
  node.mine()
  await seconds(1)
  const first = await sending
  assert.deepEqual(await states(), ['mined'])
  node.leave(first.blockNumber)
  await seconds(6)
  assert.equal(node.sent.length, 2)
  assert.equal(new Set(node.sent).size, 1)
  assert.deepEqual(await states(), ['open'])
  node.mine()
  await seconds(3)
  assert.deepEqual(await states(), ['mined'])
  const again = await sender.send(request('a'), running())
  assert.equal(again.hash, first.hash)
  assert.notEqual(again.blockHash, first.blockHash)
  node.finalized = again.blockNumber
  node.mine()
  await seconds(3)
  assert.deepEqual(await states(), ['final'])
  assert.equal(node.sent.length, 2)
})

test('a nonce that is used since another process brought this very transaction out is not signed anew', async (t) => {
  const { sql, node, time, seconds } = await world(t)
  // Where several processes share the database, one may be quicker than the one that has signed.
  const shared = alteredStore(sql, { dialect: 'postgres' })
  const sender = createTransactionSender(
    { chainId: 7, signer: keySigner(secret), maxFeePerGas: 100n * 10n ** 9n },
    {
      client: node,
      sql: shared,
      clock: time,
      timer: time,
      logger: silentLogger,
      metrics: noMetrics,
    },
  )
  node.refuse = (raw) => {
    node.refuse = undefined
    void node.request('eth_sendRawTransaction', [raw])
    node.mine()
    return 'nonce too low'
  }
  const sending = sender.send(request('a'), running())
  await seconds(3)
  const { hash } = await sending
  assert.deepEqual(
    [...new Set(node.sent)].map((raw) => keccak256(raw as Hex)),
    [hash],
  )
  await sender.stop()
})

test('a node that has no room is asked again with the same bytes where another process may have brought them out', async (t) => {
  const { sql, node, time, seconds } = await world(t)
  const shared = alteredStore(sql, { dialect: 'postgres' })
  const sender = createTransactionSender(
    { chainId: 7, signer: keySigner(secret), maxFeePerGas: 100n * 10n ** 9n },
    {
      client: node,
      sql: shared,
      clock: time,
      timer: time,
      logger: silentLogger,
      metrics: noMetrics,
    },
  )
  node.refuse = () => 'txpool is full'
  await assert.rejects(sender.send(request('a'), running()), { code: 'workflow/not-taken' })
  node.refuse = undefined
  // Signed anew, it would pay more.
  node.baseFee *= 2n
  const sending = sender.send(request('a'), running())
  await turns()
  node.mine()
  await seconds(2)
  await sending
  assert.equal(new Set(node.sent).size, 1)
  await sender.stop()
})

test('a transaction that another process saw mined and final is told to whoever waits for it here', async (t) => {
  const { sql, sender, seconds } = await world(t)
  let told: string | undefined
  const sending = sender.send(request('a'), running()).then(({ hash }) => {
    told = hash
  })
  await turns()
  const outcome = { hash: '0xab', blockNumber: 9, blockHash: '0xb9', succeeded: true, gasUsed: '1' }
  await sql.run(
    "UPDATE sent_transactions SET state = 'final', outcome = ?, revision = revision + 1",
    JSON.stringify(outcome),
  )
  await seconds(3)
  assert.equal(told, '0xab')
  await sending
})

test('a block that its node calls final at once is watched until it is deep, since it can leave', async (t) => {
  const { node, sender, seconds, states } = await world(t)
  sender.start()
  const sending = sender.send(request('a'), running())
  await turns()
  node.mine()
  await seconds(1)
  const { blockNumber } = await sending
  node.finalized = blockNumber
  node.mine()
  await seconds(3)
  node.leave(blockNumber)
  await seconds(6)
  assert.deepEqual(await states(), ['open'])
  node.mine()
  await seconds(3)
  node.finalized = blockNumber + 100
  for (let block = 0; block < 64; block += 1) node.mine()
  await seconds(3)
  assert.deepEqual(await states(), ['final'])
  assert.equal(new Set(node.sent).size, 1)
})

test('a crowd has its turn in nonce order, and no more is out than may be', async (t) => {
  const { node, sender, seconds, states } = await world(t, { maxOpen: 8 })
  const names = Array.from({ length: 50 }, (_, at) => `n${at}`)
  let most = 0
  const all = names.map((name) => sender.send(request(name), running()))
  const done = Promise.all(all)
  for (let round = 0; round < 60; round += 1) {
    await seconds(1)
    most = Math.max(most, (await states()).filter((state) => state === 'open').length)
    node.mine()
  }
  const outcomes = await done
  assert.equal(new Set(outcomes.map(({ hash }) => hash)).size, 50)
  assert.equal(most, 8)
  const nonces = node.sent.map((raw) => parseTransaction(raw).nonce ?? 0)
  assert.deepEqual(nonces, [...nonces.keys()])
  assert.deepEqual(sender.status(), {
    ...{ chainId: 7, address: keySigner(secret).address, open: 0, waiting: 0, problem: undefined },
  })
})

test('what is taken back before it is signed is never sent', async (t) => {
  const { node, sender, seconds } = await world(t, { maxOpen: 1 })
  const first = sender.send(request('a'), running())
  await turns()
  const stop = new AbortController()
  const second = sender.send(request('b'), stop.signal)
  await turns()
  stop.abort()
  await assert.rejects(second, { code: 'workflow/send-aborted' })
  node.mine()
  await seconds(3)
  await first
  node.mine()
  await seconds(3)
  assert.equal(node.sent.length, 1)
})

test('confirmations are waited for', async (t) => {
  const { node, sender, seconds } = await world(t)
  let isDone = false
  const sending = sender.send({ ...request('a'), confirmations: 2 }, running()).finally(() => {
    isDone = true
  })
  await turns()
  for (let block = 0; block < 2; block += 1) {
    node.mine()
    await seconds(2)
  }
  assert.equal(isDone, false)
  node.mine()
  await seconds(2)
  assert.equal((await sending).succeeded, true)
  const again = sender.send({ ...request('a'), confirmations: 2 }, running())
  assert.equal((await again).succeeded, true)
})

test('two callers of one key send one transaction', async (t) => {
  const { node, sender, open, seconds } = await world(t)
  const both = [sender.send(request('a'), running()), sender.send(request('a'), running())]
  await turns()
  const third = open().send(request('a'), running())
  await turns()
  node.mine()
  await seconds(2)
  const hashes = (await Promise.all([...both, third])).map(({ hash }) => hash)
  assert.equal(new Set(hashes).size, 1)
  assert.equal(new Set(node.sent).size, 1)
})

test('two processes of one lane give each nonce once', async (t) => {
  const { node, sender, open, seconds } = await world(t)
  const other = open()
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`)
  const all = names.map((name, at) => (at % 2 ? other : sender).send(request(name), running()))
  for (let round = 0; round < 8; round += 1) {
    await seconds(1)
    node.mine()
  }
  const outcomes = await Promise.all(all)
  assert.equal(new Set(outcomes.map(({ hash }) => hash)).size, 20)
  const nonces = [...new Set(node.sent)].map((raw) => parseTransaction(raw).nonce ?? 0)
  assert.deepEqual(
    nonces.toSorted((a, b) => a - b),
    [...nonces.keys()],
  )
  await other.stop()
})

test('a nonce that is mined and not final is not given again, though a node forgets its block', async (t) => {
  const { node, sender, seconds } = await world(t)
  const sending = sender.send(request('a'), running())
  await turns()
  node.mine()
  await seconds(1)
  const { blockNumber } = await sending
  node.leave(blockNumber)
  const second = sender.send(request('b'), running())
  await seconds(3)
  for (let round = 0; round < 6; round += 1) {
    await seconds(1)
    node.mine()
  }
  await second
  const nonces = [...new Set(node.sent)].map((raw) => parseTransaction(raw).nonce ?? 0)
  assert.deepEqual(nonces, [0, 1])
})

test('a chain without base fee gets transactions of the old kind, and they are raised too', async (t) => {
  const { node, sender, seconds } = await world(t)
  node.isLegacy = true
  const sending = sender.send(request('a'), running())
  await turns()
  await seconds(31)
  node.mine()
  await seconds(2)
  await sending
  const sent = [...new Set(node.sent)].map((raw) => parseTransaction(raw))
  assert.deepEqual(
    sent.map(({ type, gasPrice }) => [type, gasPrice]),
    [
      ['legacy', 2_000_000_000n],
      ['legacy', 2_250_000_000n],
    ],
  )
})

test('a signer elsewhere is asked, and what it gives is checked', async (t) => {
  const account = privateKeyToAccount(toHex(secret))
  const asked: Json[] = []
  let forge = false
  const elsewhere: JsonRpcClient = {
    async request(method, [transaction] = []) {
      assert.equal(method, 'eth_signTransaction')
      asked.push(transaction ?? null)
      const fields = transaction as { readonly [name: string]: Hex }
      return account.signTransaction({
        ...{ type: 'eip1559', chainId: Number(fields.chainId), nonce: Number(fields.nonce) },
        ...{ to: fields.to as Hex, data: fields.data as Hex, gas: BigInt(fields.gas as Hex) },
        value: forge ? 10n ** 18n : BigInt(fields.value as Hex),
        maxFeePerGas: BigInt(fields.maxFeePerGas as Hex),
        maxPriorityFeePerGas: BigInt(fields.maxPriorityFeePerGas as Hex),
      })
    },
  }
  const signer = remoteSigner(elsewhere, account.address)
  const { node, sender, seconds } = await world(t, { signer })
  const sending = sender.send(request('a'), running())
  await turns()
  node.mine()
  await seconds(2)
  assert.equal((await sending).succeeded, true)
  assert.equal(asked.length, 1)
  forge = true
  await assert.rejects(sender.send(request('b'), running()), { code: 'workflow/not-signed' })
  assert.equal(node.sent.length, 1)
})

test('in one look all endpoints are asked once for a block, however many transactions it has', async (t) => {
  const { node, sender, seconds, states } = await world(t)
  const asked: number[] = []
  Object.assign(node, {
    async agreedHash(number: number) {
      asked.push(number)
      const block = await node.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
      return (block as { hash: Hex }).hash
    },
  })
  const sending = ['a', 'b', 'c'].map((name) => sender.send(request(name), running()))
  await turns()
  node.mine()
  await seconds(1)
  const [first] = await Promise.all(sending)
  assert.deepEqual(asked, [first?.blockNumber])
  assert.deepEqual(await states(), ['mined', 'mined', 'mined'])
})
