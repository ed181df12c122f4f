/** Runs a list of tasks one after the other, as their flow directives say. */

import type { Json } from '../../base/json-rpc.ts'
import type { Compiler, Execute, ExecuteList, NamedTask } from './compiler.ts'
import { below, isMembers, type Members, memberOf, type Place, pointerOf } from './places.ts'
import { Directed, Ended } from './runtime.ts'

/** Where a directive leads that ends the workflow, or leaves the list. */
const end = -1
const exit = -2

interface Listed {
  readonly execute: Execute
  readonly suffix: string
  /** Place in the list of what follows; the list's length leaves it. */
  readonly next: number
}

/** A list's entries by name. */
export function namedTasks(entries: Json, plain = false): NamedTask[] {
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: Json) => {
    if (!isMembers(entry)) return []
    const [named] = Object.entries(entry)
    if (named === undefined || !isMembers(named[1])) return []
    return [{ name: named[0], definition: named[1] as Members, plain }]
  })
}

/** Compiles a list; `place` is that of the list. */
export function compileList(
  compiler: Compiler,
  tasks: readonly NamedTask[],
  place: Place,
): ExecuteList {
  const execute = compileLeavableList(compiler, tasks, place)
  return async (frame, raw, key) => {
    const result = await execute(frame, raw, key)
    return result instanceof Directed ? result.output : result
  }
}

/** The same where whoever runs it wants to know whether it was left by `exit`: it then gives a `Directed`. */
export function compileLeavableList(
  compiler: Compiler,
  tasks: readonly NamedTask[],
  place: Place,
): Execute {
  const places = new Map<string, number>()
  for (const [at, { name }] of tasks.entries()) if (!places.has(name)) places.set(name, at)
  const target = (directive: string, at: number): number | undefined => {
    if (directive === 'continue') return at + 1
    if (directive === 'exit') return exit
    if (directive === 'end') return end
    return places.get(directive)
  }
  const check = (directive: Json | undefined, at: number, where: Place): number => {
    const next = target(typeof directive === 'string' ? directive : 'continue', at)
    if (next !== undefined) return next
    const known = ['continue', 'exit', 'end', ...places.keys()].join(', ')
    const message = `goes to "${String(directive)}", which is no task of the same list; right is one of ${known}`
    compiler.problems.push({ pointer: where.pointer, message })
    return end
  }
  let loops = false
  const listed = tasks.map((task, at): Listed => {
    const own = below(place, at, task.name)
    const next = check(task.definition.then, at, below(own, 'then'))
    loops ||= next >= 0 && next <= at
    for (const [index, { name, definition }] of namedTasks(
      task.definition.switch ?? [],
    ).entries()) {
      const where = below(own, 'switch', index, name, 'then')
      const leads = check(memberOf(definition, 'then'), at, where)
      loops ||= leads >= 0 && leads <= at
    }
    return { execute: compiler.task(task, own), suffix: pointerOf([at, task.name]), next }
  })
  return runner(listed, loops, (directive, at) => target(directive, at) ?? end)
}

function runner(
  listed: readonly Listed[],
  loops: boolean,
  target: (directive: string, at: number) => number,
): Execute {
  return async (frame, raw, key) => {
    const visits = loops ? new Map<number, number>() : undefined
    let data = raw
    let at = 0
    while (at < listed.length) {
      const { execute, suffix, next } = listed[at] as Listed
      const visit = (visits?.get(at) ?? 0) + 1
      visits?.set(at, visit)
      const result = await execute(frame, data, key + suffix + (visit > 1 ? `#visit/${visit}` : ''))
      if (result instanceof Ended) return result
      const leads = result instanceof Directed ? target(result.directive, at) : next
      data = result instanceof Directed ? result.output : result
      if (leads === end) return new Ended(data)
      if (leads === exit) return new Directed(data, 'exit')
      at = leads
    }
    return data
  }
}
