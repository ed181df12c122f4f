/** Starts instances for events, tells them how far their event has come, and that it has left, all in the caller's transaction. */

import { createHash } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { bulkUpdate } from '../../store/bulk-select.ts'
import type { SqlRow, SqlSession, SqlStore, SqlWrite } from '../../store/sql.ts'
import type { AwaitedLife, CloudEvent, EventWish, RunnableWorkflow } from '../durable-context.ts'
import { keptJson, keptReason } from '../kept-json.ts'
import type { StepTraces } from '../step-traces.ts'
import type { Instance } from '../workflow.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import { firstLeft, goBack, retractConsumed, rewind } from './consumed-events.ts'
import { compensationMark } from './endings.ts'
import { type Evaluate, matches } from './event-match.ts'
import { shownInstance } from './instance-lists.ts'
import { insertion, instanceOf, lives } from './instance-rows.ts'
import {
  advanceSets,
  bindSet,
  isOfSet,
  keepForSet,
  leaveSets,
  leftSetOf,
  lockSets,
  maxWaiting,
  returnToSet,
  wholeSet,
} from './trigger-sets.ts'

/** What starting needs. */
export interface IntakeContext {
  /** Those that are deployed. */
  readonly workflows: Iterable<RunnableWorkflow>
  readonly evaluate: Evaluate
  readonly nowMs: number
  readonly traces: StepTraces | undefined
  /** What others write in the commit that ends an instance. */
  readonly ended: (instance: Instance) => readonly SqlWrite[]
}

/** A name that follows from others. */
export function derivedId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)
}

/** How an event is known to its instances; those of chains have ids of their own. */
export function eventIdOf(event: CloudEvent, life: AwaitedLife | undefined): string {
  return life === undefined ? `${event.source} ${event.id}` : event.id
}

/** Starts an instance of each workflow that the event triggers, or lets the one go on whose event had left. */
export async function startTriggered(
  session: SqlSession,
  event: CloudEvent,
  { life, context }: { life: AwaitedLife | undefined; context: IntakeContext },
): Promise<readonly string[]> {
  const ids: string[] = []
  for (const workflow of context.workflows) {
    const { on } = workflow.trigger
    if (on === undefined) continue
    if (!on.wishes.some((one) => wants(one, event, context.evaluate))) continue
    const eventId = eventIdOf(event, life)
    const id = derivedId(workflow.namespace, workflow.name, eventId)
    const text = isOfSeveral(workflow) ? textOf(event) : undefined
    let problem: string | undefined
    if (text !== undefined && !(await isThere(session, id))) {
      const joined = await joinSet(session, event, { workflow, context, eventId, life, text })
      if (joined !== undefined) {
        ids.push(...joined)
        continue
      }
      problem = `${maxWaiting} events wait already for those that they begin "${workflow.name}" together with`
    }
    const { nowMs, ended } = context
    const traceparent = context.traces?.ofEvent(event, life !== undefined)
    const about = { what: `event ${event.id}`, traceparent }
    const start = { id, eventId, workflow, life, nowMs, ended, problem, ...about }
    if (await startOne(session, [event] as unknown as Json, start)) ids.push(id)
  }
  return ids
}

/** Whether several events begin it together. */
function isOfSeveral({ trigger: { on } }: RunnableWorkflow): boolean {
  return on?.kind === 'all' && on.wishes.length > 1
}

/** A cheap look at the type before anything is evaluated. */
function wants(wish: EventWish, event: CloudEvent, evaluate: Evaluate): boolean {
  const { type } = wish.attributes
  return (type === undefined || type === event.type) && matches(wish, event, evaluate)
}

/** Whether the event has begun an instance by itself: one that it was too large for. */
async function isThere(session: SqlSession, id: string): Promise<boolean> {
  return (await session.get('SELECT id FROM instances WHERE id = ?', id)) !== undefined
}

interface Start {
  readonly id: string
  readonly eventId: string | undefined
  readonly workflow: RunnableWorkflow
  readonly life: AwaitedLife | undefined
  readonly nowMs: number
  readonly what: string
  readonly traceparent?: string | undefined
  readonly ended: IntakeContext['ended']
  /** Why it cannot begin. */
  readonly problem?: string | undefined
}

/** Begins what can begin of events that are free again since their instance was undone; whether there was any. */
export async function startFreed(sql: SqlStore, context: IntakeContext): Promise<boolean> {
  let isAny = false
  for (const workflow of context.workflows) {
    if (!isOfSeveral(workflow)) continue
    const ids = await sql.transaction(async (session) => {
      await lockSets(session, workflow.hash)
      return startSets(session, workflow, context)
    })
    if (ids.length > 0) isAny = true
  }
  return isAny
}

/** Writes an instance; whether there is something new to do. What cannot be kept gives one that has failed. */
export async function startOne(session: SqlSession, input: Json, start: Start): Promise<boolean> {
  const { id, workflow, life, nowMs, eventId } = start
  let [text, problem] = ['null', start.problem]
  try {
    if (problem === undefined) text = keptJson(input, `the data of ${start.what}`)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    problem = keptReason(error)
  }
  const row = {
    ...{
      id,
      namespace: workflow.namespace,
      workflow: workflow.name,
      definitionHash: workflow.hash,
    },
    ...{ eventId, parentId: undefined, depth: 0, input, nowMs, owner: null },
    traceparent: start.traceparent,
    life: life === undefined ? lives.length - 1 : lives.indexOf(life),
  }
  const { sql, values } = insertion(row, text)
  if ((await session.run(sql, ...values)) === 0) {
    return life === undefined ? false : comeBack(session, id, { life, nowMs })
  }
  if (problem !== undefined) await failAtOnce(session, problem, start)
  return true
}

/** Ends an instance that could not be given its data; who is told of ends is told of this one. */
async function failAtOnce(session: SqlSession, reason: string, start: Start): Promise<void> {
  const problem = problemOf(new WorkflowError({ type: 'data', detail: reason }), '/')
  const failing = `UPDATE instances SET status = 'failed', reason = ?, error = ?, wake_at_ms = NULL WHERE id = ?`
  await session.run(failing, reason, JSON.stringify(problem), start.id)
  const row = await session.get('SELECT * FROM instances WHERE id = ?', start.id)
  if (row === undefined) return
  const instance = shownInstance(instanceOf(row))
  for (const { sql, values } of start.ended(instance)) await session.run(sql, ...values)
}

interface Joining {
  readonly workflow: RunnableWorkflow
  readonly context: IntakeContext
  readonly eventId: string
  readonly life: AwaitedLife | undefined
  readonly text: string
}

/** Keeps an event until those that it belongs to are there, or lets the instance go on that it was part of the beginning of. @returns nothing where there is no room */
async function joinSet(
  session: SqlSession,
  event: CloudEvent,
  { workflow, context, eventId, life, text }: Joining,
): Promise<readonly string[] | undefined> {
  const { hash, trigger } = workflow
  const kept = { eventId, text, life: life === undefined ? undefined : lives.indexOf(life) }
  const places = (trigger.on?.wishes ?? []).flatMap((wish, at) =>
    wants(wish, event, context.evaluate) ? [at] : [],
  )
  await lockSets(session, hash)
  const id = await leftSetOf(session, eventId, workflow)
  if (id !== undefined) {
    const least = await returnToSet(session, id, kept)
    const back = least === undefined ? undefined : lives[least]
    if (back !== undefined) {
      return (await comeBack(session, id, { life: back, nowMs: context.nowMs })) ? [id] : []
    }
  }
  const isKept = await keepForSet(session, kept, { hash, places })
  return isKept ? startSets(session, workflow, context) : undefined
}

/** Begins an instance of each set of events that is whole. */
async function startSets(
  session: SqlSession,
  workflow: RunnableWorkflow,
  { nowMs, ended, traces }: IntakeContext,
): Promise<readonly string[]> {
  const { namespace, name, hash, trigger } = workflow
  const ids: string[] = []
  for (;;) {
    const set = await wholeSet(session, hash, trigger.on?.wishes.length ?? 0)
    if (set === undefined) return ids
    const id = derivedId(namespace, name, ...set.eventIds)
    await bindSet(session, id, set)
    const { event, eventId, isChain } = set.last
    const about = { what: `event ${event.id}`, traceparent: traces?.ofEvent(event, isChain) }
    const life = set.life === undefined ? undefined : lives[set.life]
    const start = { id, eventId, workflow, life, nowMs, ended, ...about }
    if (await startOne(session, set.events as unknown as Json, start)) ids.push(id)
  }
}

function textOf(event: CloudEvent): string | undefined {
  try {
    return keptJson(event, 'the event')
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

const advancing = `UPDATE instances SET life = ?, nudge = nudge + 1, wake_at_ms = CASE WHEN interrupt IS NOT NULL
  OR status IN ('running', 'waiting', 'compensating') THEN CAST(? AS INTEGER) ELSE NULL END
  WHERE life < ? AND status <> 'retracted'`

/** Events have come further; of instances that have ended it is only noted. */
export async function advanceInstances(
  session: SqlSession,
  eventIds: readonly string[],
  how: { readonly life: AwaitedLife; readonly nowMs: number },
): Promise<void> {
  const { nowMs } = how
  const life = lives.indexOf(how.life)
  const toldOfSets = await advanceSets(session, eventIds, life)
  await bulkUpdate(session, {
    query: (marks) => `${advancing} AND event_id IN (${marks}) AND NOT ${isOfSet}`,
    ...{ before: [life, nowMs, life], values: eventIds },
  })
  for (const one of toldOfSets) {
    await session.run(`${advancing} AND id = ?`, one.life, nowMs, one.life, one.id)
  }
}

/** The event has left: instances that it began, alone or with others, undo what they did, also those that have ended. */
export async function retractInstances(
  session: SqlSession,
  eventId: string,
  nowMs: number,
): Promise<void> {
  const retracting = `UPDATE instances SET interrupt = 'retracted', comes_back = 0, reason = 'its event left the chain',
    nudge = nudge + 1, wake_at_ms = ? WHERE status <> 'retracted'`
  await session.run(`${retracting} AND event_id = ?`, nowMs, eventId)
  for (const id of await leaveSets(session, eventId)) {
    await session.run(`${retracting} AND id = ?`, nowMs, id)
  }
  await retractConsumed(session, eventId, nowMs)
}

/** The event is there again: what was not undone stays, what was undone is done anew. */
async function comeBack(
  session: SqlSession,
  id: string,
  { life, nowMs }: { life: AwaitedLife; nowMs: number },
): Promise<boolean> {
  const row = await session.get(
    'SELECT status, interrupt FROM instances WHERE id = ? FOR UPDATE',
    id,
  )
  if (row?.status === 'retracted') {
    await dropUndone(session, id, nowMs)
    await letRun(session, id, { life: lives.indexOf(life), nowMs })
    return true
  }
  if (row?.interrupt !== 'retracted') return false
  if (row.status === 'compensating') {
    // It may be further than when it left, or not as far; nobody tells again what it is at now.
    const sql =
      'UPDATE instances SET comes_back = 1, life = ?, nudge = nudge + 1, wake_at_ms = ? WHERE id = ?'
    await session.run(sql, lives.indexOf(life), nowMs, id)
  } else {
    // Nothing has been undone yet; one that had ended stays as it is.
    await session.run(
      `UPDATE instances SET interrupt = NULL, reason = NULL, life = ?, nudge = nudge + 1,
        wake_at_ms = CASE WHEN status IN ('running', 'waiting') THEN CAST(? AS INTEGER) ELSE NULL END WHERE id = ?`,
      ...[lives.indexOf(life), nowMs, id],
    )
    if ((await firstLeft(session, id)) !== undefined) await goBack(session, id, nowMs)
  }
  return true
}

/**
 * Lets an instance go on that has undone what it did, from a place of its journal on, unless more is to be undone by
 * now: then it is due again.
 */
export async function goOn(
  session: SqlSession,
  id: string,
  { undoneFrom, nowMs }: { undoneFrom: number; nowMs: number },
): Promise<void> {
  const row = await session.get('SELECT interrupt FROM instances WHERE id = ? FOR UPDATE', id)
  const goesOn = `interrupt = 'rewound' OR comes_back = 1`
  const held = `UPDATE instances SET nudge = nudge + 1, wake_at_ms = ? WHERE id = ? AND (${goesOn})`
  if ((await session.run(held, nowMs, id)) === 0) return
  const first = await firstLeft(session, id)
  if (row?.interrupt === 'rewound' && first !== undefined && first < undoneFrom) return
  await dropUndone(session, id, nowMs)
  await letRun(session, id, { life: undefined, nowMs })
}

/** Lets an instance run from its beginning, that has brought to an end what it had begun: what came to nothing begins anew. */
async function letRun(
  session: SqlSession,
  id: string,
  { life, nowMs }: { life: number | undefined; nowMs: number },
): Promise<void> {
  await session.run(
    `UPDATE journal SET dropped = 1 WHERE instance_id = ? AND kind = 'started' AND dropped = 0 AND step NOT IN
      (SELECT step FROM journal WHERE instance_id = ? AND kind = 'completed' AND dropped = 0)`,
    ...[id, id],
  )
  await session.run(
    `UPDATE instances SET status = 'running', interrupt = NULL, comes_back = 0, compensated = 0, reason = NULL, error = NULL,
      output = NULL, life = coalesce(?, life), owner = NULL, nudge = nudge + 1, wake_at_ms = ?, updated_at_ms = ? WHERE id = ?`,
    ...[life ?? null, nowMs, nowMs, id],
  )
}

/**
 * Sets aside the lines of steps that were undone, of what undid them, of failures, and of all that follows from events
 * that have left.
 */
export async function dropUndone(session: SqlSession, id: string, nowMs: number): Promise<void> {
  const lines = await session.all(
    'SELECT seq, step, kind FROM journal WHERE instance_id = ? AND dropped = 0',
    id,
  )
  for (const seq of undoneSteps(lines)) {
    await session.run('UPDATE journal SET dropped = 1 WHERE instance_id = ? AND seq = ?', id, seq)
  }
  await rewind(session, id, nowMs)
}

/** Places of the lines of steps that were undone, of what undid them, and of failures. */
function undoneSteps(lines: readonly SqlRow[]): ReadonlySet<number> {
  const undone = new Set<string>()
  for (const { step } of lines) {
    const at = String(step).indexOf(compensationMark)
    if (at >= 0) undone.add(String(step).slice(0, at))
  }
  const places = new Set<number>()
  for (const { seq, step, kind } of lines) {
    const isUndone = isWithin(String(step), undone) || String(step).startsWith('#compensation')
    if (isUndone || ['failed', 'cancelled', 'retracted'].includes(String(kind))) {
      places.add(Number(seq))
    }
  }
  return places
}

/** Whether a key is one of those, or lies under one of them. */
function isWithin(key: string, tops: ReadonlySet<string>): boolean {
  if (tops.has(key)) return true
  for (let at = 1; at < key.length; at += 1) {
    if ((key[at] === '/' || key[at] === '#') && tops.has(key.slice(0, at))) return true
  }
  return false
}
