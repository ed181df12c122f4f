/** Checks traces: instructions, calls within calls, states before and after, and their bounds. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import {
  alice,
  complaint,
  creation,
  deploy,
  type Fields,
  nobody,
  open,
  refused,
} from './test-chain/ask.ts'

type Call = Fields & { readonly calls?: Call[] }

/** Reverts with `Error("no")`. */
const reverting = `6064600b5f3960645ffd${'00'}${complaint}`
const callee = '00000000000000000000000000000000000ff003'
/** Stores 9 in slot 1, logs with topic 7, calls `callee` with 2 wei, and gives back nothing. */
const calling = `6009600155600760205fa15f5f5f5f6002${`73${callee}`}61c350f100`

async function traced(t: Parameters<typeof open>[0]) {
  const opened = await open(t)
  const { ask } = opened
  await ask('hardhat_setCode', `0x${callee}`, `0x${reverting}`)
  const contract = await deploy(ask, creation(calling))
  await ask('hardhat_setBalance', contract, '0x64')
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, to: contract, gas: '0x30d40' })
  await ask('evm_mine')
  const receipt = await ask('eth_getTransactionReceipt', hash)
  const trace = <T = Fields>(options: Json = {}) => ask<T>('debug_traceTransaction', hash, options)
  return { ...opened, contract, hash, receipt, trace }
}

test('instructions are listed with gas, stack, memory and storage', async (t) => {
  const { trace, receipt } = await traced(t)
  const plain = await trace()
  assert.deepEqual([plain.gas, plain.failed], [Number(receipt.gasUsed), false])
  const logs = plain.structLogs as Fields[]
  assert.deepEqual(
    logs
      .slice(0, 3)
      .map(({ pc, op, gasCost, depth, stack }) => ({ pc, op, gasCost, depth, stack })),
    [
      { pc: 0, op: 'PUSH1', gasCost: 3, depth: 1, stack: [] },
      { pc: 2, op: 'PUSH1', gasCost: 3, depth: 1, stack: ['0x9'] },
      { pc: 4, op: 'SSTORE', gasCost: 22_100, depth: 1, stack: ['0x9', '0x1'] },
    ],
  )
  const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`
  assert.deepEqual(logs[2]?.storage, { [word(1)]: word(9) })
  assert.ok(logs.some(({ depth, op }) => depth === 2 && op === 'REVERT'))
  const bare = await trace({ disableStack: true, enableMemory: true, limit: 8 })
  const few = bare.structLogs as Fields[]
  assert.equal(few.length, 8)
  assert.deepEqual([few[2]?.stack, few[2]?.memory], [undefined, undefined])
  const memory = (await trace({ enableMemory: true })).structLogs as Fields[]
  assert.deepEqual(memory.at(-1)?.memory, [word(0)])
})

test('calls are told within each other, with why they failed', async (t) => {
  const { trace, contract, receipt } = await traced(t)
  const root = await trace<Call>({ tracer: 'callTracer', tracerConfig: { withLog: true } })
  assert.deepEqual(
    [root.type, root.from, root.to, root.gas, root.gasUsed, root.error],
    ['CALL', alice, contract, '0x30d40', receipt.gasUsed, undefined],
  )
  assert.deepEqual((root.logs[0] as Fields)?.topics, [`0x${'7'.padStart(64, '0')}`])
  const [inner] = root.calls ?? []
  assert.deepEqual(
    [inner?.type, inner?.to, inner?.value, inner?.error, inner?.revertReason, inner?.output],
    ['CALL', `0x${callee}`, '0x2', 'execution reverted', 'no', `0x${complaint}`],
  )
  const top = await trace<Call>({ tracer: 'callTracer', tracerConfig: { onlyTopCall: true } })
  assert.equal(top.calls, undefined)
})

test('the accounts that were touched are told as they were, or as they changed', async (t) => {
  const { trace, contract } = await traced(t)
  const pre = await trace<Record<string, Fields>>({ tracer: 'prestateTracer' })
  const slot = `0x${'1'.padStart(64, '0')}`
  assert.deepEqual(pre[contract]?.storage, { [slot]: `0x${'0'.repeat(64)}` })
  assert.equal(pre[contract]?.balance, '0x64')
  assert.ok(pre[`0x${callee}`]?.code)
  const tracerConfig = { diffMode: true }
  const diff = await trace<{ pre: Record<string, Fields>; post: Record<string, Fields> }>({
    ...{ tracer: 'prestateTracer', tracerConfig },
  })
  assert.deepEqual(diff.post[contract], { storage: { [slot]: `0x${'9'.padStart(64, '0')}` } })
  assert.equal(diff.pre[`0x${callee}`], undefined)
  assert.equal(Number(diff.post[alice]?.nonce), Number(diff.pre[alice]?.nonce ?? 0) + 1)
})

test('selectors and gas are counted', async (t) => {
  const { ask, trace, receipt } = await traced(t)
  const profile = await trace<{ gas: number; opcodes: Record<string, Fields> }>({
    tracer: 'gasProfiler',
  })
  assert.equal(profile.opcodes.SSTORE?.gas, 22_100)
  const sum = Object.values(profile.opcodes).reduce((total, { gas }) => total + Number(gas), 0)
  assert.equal(profile.gas, Number(receipt.gasUsed))
  assert.equal(sum + 21_000 - 2_300 < profile.gas + 1, true)
  const call = { to: nobody, data: '0x12345678aabb' }
  const counts = await ask('debug_traceCall', call, 'latest', { tracer: '4byteTracer' })
  assert.deepEqual(counts, { '0x12345678-2': 1 })
})

test('blocks and calls are traced, what is not there is refused', async (t) => {
  const { ask, rpc, hash, receipt } = await traced(t)
  const options = { tracer: 'callTracer' }
  const byNumber = await ask<Fields[]>(
    'debug_traceBlockByNumber',
    receipt.blockNumber ?? '',
    options,
  )
  assert.equal(byNumber[0]?.txHash, hash)
  const raw = await ask('debug_getRawBlock', receipt.blockNumber ?? '')
  assert.deepEqual(await ask('debug_traceBlock', raw as never, options), byNumber)
  assert.deepEqual(await ask('debug_traceBlockByHash', receipt.blockHash ?? '', options), byNumber)
  const code = '0x600160015500'
  const stateOverrides = { [nobody]: { code } }
  const call = await ask('debug_traceCall', { to: nobody }, 'latest', { stateOverrides })
  assert.equal((call.structLogs as Fields[]).at(-1)?.op, 'STOP')
  assert.equal(
    (await refused(rpc, 'debug_traceBlockByNumber', '0x0')).message,
    'genesis is not traceable',
  )
  const unknown = `0x${'1'.padStart(64, '0')}`
  assert.equal(
    (await refused(rpc, 'debug_traceTransaction', unknown)).message,
    'transaction not found',
  )
  assert.equal((await refused(rpc, 'debug_traceTransaction', hash, { tracer: '{}' })).code, -32602)
})

test('a trace is as long as an answer may be, and no longer than a call may run', async (t) => {
  const { ask, rpc } = await open(t, { limits: { responseLength: 100_000, callMs: 500 } })
  const loop = { [nobody]: { code: '0x5b5f56' } }
  const long = await refused(rpc, 'debug_traceCall', { to: nobody, gas: '0x186a0' }, 'latest', {
    stateOverrides: loop,
  })
  assert.equal(long.code, -32003)
  const late = await refused(rpc, 'debug_traceCall', { to: nobody, gas: '0x6fc23ac00' }, 'latest', {
    ...{ stateOverrides: loop, limit: 10 },
  })
  assert.match(late.message, /timeout/)
  assert.equal(await ask('eth_blockNumber'), '0x0')
})
