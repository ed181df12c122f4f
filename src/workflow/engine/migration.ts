/** Lets an instance that rests go on by another definition of its workflow, where its journal allows it. */

import { AppError } from '../../base/app-error.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { RunnableWorkflow } from '../durable-context.ts'
import { noInstance } from './controls.ts'
import type { Definitions } from './definitions.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import { Journal } from './journal.ts'
import { replayOn } from './replay.ts'
import type { InstanceRuns } from './runs.ts'

/** What a migration needs. */
interface MigrationParts {
  readonly sql: SqlStore
  readonly definitions: Definitions
  readonly runs: InstanceRuns
  readonly nowMs: number
}

/**
 * Gives an instance another definition, if everything that its journal holds is asked for by that one, too, under the same
 * keys and as the same kind of action. What it is asked with may differ: results that are journaled stand.
 *
 * @throws AppError `workflow/no-instance`, `workflow/not-deployed`, `workflow/wrong-status`, `workflow/cannot-migrate`
 */
export async function migrateInstance(
  parts: MigrationParts,
  id: string,
  definitionHash: string,
): Promise<void> {
  const { sql, runs, definitions } = parts
  const found = await sql.get('SELECT * FROM instances WHERE id = ?', id)
  if (found === undefined) throw noInstance(id)
  const row = instanceOf(found)
  mustRest(row)
  const workflow = await definitions.byHash(definitionHash)
  if (workflow === undefined) {
    const message = `there is no definition ${definitionHash}; deploy it first`
    throw new AppError({ code: 'workflow/not-deployed', message })
  }
  mustBeOf(workflow, row)
  const journal = await Journal.load(sql, id)
  const { differences, next } = await replayOn(workflow, row, journal)
  const [first] = differences
  if (first !== undefined) {
    const asked = first.asked === undefined ? 'never asks for it' : `has it as ${first.asked}`
    const reason = `its journal has ${first.journaled} at ${first.step}, and the definition ${asked}`
    throw cannot(id, workflow.hash, { reason, data: { ...first } })
  }
  if (runs.get(id)?.isParked === false) throw notResting(id, 'running')
  const asked = next.filter(({ action }) => action === 'ask').map(({ step }) => step)
  await runs.renew(id, () => move(parts, row, { to: definitionHash, lines: journal.lines, asked }))
}

/** Changes the instance, which another worker lets go of then, if it is as it was when its journal was looked at. */
async function move(
  { sql, nowMs, runs }: MigrationParts,
  { id, definitionHash }: InstanceRow,
  {
    to,
    lines,
    asked,
  }: { readonly to: string; readonly lines: number; readonly asked: readonly string[] },
): Promise<void> {
  await sql.transaction(async (session) => {
    // Nobody writes a line behind the one that is looked at; an invocation that began before writes nothing any more.
    await session.run('UPDATE instances SET invocation = invocation + 1 WHERE id = ?', id)
    const changed = await session.run(
      `UPDATE instances SET definition_hash = ?, nudge = nudge + 1, updated_at_ms = ?,
        owner = CASE WHEN owner = CAST(? AS INTEGER) THEN owner ELSE NULL END,
        wake_at_ms = CASE WHEN status = 'paused' THEN NULL ELSE CAST(? AS BIGINT) END
        WHERE id = ? AND interrupt IS NULL AND status IN ('waiting', 'paused') AND definition_hash = ?
        AND (SELECT coalesce(max(seq), 0) FROM journal WHERE instance_id = ?) = ?`,
      ...[to, nowMs, runs.owner, nowMs, id, definitionHash, id, lines],
    )
    if (changed !== 1) throw notResting(id, 'under way again')
    // What the new definition does not ask nobody is to answer.
    const others = asked.map(() => ' AND step <> ?').join('')
    const closing = `UPDATE questions SET status = 'closed' WHERE instance_id = ? AND status = 'open'`
    await session.run(`${closing}${others}`, id, ...asked)
  })
}

function mustRest({ id, status, interrupt }: InstanceRow): void {
  if (interrupt === undefined && (status === 'waiting' || status === 'paused')) return
  throw notResting(id, interrupt ?? status)
}

function mustBeOf({ namespace, name, hash }: RunnableWorkflow, row: InstanceRow): void {
  if (namespace === row.namespace && name === row.workflow) return
  const reason = `the definition is of the workflow ${namespace}/${name}, the instance of ${row.namespace}/${row.workflow}`
  throw cannot(row.id, hash, { reason, data: {} })
}

function cannot(
  id: string,
  hash: string,
  { reason, data }: { reason: string; data: Record<string, string | undefined> },
): AppError {
  const message = `instance "${id}" cannot go on by definition ${hash}: ${reason}`
  return new AppError({ code: 'workflow/cannot-migrate', message, data })
}

function notResting(id: string, status: string): AppError {
  const message = `instance "${id}" is ${status}; only one that waits or is paused takes another definition: pause it first`
  return new AppError({ code: 'workflow/wrong-status', message })
}
