/** Compiles a whole definition to closures over a durable context. */

import type { Json } from '../../base/json-rpc.ts'
import { compileCall } from './call.ts'
import type { Body, Compiler, Execute, LanguageOptions, NamedTask } from './compiler.ts'
import { durationMs, neededMs } from './durations.ts'
import { compileEmit, compileListen } from './event-tasks.ts'
import { Expressions } from './expressions.ts'
import { compileFor, compileFork } from './loop-tasks.ts'
import { below, isMembers, type Members, memberOf, type Place, type Problem } from './places.ts'
import { compileRunTask } from './run-task.ts'
import { Directed } from './runtime.ts'
import { compileDo, compileRaise, compileSet, compileSwitch, compileWait } from './simple-tasks.ts'
import { compileTask } from './task.ts'
import { compileList, namedTasks } from './task-list.ts'
import { compileTry } from './try-task.ts'

type CompileBody = (compiler: Compiler, definition: Members, place: Place) => Body

/** How each kind of task is compiled; the first member that a task has decides. */
const kinds: readonly (readonly [string, CompileBody])[] = [
  ['set', compileSet],
  ['switch', compileSwitch],
  ['call', compileCall],
  ['wait', compileWait],
  ['raise', compileRaise],
  ['for', compileFor],
  ['fork', compileFork],
  ['try', compileTry],
  ['emit', compileEmit],
  ['listen', compileListen],
  ['run', compileRunTask],
  ['do', compileDo],
]

/** Most tasks of a definition; those of extensions count once for each task that they extend. */
const maxTasks = 1_000

/** Names of the kinds of tasks. */
const taskKinds = kinds.map(([kind]) => kind)

/** The parts of the compiler for one definition; problems are collected in it. */
export function createCompiler(document: Members, options: LanguageOptions): Compiler {
  const problems: Problem[] = []
  const use = memberOf(document, 'use')
  const functions = new Map<string, Execute | undefined>()
  let tasks = 0
  const compiler: Compiler = {
    ...{ options, problems, listens: [], use: isMembers(use) ? use : {} },
    expressions: new Expressions(memberOf(document.evaluate, 'mode') === 'loose', problems),
    list: (entries, place) => compileList(compiler, namedTasks(entries), place),
    task: (task, place) => {
      tasks += 1
      if (tasks <= maxTasks) return compileNamed(compiler, task, place)
      const message = `has more than ${maxTasks} tasks, which is the limit`
      if (tasks === maxTasks + 1) problems.push({ pointer: '/do', message })
      return async (_frame, raw) => raw
    },
    custom: (name) => compileFunction(compiler, name, functions),
    duration: (value, place) => {
      const { pointer } = place
      const ms = durationMs(value)
      if (ms !== undefined) return () => ms
      if (typeof value !== 'string' || !value.includes('${')) {
        const message = 'is no duration; right is {"seconds": 5} or ISO 8601 such as "PT5S"'
        problems.push({ pointer, message })
      }
      const evaluate = compiler.expressions.bare(String(value), place)
      return (data, scope) => neededMs(evaluate(data, scope), pointer)
    },
  }
  return compiler
}

function compileNamed(compiler: Compiler, task: NamedTask, place: Place): Execute {
  const kind = kinds.find(([name]) => task.definition[name] !== undefined)
  if (kind === undefined) {
    const message = `is no task: it has none of ${taskKinds.join(', ')}`
    compiler.problems.push({ pointer: place.pointer, message })
    return async (_frame, raw) => raw
  }
  const inner = task.compiler ?? compiler
  const body = kind[1](inner, task.definition, place)
  return compileTask(inner, task, { ...place, body })
}

/** A custom function; one that calls itself is compiled when it is first run. */
function compileFunction(
  compiler: Compiler,
  name: string,
  known: Map<string, Execute | undefined>,
): Execute | undefined {
  if (known.has(name)) return known.get(name)
  const own = memberOf(compiler.use.functions, name)
  const definition: Json | undefined = own ?? compiler.options.catalog?.(name)
  if (!isMembers(definition)) return undefined
  const task = { name, definition }
  let compiled: Execute | undefined
  known.set(name, async (frame, raw, key) => {
    const result = await (compiled as Execute)(frame, raw, key)
    return result instanceof Directed ? result.output : result
  })
  const place = { pointer: '', variables: [] }
  compiled = compileNamed(compiler, task, below(place, 'use', 'functions', name))
  return known.get(name)
}
