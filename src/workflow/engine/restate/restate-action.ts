/** Runs one attempt of an action for a run on Restate, which journals what comes of it. */

import { AppError } from '../../../base/app-error.ts'
import type { Json } from '../../../base/json-rpc.ts'
import type { SqlStore, SqlWrite } from '../../../store/sql.ts'
import { type Action, type ActionContext, Interrupted } from '../../durable-context.ts'
import { keptJson, keptReason } from '../../kept-json.ts'
import { afterFailure, defaultRetry, waitOf } from '../../retry-policy.ts'
import { type Problem, problemOf, WorkflowError } from '../../workflow-error.ts'
import type { Scope } from '../scope.ts'

/** Longest run of an action that says nothing of it. */
const defaultTimeoutMs = 600_000

/** What came of an attempt, as Restate journals it. */
export type AttemptResult = { readonly startedAtMs: number; readonly atMs: number } & (
  | { readonly kind: 'done'; readonly output: Json }
  | { readonly kind: 'waiting'; readonly reason: string; readonly pauseMs: number }
  | { readonly kind: 'again'; readonly reason: string; readonly pauseMs: number }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'interrupted' }
)

/** An attempt. */
export interface Attempt {
  readonly key: string
  readonly action: Action
  readonly about: Omit<ActionContext, 'signal'>
  /** What it belongs to, which may be told to end. */
  readonly scope: Scope
  /** Fires when nobody listens to this attempt any more. */
  readonly over: AbortSignal
  readonly sql: SqlStore
  readonly nowMs: () => number
}

/** Calls the action once. @throws what it failed with where nobody listens any more: Restate asks again */
export async function attemptOnce(attempt: Attempt): Promise<AttemptResult> {
  const { key, action, scope, over, about, nowMs } = attempt
  const startedAtMs = nowMs()
  const at = () => ({ startedAtMs, atMs: nowMs() })
  const controller = new AbortController()
  const offStop = scope.onStop((reason) => controller.abort(new Interrupted(reason)))
  const onOver = () => controller.abort()
  over.addEventListener('abort', onOver)
  const timeoutMs = action.timeoutMs ?? defaultTimeoutMs
  const late = new AppError({
    ...{ code: 'workflow/step-too-slow', retry: 'later' },
    message: `step "${key}" took longer than ${timeoutMs} ms`,
  })
  const alarm = setTimeout(() => controller.abort(late), timeoutMs)
  try {
    const outcome = await untilAborted(
      controller.signal,
      Promise.resolve().then(() => action.run({ ...about, signal: controller.signal })),
    )
    if (outcome.kind === 'untouched') return { ...at(), kind: 'interrupted' }
    if (outcome.kind === 'waiting') {
      const pauseMs = waitOf(outcome.retryAfterMs)
      return { ...at(), kind: 'waiting', reason: keptReason(outcome.reason), pauseMs }
    }
    const output = JSON.parse(keptJson(outcome.output, `the result of ${key}`)) as Json
    await writeOnce(attempt, outcome.writes ?? [])
    return { ...at(), kind: 'done', output }
  } catch (error) {
    if (over.aborted) throw error
    if (scope.reason !== undefined) return { ...at(), kind: 'interrupted' }
    return { ...at(), ...verdictOf(error, attempt) }
  } finally {
    clearTimeout(alarm)
    offStop()
    over.removeEventListener('abort', onOver)
  }
}

function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // Whoever listens to the signal gives its own error first.
    signal.addEventListener('abort', () => setImmediate(() => reject(signal.reason)))
    work.then(resolve, reject)
  })
}

function verdictOf(error: unknown, { key, action, about }: Attempt) {
  const isFinal = error instanceof WorkflowError && error.retry === 'never'
  const policy = { retry: action.retry ?? defaultRetry, random: Math.random() }
  const verdict = isFinal ? undefined : afterFailure(error, about.attempt, policy)
  if (verdict?.kind !== 'retrying')
    return { kind: 'failed', problem: problemOf(error, key) } as const
  return { kind: 'again', reason: keptReason(error), pauseMs: verdict.pauseMs } as const
}

/** What an action writes is written once, also where Restate asks for it again after a crash. */
async function writeOnce({ about, sql }: Attempt, writes: readonly SqlWrite[]): Promise<void> {
  if (writes.length === 0) return
  const key = about.idempotencyKey
  const mark =
    'INSERT INTO restate_writes (instance_id, key) VALUES (?, ?) ON CONFLICT (key) DO NOTHING'
  try {
    await sql.write([{ sql: mark, values: [about.instanceId, key], changes: 1 }, ...writes])
  } catch (error) {
    const done = await sql.get('SELECT key FROM restate_writes WHERE key = ?', key)
    if (done === undefined) throw error
  }
}
