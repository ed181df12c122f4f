/** Compiles a task: its condition, filters, schemas, time limit, extensions and compensation around what it does. */

import type { Json } from '../../base/json-rpc.ts'
import { type AwaitedLife, type DurableContext, Interrupted } from '../durable-context.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import type { Body, Compiler, Execute, ExecuteList, NamedTask } from './compiler.ts'
import type { Evaluate } from './expressions.ts'
import { extended } from './extensions.ts'
import { below, isMembers, knowing, memberOf, type Place } from './places.ts'
import {
  countVisit,
  type Data,
  Directed,
  Ended,
  type Frame,
  plainJson,
  type Scope,
  scopeOf,
  type TaskFacts,
  type TaskResult,
} from './runtime.ts'
import { compileSchema } from './schemas.ts'

const lives: readonly AwaitedLife[] = ['pending', 'confirmed', 'safe', 'finalized']

/** Task kinds that reach outside, and so await the starting event's life though nothing says so. */
const reaching = ['call', 'emit', 'run']
/** Calls that send transactions, and so await more of it. */
const sending = ['evm.send', 'evm.deploy', 'oracle.answer']

/** What a task is compiled into. */
interface Compiled extends Filters {
  readonly facts: TaskFacts
  readonly body: Body
  readonly when: ((data: Data, scope: Scope) => boolean) | undefined
  readonly timeout: ((data: Data, scope: Scope) => number) | undefined
  readonly life: AwaitedLife | undefined
  readonly undo: ExecuteList | undefined
  /** Whether an expression asks when the task started, which must then be journaled. */
  readonly timed: boolean
}

interface Filters {
  readonly from: Evaluate | undefined
  readonly as: Evaluate | undefined
  readonly exportAs: Evaluate | undefined
  readonly checkInput: Check | undefined
  readonly checkOutput: Check | undefined
  readonly checkContext: Check | undefined
}

type Check = (data: Data) => void

/** Compiles a task around its body. */
export function compileTask(
  compiler: Compiler,
  { name, definition, plain = false }: NamedTask,
  place: Place & { readonly body: Body },
): Execute {
  const { expressions } = compiler
  const condition = definition.if
  const metadata = memberOf(definition, 'metadata')
  const compensate = memberOf(metadata, 'compensate')
  const text = JSON.stringify(definition)
  const task: Compiled = {
    facts: { name, pointer: place.pointer, definition },
    body: place.body,
    when:
      typeof condition === 'string'
        ? expressions.condition(condition, below(place, 'if'))
        : undefined,
    ...filtersOf(compiler, definition, place),
    timeout: compileTimeout(compiler, definition.timeout, below(place, 'timeout')),
    life: lifeOf(compiler, definition, place),
    undo: compensate === undefined ? undefined : compileUndo(compiler, compensate, place),
    timed: /\$task\b(?!\.(?!startedAt))/.test(text),
  }
  const execute = observed(compiler, task.facts, (frame, raw, key) =>
    executeTask(task, frame, raw, key),
  )
  return plain ? execute : extended(compiler, execute, task.facts)
}

/** The task where whoever asked for it is told what becomes of it. */
function observed({ options }: Compiler, { pointer }: TaskFacts, execute: Execute): Execute {
  const { observe } = options
  if (observe === undefined) return execute
  return async (frame, raw, key) => {
    try {
      const result = await execute(frame, raw, key)
      const ended = result instanceof Ended || result instanceof Directed
      observe(pointer, { kind: 'completed', output: plainJson(ended ? result.output : result) })
      return result
    } catch (error) {
      if (error instanceof WorkflowError)
        observe(pointer, { kind: 'failed', problem: problemOf(error) })
      else if (error instanceof Interrupted) observe(pointer, { kind: 'cancelled' })
      throw error
    }
  }
}

/** The filters and schemas of a task or of the whole workflow. */
export function filtersOf(
  { expressions, problems, options }: Compiler,
  definition: { readonly [name: string]: Json },
  place: Place,
): Filters {
  const filter = (member: string, name: string) => {
    const value = memberOf(definition[member], name)
    return value === undefined ? undefined : expressions.filter(value, below(place, member, name))
  }
  const check = (member: string, what: string) => {
    const schema = memberOf(definition[member], 'schema')
    if (schema === undefined) return undefined
    const { elsewhere } = options
    const at = below(place, member, 'schema')
    return compileSchema(schema, { what, place: at, problems, elsewhere })
  }
  return {
    from: filter('input', 'from'),
    as: filter('output', 'as'),
    exportAs: filter('export', 'as'),
    checkInput: check('input', 'the input'),
    checkOutput: check('output', 'the output'),
    checkContext: check('export', 'the exported context'),
  }
}

/** A time limit, inline or by the name that `use.timeouts` gives it. */
export function compileTimeout(
  compiler: Compiler,
  value: Json | undefined,
  place: Place,
): ((data: Data, scope: Scope) => number) | undefined {
  if (value === undefined) return undefined
  const named = typeof value === 'string'
  const timeout = named ? memberOf(compiler.use.timeouts, value) : value
  if (timeout === undefined) {
    const known = Object.keys(compiler.use.timeouts ?? {}).join(', ') || 'none'
    const message = `"${String(value)}" is no timeout of use.timeouts; known: ${known}`
    compiler.problems.push({ pointer: place.pointer, message })
    return undefined
  }
  return compiler.duration(
    memberOf(timeout, 'after') ?? null,
    named ? place : below(place, 'after'),
  )
}

function lifeOf(
  { problems }: Compiler,
  definition: { readonly [name: string]: Json },
  place: Place,
): AwaitedLife | undefined {
  const at = memberOf(definition.metadata, 'at')
  if (at === undefined) {
    if (!reaching.some((kind) => definition[kind] !== undefined)) return undefined
    return sending.includes(String(definition.call)) ? 'finalized' : 'confirmed'
  }
  if (lives.includes(at as AwaitedLife)) return at as AwaitedLife
  const message = `is ${JSON.stringify(at)}; right is one of ${lives.join(', ')}`
  problems.push({ pointer: below(place, 'metadata', 'at').pointer, message })
  return undefined
}

function compileUndo(compiler: Compiler, compensate: Json, place: Place): ExecuteList {
  const where = knowing(below(place, 'metadata', 'compensate'), 'compensated', 'error')
  const entries = Array.isArray(compensate) ? compensate : [compensate]
  const bad = entries.some(
    (entry) =>
      !isMembers(entry) || Object.keys(entry).length !== 1 || !isMembers(Object.values(entry)[0]),
  )
  if (bad || entries.length === 0) {
    const message =
      'must be a list of tasks, each an object of one name, such as [{"undo": {"call": …}}]'
    compiler.problems.push({ pointer: where.pointer, message })
  }
  return compiler.list(
    entries.map((entry) => entry as Json),
    where,
  )
}

async function executeTask(
  task: Compiled,
  frame: Frame,
  raw: Data,
  key: string,
): Promise<TaskResult> {
  countVisit(frame)
  const scope = scopeOf(frame, task.facts, raw)
  try {
    if (task.timed) scope.startedAtMs = await frame.durable.now(`${key}#started`)
    if (task.when !== undefined && !task.when(raw, scope)) return new Directed(raw, 'continue')
    frame.durable.at(task.facts.pointer)
    task.checkInput?.(raw)
    scope.input = task.from === undefined ? raw : task.from(raw, scope)
    await awaitLife(task, frame, key)
    const result = await bounded(task, scope, key)
    if (result instanceof Ended) return result
    const output = finished(task, scope, result instanceof Directed ? result.output : result)
    if (task.undo !== undefined) frame.strand.undo.push(undoOf(task.undo, scope, key))
    if (!(result instanceof Directed)) return output
    return result.directive === 'end' ? new Ended(output) : new Directed(output, result.directive)
  } catch (error) {
    throw located(error, task.facts.pointer)
  }
}

async function awaitLife({ life }: Compiled, frame: Frame, key: string): Promise<void> {
  const { strand, durable } = frame
  if (life === undefined || frame.compensating) return
  const wanted = Math.max(rankOf(life), rankOf(strand.owedLife))
  if (rankOf(strand.life) >= wanted) return
  const isReached = await durable.reached(key, lives[wanted] as AwaitedLife)
  strand[isReached ? 'life' : 'owedLife'] = lives[wanted]
}

const rankOf = (life: AwaitedLife | undefined) => (life === undefined ? -1 : lives.indexOf(life))

function bounded(task: Compiled, scope: Scope, key: string): Promise<TaskResult> | TaskResult {
  if (task.timeout === undefined) return task.body(scope, key)
  const ms = task.timeout(scope.input, scope)
  return withinTime(
    scope.frame.durable,
    { key, ms, what: `the task "${task.facts.name}"` },
    (durable) => task.body({ ...scope, frame: { ...scope.frame, durable } }, key),
  )
}

/** Runs something for at most so long. @throws WorkflowError `timeout` */
export async function withinTime<T>(
  durable: DurableContext,
  { key, ms, what }: { readonly key: string; readonly ms: number; readonly what: string },
  run: (durable: DurableContext) => Promise<T> | T,
): Promise<T> {
  const after = `${key}#timeout/after`
  const branches = [
    async (branch: DurableContext) => run(branch),
    async (branch: DurableContext) => {
      await branch.sleep(after, ms)
      return undefined
    },
  ]
  const { index, value } = await durable.race<T | undefined>(`${key}#timeout`, branches, after)
  if (index === 0) return value as T
  const detail = `${what} did not end within ${ms} ms`
  throw new WorkflowError({ type: 'timeout', title: 'Timed out', detail })
}

function finished(task: Compiled, scope: Scope, raw: Data): Data {
  const { strand } = scope.frame
  scope.rawOutput = raw
  const output = task.as === undefined ? raw : task.as(raw, scope)
  task.checkOutput?.(output)
  scope.output = output
  if (task.exportAs !== undefined) {
    const context = task.exportAs(output, scope)
    task.checkContext?.(context)
    strand.context = context
  }
  return output
}

function undoOf(run: ExecuteList, scope: Scope, key: string) {
  const { frame, task, rawOutput = null, output = null, input } = scope
  return {
    key,
    pointer: task?.pointer ?? '',
    async undo(durable: DurableContext, error: Json): Promise<void> {
      const compensated = {
        ...{ name: task?.name ?? '', reference: task?.pointer ?? '' },
        ...{ input, output: rawOutput },
      }
      const strand = { ...frame.strand, undo: [] }
      const locals = { ...frame.locals, compensated, error }
      await run(
        { ...frame, durable, strand, locals, compensating: true },
        output,
        `${key}#compensate`,
      )
    },
  }
}

/** A workflow's error with the place that it comes from; anything else as it is. */
function located(error: unknown, pointer: string): unknown {
  if (!(error instanceof WorkflowError) || error.problem.instance !== undefined) return error
  const { retry } = error
  return new WorkflowError({ ...problemOf(error, pointer), retry, cause: error.cause })
}
