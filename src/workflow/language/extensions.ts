/** Runs the tasks that extensions put before and after other tasks. */

import type { Compiler, Execute } from './compiler.ts'
import { below, isMembers, memberOf, type Place } from './places.ts'
import {
  type Data,
  Directed,
  Ended,
  type Frame,
  type Scope,
  scopeOf,
  type TaskFacts,
} from './runtime.ts'
import { compileLeavableList, compileList, namedTasks } from './task-list.ts'

interface Extension {
  readonly key: string
  readonly when: ((data: Data, scope: Scope) => boolean) | undefined
  readonly before: Execute | undefined
  readonly after: Execute | undefined
}

/** Kinds of tasks that `composite` means. */
const composites = ['do', 'fork']

/** The task with the extensions around it that apply to its kind. */
export function extended(compiler: Compiler, execute: Execute, facts: TaskFacts): Execute {
  const { extensions } = compiler.use
  if (!Array.isArray(extensions)) return execute
  const own = extensions
    .map((entry, at) => compileExtension(compiler, entry, { at, facts }))
    .filter((one) => one !== undefined)
  return own.reduce((inner, extension) => around(extension, inner, facts), execute)
}

function compileExtension(
  compiler: Compiler,
  entry: unknown,
  { at, facts }: { readonly at: number; readonly facts: TaskFacts },
): Extension | undefined {
  const [named] = isMembers(entry) ? Object.entries(entry) : []
  if (named === undefined) return undefined
  const [name, definition] = named
  if (!applies(memberOf(definition, 'extend'), facts)) return undefined
  const place: Place = below({ pointer: '', variables: [] }, 'use', 'extensions', at, name)
  const when = memberOf(definition, 'when')
  const list = (member: string) => {
    const entries = memberOf(definition, member)
    if (entries === undefined) return undefined
    return compileLeavableList(plainly(compiler), namedTasks(entries, true), below(place, member))
  }
  return {
    key: `#extension/${name}`,
    when:
      typeof when === 'string'
        ? compiler.expressions.condition(when, below(place, 'when'))
        : undefined,
    before: list('before'),
    after: list('after'),
  }
}

/** A compiler for tasks of extensions, which no extension extends, however deep they lie. */
function plainly(compiler: Compiler): Compiler {
  const plain: Compiler = {
    ...compiler,
    list: (entries, place) => compileList(plain, namedTasks(entries, true), place),
    task: (task, place) => compiler.task({ ...task, plain: true, compiler: plain }, place),
  }
  return plain
}

function applies(extend: unknown, { definition }: TaskFacts): boolean {
  const kinds = isMembers(definition) ? Object.keys(definition) : []
  if (extend === 'all') return true
  // A `for` has a `do` beside it, which makes it no sequence.
  if (extend === 'composite') {
    return !kinds.includes('for') && composites.some((kind) => kinds.includes(kind))
  }
  return typeof extend === 'string' && kinds.includes(extend)
}

/**
 * The tasks before see the raw input, those after the output; what they give is dropped, except that an `exit` before
 * leaves the extended task out and gives what its task gave.
 */
function around(
  { key: mark, when, before, after }: Extension,
  inner: Execute,
  facts: TaskFacts,
): Execute {
  return async (frame, raw, key) => {
    const scope = scopeOf(frame, facts, raw)
    if (when !== undefined && !when(raw, scope)) return inner(frame, raw, key)
    const within = (): Frame => ({ ...frame, extended: scope, depth: frame.depth + 1 })
    if (before !== undefined) {
      const left = await before(within(), raw, `${key}${mark}/before`)
      if (left instanceof Ended) return left
      if (left instanceof Directed) return left.output
    }
    const result = await inner(frame, raw, key)
    if (after === undefined || result instanceof Ended) return result
    const output = result instanceof Directed ? result.output : result
    scope.output = output
    scope.rawOutput = output
    const left = await after(within(), output, `${key}${mark}/after`)
    return left instanceof Ended ? left : result
  }
}
