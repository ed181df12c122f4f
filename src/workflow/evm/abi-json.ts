/** Turns JSON into the arguments of contracts, and what contracts give into JSON. */

import type { AbiParameter } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'

type Tuple = AbiParameter & { readonly components: readonly AbiParameter[] }

/** Deepest nesting of arrays and tuples. */
const maxDepth = 16

/**
 * Arguments by their types: integers from decimal or 0x text or whole numbers, tuples from objects or lists, bytes from
 * 0x text.
 *
 * @throws AppError `workflow/bad-input`, naming the argument
 */
export function argumentsOf(values: Json | undefined, inputs: readonly AbiParameter[]): unknown[] {
  if (!Array.isArray(values)) throw badInput('"args" must be a list')
  if (values.length !== inputs.length) {
    throw badInput(`${inputs.length} arguments are needed, and there are ${values.length}`)
  }
  return inputs.map((input, at) => {
    const where = input.name ? `args[${at}] (${input.name})` : `args[${at}]`
    return argumentOf(values[at] as Json, input, where)
  })
}

function argumentOf(value: Json, input: AbiParameter, where: string, depth = 0): unknown {
  if (depth > maxDepth) throw badInput(`${where} is nested deeper than ${maxDepth}`)
  const array = /^(.*)\[(\d*)\]$/.exec(input.type)
  if (array) {
    const item = { ...input, type: array[1] ?? '' }
    if (!Array.isArray(value)) throw badInput(`${where} must be a list for ${input.type}`)
    if (array[2] && Number(array[2]) !== value.length) {
      throw badInput(`${where} must have ${array[2]} items`)
    }
    return value.map((one, at) => argumentOf(one, item, `${where}[${at}]`, depth + 1))
  }
  if (input.type === 'tuple') return tupleOf(value, input as Tuple, { where, depth })
  if (/^u?int\d*$/.test(input.type)) return integerOf(value, input.type, where)
  if (input.type === 'bool') {
    if (typeof value === 'boolean') return value
    throw badInput(`${where} must be true or false`)
  }
  if (typeof value !== 'string') throw badInput(`${where} must be text for ${input.type}`)
  return value
}

function tupleOf(
  value: Json,
  { components }: Tuple,
  { where, depth }: { readonly where: string; readonly depth: number },
): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const items = isObject
    ? components.map(({ name = '' }) => (value as { readonly [name: string]: Json })[name])
    : value
  if (!Array.isArray(items) || items.length !== components.length) {
    throw badInput(`${where} must be an object or a list of ${components.length} members`)
  }
  const made = components.map((component, at) => {
    const place = `${where}.${component.name ?? at}`
    const item = items[at] as Json | undefined
    if (item === undefined) throw badInput(`${place} is missing`)
    return argumentOf(item, component, place, depth + 1)
  })
  const isNamed = components.every(({ name }) => name)
  if (!isNamed) return made
  return Object.fromEntries(components.map(({ name = '' }, at) => [name, made[at]]))
}

function integerOf(value: Json, type: string, where: string): bigint {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value)
  const isText = typeof value === 'string' && /^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)
  if (isWhole || isText) return BigInt(value)
  throw badInput(`${where} must be a whole number for ${type}, as decimal text if it is large`)
}

/** What a contract gives, as JSON; integers are decimal text. */
export function plainOf(value: unknown): Json {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainOf(one)]))
  }
  return (value ?? null) as Json
}

/** An input of a chain step that is wrong. */
export function badInput(reason: string): AppError {
  const message = `the chain step cannot be made: ${reason}`
  return new AppError({ code: 'workflow/bad-input', message })
}
