/** Tests that what of an event is given up by the queue, and given out again too late, ends with the event as it is then. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { SqlSession } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createEventStore, streamMigrations } from '../stream/event-store.ts'
import { queueMigrations } from '../stream/open-queue.ts'
import type { StreamEvent } from '../stream/stream.ts'
import type { Composition } from './composition.ts'
import { startEventQueue } from './event-queue.ts'

const event: StreamEvent = {
  ...{ id: 'dev:0x01:aa', chain: 'dev', chainId: 1, address: '0x0a', name: 'Paid' },
  ...{ signature: 'Paid(uint256)', args: { amount: '1' }, state: 'pending', blockNumber: 5 },
  ...{ blockHash: '0x05', transactionHash: '0x01', logIndex: 0, blockTimeMs: 0, seenAtMs: 0 },
}

/** A queue whose consumer writes down what it is told, over a database with one pending event. */
async function opened(t: TestContext) {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate([...streamMigrations, ...queueMigrations])
  const events = createEventStore(sql)
  const stops: (() => Promise<void>)[] = []
  const told: string[] = []
  const handled: (() => void)[] = []
  const composition = { values: { queue: 'embedded' }, stops, logger: silentLogger }
  const started = await startEventQueue(
    { ...composition, metrics: noMetrics } as unknown as Composition,
    {
      ...{ sql, events, consumes: true },
      handler: {
        appeared: async (_, { state }) => void told.push(`appeared ${state}`),
        advanced: async (_, all) => void told.push(...all.map(({ state }) => `advanced ${state}`)),
        retracted: async (_, { state }) => void told.push(`retracted ${state}`),
      },
      handled: () => handled.shift()?.(),
    },
  )
  t.after(async () => {
    for (const stop of stops) await stop()
    await sql.close()
  })
  assert.ok(started)
  const next = () => new Promise<void>((resolve) => handled.push(resolve))
  /** Gives out again what was given up. */
  const requeue = async () => {
    const done = next()
    const { items } = await started.queue.deadLetters({ limit: 1 })
    assert.equal(await started.queue.requeue(Number(items[0]?.seq)), true)
    await done
  }
  /** Stores the event, and what comes with it; resolves when the first message of it has been handled. */
  const stored = async (work: (session: SqlSession) => Promise<void>) => {
    const done = next()
    await sql.transaction(async (session) => {
      await events.put(session, [event])
      await work(session)
    })
    started.queue.wake()
    await done
  }
  return { events, told, stored, requeue, handler: started.handler }
}

const giveUp = "UPDATE queue_messages SET state = 'dead', reason = 'no' WHERE state = 'waiting'"
const blocks = { chain: 'dev', from: 0, to: 9 }

test('an event whose beginning was given up starts its workflow as far as it has come', async (t) => {
  const { events, told, stored, requeue, handler } = await opened(t)
  await stored(async (session) => {
    await handler.appeared(session, event)
    await session.run(giveUp)
    const waiting = { chain: 'dev', states: ['pending'], upTo: 9 } as const
    await events.advance(session, waiting, { state: 'confirmed', atMs: 1 })
    await handler.advanced(session, [{ ...event, state: 'confirmed' }])
  })
  assert.deepEqual(told.splice(0), ['advanced confirmed'])
  await requeue()
  assert.deepEqual(told, ['appeared confirmed', 'advanced confirmed'])
})

test('an event that has left meanwhile starts nothing', async (t) => {
  const { events, told, stored, requeue, handler } = await opened(t)
  await stored(async (session) => {
    await handler.appeared(session, event)
    await session.run(giveUp)
    await events.retract(session, blocks, 1)
    await handler.retracted(session, { ...event, state: 'retracted' })
  })
  await requeue()
  assert.deepEqual(told, ['retracted retracted', 'retracted retracted'])
})

test('a retraction that was given up is followed by the return of an event that is there again', async (t) => {
  const { events, told, stored, requeue, handler } = await opened(t)
  await stored(async (session) => {
    await events.retract(session, blocks, 1)
    await handler.retracted(session, { ...event, state: 'retracted' })
    await session.run(giveUp)
    const back: StreamEvent = { ...event, blockNumber: 6, blockHash: '0x06' }
    await events.put(session, [back])
    await handler.appeared(session, back)
  })
  await requeue()
  assert.deepEqual(told, ['appeared pending', 'retracted retracted', 'appeared pending'])
})
