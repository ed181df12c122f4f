/** Runs definitions of the language on the durable engine over SQLite. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { CloudEvent } from './durable-context.ts'
import { engineMigrations } from './engine/schema.ts'
import { readDefinition } from './read-definition.ts'
import { DurableWorld } from './test-world/durable-world.ts'
import { Effects } from './test-world/effects.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'language-'))
after(() => rm(folder, { recursive: true, force: true }))
let count = 0

async function worldOf(text: string, answers: Readonly<Record<string, (input: Json) => Json>>) {
  count += 1
  const sql = await openSqlite({ path: path.join(folder, `${count}.sqlite`) })
  await sql.migrate(engineMigrations)
  const effects = new Effects()
  const functions = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, effects.function(name, answer)]),
  )
  const world = new DurableWorld(sql)
  await world.engine.start()
  await world.deploy(readDefinition(text, { functions, deploying: true }))
  const stop = async () => {
    await world.engine.stop()
    await sql.close()
  }
  return { world, effects, stop }
}

const deposit = (amount: string): CloudEvent => ({
  ...{
    specversion: '1.0',
    id: `dev:${amount}`,
    source: '/chains/dev/0x1',
    type: 'evm.log',
    chain: 'dev',
  },
  ...{ event: 'Deposited(address,uint256,bytes32)', contract: 'depositVault' },
  data: {
    args: { account: '0xaa', amount, memo: '0x00' },
    reference: '0xcc',
    transactionHash: '0xbb',
  },
})

test('the flagship runs from a deposit to its record', async () => {
  const file = path.join(import.meta.dirname, '../../examples/deposit-kyc-allocation/workflow.json')
  const { world, effects, stop } = await worldOf(await readFile(file, 'utf8'), {
    'notify.send': () => null,
    'function.invoke': () => ({ approved: true, reason: 'r' }),
    'evm.send': () => ({ hash: '0x1' }),
    'record.write': () => null,
  })
  const [id = ''] = await world.give(deposit('1000'), 'finalized')
  const { journal, output } = await world.until(id, ({ status }) => status === 'completed')
  assert.deepEqual(effects.calls, ['notify.send', 'function.invoke', 'evm.send', 'record.write'])
  assert.deepEqual(
    journal.map(({ step }) => step),
    ['/do/0/notify', '/do/1/kyc', '/do/3/allocate', '/do/5/record'],
  )
  assert.equal((output as { steps: { allocate: Json } }).steps.allocate !== undefined, true)
  await stop()
})

test('only large deposits start it; one that leaves the chain is undone, one that comes back is done again', async () => {
  const { world, effects, stop } = await worldOf(
    `
name: large
on: {event: 'Deposited(address account, uint256 amount, bytes32 memo)', contract: depositVault, when: .args.amount > 5000000000000000000}
do:
  - pay: {call: pay, with: {to: '\${ .event.args.account }'}, at: pending, compensate: [{back: {call: back, with: {of: '\${ .steps.pay }'}}}]}
  - last: {call: last, at: finalized}
`,
    { pay: () => 'paid', back: () => null, last: () => null },
  )
  assert.deepEqual(await world.give(deposit('900'), 'pending'), [])
  const event = deposit('10000000000000000000')
  const [id = ''] = await world.give(event, 'pending')
  await world.until(id, ({ journal }) => journal.some(({ step }) => step === '/do/0/pay'))
  await world.sql.transaction((session) => world.engine.retract(session, event.id))
  world.engine.wake()
  const gone = await world.until(id, ({ status }) => status === 'retracted')
  assert.equal(gone.compensated, true)
  assert.deepEqual(effects.list(), ['back {"of":"paid"}', 'pay {"to":"0xaa"}'])
  await world.give(event, 'finalized')
  await world.until(id, ({ status }) => status === 'completed')
  assert.deepEqual(effects.calls, ['pay', 'back', 'pay', 'last'])
  await stop()
})
