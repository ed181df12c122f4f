/** Runs a compiled workflow from its input to its output, and undoes what it did when it fails. */

import type { Json } from '../../base/json-rpc.ts'
import { type DurableContext, Interrupted } from '../durable-context.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import type { Compiler, ExecuteList } from './compiler.ts'
import { exactEvents } from './exact-events.ts'
import type { Members } from './places.ts'
import { type Data, Ended, type Frame, plainJson, type Run, scopeOf, type Undo } from './runtime.ts'
import { Secrets } from './secrets.ts'
import { compileTimeout, filtersOf, withinTime } from './task.ts'

const runtime = { name: 'quantumstream', version: '0.1.0' }

/** Compiles the run of a definition; problems go to the compiler. */
export function compileRun(
  compiler: Compiler,
  definition: Members,
): (context: DurableContext, input: Json) => Promise<Json> {
  const place = { pointer: '', variables: [] }
  const list = compiler.list(definition.do ?? [], { pointer: '/do', variables: [] })
  const filters = filtersOf(compiler, definition, place)
  const timeout = compileTimeout(compiler, definition.timeout, {
    pointer: '/timeout',
    variables: [],
  })
  const { secrets } = compiler.use
  const names = Array.isArray(secrets) ? secrets.map(String) : []
  const source = compiler.options.secrets ?? (async () => undefined)
  return async (durable, input) => {
    const exact = exactEvents(input)
    const run: Run = {
      ...{ instanceId: durable.instanceId, startedAtMs: durable.startedAtMs },
      ...{
        definition,
        input: exact,
        runtime: { ...(compiler.options.runtime ?? runtime), metadata: {} },
      },
      ...{ secrets: new Secrets(names, source), visits: 0 },
    }
    await run.secrets.load()
    const strand = { context: null as Data, life: undefined, undo: [] as Undo[] }
    const frame = { run, durable, strand, locals: {}, depth: 0, compensating: false }
    try {
      const scope = scopeOf(frame, undefined, exact)
      filters.checkInput?.(exact)
      const first = filters.from === undefined ? exact : filters.from(exact, scope)
      strand.context = first
      scope.input = first
      const result = await limited(list, { frame, first, ms: timeout?.(first, scope) })
      const last = result instanceof Ended ? result.output : result
      const output = filters.as === undefined ? last : filters.as(last, scope)
      filters.checkOutput?.(output)
      const given = run.secrets.redacted(plainJson(output))
      await durable.end()
      return given
    } catch (error) {
      throw await undone(error, frame)
    }
  }
}

async function limited(
  list: ExecuteList,
  {
    frame,
    first,
    ms,
  }: { readonly frame: Frame; readonly first: Data; readonly ms: number | undefined },
): Promise<Data | Ended> {
  if (ms === undefined) return list(frame, first, '/do')
  return withinTime(frame.durable, { key: '', ms, what: 'the workflow' }, (durable) =>
    list({ ...frame, durable }, first, '/do'),
  )
}

/**
 * Compensates what was done last first, and gives the error with which the run ends. What cannot be compensated stands in
 * the journal as the failure of its step, and does not keep the rest from being undone.
 */
async function undone(error: unknown, frame: Frame): Promise<unknown> {
  const interrupted = error instanceof Interrupted && error.reason !== 'branch-stopped'
  if (!interrupted && !(error instanceof WorkflowError)) return error
  const why = interrupted ? { reason: error.reason } : problemOf(error)
  for (const one of lastFirst(frame)) {
    try {
      await one.undo(frame.durable.sheltered, why as Json)
    } catch (problem) {
      if (!(problem instanceof WorkflowError)) throw problem
    }
  }
  return interrupted ? error : placed(error as WorkflowError)
}

/** What is to be undone, by the journal's order; a task that is no line itself stands where the line before it does. */
function lastFirst({ strand, durable }: Frame): readonly Undo[] {
  let place = 0
  const ordered = strand.undo.map((one) => {
    place = durable.order(one.key) ?? place
    return { one, place }
  })
  return ordered
    .filter((one) => one.place >= durable.undoneFrom)
    .toReversed()
    .sort((a, b) => b.place - a.place)
    .map(({ one }) => one)
}

/** The error with a place: the whole workflow where it names none. */
function placed(error: WorkflowError): WorkflowError {
  if (error.problem.instance !== undefined) return error
  return new WorkflowError({ ...problemOf(error, '/'), cause: error })
}
