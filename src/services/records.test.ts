/** Writes records, each once, with the workflow they come from. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { workflowMigrations } from '../workflow/engine.ts'
import type { StepFunction } from '../workflow/workflow.ts'
import { createRecords } from './records.ts'
import { servicesMigrations } from './services-schema.ts'

type Test = { after(run: () => Promise<void> | void): void }

async function database(t: Test): Promise<SqlStore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-services-'))
  const sql = await openSqlite({ path: path.join(folder, 'services.sqlite') })
  await sql.migrate([...workflowMigrations, ...servicesMigrations])
  await sql.run(
    `INSERT INTO instances (id, namespace, workflow, definition_hash, status, depth, input, life, created_at_ms, updated_at_ms)
      VALUES ('i1', 'default', 'pay', 'h', 'running', 0, 'null', 0, 0, 0)`,
  )
  t.after(async () => {
    await sql.close()
    await rm(folder, { recursive: true })
  })
  return sql
}

const context = (n: number) => ({
  ...{ instanceId: 'i1', step: 's', attempt: 1, signal: new AbortController().signal },
  idempotencyKey: `0x${String(n).padEnd(64, '0')}` as const,
})

/** Runs a step as the engine does: its writes in one transaction with the journal. */
async function complete(sql: SqlStore, step: StepFunction, input: Json, n = 1) {
  const outcome = await step(input, context(n))
  assert.equal(outcome.kind, 'done')
  await sql.write(outcome.writes ?? [])
  return outcome.output
}

describe('records', () => {
  test('are written once, with the workflow they come from', async (t) => {
    const sql = await database(t)
    const records = createRecords({ sql, clock: systemClock })
    await complete(sql, records.write, { key: 'deposit', data: { amount: '5' } })
    await complete(sql, records.write, { key: 'deposit', data: { amount: '5' } })
    const { items } = await records.list({ limit: 10 })
    assert.deepEqual(
      items.map(({ key, data, workflow, instanceId }) => [key, data, workflow, instanceId]),
      [['deposit', { amount: '5' }, 'pay', 'i1']],
    )
  })

  test('are refused without a key, or too large', async (t) => {
    const sql = await database(t)
    const { write } = createRecords({ sql, clock: systemClock })
    for (const bad of [
      null,
      {},
      { key: '' },
      { key: 'x'.repeat(257) },
      { key: 'k', data: 'x'.repeat(70_000) },
    ]) {
      await assert.rejects(write(bad, context(1)), { code: 'services/bad-record' })
    }
  })
})
