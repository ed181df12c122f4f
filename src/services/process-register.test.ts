/** Registers processes on one database, has one stop by the word of another, and lets one fall silent. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock, Timer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createProcessRegister, processMigrations } from './process-register.ts'

/** Time that stands still until it is moved. */
class Hours implements Clock, Timer {
  #nowMs = 1_000_000
  #due: { readonly atMs: number; readonly call: () => void }[] = []
  nowMs(): number {
    return this.#nowMs
  }
  after(delayMs: number, call: () => void): () => void {
    const one = { atMs: this.#nowMs + delayMs, call }
    this.#due.push(one)
    return () => {
      this.#due = this.#due.filter((other) => other !== one)
    }
  }
  advance(ms: number): void {
    this.#nowMs += ms
    const due = this.#due.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#due = this.#due.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { call } of due) call()
  }
}

async function fleet() {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(processMigrations)
  const asked: string[] = []
  const join = (id: string, time: Hours, on: SqlStore = sql) =>
    createProcessRegister(
      {
        ...{ id, roles: ['worker'], version: '1.2.3', leaseMs: 9_000, detail: () => `${id} works` },
        asked: () => asked.push(id),
      },
      { sql: on, clock: time, timer: time, logger: silentLogger },
    )
  return { sql, asked, join }
}

test('processes are listed, newest first, with what they do', async () => {
  const { sql, join } = await fleet()
  const time = new Hours()
  const [one, other] = [join('one', time), join('other', time)]
  await one.start()
  await other.start()
  const { items } = await one.list({ limit: 10 })
  assert.deepEqual(
    items.map(({ id, state, detail }) => [id, state, detail]),
    [
      ['other', 'up', 'other works'],
      ['one', 'up', 'one works'],
    ],
  )
  await other.stop()
  assert.equal((await one.list({ limit: 1 })).items[0]?.state, 'ended')
  await one.stop()
  await sql.close()
})

test('one that is asked to stop hears it once; one that has ended cannot be asked', async () => {
  const { sql, asked, join } = await fleet()
  const time = new Hours()
  const [one, other] = [join('one', time), join('other', time)]
  await one.start()
  await other.start()
  await assert.rejects(one.drain('nobody'), { code: 'services/unknown-process' })
  assert.equal((await one.drain('other')).state, 'asked')
  await one.drain('other')
  time.advance(3_000)
  await other.stop()
  assert.deepEqual(asked, ['other'])
  await assert.rejects(one.drain('other'), { code: 'services/process-ended' })
  await one.stop()
  await sql.close()
})

test('one that says nothing any more is told to be gone', async () => {
  const { sql, join } = await fleet()
  const [time, stopped] = [new Hours(), new Hours()]
  const [one, silent] = [join('one', time), join('silent', stopped)]
  await one.start()
  await silent.start()
  for (let at = 0; at < 5; at += 1) {
    time.advance(3_000)
    await sql.get('SELECT 1')
  }
  const states = (await one.list({ limit: 10 })).items.map(({ id, state }) => [id, state])
  assert.deepEqual(states, [
    ['silent', 'gone'],
    ['one', 'up'],
  ])
  await one.stop()
  await sql.close()
})
