/** What an invocation of Restate does for one instance, from its start to its end, and again when its event comes back. */

import {
  RestatePromise,
  RetryableError,
  TerminalError,
  type WorkflowContext,
  type WorkflowSharedContext,
} from '@restatedev/restate-sdk'
import type { Json } from '../../../base/json-rpc.ts'
import type { SqlStore } from '../../../store/sql.ts'
import { ending, endOf, type RunEnd } from '../endings.ts'
import { shownInstance } from '../instance-lists.ts'
import { type InstanceRow, instanceOf, lives } from '../instance-rows.ts'
import { letRun } from '../intake.ts'
import type { LiveRun, RunEnvironment } from '../run-environment.ts'
import type { RunsParts } from '../runs.ts'
import { Driver } from './driver.ts'
import { RestateContext } from './restate-context.ts'
import { RestateJournal } from './restate-journal.ts'
import { RestateRun } from './restate-run.ts'
import type { ChildEnd } from './restate-waits.ts'
import { StatusNotes } from './status-notes.ts'

/** How long an instance that was undone waits for its event to come back. */
const comesBackWithinMs = 30 * 86_400_000

/** What is told to an instance: all of it each time, of which it takes what is new. */
export interface Told {
  readonly life: number
  readonly interrupt: string | null
  readonly isRunning: boolean
  readonly events: readonly {
    readonly inbox: string
    readonly number: number
    readonly event: Json
  }[]
  readonly answers: readonly { readonly id: string; readonly value: Json }[]
  readonly children: readonly ChildEnd[]
}

/** Brings what is told to whoever waits for it; a second time it changes nothing. */
export async function hear(context: WorkflowSharedContext, told: Told): Promise<void> {
  const generation = (await context.get<number>('generation')) ?? 0
  const bring = async (name: string, value: Json) => {
    try {
      if ((await context.promise(name).peek()) === undefined) {
        await context.promise<Json>(name).resolve(value)
      }
    } catch (error) {
      // Two who tell the same at once: one of them was first.
      if (!(error instanceof TerminalError)) throw error
    }
  }
  for (let life = 0; life <= told.life; life += 1) await bring(`${generation}/life/${life}`, life)
  for (const { inbox, number, event } of told.events) await bring(`event/${inbox}/${number}`, event)
  for (const { id, value } of told.answers) await bring(`answer/${id}`, { value })
  for (const end of told.children) await bring(`child/${end.id}`, end as unknown as Json)
  if (told.interrupt !== null) await bring(`${generation}/interrupt`, told.interrupt)
  const isUndone = (await context.get<number>('undone')) === generation
  if (told.isRunning && isUndone) await bring(`${generation}/back`, true)
}

/** Runs an instance to its end. */
export async function runInstance(context: WorkflowContext, parts: RunsParts): Promise<void> {
  const id = context.key
  const { sql } = parts
  const journal = new RestateJournal(id)
  const taken = new Map<string, Set<number>>()
  for (let generation = 0; ; generation += 1) {
    context.set('generation', generation)
    const text = await context.run(`#look/${generation}`, () => rowOf(sql, id))
    if (text === null) return
    const row = instanceOf(text)
    const workflow = await parts.definitions.byHash(row.definitionHash)
    if (workflow === undefined) {
      throw new RetryableError(`its definition ${row.definitionHash} is not there`)
    }
    const notes = new StatusNotes(sql, id)
    const driver = new Driver((isWaiting) => notes.hear(isWaiting, run.step, run.reason))
    const world: RunEnvironment = {
      ...parts,
      context: (of: LiveRun, scope) => new RestateContext(of as RestateRun, scope),
    }
    const run: RestateRun = new RestateRun({
      ...{ with: world, context, driver, row, workflow, journal, generation, taken },
    })
    watch(run, driver, context)
    const end = await driver.drive(
      endOf(run, workflow.run(world.context(run, run.root), row.input)),
    )
    await notes.stop()
    const written = await context.run(`#end/${generation}`, () =>
      writeEnd(run, journal, { end, parts }),
    )
    if (written === 'again') journal.dropUndone()
    if (written === 'over' && !(await goesOn(run, { context, end, journal, sql }))) return
  }
}

/** Has the run told to undo what it did, at once or when it is told so. */
function watch(run: RestateRun, driver: Driver, context: WorkflowContext): void {
  const { interrupt } = run.row
  const stop = (reason: string) => run.root.stop(reason === 'cancelled' ? 'cancelled' : 'retracted')
  if (interrupt !== undefined) stop(interrupt)
  else void driver.ask(() => context.promise<string>(run.named('interrupt')).get()).done.then(stop)
}

async function rowOf(sql: SqlStore, id: string) {
  return (await sql.get('SELECT * FROM instances WHERE id = ?', id)) ?? null
}

/**
 * Writes the end of a run where the instance is as the run knows it: `over`. It is `changed` where it was told meanwhile to
 * undo what it did, and `again` where its event came back.
 */
async function writeEnd(
  run: RestateRun,
  journal: RestateJournal,
  { end, parts }: { readonly end: RunEnd; readonly parts: RunsParts },
): Promise<'over' | 'changed' | 'again'> {
  const { sql, clock } = parts
  const found = await rowOf(sql, run.id)
  if (found === null) return 'over'
  const now = instanceOf(found)
  const { isInterrupted } = run
  const interrupt = isInterrupted ? now.interrupt : undefined
  if (isInterrupted && end.kind !== 'failed' && (interrupt === undefined || now.comesBack)) {
    await sql.transaction((session) =>
      letRun(session, run.id, { life: undefined, nowMs: clock.nowMs() }),
    )
    return 'again'
  }
  const { with: world, id, step, listens, asks, workflow } = run
  const { row, guard, values, more, line } = ending(
    {
      ...{ with: world, id, step, listens, asks, workflow, isInterrupted },
      ...{ row: { ...now, interrupt }, journal: journal.journal },
    },
    end,
  )
  if (line) run.line(line)
  const writes = [
    { sql: guard, values, changes: 1 },
    ...journal.writes(),
    ...more,
    { sql: 'DELETE FROM restate_writes WHERE instance_id = ?', values: [run.id] },
  ]
  try {
    await sql.write(writes)
  } catch (error) {
    if ((error as { code?: string }).code !== 'store/unexpected-rows') throw error
    return (await hasEnded(sql, row)) ? 'over' : 'changed'
  }
  parts.outcomes.settle(row)
  parts.left(row)
  parts.tell({ instance: shownInstance(row), entry: lastEntry(row) })
  return 'over'
}

/** It was written, and nobody heard that it was. */
async function hasEnded(sql: SqlStore, row: InstanceRow): Promise<boolean> {
  const now = await sql.get('SELECT status, interrupt FROM instances WHERE id = ?', row.id)
  return now?.status === row.status && now.interrupt === null
}

function lastEntry(row: InstanceRow) {
  const kind = row.status as 'completed' | 'failed' | 'cancelled' | 'retracted'
  const { step = '', createdAtMs: startedAtMs, updatedAtMs: atMs, output, reason: error } = row
  return {
    ...{ seq: 0, step, kind, action: 'end', attempt: 1, startedAtMs, atMs, error },
    ...{ input: undefined, output, dropped: false },
  }
}

interface Ended {
  readonly context: WorkflowContext
  readonly end: RunEnd
  readonly journal: RestateJournal
  readonly sql: SqlStore
}

/** Waits for what may still become of an instance that an event of a chain began: whether there is more to be done. */
async function goesOn(run: RestateRun, { context, end, journal, sql }: Ended): Promise<boolean> {
  if (run.row.eventId === undefined || run.root.reason === 'cancelled') return false
  const told = (name: string) =>
    context
      .promise<unknown>(run.named(name))
      .get()
      .map(() => name)
  if (run.root.reason === undefined) {
    if (end.kind !== 'completed' || run.row.life === lives.length - 1) return false
    const first = await RestatePromise.race([told('interrupt'), told(`life/${lives.length - 1}`)])
    return first === 'interrupt'
  }
  context.set('undone', Number(run.named('').split('/')[0]))
  const isBack = await context.run(`${run.named('')}#back`, async () => {
    const row = await rowOf(sql, run.id)
    return row !== null && row.status !== 'retracted'
  })
  const late = context.sleep(comesBackWithinMs, 'its event comes back').map(() => 'late')
  if (!isBack && (await RestatePromise.race([told('back'), late])) === 'late') return false
  journal.dropUndone()
  return true
}
