/** Sends through a scripted node: lost answers, lost pools, stuck and displaced transactions, crashes. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Abi, encodeErrorResult, keccak256, parseTransaction, stringToHex } from 'viem'
import { allocationTokenAbi } from '../abi/allocation-token.gen.ts'
import type { Hex } from '../base/bytes.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createContractBook } from './contract-book.ts'
import { workflowMigrations } from './engine.ts'
import { evmFunctions } from './evm-functions.ts'
import { keySigner } from './signers.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { ScriptedNode } from './test-world/scripted-node.ts'
import { createTransactionSender } from './transaction-sender.ts'

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

function senderOn({ sql, node, time }: { sql: SqlStore; node: ScriptedNode; time: ManualTime }) {
  return createTransactionSender(
    { chainId: 7, signer: keySigner(new Uint8Array(32).fill(5)), maxFeePerGas: 100n * 10n ** 9n },
    { client: node, sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
  )
}

const running = () => new AbortController().signal
const rows = async (sql: SqlStore) => (await sql.all('SELECT * FROM sent_transactions')).length

describe('the transaction sender', () => {
  test('sends once for a key, however often it is asked, and gives each key its own nonce', async (t) => {
    const { node, sender, time } = await world(t)
    const both = [sender.send(request('a'), running()), sender.send(request('b'), running())]
    await turns()
    node.mine()
    time.advance(1_000)
    await turns()
    node.mine()
    time.advance(1_000)
    const [a, b] = await Promise.all(both)
    assert.ok(a?.succeeded && b?.succeeded && a.hash !== b.hash)
    assert.deepEqual(
      node.sent.map((raw) => parseTransaction(raw).nonce),
      [undefined, 1].map((n) => n ?? parseTransaction(node.sent[0] as Hex).nonce),
    )
    assert.deepEqual(await sender.send(request('a'), running()), a)
    assert.equal(node.sent.length, 2)
  })

  test('a crash after signing sends the same bytes again', async (t) => {
    const { node, sql, time, sender } = await world(t)
    node.lose = true
    await assert.rejects(sender.send(request('a'), running()), {
      code: 'json-rpc/unreachable',
      retry: 'later',
    })
    node.lose = false
    node.forget()
    // Signed anew it would offer another fee, and be another transaction.
    node.baseFee *= 2n
    const second = senderOn({ sql, node, time })
    const sending = second.send(request('a'), running())
    await turns()
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
    assert.equal(node.sent.length, 2)
    assert.equal(node.sent[0], node.sent[1])
  })

  test('an answer that was lost, and "already known", change nothing', async (t) => {
    const { node, sender, time } = await world(t)
    node.lose = true
    await assert.rejects(sender.send(request('a'), running()))
    node.lose = false
    const sending = sender.send(request('a'), running())
    await turns()
    node.mine()
    time.advance(1_000)
    const outcome = await sending
    assert.equal(outcome.hash, keccak256(node.sent[0] as Hex))
    assert.equal(new Set(node.sent).size, 1)
  })

  test('a pool that forgot gets the same bytes again', async (t) => {
    const { node, sender, time } = await world(t)
    const sending = sender.send(request('a'), running())
    await turns()
    node.forget()
    time.advance(1_000)
    await turns()
    node.mine()
    time.advance(1_000)
    await sending
    assert.ok(node.sent.length >= 2)
    assert.equal(new Set(node.sent).size, 1)
  })

  test('a stuck one is raised by an eighth, with the same nonce', async (t) => {
    const { node, sender, time } = await world(t)
    const sending = sender.send(request('a'), running())
    await turns()
    time.advance(31_000)
    await turns()
    const [first, second] = node.sent.map((raw) => parseTransaction(raw))
    assert.equal(second?.nonce, first?.nonce)
    assert.equal(second?.maxFeePerGas, ((first?.maxFeePerGas ?? 0n) * 1_125n) / 1_000n)
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
  })

  test('one that was mined is not sent twice because its receipt comes late, or after a restart', async (t) => {
    const { node, sql, sender, time } = await world(t)
    const stop = new AbortController()
    const first = sender.send(request('a'), stop.signal)
    await turns()
    node.mine()
    node.hidesReceipts = true
    for (let second = 0; second < 5; second += 1) {
      time.advance(1_000)
      await turns()
    }
    stop.abort()
    await assert.rejects(first, { code: 'workflow/send-aborted' })
    const sending = senderOn({ sql, node, time }).send(request('a'), running())
    for (let second = 0; second < 5; second += 1) {
      time.advance(1_000)
      await turns()
    }
    node.hidesReceipts = false
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
    assert.equal(new Set(node.sent).size, 1)
  })

  test('one that may be out already keeps its bytes, whatever another node says', async (t) => {
    const { node, sql, time, sender } = await world(t)
    node.lose = true
    await assert.rejects(sender.send(request('a'), running()), { code: 'json-rpc/unreachable' })
    node.lose = false
    node.forget()
    for (const words of [
      'txpool is full',
      'exceeds block gas limit',
      'no funds: insufficient funds',
    ]) {
      node.refuse = () => words
      await assert.rejects(senderOn({ sql, node, time }).send(request('a'), running()), {
        retry: 'later',
      })
    }
    node.refuse = undefined
    const sending = senderOn({ sql, node, time }).send(request('a'), running())
    await turns()
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
    assert.equal(new Set(node.sent).size, 1)
  })

  test('one that pays too little for the node is raised with the same nonce, up to the ceiling', async (t) => {
    const { node, sender, time } = await world(t)
    let refusals = 2
    node.refuse = () => {
      refusals -= 1
      return refusals >= 0 ? 'max fee per gas less than block base fee' : undefined
    }
    const sending = sender.send(request('a'), running())
    await turns()
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
    const fees = node.sent.map((raw) => parseTransaction(raw))
    assert.deepEqual(new Set(fees.map(({ nonce = 0 }) => nonce)), new Set([0]))
    assert.ok((fees[2]?.maxFeePerGas ?? 0n) > (fees[1]?.maxFeePerGas ?? 0n))
    node.refuse = () => 'transaction underpriced'
    await assert.rejects(sender.send(request('b'), running()), {
      code: 'workflow/fee-too-high',
      retry: 'later',
    })
    const highest = node.sent.map((raw) => parseTransaction(raw).maxFeePerGas ?? 0n)
    assert.ok(highest.every((fee) => fee <= 100n * 10n ** 9n))
  })

  test('a stuck one stays out as it is while the base fee is over the ceiling', async (t) => {
    const { node, sender, time } = await world(t)
    const sending = sender.send(request('a'), running())
    await turns()
    node.baseFee = 200n * 10n ** 9n
    time.advance(31_000)
    await turns()
    assert.equal(node.sent.length, 1)
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
  })

  test('without funds nothing is kept, and it can be asked again later', async (t) => {
    const { node, sql, sender, time } = await world(t)
    node.refuse = () => 'insufficient funds for gas * price + value'
    await assert.rejects(sender.send(request('a'), running()), {
      code: 'workflow/no-funds',
      retry: 'later',
    })
    assert.equal(await rows(sql), 0)
    node.refuse = undefined
    const sending = sender.send(request('a'), running())
    await turns()
    node.mine()
    time.advance(1_000)
    assert.equal((await sending).succeeded, true)
  })

  test('what it cannot pay for is told by the simulation, with and without gas of its own', async (t) => {
    const { node, sql, sender } = await world(t)
    node.revert = { message: 'insufficient funds for transfer' }
    for (const gas of [undefined, 60_000n]) {
      await assert.rejects(sender.send({ ...request('a'), gas }, running()), {
        ...{ code: 'workflow/no-funds', retry: 'later' },
        message: new RegExp(sender.address),
      })
    }
    // A contract's own words are no lack of the sender's.
    node.revert = { message: 'execution reverted: insufficient funds', data: '0x08c379a0' }
    await assert.rejects(sender.send(request('a'), running()), { code: 'json-rpc/error' })
    assert.equal(await rows(sql), 0)
  })

  test('what would be reverted is not sent, whatever gas it is given', async (t) => {
    const { node, sql, sender } = await world(t)
    node.revert = { message: 'execution reverted', data: '0x01020304' }
    const given = { ...request('a'), gas: 60_000n }
    await assert.rejects(sender.send(given, running()), { code: 'json-rpc/error' })
    assert.equal(node.sent.length, 0)
    assert.equal(await rows(sql), 0)
  })

  test('the margin over the estimate stays below what a transaction may have', async (t) => {
    const { node, sender, time } = await world(t)
    const wanted = [
      [50_000n, 62_500n],
      [15_000_000n, 2n ** 24n],
      [20_000_000n, 25_000_000n],
    ] as const
    for (const [estimate, gas] of wanted) {
      node.estimate = estimate
      const sending = sender.send(request(String(estimate)), running())
      await turns()
      node.mine()
      time.advance(1_000)
      await sending
      assert.equal(parseTransaction(node.sent.at(-1) ?? '0x').gas, gas)
    }
  })

  test('a stop leaves it on disk for the next start', async (t) => {
    const { sql, sender, time } = await world(t)
    const stop = new AbortController()
    const sending = sender.send(request('a'), stop.signal)
    await turns()
    stop.abort()
    time.advance(1_000)
    await assert.rejects(sending, { code: 'workflow/send-aborted', retry: 'later' })
    assert.equal(await rows(sql), 1)
  })
})

describe('the step evm.send', () => {
  const abi = allocationTokenAbi as Abi
  const input = {
    contract: 'token',
    function: 'allocate(address account, uint256 amount, bytes32 ref)',
    args: [to, '5', key('r')],
  }
  const context = (name: string) => ({
    instanceId: 'i',
    step: 's',
    idempotencyKey: key(name),
    attempt: 1,
    signal: running(),
  })
  const noBook = { get: async () => undefined } as unknown as SqlStore
  const step = (node: ScriptedNode, sender?: ReturnType<typeof senderOn>) => {
    const fixed = [{ name: 'token', address: to, abi }]
    const book = createContractBook({ sql: noBook, nowMs: () => 0, fixed, abis: [abi] })
    return (
      evmFunctions({ client: node, sender, book, clock: { nowMs: () => 0 } })['evm.send'] ??
      assert.fail()
    )
  }

  test('waits for a key, and for a role by its name', async (t) => {
    const { node, sender } = await world(t)
    const keyless = await step(node)(input, context('a'))
    assert.ok(keyless.kind === 'waiting' && /QS_SENDER_KEY_FILE/.test(keyless.reason))
    const role = keccak256(stringToHex('ALLOCATOR_ROLE'))
    const data = encodeErrorResult({
      abi,
      errorName: 'AccessControlUnauthorizedAccount',
      args: [sender.address, role],
    })
    node.revert = { message: 'execution reverted', data }
    const roleless = await step(node, sender)(input, context('a'))
    assert.ok(
      roleless.kind === 'waiting' &&
        roleless.reason.includes('ALLOCATOR_ROLE') &&
        roleless.reason.includes(sender.address),
    )
  })

  test('waits for an endpoint that is down, and for fees under the ceiling', async (t) => {
    const { node, sender } = await world(t)
    node.lose = true
    const cut = await step(node, sender)(input, context('a'))
    assert.ok(cut.kind === 'waiting' && /cut/.test(cut.reason))
    node.lose = false
    node.baseFee = 200n * 10n ** 9n
    const dear = await step(node, sender)(input, context('b'))
    assert.ok(dear.kind === 'waiting' && /setting maxFee/.test(dear.reason))
  })

  test('fails with the decoded reason, and on a transaction that was reverted', async (t) => {
    const { node, sender, time } = await world(t)
    node.revert = {
      message: 'execution reverted',
      data: encodeErrorResult({ abi, errorName: 'AlreadyAllocated', args: [key('r')] }),
    }
    await assert.rejects(step(node, sender)(input, context('a')), {
      code: 'workflow/call-reverted',
      message: /AlreadyAllocated/,
    })
    const { revert } = node
    node.revert = undefined
    const sending = step(node, sender)(input, context('b'))
    await turns()
    // Another one came first.
    node.revert = revert
    node.mine('0x0')
    time.advance(1_000)
    await assert.rejects(sending, {
      code: 'workflow/transaction-reverted',
      message: /was reverted in block \d+: AlreadyAllocated\(0x/,
    })
    node.revert = undefined
    await assert.rejects(step(node, sender)(input, context('b')), {
      code: 'workflow/transaction-reverted',
      message: /was reverted in block \d+$/,
    })
  })

  test('a role that was lost before its block is no reason to wait: it was sent', async (t) => {
    const { node, sender, time } = await world(t)
    const sending = step(node, sender)(input, context('a'))
    await turns()
    const args = [sender.address, keccak256(stringToHex('ALLOCATOR_ROLE'))]
    const data = encodeErrorResult({ abi, errorName: 'AccessControlUnauthorizedAccount', args })
    node.revert = { message: 'execution reverted', data }
    node.mine('0x0')
    time.advance(1_000)
    await assert.rejects(sending, {
      code: 'workflow/transaction-reverted',
      message: /ALLOCATOR_ROLE/,
    })
  })

  test('refuses what is no call', async (t) => {
    const { node, sender } = await world(t)
    for (const bad of [
      { ...input, contract: 'other' },
      { ...input, args: 'x' },
      { ...input, function: 'nonsense' },
      { ...input, args: [to, 'five', key('r')] },
      null,
    ]) {
      await assert.rejects(step(node, sender)(bad, context('a')), { code: 'workflow/bad-input' })
    }
  })
})
