/** Looks into imported definitions, for the tests. */

import type { Json } from '../../../base/json-rpc.ts'

/** The tasks of a definition, each an object of one name. */
export function definitionTasks(definition: Json): readonly { readonly [name: string]: Json }[] {
  return (definition as { readonly do: readonly { readonly [name: string]: Json }[] }).do
}

/** All texts in a value. */
export function everyText(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((one) => everyText(one as Json))
}
