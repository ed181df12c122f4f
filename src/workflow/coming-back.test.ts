/** Brings the event of a workflow back while what was done about it is being undone. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openSqlite } from '../store/sqlite.ts'
import type { ActionOutcome, AwaitedLife, CloudEvent } from './durable-context.ts'
import { engineMigrations } from './engine/schema.ts'
import { readDefinition } from './read-definition.ts'
import { DurableWorld } from './test-world/durable-world.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'coming-back-'))
after(() => rm(folder, { recursive: true, force: true }))

const event: CloudEvent = {
  ...{ specversion: '1.0', id: 'dev:1', source: '/chains/dev/0x1', type: 'evm.log' },
  ...{ chain: 'dev', event: 'Deposited(uint256)', contract: 'vault', data: { args: {} } },
}

/** An instance whose event left with one life and is back with another one before all was undone. */
async function broughtBack(name: string, lives: { left: AwaitedLife; back: AwaitedLife }) {
  const sql = await openSqlite({ path: path.join(folder, `${name}.sqlite`) })
  await sql.migrate(engineMigrations)
  const done: string[] = []
  const gate = Promise.withResolvers<void>()
  const act = (what: string) => async (): Promise<ActionOutcome> => {
    if (what === 'back') await gate.promise
    done.push(what)
    return { kind: 'done', output: what }
  }
  const functions = { pay: act('pay'), back: act('back'), last: act('last') }
  const text = `
name: ${name}
on: {event: 'Deposited(uint256 amount)', contract: vault}
do:
  - pay: {call: pay, at: pending, compensate: [{back: {call: back}}]}
  - last: {call: last, at: finalized}
`
  const world = new DurableWorld(sql)
  await world.engine.start()
  await world.deploy(readDefinition(text, { functions, deploying: true }))
  const [id = ''] = await world.give(event, lives.left)
  await world.until(id, ({ status, step = '' }) => status === 'waiting' && step.includes('last'))
  await sql.transaction((session) => world.engine.retract(session, event.id))
  world.engine.wake()
  await world.until(id, ({ status }) => status === 'compensating')
  await world.give(event, lives.back)
  gate.resolve()
  const stop = async () => {
    await world.engine.stop()
    await sql.close()
  }
  const finalize = async () => {
    await sql.transaction((session) => world.engine.advance(session, [event.id], 'finalized'))
    world.engine.wake()
  }
  return { world, id, done, finalize, stop }
}

test('an event that is back for good while it is undone has all that waited for it done', async () => {
  const { world, id, done, stop } = await broughtBack('for-good', {
    ...{ left: 'confirmed', back: 'finalized' },
  })
  await world.until(id, ({ status }) => status === 'completed')
  assert.deepEqual(done, ['pay', 'back', 'pay', 'last'])
  await stop()
})

test('an event that is back in a new block has the life of that block, whatever it had before', async () => {
  const { world, id, done, finalize, stop } = await broughtBack('younger', {
    ...{ left: 'safe', back: 'pending' },
  })
  await world.until(id, ({ status, step = '' }) => status === 'waiting' && step.includes('last'))
  const row = await world.sql.get('SELECT life FROM instances WHERE id = ?', id)
  assert.equal(row?.life, 0)
  await finalize()
  await world.until(id, ({ status }) => status === 'completed')
  assert.deepEqual(done, ['pay', 'back', 'pay', 'last'])
  await stop()
})
