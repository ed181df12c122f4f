/** Compiles `foreach`: what is done about each event or message, and what it becomes. */

import type { Json } from '../../base/json-rpc.ts'
import type { Compiler } from './compiler.ts'
import { below, knowing, memberOf, type Place } from './places.ts'
import { type Data, Ended, type Scope } from './runtime.ts'
import { filtersOf } from './task.ts'

/** Handles one item, and gives what it becomes. */
export type Iterate = (
  scope: Scope,
  key: string,
  one: { readonly item: Data; readonly index: number },
) => Promise<Data | Ended>

/** `foreach`; without one the items stay as they are. */
export function compileIterator(
  compiler: Compiler,
  iterator: Json | undefined,
  place: Place,
): Iterate {
  if (iterator === undefined) return async (_scope, _key, { item }) => item
  const itemName = String(memberOf(iterator, 'item') ?? 'item')
  const indexName = String(memberOf(iterator, 'at') ?? 'index')
  const inner = knowing(place, itemName, indexName)
  const filters = filtersOf(compiler, iterator as { readonly [name: string]: Json }, inner)
  const tasks = memberOf(iterator, 'do')
  const list = tasks === undefined ? undefined : compiler.list(tasks, below(inner, 'do'))
  return async (scope, key, { item, index }) => {
    const { frame } = scope
    const locals = { ...frame.locals, [itemName]: item, [indexName]: index }
    const own = { ...scope, frame: { ...frame, locals, depth: frame.depth + 1 } }
    const result = list === undefined ? item : await list(own.frame, scope.input, `${key}/do`)
    if (result instanceof Ended) return result
    const output = filters.as === undefined ? result : filters.as(result, own)
    filters.checkOutput?.(output)
    if (filters.exportAs !== undefined) {
      const context = filters.exportAs(output, { ...own, output })
      filters.checkContext?.(context)
      frame.strand.context = context
    }
    return output
  }
}
