/** Compiles `try`: which errors are caught, how the tasks are tried again, what is done instead. */

import type { Json } from '../../base/json-rpc.ts'
import { type Problem, problemOf, WorkflowError } from '../workflow-error.ts'
import type { Body, Compiler, ExecuteList } from './compiler.ts'
import { below, isMembers, knowing, type Members, memberOf, type Place } from './places.ts'
import type { Data, Result, Scope } from './runtime.ts'
import { withinTime } from './task.ts'

type Condition = (data: Data, scope: Scope) => boolean
type Duration = (data: Data, scope: Scope) => number

/** When and after which pause tasks are tried again. */
interface Retry {
  readonly when: Condition | undefined
  readonly exceptWhen: Condition | undefined
  readonly delay: Duration | undefined
  readonly backoff: 'constant' | 'linear' | 'exponential'
  /** Retries after the first try. */
  readonly count: number | undefined
  readonly attemptMs: Duration | undefined
  readonly wholeMs: Duration | undefined
  readonly jitter: { readonly from: Duration; readonly to: Duration } | undefined
}

interface Catch {
  readonly filter: Members | undefined
  readonly as: string
  readonly when: Condition | undefined
  readonly exceptWhen: Condition | undefined
  readonly retry: Retry | undefined
  readonly instead: ExecuteList | undefined
}

/** When the first failure was; it stands for the start, which would else cost a line of each run that succeeds. */
interface Since {
  ms: number | undefined
}

/** Most retries where the policy names no limit of its own. */
const maxRetries = 1_000

/** `try`. */
export function compileTry(compiler: Compiler, definition: Members, place: Place): Body {
  const tasks = compiler.list(definition.try ?? [], below(place, 'try'))
  const caught = compileCatch(compiler, definition.catch ?? {}, below(place, 'catch'))
  return async (scope, key) => {
    const since: Since = { ms: undefined }
    for (let tried = 0; ; tried += 1) {
      const own = tried === 0 ? key : `${key}#retry/${tried}`
      try {
        return await attempt(tasks, { scope, caught, key: own })
      } catch (error) {
        if (!(error instanceof WorkflowError)) throw error
        const problem = problemOf(error, scope.task?.pointer)
        const inside = withError(scope, caught.as, problem)
        if (!catches(caught, problem, inside)) throw error
        if (await again(caught.retry, { scope: inside, key, tried, since })) continue
        if (caught.instead !== undefined) {
          return caught.instead(inside.frame, scope.input, `${key}/catch/do`)
        }
        if (caught.retry !== undefined) throw error
        return scope.input
      }
    }
  }
}

function attempt(
  tasks: ExecuteList,
  { scope, caught, key }: { readonly scope: Scope; readonly caught: Catch; readonly key: string },
): Promise<Result> {
  const { frame, input } = scope
  const deeper = { ...frame, depth: frame.depth + 1 }
  const ms = caught.retry?.attemptMs?.(input, scope)
  if (ms === undefined) return tasks(deeper, input, `${key}/try`)
  return withinTime(frame.durable, { key: `${key}/try`, ms, what: 'the attempt' }, (durable) =>
    tasks({ ...deeper, durable }, input, `${key}/try`),
  )
}

function withError(scope: Scope, as: string, problem: Problem): Scope {
  const { frame } = scope
  const locals = { ...frame.locals, [as]: { ...problem } as Data }
  return { ...scope, frame: { ...frame, locals, depth: frame.depth + 1 } }
}

function catches({ filter, when, exceptWhen }: Catch, problem: Problem, scope: Scope): boolean {
  if (filter !== undefined && !fits(filter, problem)) return false
  if (when !== undefined && !when(scope.input, scope)) return false
  return exceptWhen === undefined || !exceptWhen(scope.input, scope)
}

function fits(filter: Members, problem: Problem): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === 'type') return standardType(String(wanted)) === standardType(problem.type)
    if (name === 'details' || name === 'detail') return problem.detail === wanted
    return (problem as unknown as Members)[name] === wanted
  })
}

/** The two ways in which the specification writes its own types are one. */
function standardType(type: string): string {
  return type
    .replace(/^https:\/\/serverlessworkflow\.io(\.io)?\/dsl\/errors\/types\//, 'standard:')
    .replace(/^https:\/\/serverlessworkflow\.io\/spec\/\d+\.\d+\.\d+\/errors\//, 'standard:')
}

/** Whether the tasks are to be tried again; then the pause is over. */
async function again(
  retry: Retry | undefined,
  {
    scope,
    key,
    tried,
    since,
  }: { readonly scope: Scope; readonly key: string; readonly tried: number; readonly since: Since },
): Promise<boolean> {
  if (retry === undefined || tried >= (retry.count ?? maxRetries)) return false
  const { input, frame } = scope
  if (retry.when !== undefined && !retry.when(input, scope)) return false
  if (retry.exceptWhen?.(input, scope) === true) return false
  const own = `${key}#retry/${tried + 1}`
  const { durable } = frame
  const delayMs = (retry.delay?.(input, scope) ?? 0) * factor(retry.backoff, tried)
  const pauseMs = delayMs + (await jitterMs(retry, scope, own))
  const wholeMs = retry.wholeMs?.(input, scope)
  if (wholeMs !== undefined) {
    const nowMs = await durable.now(`${own}/now`)
    since.ms ??= nowMs
    if (nowMs + pauseMs - since.ms > wholeMs) return false
  }
  await durable.sleep(`${own}/delay`, pauseMs)
  return true
}

function factor(backoff: Retry['backoff'], tried: number): number {
  if (backoff === 'linear') return tried + 1
  return backoff === 'exponential' ? 2 ** Math.min(tried, 30) : 1
}

async function jitterMs({ jitter }: Retry, scope: Scope, key: string): Promise<number> {
  if (jitter === undefined) return 0
  const from = jitter.from(scope.input, scope)
  const to = jitter.to(scope.input, scope)
  return Math.round(from + (to - from) * (await scope.frame.durable.random(`${key}/jitter`)))
}

function compileCatch(compiler: Compiler, definition: Json, place: Place): Catch {
  const filter = memberOf(memberOf(definition, 'errors'), 'with')
  const as = String(memberOf(definition, 'as') ?? 'error')
  const inner = knowing(place, as)
  const tasks = memberOf(definition, 'do')
  return {
    filter: isMembers(filter) ? filter : undefined,
    as,
    ...conditions(compiler, definition, inner),
    retry: compileRetry(compiler, memberOf(definition, 'retry'), below(inner, 'retry')),
    instead: tasks === undefined ? undefined : compiler.list(tasks, below(inner, 'do')),
  }
}

function conditions(
  { expressions }: Compiler,
  definition: Json | undefined,
  place: Place,
): { when: Condition | undefined; exceptWhen: Condition | undefined } {
  const one = (name: string) => {
    const text = memberOf(definition, name)
    return typeof text === 'string' ? expressions.condition(text, below(place, name)) : undefined
  }
  return { when: one('when'), exceptWhen: one('exceptWhen') }
}

function compileRetry(
  compiler: Compiler,
  value: Json | undefined,
  place: Place,
): Retry | undefined {
  if (value === undefined) return undefined
  const policy = typeof value === 'string' ? memberOf(compiler.use.retries, value) : value
  if (!isMembers(policy)) {
    const known = Object.keys(compiler.use.retries ?? {}).join(', ') || 'none'
    const message = `"${String(value)}" is no retry policy of use.retries; known: ${known}`
    compiler.problems.push({ pointer: place.pointer, message })
    return undefined
  }
  const duration = (holder: Json | undefined, ...names: readonly string[]) => {
    const [last] = names.slice(-1)
    const found = memberOf(holder, String(last))
    return found === undefined ? undefined : compiler.duration(found, below(place, ...names))
  }
  const { limit, jitter } = policy
  const count = memberOf(memberOf(limit, 'attempt'), 'count')
  const from = duration(jitter, 'jitter', 'from')
  const to = duration(jitter, 'jitter', 'to')
  const kinds = ['constant', 'linear', 'exponential'] as const
  return {
    ...conditions(compiler, policy, place),
    delay: duration(policy, 'delay'),
    backoff: kinds.find((kind) => memberOf(policy.backoff, kind) !== undefined) ?? 'constant',
    count: typeof count === 'number' ? count : undefined,
    attemptMs: duration(memberOf(limit, 'attempt'), 'limit', 'attempt', 'duration'),
    wholeMs: duration(limit, 'limit', 'duration'),
    jitter: from === undefined || to === undefined ? undefined : { from, to },
  }
}
