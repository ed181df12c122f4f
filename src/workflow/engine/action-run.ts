/** Runs actions: each attempt within its time, failures by their class, the result journaled. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import {
  type Action,
  type ActionOutcome,
  Interrupted,
  type RetryOptions,
} from '../durable-context.ts'
import { keptJson, keptReason } from '../kept-json.ts'
import { afterFailure, defaultRetry, waitOf } from '../retry-policy.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import type { NewLine } from './journal.ts'
import { errorOf } from './journal.ts'
import type { LiveRun } from './run-environment.ts'
import type { Scope } from './scope.ts'

/** Longest run of an action that says nothing of it. */
const defaultTimeoutMs = 600_000
/** Lines about waiting of one action. */
const maxWaitingLines = 100

interface Asked {
  readonly key: string
  readonly action: Action
}

/** Where an action runs, and what it belongs to, which may have been told to end. */
interface Within {
  readonly scope: Scope
  readonly outer: Scope
}

interface Attempt extends Asked {
  readonly attempt: number
  readonly startedAtMs: number
  readonly input: string | undefined
}

/**
 * Runs an action that the journal does not know.
 *
 * @throws WorkflowError what it failed with; Interrupted
 */
export async function performAction(
  run: LiveRun,
  outer: Scope,
  { key, action }: Asked,
): Promise<Json> {
  let scope = run.journal.hasBegun(key) ? outer.held() : outer
  await run.admit(scope)
  const input = action.input === undefined ? undefined : keptInput(action.input, key)
  let waits = 0
  for (;;) {
    const trouble = run.journal.troubleOf(key)
    if (trouble !== undefined && trouble.untilMs > run.with.clock.nowMs()) {
      const { untilMs, reason } = trouble
      await run.wait({ scope, untilMs, step: key, reason, look: (_, nowMs) => nowMs >= untilMs })
      await run.admit(scope)
    }
    const attempt = (trouble?.failures ?? 0) + 1
    const result = await run.busy(async () => {
      if (action.isUndone === true) noteBeginning(run, { key, action })
      await run.flush()
      await run.admit(scope)
      if (action.isUndone === true && scope === outer) scope = outer.held()
      const startedAtMs = run.with.clock.nowMs()
      const asked = { key, action, attempt, startedAtMs, input }
      return attemptOnce(run, { scope, outer }, asked)
    })
    if (result.kind === 'done') return result.output
    if (result.kind === 'waits') {
      waits += 1
      noteWait(run, result, { attempt, isTold: waits <= maxWaitingLines })
    }
  }
}

/** Journals that an action begins, once. */
function noteBeginning(run: LiveRun, { key, action }: Asked): void {
  if (run.journal.hasBegun(key)) return
  const atMs = run.with.clock.nowMs()
  const line = { step: key, kind: 'started', action: action.kind } as const
  const times = { attempt: 1, startedAtMs: atMs, atMs }
  run.add(run.journal.add({ ...line, ...times }, undefined, run.with.owner()).write)
}

function keptInput(input: Json, key: string): string {
  try {
    return keptJson(input, `the input of ${key}`)
  } catch (error) {
    throw errorOf(problemOf(error, key))
  }
}

type AttemptResult =
  | { readonly kind: 'done'; readonly output: Json }
  | { readonly kind: 'again' }
  | {
      readonly kind: 'waits'
      readonly line: NewLine
      readonly untilMs: number
      readonly reason: string
    }

async function attemptOnce(run: LiveRun, within: Within, asked: Attempt): Promise<AttemptResult> {
  const { scope, outer } = within
  const { key, action, attempt, startedAtMs, input } = asked
  const about = { step: key, action: action.kind, attempt, startedAtMs, input }
  run.step = key
  run.with.observe?.('started', run.id, key)
  run.tell({
    ...{ ...about, seq: 0, kind: 'started', atMs: startedAtMs, input: action.input },
    ...{ output: undefined, error: undefined, dropped: false },
  })
  try {
    const refusal = run.refusals.get(key)
    run.refusals.delete(key)
    if (refusal !== undefined) throw refusal
    const outcome = await called(run, within, asked)
    run.with.observe?.('performed', run.id, key)
    if (outcome.kind === 'untouched') throw new Interrupted(outer.reason ?? 'cancelled')
    const line = { ...about, atMs: run.with.clock.nowMs() }
    if (outcome.kind === 'waiting') {
      const reason = keptReason(outcome.reason)
      const untilMs = line.atMs + waitOf(outcome.retryAfterMs)
      return { kind: 'waits', line: { ...line, kind: 'waiting' }, untilMs, reason }
    }
    const text = keptJson(outcome.output, `the result of ${key}`)
    const output = JSON.parse(text) as Json
    const along = outcome.writes
    run.with.measures.step({ ...line, kind: 'completed' })
    run.line(
      { ...line, kind: 'completed', output: text },
      {
        output,
        ...(action.input === undefined ? {} : { input: action.input }),
        ...(along ? { along } : {}),
      },
    )
    return { kind: 'done', output }
  } catch (error) {
    if (error instanceof Interrupted) throw error
    // Whatever it says, it was told to end: it is asked again, if at all.
    if (scope.reason !== undefined) throw new Interrupted(scope.reason)
    return failed(run, asked, error)
  }
}

/** Journals a failure: the action is tried again, or the workflow is given it. @throws WorkflowError */
function failed(
  run: LiveRun,
  { key, action, attempt, startedAtMs, input }: Attempt,
  error: unknown,
): AttemptResult {
  const atMs = run.with.clock.nowMs()
  const line = { step: key, action: action.kind, attempt, startedAtMs, atMs, input }
  const verdict =
    error instanceof WorkflowError && error.retry === 'never'
      ? ({ kind: 'failed' } as const)
      : afterFailure(error, attempt, { retry: retryOf(action.retry), random: run.with.random() })
  if (verdict.kind === 'failed') {
    const problem = problemOf(error, key)
    run.with.measures.step({ ...line, kind: 'failed' })
    run.line({ ...line, kind: 'failed', error: JSON.stringify(problem) })
    throw errorOf(problem)
  }
  const untilMs = atMs + verdict.pauseMs
  const reason = keptReason(error)
  run.journal.trouble(key, { failures: attempt, untilMs, reason })
  run.with.measures.step({ ...line, kind: 'retrying' })
  run.line({ ...line, kind: 'retrying', output: String(untilMs), error: reason })
  return { kind: 'again' }
}

function noteWait(
  run: LiveRun,
  { line, untilMs, reason }: Extract<AttemptResult, { kind: 'waits' }>,
  { attempt, isTold }: { attempt: number; isTold: boolean },
): void {
  const known = run.journal.troubleOf(line.step)
  run.journal.trouble(line.step, { failures: attempt - 1, untilMs, reason })
  if (isTold && known?.reason !== reason)
    run.line({ ...line, output: String(untilMs), error: reason })
}

function retryOf(options: RetryOptions | undefined): RetryOptions {
  return options ?? defaultRetry
}

/** Calls an action, whose signal fires when it is to end; one that does not end in time is left to itself. */
function called(
  run: LiveRun,
  { scope, outer }: Within,
  { key, action, attempt }: Attempt,
): Promise<ActionOutcome> {
  const controller = new AbortController()
  return new Promise((resolve, reject) => {
    const timeoutMs = action.timeoutMs ?? defaultTimeoutMs
    const offStop = scope.onStop((reason) => controller.abort(new Interrupted(reason)))
    const offDrop = run.onDrop(() => controller.abort())
    const cancelAlarm = run.with.timer.after(timeoutMs, () => {
      const message = `step "${key}" took longer than ${timeoutMs} ms, and is asked again; have it do less at a time`
      const error = new AppError({ code: 'workflow/step-too-slow', message, retry: 'later' })
      over(() => reject(error))
      controller.abort(error)
    })
    const over = (settle: () => void) => {
      offStop()
      offDrop()
      cancelAlarm()
      // What a dropped run did is not looked at.
      if (!run.isGone) settle()
    }
    const { signal } = controller
    const idempotencyKey = run.journal.idempotencyKeyOf(key)
    const isEnding = outer.reason !== undefined
    const traceparent = run.with.traces?.ofStep(run.row, key, attempt)
    const about = {
      ...{ instanceId: run.id, step: key, idempotencyKey, attempt, traceparent, signal, isEnding },
    }
    // A function that throws before its first pause fails like one that throws later.
    run.outside.add(new Promise<ActionOutcome>((done) => done(action.run(about)))).then(
      (outcome) => over(() => resolve(outcome)),
      (error: unknown) => over(() => reject(error)),
    )
  })
}
