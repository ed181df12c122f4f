/** Changes documents a little, in every place and in the same ways each time, so that many of them become wrong. */

import type { Json } from '../../../src/base/json-rpc.ts'

/** A changed document, and how it was changed. */
export interface Mutation {
  readonly how: string
  readonly document: Json
}

/** Values that stand for others, one of each kind. */
const others: readonly Json[] = [
  null,
  true,
  7,
  -1,
  1.5,
  '',
  'text',
  '${ .x }',
  'https://a.b/{c}',
  'PT5S',
  [],
  {},
  { x: 1 },
  ['x'],
]

/** All changes of a document; each replaced value is one of the others, in turn. */
export function* mutations(document: Json): Generator<Mutation> {
  let turn = 0
  for (const steps of placesOf(document, [])) {
    const where = `/${steps.join('/')}`
    const value = at(document, steps)
    for (let times = 0; times < 3; times += 1) {
      const other = others[turn % others.length] as Json
      turn += 1
      yield {
        how: `${where} = ${JSON.stringify(other)}`,
        document: changed(document, steps, () => other),
      }
    }
    if (steps.length > 0)
      yield { how: `no ${where}`, document: changed(document, steps, () => undefined) }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      yield {
        how: `${where}/stranger`,
        document: changed(document, steps, (one) => ({ ...(one as object), stranger: 1 })),
      }
      const [first] = Object.keys(value)
      if (first !== undefined) {
        yield {
          how: `${where}: ${first} renamed`,
          document: changed(document, steps, (one) => renamed(one as object, first)),
        }
      }
    }
  }
}

function renamed(one: object, first: string): Json {
  const entries = Object.entries(one).map(([name, value]) => [
    name === first ? `${name}s` : name,
    value,
  ])
  return Object.fromEntries(entries) as Json
}

function* placesOf(value: Json, steps: readonly string[]): Generator<readonly string[]> {
  yield steps
  if (typeof value !== 'object' || value === null) return
  for (const [name, one] of Object.entries(value)) yield* placesOf(one as Json, [...steps, name])
}

function at(value: Json, steps: readonly string[]): Json {
  return steps.reduce<Json>((here, step) => (here as { [name: string]: Json })[step] as Json, value)
}

function changed(
  value: Json,
  steps: readonly string[],
  change: (value: Json) => Json | undefined,
): Json {
  const [step, ...rest] = steps
  if (step === undefined) return change(value) as Json
  if (Array.isArray(value)) {
    return value.flatMap((one: Json, place) => {
      if (String(place) !== step) return [one]
      const next = rest.length === 0 ? change(one) : changed(one, rest, change)
      return next === undefined ? [] : [next]
    })
  }
  const copy: Record<string, Json> = { ...(value as object) }
  const next =
    rest.length === 0 ? change(copy[step] as Json) : changed(copy[step] as Json, rest, change)
  if (next === undefined) delete copy[step]
  else copy[step] = next
  return copy
}
