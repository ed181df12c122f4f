/** Runs actions: each attempt within its time, failures by their class, the result journaled. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { type Action, type ActionOutcome, Interrupted } from '../durable-context.ts'
import { keptJson, keptReason } from '../kept-json.ts'
import { afterFailure, defaultRetry, waitOf } from '../retry-policy.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import type { NewLine } from './journal.ts'
import { errorOf } from './journal.ts'
import type { Judged, Judging } from './judged.ts'
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
      await run.wait({
        scope,
        untilMs,
        step: key,
        reason,
        look: (_, nowMs) => (nowMs >= untilMs ? true : undefined),
      })
      await run.admit(scope)
    }
    const attempt = (trouble?.failures ?? 0) + 1
    const judged = await run.busy(async () => {
      if (action.isUndone === true) noteBeginning(run, { key, action })
      await run.flush()
      await run.admit(scope)
      if (action.isUndone === true && scope === outer) scope = outer.held()
      run.step = key
      const asked = { key, action, attempt, input }
      const found = await run.attempt(key, (by) => judge(run, { scope, outer }, { ...by, asked }))
      if (found.kind !== 'waiting') journal(run, asked, found)
      return found
    })
    if (judged.kind === 'done') return run.journal.get(key)?.output ?? null
    if (judged.kind === 'failed') throw errorOf(judged.problem)
    if (judged.kind === 'interrupted') throw new Interrupted(judged.reason)
    if (judged.kind === 'waiting') {
      waits += 1
      noteWait(run, judged, {
        asked: { key, action, attempt, input },
        isTold: waits <= maxWaitingLines,
      })
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

/** Calls an action once and says what came of it, which is all that is to be known of it. */
async function judge(
  run: LiveRun,
  within: Within,
  { asked, clock, keep }: Judging & { readonly asked: Attempt },
): Promise<Judged> {
  const { key, action, attempt } = asked
  const startedAtMs = clock.nowMs()
  const about = { step: key, action: action.kind, attempt, startedAtMs }
  run.with.observe?.('started', run.id, key)
  run.tell({
    ...{ ...about, seq: 0, kind: 'started', atMs: startedAtMs, input: action.input },
    ...{ output: undefined, error: undefined, dropped: false },
  })
  try {
    const refusal = run.refusals.get(key)
    run.refusals.delete(key)
    if (refusal !== undefined) throw refusal
    const outcome = await called(run, within, { ...asked, startedAtMs })
    run.with.observe?.('performed', run.id, key)
    const atMs = clock.nowMs()
    if (outcome.kind === 'untouched') {
      return { kind: 'interrupted', startedAtMs, atMs, reason: within.outer.reason ?? 'cancelled' }
    }
    if (outcome.kind === 'waiting') {
      const [reason, untilMs] = [keptReason(outcome.reason), atMs + waitOf(outcome.retryAfterMs)]
      return { kind: 'waiting', startedAtMs, atMs, reason, untilMs }
    }
    const text = keptJson(outcome.output, `the result of ${key}`)
    const along = outcome.writes
    if (along !== undefined) await keep?.(run.journal.idempotencyKeyOf(key), along)
    run.with.measures.step({ ...about, kind: 'completed', atMs })
    return { kind: 'done', startedAtMs, atMs, text, along: keep === undefined ? along : undefined }
  } catch (error) {
    const atMs = clock.nowMs()
    // Whatever it says, it was told to end: it is asked again, if at all.
    const reason = error instanceof Interrupted ? error.reason : within.scope.reason
    if (reason !== undefined) return { kind: 'interrupted', startedAtMs, atMs, reason }
    return failed(run, { ...about, atMs }, { asked, error })
  }
}

/** What a failure comes to: the action is tried again, or the workflow is given it. */
function failed(
  run: LiveRun,
  about: Omit<NewLine, 'kind'>,
  { asked, error }: { readonly asked: Attempt; readonly error: unknown },
): Judged {
  const { startedAtMs, atMs } = about
  const retry = asked.action.retry ?? defaultRetry
  const verdict =
    error instanceof WorkflowError && error.retry === 'never'
      ? ({ kind: 'failed' } as const)
      : afterFailure(error, asked.attempt, { retry, random: run.with.random() })
  if (verdict.kind === 'failed') {
    run.with.measures.step({ ...about, kind: 'failed' })
    return { kind: 'failed', startedAtMs, atMs, problem: problemOf(error, asked.key) }
  }
  run.with.measures.step({ ...about, kind: 'retrying' })
  const untilMs = atMs + verdict.pauseMs
  return { kind: 'again', startedAtMs, atMs, reason: keptReason(error), untilMs }
}

/** Journals what came of an attempt. */
function journal(
  run: LiveRun,
  { key, action, attempt, input }: Attempt,
  judged: Exclude<Judged, { kind: 'waiting' }>,
): void {
  const { startedAtMs, atMs } = judged
  const line = { step: key, action: action.kind, attempt, startedAtMs, atMs, input }
  if (judged.kind === 'done') {
    const { text, along } = judged
    const given = action.input === undefined ? {} : { input: action.input }
    run.line(
      { ...line, kind: 'completed', output: text },
      { output: JSON.parse(text) as Json, ...given, ...(along ? { along } : {}) },
    )
  } else if (judged.kind === 'failed') {
    run.line({ ...line, kind: 'failed', error: JSON.stringify(judged.problem) })
  } else if (judged.kind === 'again') {
    const { untilMs, reason } = judged
    run.journal.trouble(key, { failures: attempt, untilMs, reason })
    run.line({ ...line, kind: 'retrying', output: String(untilMs), error: reason })
  }
}

function noteWait(
  run: LiveRun,
  { startedAtMs, atMs, untilMs, reason }: Extract<Judged, { kind: 'waiting' | 'again' }>,
  { asked, isTold }: { readonly asked: Attempt; readonly isTold: boolean },
): void {
  const { key, action, attempt, input } = asked
  const known = run.journal.troubleOf(key)
  run.journal.trouble(key, { failures: attempt - 1, untilMs, reason })
  if (!isTold || known?.reason === reason) return
  const line = { step: key, action: action.kind, attempt, startedAtMs, atMs, input }
  run.line({ ...line, kind: 'waiting', output: String(untilMs), error: reason })
}

/** Calls an action, whose signal fires when it is to end; one that does not end in time is left to itself. */
function called(
  run: LiveRun,
  { scope, outer }: Within,
  { key, action, attempt, startedAtMs }: Attempt & { readonly startedAtMs: number },
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
      deadlineMs: Math.min(startedAtMs + timeoutMs, endOfLimits(run, outer)),
    }
    // A function that throws before its first pause fails like one that throws later.
    run.outside.add(new Promise<ActionOutcome>((done) => done(action.run(about)))).then(
      (outcome) => over(() => resolve(outcome)),
      (error: unknown) => over(() => reject(error)),
    )
  })
}

/** When the first of the sleeps that stop it ends; what is being undone, they stop no more. */
function endOfLimits({ journal }: LiveRun, { limits, reason }: Scope): number {
  if (reason !== undefined) return Number.POSITIVE_INFINITY
  return Math.min(
    ...limits.map((key) => Number(journal.get(key)?.output ?? Number.POSITIVE_INFINITY)),
  )
}
