/** Runs the demo command, which is the main job from deposit to tokens. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { runDemo } from '../../src/node/demo.ts'
import { startProgram } from './program.ts'

interface Result {
  readonly ok: boolean
  readonly depositTx: string
  readonly instanceId: string
  readonly steps: readonly { readonly name: string; readonly ms: number }[]
  readonly allocationTx: string
  readonly balance: string
  readonly reason?: string
}

const hash = /^0x[0-9a-f]{64}$/

test('the demo ends with the tokens on the account', { timeout: 180_000 }, async () => {
  const program = startProgram(['demo', '--json'])
  assert.deepEqual(await program.exited, [0, null], program.output())
  const result = JSON.parse(program.output()) as Result
  assert.equal(result.ok, true)
  assert.match(result.depositTx, hash)
  assert.match(result.allocationTx, hash)
  assert.equal(BigInt(result.balance), 10n ** 18n)
  const names = result.steps.map(({ name }) => name)
  assert.deepEqual(names, ['notify', 'kyc', 'allocate', 'record'])
  assert.ok(result.steps.every(({ ms }) => Number.isFinite(ms) && ms >= 0))
})

test('the demo ends too where a block is sealed for each transaction', {
  timeout: 180_000,
}, async () => {
  const program = startProgram(['demo', '--json', '--block-time', '0'])
  assert.deepEqual(await program.exited, [0, null], program.output())
})

test('the demo says that it was interrupted', { timeout: 180_000 }, async () => {
  const program = startProgram(['demo', '--block-time', '5'])
  await program.printed(/deposit of 1 ether/)
  program.child.kill('SIGINT')
  assert.deepEqual(await program.exited, [130, null], program.output())
  assert.match(program.output(), /the demo failed: interrupted/)
})

test('the demo says what it was waiting for, and how far it came', {
  timeout: 180_000,
}, async () => {
  const result = await runDemo(
    { functionUrl: 'http://127.0.0.1:1/kyc', blockTime: 0.25 },
    { signal: new AbortController().signal, patienceMs: 4_000, tell() {}, change() {} },
  )
  assert.equal(result.ok, false)
  assert.match(result.reason ?? '', /did not end in time: .*127\.0\.0\.1:1 does not answer/)
  assert.match(result.instanceId ?? '', /^[0-9a-f]{32}$/)
  assert.deepEqual(
    result.steps.map(({ name }) => name),
    ['notify'],
  )
})

test('the demo says why when the function refuses', { timeout: 180_000 }, async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"approved": false, "reason": "refused by test"}')
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  const program = startProgram(['demo', '--json'], {
    environment: { SERVERLESS_FUNCTION_URL: `http://127.0.0.1:${address.port}/kyc` },
  })
  assert.deepEqual(await program.exited, [1, null], program.output())
  const result = JSON.parse(program.output()) as Result
  assert.equal(result.ok, false)
  assert.match(result.reason ?? '', /tokens received: 0/)
  assert.ok(result.steps.some(({ name }) => name === 'refund'))
})
