/** What an invocation of Restate does for one instance: it runs it from the journal that the database has, and ends. */

import { RetryableError, type WorkflowContext } from '@restatedev/restate-sdk'
import type { SqlRow } from '../../../store/sql.ts'
import { keptReason } from '../../kept-json.ts'
import { isOpen } from '../../workflow.ts'
import { endEntry, ending, type RunEnd } from '../endings.ts'
import { type InstanceRow, instanceOf } from '../instance-rows.ts'
import { goOn } from '../intake.ts'
import { Journal, journalRows } from '../journal.ts'
import { RunContext } from '../run-context.ts'
import type { RunEnvironment } from '../run-environment.ts'
import type { RunsParts } from '../runs.ts'
import { Driver } from './driver.ts'
import { type Found, findRow, leavingOf } from './invocation-rows.ts'
import { RestateRun } from './restate-run.ts'

/** Which instance is run, and by which of its invocations. */
export interface Invocation {
  readonly id: string
  readonly number: number
}

/** What an invocation begins with; a replay begins with the same. */
interface Begun extends Found {
  readonly lines: readonly SqlRow[]
  readonly enoughLife: number
  readonly isTold: boolean
}

/** How long a renewed instance waits for who renews it. */
const renewalMs = 5_000

/** Runs an instance until it has ended, or until another invocation is to go on. */
export async function runInstance(
  context: WorkflowContext,
  invocation: Invocation,
  parts: RunsParts,
): Promise<void> {
  const ear = context.awakeable<string>()
  const begun = await context.run('#begin', () => begin(parts, { ...invocation, ear: ear.id }))
  if (begun === null) return
  const workflow = await definitionOf(parts, instanceOf(begun.row))
  const driver = new Driver(() => run.rest())
  const run = new RestateRun({
    ...{ context, driver, ear, workflow, found: begun, isTold: begun.isTold },
    ...{ number: invocation.number, journal: Journal.of(invocation.id, begun.lines) },
    onDisk: await lastLine(parts, invocation.id),
    with: environmentOf(parts, begun),
  })
  const end = await driver.drive(run.go())
  const ended = await context.run('#end', () => (end === 'left' ? leave(run) : finish(run, end)))
  await run.writes.stop()
  if (ended === 'left') return parts.wake()
  const row = instanceOf(ended)
  if (!isOpen(row)) parts.outcomes.settle(row)
  parts.left(row)
}

function environmentOf(parts: RunsParts, { enoughLife }: Begun): RunEnvironment {
  return { ...parts, enoughLife, context: (run, scope) => new RunContext(run, scope) }
}

/** What there is to do; `null` where it is not this invocation's, or nothing is: another one is asked once there is. */
async function begin(
  parts: RunsParts,
  { id, number, ear }: Invocation & { readonly ear: string },
): Promise<Begun | null> {
  const { sql, enoughLife, lifecycle } = parts
  const found = await findRow(parts, id, { number, ear })
  if (found === null) return null
  const row = instanceOf(found.row)
  if (row.interrupt === undefined && (!isOpen(row) || row.status === 'paused')) {
    const passing = leavingOf({ id, number }, found.nowMs)
    await sql.run(passing.sql, ...passing.values)
    parts.wake()
    return null
  }
  const lines = await journalRows(sql, [id])
  return { ...found, lines, enoughLife, isTold: lifecycle !== undefined }
}

/** @throws RetryableError while it is of no use here; another version of the program may know it */
async function definitionOf({ definitions, sql }: RunsParts, row: InstanceRow) {
  let reason = `its definition ${row.definitionHash} is not there`
  try {
    const workflow = await definitions.byHash(row.definitionHash)
    if (workflow !== undefined) return workflow
  } catch (error) {
    reason = `its definition cannot be used: ${keptReason(error)}`
  }
  const noting = `UPDATE instances SET status = 'waiting', reason = ? WHERE id = ? AND status IN ('running', 'waiting')`
  await sql.run(noting, reason, row.id)
  throw new RetryableError(reason)
}

async function lastLine({ sql }: RunsParts, id: string): Promise<number> {
  const row = await sql.get('SELECT max(seq) AS seq FROM journal WHERE instance_id = ?', id)
  return Number(row?.seq ?? 0)
}

/** Writes how the run ended, where the instance is as the run knows it; else it is left to the next invocation. */
async function finish(run: RestateRun, end: RunEnd): Promise<SqlRow | 'left'> {
  const { interrupt, comesBack } = run.row
  const isBack = interrupt === 'rewound' || comesBack
  if (run.isInterrupted && end.kind !== 'failed' && isBack) return goBack(run)
  // What began it has left, too: all of it is to be undone.
  if (run.undoneFrom > 0 && interrupt === 'retracted') return leave(run)
  const { row, guard, values, more, line } = ending(run, end)
  const before = run.row
  run.row = row
  if (line) run.line(line)
  const isTold = run.writes.hasLines
  const cleaning = { sql: 'DELETE FROM restate_writes WHERE instance_id = ?', values: [run.id] }
  const last = [...more, cleaning]
  const [first, wakeAtMs] = [[{ sql: guard, values, changes: 1 }], run.with.clock.nowMs()]
  if (await run.writes.end({ first, last, wakeAtMs })) {
    if (!isTold) run.tell(endEntry(row, run.step ?? ''))
    return rowOf(run)
  }
  run.row = before
  if (line) run.writes.dropLast()
  return leave(run)
}

async function rowOf({ with: { sql }, id }: RestateRun): Promise<SqlRow | 'left'> {
  return (await sql.get('SELECT * FROM instances WHERE id = ?', id)) ?? 'left'
}

/** Leaves the instance to its next invocation, with all that was done. */
async function leave(run: RestateRun): Promise<'left'> {
  const nowMs = run.with.clock.nowMs()
  const wakeAtMs = run.isRenewed ? nowMs + renewalMs : nowMs
  if (!(await run.writes.end({ wakeAtMs }))) await run.writes.endPlain({ wakeAtMs })
  return 'left'
}

/** It has undone what it did, and begins again with what was not undone. */
async function goBack(run: RestateRun): Promise<'left'> {
  const { sql, clock } = run.with
  const { sql: leaving, values } = leavingOf(run, clock.nowMs())
  await sql.transaction(async (session) => {
    if ((await session.run(leaving, ...values)) === 0) return
    await run.writes.writeIn(session)
    await goOn(session, run.id, { undoneFrom: run.undoneFrom, nowMs: clock.nowMs() })
  })
  return 'left'
}
