/** Waits of runs on Restate for what others bring: events, answers, the ends of children. */

import type { Json } from '../../../base/json-rpc.ts'
import type {
  ChildWorkflow,
  CloudEvent,
  EventWish,
  Inbox,
  Question,
} from '../../durable-context.ts'
import { Interrupted } from '../../durable-context.ts'
import { keptJson } from '../../kept-json.ts'
import { type Problem, problemOf, WorkflowError } from '../../workflow-error.ts'
import { insertion } from '../instance-rows.ts'
import { given } from '../journal.ts'
import type { Scope } from '../scope.ts'
import { subscribe } from '../subscriptions.ts'
import type { RestateRun } from './restate-run.ts'

/** How deeply instances may start others. */
const maxDepth = 16

/** Opens an inbox: what fits is put into the table of messages from then on, and handed over by its number. */
export async function openInbox(
  run: RestateRun,
  scope: Scope,
  { key, wishes }: { readonly key: string; readonly wishes: readonly EventWish[] },
): Promise<Inbox> {
  run.listens = true
  if (run.journal.get(key) === undefined) {
    scope.check()
    await run.once(scope, key, async () => {
      const { sql } = run.with
      await sql.write([
        {
          sql: 'DELETE FROM subscriptions WHERE instance_id = ? AND inbox = ?',
          values: [run.id, key],
        },
        ...wishes.map((wish) => subscribe(run.id, key, wish)),
      ])
      return null
    })
    run.note(key, 'listen', null)
  }
  const taken = run.takenOf(key)
  return {
    async next(step) {
      const known = run.journal.get(step)
      if (known !== undefined) return known.output as CloudEvent
      scope.check()
      let number = 1
      while (taken.has(number)) number += 1
      taken.add(number)
      try {
        const event = await run.promise<CloudEvent>(scope, `event/${key}/${number}`)
        run.note(step, 'event', event)
        return event
      } catch (error) {
        taken.delete(number)
        throw error
      }
    },
    async close() {
      if (scope.reason !== undefined || run.journal.get(`${key}#closed`) !== undefined) return
      await run.once(scope, `${key}#closed`, async () => {
        const sql = 'DELETE FROM subscriptions WHERE instance_id = ? AND inbox = ?'
        await run.with.sql.run(sql, run.id, key)
        return null
      })
    },
  }
}

/** Asks, and gives the answer. @throws WorkflowError `timeout` at the deadline */
export async function awaitAnswer(
  run: RestateRun,
  scope: Scope,
  { key, question }: { readonly key: string; readonly question: Question },
): Promise<Json> {
  const known = run.journal.get(key)
  if (known !== undefined) return given(known)
  scope.check()
  run.asks = true
  const id = run.journal.idempotencyKeyOf(key).slice(2, 34)
  const text = keptJson(question, `the question of ${key}`)
  await run.once(scope, `${key}#asked`, async () => {
    const askedAtMs = run.with.clock.nowMs()
    const { deadlineMs } = question
    await run.with.sql.run(
      `INSERT INTO questions (id, instance_id, step, question, status, asked_at_ms, deadline_at_ms)
        VALUES (?, ?, ?, ?, 'open', ?, ?) ON CONFLICT (id) DO NOTHING`,
      ...[
        id,
        run.id,
        key,
        text,
        askedAtMs,
        deadlineMs === undefined ? null : askedAtMs + deadlineMs,
      ],
    )
    return null
  })
  run.reason = `${question.title} (${question.role ?? 'anybody'} is asked)`
  try {
    const answer = await run.promise<{ value: Json }>(scope, `answer/${id}`, question.deadlineMs)
    if (answer !== undefined) {
      run.note(key, 'ask', answer.value)
      return answer.value
    }
  } catch (error) {
    if (error instanceof Interrupted) await closeQuestion(run, key, { id, status: 'closed' })
    throw error
  } finally {
    run.reason = undefined
  }
  await closeQuestion(run, key, { id, status: 'expired' })
  const detail = `nobody answered "${question.title}" in time`
  const error = new WorkflowError({ type: 'timeout', title: 'No answer in time', detail })
  return run.failed(key, 'ask', problemOf(error, key))
}

async function closeQuestion(
  run: RestateRun,
  key: string,
  { id, status }: { readonly id: string; readonly status: string },
): Promise<void> {
  await run.once(run.shelter, `${key}#${status}`, async () => {
    const sql = `UPDATE questions SET status = ? WHERE id = ? AND status = 'open'`
    await run.with.sql.run(sql, status, id)
    return null
  })
}

/** Starts a child and gives its output, or its id at once where it is not awaited. @throws WorkflowError of the child */
export async function awaitChild(
  run: RestateRun,
  scope: Scope,
  { key, child }: { readonly key: string; readonly child: ChildWorkflow },
): Promise<Json> {
  const known = run.journal.get(key)
  if (known !== undefined) return given(known)
  scope.check()
  if (run.row.depth >= maxDepth) {
    const detail = `workflows start each other ${maxDepth} deep, which is the limit`
    throw new WorkflowError({ type: 'runtime', title: 'Too many nested workflows', detail })
  }
  const id = run.journal.idempotencyKeyOf(key).slice(2, 34)
  const text = keptJson(child.input, `the input of ${key}`)
  await run.once(scope, `${key}#start`, async () => {
    await run.with.sql.write([insertion(run.with.childOf(run, child, id), text)])
    run.with.wake()
    return id
  })
  if (!child.awaited) {
    run.note(key, 'child', id)
    return id
  }
  try {
    const end = await run.promise<ChildEnd>(scope, `child/${id}`)
    if (end.status === 'completed') {
      run.note(key, 'child', end.output ?? null)
      return end.output ?? null
    }
    return run.failed(key, 'child', end.problem ?? lostChild(id, end.status))
  } catch (error) {
    if (error instanceof Interrupted) await cancelChild(run, key, id)
    throw error
  }
}

/** How a child ended. */
export interface ChildEnd {
  readonly id: string
  readonly status: string
  readonly output?: Json
  readonly problem?: Problem
}

function lostChild(id: string, status: string): Problem {
  return problemOf(new WorkflowError({ type: 'runtime', detail: `instance ${id} was ${status}` }))
}

async function cancelChild(run: RestateRun, key: string, id: string): Promise<void> {
  await run.once(run.shelter, `${key}#cancel`, async () => {
    await run.with.sql.run(
      `UPDATE instances SET interrupt = 'cancelled', reason = 'nobody waits for it any more', nudge = nudge + 1,
        wake_at_ms = ? WHERE id = ? AND interrupt IS NULL AND status IN ('running', 'waiting')`,
      ...[run.with.clock.nowMs(), id],
    )
    run.with.wake()
    return null
  })
}
