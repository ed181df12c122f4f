/** Checks that a call, and its traces, say why code stopped as geth does. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { nobody, open, refused } from './test-chain/ask.ts'

const word = 'ff'.repeat(32)
/** Code, why it stops, whether that is before the last opcode has begun, and gas if not plenty. */
const halts: readonly (readonly [string, string, boolean, string?])[] = [
  ['0c', 'invalid opcode: opcode 0xc not defined', false],
  ['fe', 'invalid opcode: INVALID', false],
  ['5f5001', 'stack underflow (0 <=> 2)', true],
  ['5f5f015050', 'stack underflow (0 <=> 1)', true],
  ['5f81', 'stack underflow (1 <=> 2)', true],
  ['5f5f91', 'stack underflow (2 <=> 3)', true],
  // A block of its own behind one that ends with GAS; the opcode that lacks words is not the first, nor the last.
  ['5a5f01506001f300', 'stack underflow (1 <=> 2)', true],
  [`5b${'50'.repeat(3_000)}`, 'stack underflow (0 <=> 1)', true],
  ['5b5f5f56', 'stack limit reached 1024 (1023)', true],
  ['5f56', 'invalid jump destination', false],
  ['60015f5f3e', 'return data out of bounds', false],
  [`7f${word}51`, 'gas uint64 overflow', true],
  [`7f${word}5ff3`, 'gas uint64 overflow', true],
  ['6501000000000051', 'out of gas: gas uint64 overflow', true],
  ['63ffffffff51', 'out of gas', true],
  ['5b5f56', 'out of gas', true],
  ['5f5f55', 'out of gas: not enough gas for reentrancy sentry', true, '0x5b08'],
  ['620100005f5ff0', 'out of gas: max initcode size exceeded: size 65536', true],
]

test('why code stopped is said by a call and both traces', async (t) => {
  const { ask, rpc } = await open(t)
  for (const [code, text, isBefore, gas = '0xf4240'] of halts) {
    // A stack that fills up needs its gas, one that never ends none.
    const call = { to: nobody, gas }
    const stateOverrides = { [nobody]: { code: `0x${code}` } }
    const error = await refused(rpc, 'eth_call', call, 'latest', stateOverrides)
    assert.deepEqual(error, { code: -32000, message: text, data: undefined }, code.slice(0, 40))
    const trace = (options: Record<string, Json>) =>
      ask('debug_traceCall', call, 'latest', { stateOverrides, ...options })
    const frame = await trace({ tracer: 'callTracer' })
    assert.equal(frame.error, text, code.slice(0, 40))
    const { structLogs } = await trace({})
    const line = (structLogs as { error?: string }[]).at(-1)
    assert.equal(line?.error, isBefore ? text : undefined, code.slice(0, 40))
  }
})

test('what is short of gas in an estimate is told as such, what is not by its own name', async (t) => {
  const { rpc } = await open(t)
  const estimate = (code: string) =>
    refused(rpc, 'eth_estimateGas', { to: nobody }, 'latest', { [nobody]: { code: `0x${code}` } })
  assert.match((await estimate('5b5f56')).message, /^gas required exceeds allowance \(\d+\)$/)
  assert.match((await estimate('63ffffffff51')).message, /^gas required exceeds allowance/)
  assert.equal((await estimate(`7f${word}51`)).message, 'gas uint64 overflow')
})
