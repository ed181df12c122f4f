/** Answers questions about instances: lists, details, counts. */

import type { Clock } from '../../base/clock.ts'
import type { Page } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlStore, SqlValue } from '../../store/sql.ts'
import type { Instance, InstanceCounts, InstanceDetail, InstanceQuery } from '../workflow.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import { entryOf } from './journal.ts'

/** Instances, newest first; each condition is found by an index or by the order of the list. */
export function listInstances(sql: SqlStore, query: InstanceQuery): Promise<Page<Instance>> {
  const { workflow, status, eventId, ...page } = query
  const conditions: string[] = ['true']
  const values: SqlValue[] = []
  const add = (condition: string, value: string | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    for (const _ of condition.matchAll(/\?/g)) values.push(value)
  }
  add('workflow = ?', workflow)
  add(
    `seq IN (SELECT seq FROM instances WHERE event_id = ? UNION SELECT begun.seq FROM instances AS begun
      JOIN trigger_events ON trigger_events.instance_id = begun.id WHERE trigger_events.event_id = ?)`,
    eventId,
  )
  add(status === 'completed' ? 'status = ?' : `status <> 'completed' AND status = ?`, status)
  const select = `SELECT * FROM instances WHERE ${conditions.join(' AND ')}`
  return sequencePage(sql, { ...page, select, values, read: shown })
}

/** An instance with its journal. */
export async function instanceDetail(
  sql: SqlStore,
  id: string,
): Promise<InstanceDetail | undefined> {
  const row = await sql.get('SELECT * FROM instances WHERE id = ?', id)
  if (row === undefined) return undefined
  const lines = await sql.all('SELECT * FROM journal WHERE instance_id = ? ORDER BY seq', id)
  const one = instanceOf(row)
  return { ...shownInstance(one), input: one.input, journal: lines.map(entryOf) }
}

function shown(row: Parameters<typeof instanceOf>[0]): Instance {
  return shownInstance(instanceOf(row))
}

/** Without what only the engine needs. */
export function shownInstance(row: InstanceRow): Instance {
  const { input, depth, life, interrupt, comesBack, nudge, wakeAtMs, ...instance } = row
  return instance
}

/** Counts instances; a large table is not counted again while that would take up a noticeable part of the time. */
export class InstanceTally {
  readonly #sql: SqlStore
  readonly #clock: Clock
  #last: InstanceCounts | undefined
  #validUntilMs = 0

  constructor(sql: SqlStore, clock: Clock) {
    this.#sql = sql
    this.#clock = clock
  }

  async counts(): Promise<InstanceCounts> {
    const begunMs = this.#clock.nowMs()
    if (this.#last !== undefined && begunMs < this.#validUntilMs) return this.#last
    const others = await this.#sql.all(
      `SELECT status, count(*) AS n FROM instances WHERE status <> 'completed' GROUP BY status`,
    )
    const all = await this.#sql.get('SELECT count(*) AS n FROM instances')
    const none = {
      running: 0,
      waiting: 0,
      paused: 0,
      compensating: 0,
      failed: 0,
      cancelled: 0,
      retracted: 0,
    }
    const counted = Object.fromEntries(others.map(({ status, n }) => [String(status), Number(n)]))
    const open = Object.values(counted).reduce((sum, n) => sum + n, 0)
    this.#last = { ...none, ...counted, completed: Number(all?.n ?? 0) - open }
    const endedMs = this.#clock.nowMs()
    this.#validUntilMs = endedMs + 50 * (endedMs - begunMs)
    return this.#last
  }
}
