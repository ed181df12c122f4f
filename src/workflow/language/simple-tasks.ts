/** Compiles the tasks that need nothing from outside but time: `set`, `switch`, `do`, `wait`, `raise`. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { Body, Compiler } from './compiler.ts'
import type { Evaluate } from './expressions.ts'
import { below, isMembers, type Members, memberOf, type Place } from './places.ts'
import { type Data, Directed, type Scope } from './runtime.ts'
import { namedTasks } from './task-list.ts'

/** `set`: an object with expressions, or one expression. */
export function compileSet({ expressions }: Compiler, definition: Members, place: Place): Body {
  const value = expressions.template(definition.set ?? null, below(place, 'set'), true)
  return (scope) => value(scope.input, scope)
}

/** `switch`: the first case that holds; without one, what `then` of the task says. */
export function compileSwitch({ expressions }: Compiler, definition: Members, place: Place): Body {
  const named = namedTasks(definition.switch ?? [])
  const cases = named.map(({ name, definition: one }, at) => {
    const when = one.when
    return {
      directive: typeof one.then === 'string' ? one.then : 'continue',
      when:
        typeof when === 'string'
          ? expressions.condition(when, below(place, 'switch', at, name, 'when'))
          : undefined,
    }
  })
  const fallback = cases.find(({ when }) => when === undefined)
  const conditional = cases.filter(({ when }) => when !== undefined)
  return (scope) => {
    const { input } = scope
    const taken = conditional.find(({ when }) => when?.(input, scope)) ?? fallback
    return taken === undefined ? input : new Directed(input, taken.directive)
  }
}

/** `do`: a list of tasks. */
export function compileDo(compiler: Compiler, definition: Members, place: Place): Body {
  const list = compiler.list(definition.do ?? [], below(place, 'do'))
  return ({ frame, input }, key) => list({ ...frame, depth: frame.depth + 1 }, input, `${key}/do`)
}

/** `wait`: sleeps, and gives its input. */
export function compileWait(compiler: Compiler, definition: Members, place: Place): Body {
  const duration = compiler.duration(definition.wait ?? null, below(place, 'wait'))
  return async (scope, key) => {
    await scope.frame.durable.sleep(key, duration(scope.input, scope))
    return scope.input
  }
}

/** `raise`: an error, inline or by the name that `use.errors` gives it. */
export function compileRaise(compiler: Compiler, definition: Members, place: Place): Body {
  const given = memberOf(definition.raise, 'error') ?? null
  const where = below(place, 'raise', 'error')
  const error = typeof given === 'string' ? memberOf(compiler.use.errors, given) : given
  if (!isMembers(error)) {
    const known = Object.keys(compiler.use.errors ?? {}).join(', ') || 'none'
    const message = `"${String(given)}" is no error of use.errors; known: ${known}`
    compiler.problems.push({ pointer: where.pointer, message })
    return () => null
  }
  const text = (name: string) => compiled(compiler, error[name], below(where, name))
  const [type, title, detail, instance] = ['type', 'title', 'detail', 'instance'].map(text)
  const status = typeof error.status === 'number' ? error.status : 500
  return (scope) => {
    const read = (evaluate: Evaluate | undefined) => textOf(evaluate?.(scope.input, scope))
    throw new WorkflowError({
      ...{ type: read(type) ?? 'runtime', status, title: read(title) },
      ...{ detail: read(detail), instance: read(instance) },
    })
  }
}

function compiled(
  { expressions }: Compiler,
  value: Json | undefined,
  place: Place,
): ((data: Data, scope: Scope) => Data) | undefined {
  return value === undefined ? undefined : expressions.template(value, place)
}

function textOf(value: Data | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value, plain)
}

function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
