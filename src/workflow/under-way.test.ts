/** Takes the event of a workflow back while one of its calls is under way. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openSqlite } from '../store/sqlite.ts'
import type { ActionContext, ActionOutcome, AwaitedLife, CloudEvent } from './durable-context.ts'
import { engineMigrations } from './engine/schema.ts'
import { readDefinition } from './read-definition.ts'
import { DurableWorld } from './test-world/durable-world.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'under-way-'))
after(() => rm(folder, { recursive: true, force: true }))
let count = 0

const event: CloudEvent = {
  ...{ specversion: '1.0', id: 'dev:1', source: '/chains/dev/0x1', type: 'evm.log' },
  ...{ chain: 'dev', event: 'Deposited(uint256)', contract: 'vault', data: { args: {} } },
}

interface Call {
  readonly name: string
  readonly key: string
  readonly isEnding: boolean
}

/** A workflow that pays; `pay` is what its call does. */
async function paying(
  pay: (context: ActionContext) => Promise<ActionOutcome>,
  {
    undone = true,
    at = 'pending',
    then = '',
    more = '',
  }: { undone?: boolean; at?: AwaitedLife; then?: string; more?: string } = {},
) {
  count += 1
  const sql = await openSqlite({ path: path.join(folder, `${count}.sqlite`) })
  await sql.migrate(engineMigrations)
  const calls: Call[] = []
  const note = (name: string, { idempotencyKey: key, isEnding = false }: ActionContext) =>
    void calls.push({ name, key, isEnding })
  const functions = {
    pay: async (_: unknown, context: ActionContext) => {
      note('pay', context)
      return pay(context)
    },
    back: async (_: unknown, context: ActionContext): Promise<ActionOutcome> => {
      note('back', context)
      return { kind: 'done', output: null }
    },
  }
  const undo = undone ? ', compensate: [{back: {call: back}}]' : ''
  const text = `
name: paying
on: {event: 'Deposited(uint256 amount)', contract: vault}
do:
  - pay: {call: pay, with: {since: '\${ $task.startedAt.epoch.milliseconds }'}, at: ${at}${undo}${more}}${then}
`
  const world = new DurableWorld(sql)
  await world.engine.start()
  await world.deploy(readDefinition(text, { functions, deploying: true }))
  const retract = async () => {
    await sql.transaction((session) => world.engine.retract(session, event.id))
    world.engine.wake()
  }
  const called = async (times: number) => {
    while (calls.length < times) await new Promise((resolve) => setImmediate(resolve))
  }
  const stop = async () => {
    await world.engine.stop()
    await sql.close()
  }
  const names = () => calls.map(({ name }) => name)
  return { world, calls, called, names, retract, stop }
}

const done: ActionOutcome = { kind: 'done', output: 'paid' }

test('a call under way when its event leaves is brought to its end, and undone', async () => {
  const gate = Promise.withResolvers<void>()
  const { world, calls, called, names, retract, stop } = await paying(async ({ signal }) => {
    await gate.promise
    signal.throwIfAborted()
    return done
  })
  const [id = ''] = await world.give(event, 'pending')
  await called(1)
  await retract()
  await world.until(id, ({ status }) => status === 'compensating')
  gate.resolve()
  await world.until(id, ({ status }) => status === 'retracted')
  assert.deepEqual(names(), ['pay', 'back'])
  // It comes back: what was undone is done anew, under another key.
  await world.give(event, 'finalized')
  await world.until(id, ({ status }) => status === 'completed')
  assert.deepEqual(names(), ['pay', 'back', 'pay'])
  assert.notEqual(calls[0]?.key, calls[2]?.key)
  await stop()
})

test('a call under way at a crash, whose event left meanwhile, is asked again with its key, and undone', async () => {
  let isStuck = true
  const { world, calls, called, names, retract, stop } = await paying(async ({ signal }) => {
    if (!isStuck) return done
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const [id = ''] = await world.give(event, 'pending')
  await called(1)
  await world.engine.stop()
  await retract()
  isStuck = false
  await world.restart()
  await world.until(id, ({ status }) => status === 'retracted')
  assert.deepEqual(names(), ['pay', 'pay', 'back'])
  assert.equal(calls[0]?.key, calls[1]?.key)
  assert.deepEqual(
    calls.map(({ isEnding }) => isEnding),
    [false, true, false],
  )
  await stop()
})

test('a call that knows that it has done nothing is left when its event has left', async () => {
  const { world, called, names, retract, stop } = await paying(async ({ isEnding }) =>
    isEnding ? { kind: 'untouched' } : { kind: 'waiting', reason: 'no funds', retryAfterMs: 1_000 },
  )
  const [id = ''] = await world.give(event, 'pending')
  await called(1)
  await world.until(id, ({ status }) => status === 'waiting')
  await retract()
  for (let turn = 0; turn < 5; turn += 1) {
    world.time.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await world.until(id, ({ status }) => status === 'retracted')
  assert.deepEqual(names(), ['pay', 'pay'])
  await stop()
})

test('a call that nothing would undo ends with its event', async () => {
  const { world, called, names, retract, stop } = await paying(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { undone: false },
  )
  const [id = ''] = await world.give(event, 'pending')
  await called(1)
  await retract()
  await world.until(id, ({ status }) => status === 'retracted')
  assert.deepEqual(names(), ['pay'])
  await stop()
})

for (const [what, isStuckAtFirst] of [
  ['under way', true],
  ['done', false],
] as const) {
  test(`a call ${what} at a crash is undone, though its event came back with less life and left again`, async () => {
    let isStuck = isStuckAtFirst
    const { world, called, names, retract, stop } = await paying(
      async ({ signal }) => {
        if (!isStuck) return done
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      },
      { at: 'confirmed', then: '\n  - told: {call: back, at: finalized}' },
    )
    const [id = ''] = await world.give(event, 'confirmed')
    await called(1)
    if (!isStuck)
      await world.until(id, ({ journal }) =>
        journal.some(({ step, kind }) => step === '/do/0/pay' && kind === 'completed'),
      )
    await world.engine.stop()
    await retract()
    await world.give(event, 'pending')
    isStuck = false
    await world.restart()
    await world.until(
      id,
      ({ status, reason }) => status === 'waiting' && /finalized/.test(reason ?? ''),
    )
    await world.engine.stop()
    await retract()
    await world.restart()
    await world.until(id, ({ status }) => status === 'retracted')
    assert.deepEqual(names(), [...(isStuckAtFirst ? ['pay'] : []), 'pay', 'back'])
    await stop()
  })
}

for (const [what, undone] of [
  ['that could be undone', true],
  ['with a time limit', false],
] as const) {
  test(`a call ${what} and has done nothing waits for the life of its event when that comes back`, async () => {
    const idle = { kind: 'waiting', reason: 'no funds', retryAfterMs: 1_000 } as const
    const pay = async ({ isEnding }: ActionContext): Promise<ActionOutcome> =>
      isEnding ? { kind: 'untouched' } : idle
    const { world, called, names, retract, stop } = await paying(pay, {
      ...{ undone, at: 'confirmed', more: undone ? '' : ', timeout: {after: PT1H}' },
    })
    const [id = ''] = await world.give(event, 'confirmed')
    await called(1)
    const waits = (why: RegExp) =>
      world.until(id, ({ status, reason }) => status === 'waiting' && why.test(reason ?? ''))
    await waits(/no funds/)
    await retract()
    await world.until(id, ({ status }) => status !== 'waiting')
    world.time.advance(1_000)
    await world.until(id, ({ status }) => status === 'retracted')
    const before = names().length
    await world.give(event, 'pending')
    await waits(/not confirmed yet/)
    assert.equal(names().length, before)
    await world.restart()
    await waits(/not confirmed yet/)
    assert.equal(names().length, before)
    await stop()
  })
}

test('a call that was come to and has not begun waits for the life of its event, also after a restart', async () => {
  const { world, names, stop } = await paying(async () => done, { at: 'confirmed' })
  const [id = ''] = await world.give(event, 'pending')
  const waits = () => world.until(id, ({ status }) => status === 'waiting')
  await waits()
  await world.restart()
  await waits()
  assert.deepEqual(names(), [])
  await stop()
})
