/** Checks imagined blocks: overrides, nonces, fees, transfers, moved precompiles, and refusals by code. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { alice, bob, complaint, type Fields, nobody, open, refused } from './test-chain/ask.ts'

type Block = Fields & { readonly calls: Fields[] }

const poor = '0x00000000000000000000000000000000000ff002'

async function opened(t: Parameters<typeof open>[0]) {
  const { ask, rpc } = await open(t)
  const simulate = (blockStateCalls: Json[], options: object = {}) =>
    ask<Block[]>('eth_simulateV1', { blockStateCalls, ...options }, 'latest')
  const refusal = async (blockStateCalls: Json[], options: object = {}) =>
    (await refused(rpc, 'eth_simulateV1', { blockStateCalls, ...options }, 'latest')).code
  return { ask, simulate, refusal }
}

test('blocks stand on each other, and nothing is left of them', async (t) => {
  const { ask, simulate } = await opened(t)
  const send = { from: alice, to: nobody, value: '0x5' }
  const [first, second] = await simulate([{ calls: [send, send] }, { calls: [send] }], {
    returnFullTransactions: true,
  })
  assert.equal(first?.calls[1]?.status, '0x1')
  assert.equal(second?.parentHash, first?.hash)
  assert.equal(Number(second?.timestamp) - Number(first?.timestamp), 12)
  const sent = second?.transactions as unknown as Fields[]
  assert.deepEqual([sent[0]?.from, sent[0]?.nonce, sent[0]?.r], [alice, '0x2', '0x0'])
  assert.equal(first?.gasUsed, '0xa410')
  assert.equal(await ask('eth_getBalance', nobody, 'latest'), '0x0')
})

test('gaps between numbers are filled, and order is kept', async (t) => {
  const { simulate, refusal } = await opened(t)
  const blocks = await simulate([{ blockOverrides: { number: '0x3' } }, {}])
  assert.deepEqual(
    blocks.map(({ number }) => number),
    ['0x1', '0x2', '0x3', '0x4'],
  )
  const wish = (blockOverrides: object) => ({ blockOverrides }) as Json
  assert.equal(await refusal([wish({ number: '0x3' }), wish({ number: '0x3' })]), -38020)
  assert.equal(await refusal([wish({ time: '0x1' })]), -38021)
  assert.equal(await refusal([wish({ number: '0x101' })]), -38026)
  assert.equal(await refusal(Array.from({ length: 300 }, () => ({}))), -38026)
})

test('accounts are what the overrides say, in this block and later ones', async (t) => {
  const { simulate } = await opened(t)
  // Gives back the balance of who called.
  const code = '0x333160005260206000f3'
  const stateOverrides = { [poor]: { balance: '0x64' }, [nobody]: { code } }
  const [first, second] = await simulate([
    { stateOverrides, calls: [{ from: poor, to: nobody }] },
    { calls: [{ from: poor, to: nobody, value: '0x4' }] },
  ])
  assert.equal(Number(first?.calls[0]?.returnData), 100)
  assert.equal(Number(second?.calls[0]?.returnData), 96)
})

test('with validation nonces, fees and funds count', async (t) => {
  const { simulate, refusal } = await opened(t)
  const validation = { validation: true }
  const call = (fields: object) => [{ calls: [{ to: nobody, ...fields }] }] as Json[]
  const fees = { maxFeePerGas: '0x77359400' }
  assert.equal(await refusal(call({ from: alice }), validation), -38012)
  assert.equal(await refusal(call({ from: poor, ...fees }), validation), -38014)
  assert.equal(await refusal(call({ from: alice, nonce: '0x5', ...fees }), validation), -38011)
  assert.equal(await refusal(call({ from: alice, gas: '0x1', ...fees }), validation), -38013)
  const [block] = await simulate(call({ from: alice, ...fees }), validation)
  assert.equal(block?.calls[0]?.status, '0x1')
  assert.notEqual(block?.baseFeePerGas, '0x0')
  // Without it only the funds do.
  assert.equal((await simulate(call({ from: alice, nonce: '0x5' })))[0]?.calls[0]?.status, '0x1')
  assert.equal(await refusal(call({ from: poor, value: '0x1' })), -38014)
})

test('calls may not use more gas than their block has', async (t) => {
  const { refusal } = await opened(t)
  const blockOverrides = { gasLimit: '0x5208' }
  const call = { from: alice, to: bob, gas: '0x5208' }
  assert.equal(await refusal([{ blockOverrides, calls: [call, call] }]), -38015)
})

test('ether that moves is told as logs, if that is wanted and nothing failed', async (t) => {
  const { simulate } = await opened(t)
  const send = { from: alice, to: nobody, value: '0x5' }
  const [plain] = await simulate([{ calls: [send] }])
  assert.deepEqual(plain?.calls[0]?.logs, [])
  const stateOverrides = { [poor]: { code: `0x6064600b5f3960645ffd${'00'}${complaint}` } }
  const [told] = await simulate([{ stateOverrides, calls: [send, { ...send, to: poor }] }], {
    traceTransfers: true,
  })
  const [sent, failed] = told?.calls ?? []
  assert.equal(sent?.logs[0]?.address, `0x${'ee'.repeat(20)}`)
  assert.equal(Number(sent?.logs[0]?.data), 5)
  assert.equal(sent?.logs[0]?.blockHash, told?.hash)
  assert.deepEqual([failed?.status, failed?.logs], ['0x0', []])
  assert.deepEqual(failed?.error, {
    ...{ code: 3, message: 'execution reverted: no', data: `0x${complaint}` },
  })
})

test('a precompile can work at another address, or not at all', async (t) => {
  const { ask, simulate, refusal } = await opened(t)
  const identity = '0x0000000000000000000000000000000000000004'
  const move = { [identity]: { movePrecompileToAddress: nobody } }
  const calls = [nobody, identity].map((to) => ({ to, data: '0x1234' }))
  const [block] = await simulate([{ stateOverrides: move, calls }])
  assert.deepEqual(
    block?.calls.map(({ returnData }) => returnData),
    ['0x1234', '0x'],
  )
  const [request] = calls
  assert.equal(await ask('eth_call', request as Json, 'latest', move), '0x1234')
  const none = { [poor]: { movePrecompileToAddress: nobody } }
  assert.equal(await refusal([{ stateOverrides: none }]), -32000)
  assert.equal(await refusal([{ stateOverrides: { ...move, [nobody]: {} } }]), -32000)
})
