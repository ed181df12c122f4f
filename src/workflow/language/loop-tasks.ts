/** Compiles the tasks that run other tasks several times or at the same time: `for` and `fork`. */

import type { DurableContext } from '../durable-context.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { Body, Compiler, Execute } from './compiler.ts'
import { below, knowing, type Members, memberOf, type Place, pointerOf } from './places.ts'
import {
  type Data,
  Directed,
  Ended,
  type Frame,
  overLimit,
  type Result,
  type Strand,
} from './runtime.ts'
import { namedTasks } from './task-list.ts'

/** Most branches of one fork, and most items of one loop. */
const maxBranches = 100
const maxIterations = 10_000

/** `for`: the output of one iteration is the input of the next. */
export function compileFor(compiler: Compiler, definition: Members, place: Place): Body {
  const { expressions } = compiler
  const { for: loop } = definition
  const each = String(memberOf(loop, 'each') ?? 'item')
  const at = String(memberOf(loop, 'at') ?? 'index')
  const inner = knowing(place, each, at)
  const items = expressions.bare(String(memberOf(loop, 'in')), below(place, 'for', 'in'), true)
  const goesOn =
    typeof definition.while === 'string'
      ? expressions.condition(definition.while, below(inner, 'while'))
      : undefined
  const list = compiler.list(definition.do ?? [], below(inner, 'do'))
  return async (scope, key) => {
    const { frame, input } = scope
    let data = input
    for (const [index, item] of listOf(items(input, scope)).entries()) {
      const locals = { ...frame.locals, [each]: item, [at]: index }
      const own: Frame = { ...frame, locals, depth: frame.depth + 1 }
      if (goesOn !== undefined && !goesOn(data, { ...scope, frame: own })) break
      const result = await list(own, data, `${key}#for/${index}/do`)
      if (result instanceof Ended) return result
      data = result
    }
    return data
  }
}

function listOf(value: Data): readonly Data[] {
  if (!Array.isArray(value)) {
    const detail = `"for.in" gave ${value === null ? 'null' : `a ${typeof value}`}, which is no list`
    throw new WorkflowError({ type: 'expression', title: 'No list', detail })
  }
  if (value.length <= maxIterations) return value
  throw overLimit(
    `the loop has ${value.length} items, over the limit of ${maxIterations}; go through them in parts, each a run of its own`,
  )
}

/** `fork`: all outputs in the order of the branches, or that of the branch which ends first. */
export function compileFork(compiler: Compiler, definition: Members, place: Place): Body {
  const { fork } = definition
  const where = below(place, 'fork', 'branches')
  const named = namedTasks(memberOf(fork, 'branches') ?? [])
  if (named.length > maxBranches) {
    const message = `has ${named.length} branches, over the limit of ${maxBranches}`
    compiler.problems.push({ pointer: where.pointer, message })
  }
  const branches = named.map((task, at) => ({
    execute: compiler.task(task, below(where, at, task.name)),
    suffix: `/fork/branches${pointerOf([at, task.name])}`,
  }))
  const competes = memberOf(fork, 'compete') === true
  return async ({ frame, input }, key) => {
    const strands = branches.map((): Strand => ({ ...frame.strand, undo: [] }))
    const runs = branches.map(({ execute, suffix }, at) => (durable: DurableContext) => {
      const strand = strands[at] as Strand
      return branch(execute, { ...frame, durable, strand, depth: frame.depth + 1 }, [
        input,
        key + suffix,
      ])
    })
    try {
      if (!competes) return joined(await frame.durable.all(`${key}#fork`, runs), frame, strands)
      if (runs.length === 0) return input
      const { index, value } = await frame.durable.race(`${key}#fork`, runs)
      frame.strand.context = (strands[index] as Strand).context
      return value
    } finally {
      for (const { undo } of strands) frame.strand.undo.push(...undo)
    }
  }
}

async function branch(
  execute: Execute,
  frame: Frame,
  [raw, key]: readonly [Data, string],
): Promise<Result> {
  const result = await execute(frame, raw, key)
  if (!(result instanceof Directed)) return result
  return result.directive === 'end' ? new Ended(result.output) : result.output
}

/** Contexts are taken over in the order of the branches, so that it does not matter which ended last. */
function joined(results: readonly Result[], frame: Frame, strands: readonly Strand[]): Result {
  const before = frame.strand.context
  for (const { context } of strands) if (context !== before) frame.strand.context = context
  const ended = results.find((one) => one instanceof Ended)
  return ended ?? (results as readonly Data[])
}
