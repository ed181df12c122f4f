/** Checks JSON against a JSON Schema (2020-12, the validation vocabulary); a keyword that it does not know is refused. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { isList, isRecord } from '../envelope/request.ts'

/** What is wrong with a value, with its place; `undefined` when nothing is. */
export type Check = (value: Json, path: string) => string | undefined

type Fields = { readonly [key: string]: Json }

/** The schema that a keyword stands in. */
interface Site {
  readonly schema: Fields
  /** Where it stands, as a JSON pointer. */
  readonly at: string
  compile(schema: Json | undefined, at: string): Check
  resolve(pointer: string): Check
}

/** Makes a check of a keyword's value; `undefined` where another keyword has it in its own. */
type Keyword = (value: Json, site: Site) => Check | undefined

/**
 * A check of values by a schema.
 *
 * @throws AppError `rpc/bad-schema` for what is no schema, or more than is understood here
 */
export function jsonSchemaCheck(root: Json): Check {
  const known = new Map<string, Check>()
  const resolve = (pointer: string): Check => {
    const found = known.get(pointer)
    if (found) return found
    let check: Check = () => undefined
    known.set(pointer, (value, path) => check(value, path))
    check = compile(lookUp(root, pointer), pointer)
    return check
  }
  const compile = (schema: Json | undefined, at: string): Check => {
    if (schema === true) return () => undefined
    if (schema === false) return (_, path) => `${path} is not allowed`
    if (!isRecord(schema)) throw bad(at, 'is no schema')
    const site = { schema, at, compile, resolve }
    const checks = Object.entries(schema).flatMap(([name, value]) => {
      if (annotations.has(name)) return []
      if (!Object.hasOwn(keywords, name)) throw bad(`${at}/${name}`, 'is not understood')
      return keywords[name]?.(value, { ...site, at: `${at}/${name}` }) ?? []
    })
    return (value, path) => firstFault(checks, (check) => check(value, path))
  }
  const check = compile(root, '#')
  return (value, path) => {
    try {
      return check(value, path)
    } catch (error) {
      if (error instanceof RangeError) return `${path} is nested too deeply`
      throw error
    }
  }
}

/** Keywords that say nothing about what is allowed. */
const annotations = new Set([
  ...['$schema', '$id', '$comment', '$defs', 'definitions', 'title', 'description', 'default'],
  ...['examples', 'deprecated', 'readOnly', 'writeOnly', 'format'],
  ...['contentEncoding', 'contentMediaType', 'contentSchema'],
])

const types = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']

const general: Readonly<Record<string, Keyword>> = {
  type: (given, { at }) => {
    const allowed = (isList(given) ? given : [given]).map((one) => text(one, at))
    const stranger = allowed.find((one) => !types.includes(one))
    if (stranger !== undefined) throw bad(at, `names the type ${JSON.stringify(stranger)}`)
    return (value, path) =>
      allowed.some((one) => isOfType(value, one))
        ? undefined
        : `${path} is not of the type ${allowed.join(' or ')}`
  },
  enum: (given, { at }) => {
    const allowed = new Set(list(given, at).map(canonical))
    return (value, path) =>
      allowed.has(canonical(value)) ? undefined : `${path} is none of the allowed values`
  },
  const: (given) => {
    const wanted = canonical(given)
    return (value, path) =>
      canonical(value) === wanted ? undefined : `${path} is not ${wanted.slice(0, 80)}`
  },
  $ref: (given, { at, resolve }) => {
    const pointer = text(given, at)
    if (!/^#(\/|$)/.test(pointer)) throw bad(at, 'leads out of the schema')
    return resolve(pointer)
  },
  allOf: (given, site) => {
    const checks = listOfSchemas(given, site)
    return (value, path) => firstFault(checks, (check) => check(value, path))
  },
  anyOf: (given, site) => {
    const checks = listOfSchemas(given, site)
    return (value, path) => {
      const faults = checks.map((check) => check(value, path))
      return faults.includes(undefined) ? undefined : `${path} fits none of anyOf: ${faults[0]}`
    }
  },
  oneOf: (given, site) => {
    const checks = listOfSchemas(given, site)
    return (value, path) => {
      const fitting = checks.filter((check) => check(value, path) === undefined).length
      return fitting === 1 ? undefined : `${path} fits ${fitting} of oneOf`
    }
  },
  not: (given, { at, compile }) => {
    const check = compile(given, at)
    return (value, path) =>
      check(value, path) === undefined ? `${path} fits what it must not` : undefined
  },
  if: (given, { at, schema, compile }) => {
    const condition = compile(given, at)
    const branch = (name: string) => compile(schema[name] ?? true, at.replace(/if$/, name))
    const [whenTrue, whenFalse] = [branch('then'), branch('else')]
    return (value, path) =>
      (condition(value, path) === undefined ? whenTrue : whenFalse)(value, path)
  },
  then: () => undefined,
  else: () => undefined,
}

const ofNumbers: Readonly<Record<string, Keyword>> = {
  minimum: bound(isNumber, (value, least) => value >= least, 'is less than'),
  maximum: bound(isNumber, (value, most) => value <= most, 'is more than'),
  exclusiveMinimum: bound(isNumber, (value, least) => value > least, 'is not more than'),
  exclusiveMaximum: bound(isNumber, (value, most) => value < most, 'is not less than'),
  multipleOf: bound(isNumber, isMultiple, 'is no multiple of'),
}

const ofStrings: Readonly<Record<string, Keyword>> = {
  minLength: bound(isText, (value, least) => characters(value) >= least, 'is shorter than'),
  maxLength: bound(isText, (value, most) => characters(value) <= most, 'is longer than'),
  pattern: (given, { at }) => {
    const pattern = expression(given, at)
    return (value, path) =>
      typeof value === 'string' && !pattern.test(value)
        ? `${path} does not match ${pattern.source}`
        : undefined
  },
}

const ofLists: Readonly<Record<string, Keyword>> = {
  minItems: bound(isList, (value, least) => value.length >= least, 'has fewer items than'),
  maxItems: bound(isList, (value, most) => value.length <= most, 'has more items than'),
  uniqueItems: (given) => (value, path) =>
    given === true && isList(value) && new Set(value.map(canonical)).size < value.length
      ? `${path} has an item twice`
      : undefined,
  prefixItems: (given, site) => {
    const checks = listOfSchemas(given, site)
    return (value, path) =>
      isList(value)
        ? firstFault(checks, (check, at) =>
            at < value.length ? check(value[at] as Json, `${path}[${at}]`) : undefined,
          )
        : undefined
  },
  items: (given, { at, schema, compile }) => {
    const check = compile(given, at)
    const first = isList(schema.prefixItems) ? schema.prefixItems.length : 0
    return (value, path) =>
      isList(value)
        ? firstFault(value.slice(first), (one, place) => check(one, `${path}[${first + place}]`))
        : undefined
  },
  contains: (given, { at, schema, compile }) => {
    const check = compile(given, at)
    const { minContains: least = 1, maxContains: most = Number.POSITIVE_INFINITY } = schema
    return (value, path) => {
      if (!isList(value)) return undefined
      const fitting = value.filter((one) => check(one, path) === undefined).length
      return fitting >= Number(least) && fitting <= Number(most)
        ? undefined
        : `${path} has ${fitting} items that fit contains`
    }
  },
  minContains: (given, { at }) => void amount(given, at),
  maxContains: (given, { at }) => void amount(given, at),
}

const ofObjects: Readonly<Record<string, Keyword>> = {
  minProperties: bound(isRecord, (value, least) => sizeOf(value) >= least, 'has fewer fields than'),
  maxProperties: bound(isRecord, (value, most) => sizeOf(value) <= most, 'has more fields than'),
  required: (given, { at }) => {
    const names = list(given, at).map((one) => text(one, at))
    return (value, path) =>
      isRecord(value)
        ? firstFault(names, (name) =>
            Object.hasOwn(value, name) ? undefined : `${path} lacks "${name}"`,
          )
        : undefined
  },
  propertyNames: (given, { at, compile }) => {
    const check = compile(given, at)
    return (value, path) =>
      isRecord(value)
        ? firstFault(Object.keys(value), (name) => check(name, `${path}: the name "${name}"`))
        : undefined
  },
  properties: (given, { at, compile }) => {
    const checks = Object.entries(fieldsOf(given, at)).map(
      ([name, schema]) => [name, compile(schema, `${at}/${name}`)] as const,
    )
    return (value, path) =>
      isRecord(value)
        ? firstFault(checks, ([name, check]) =>
            Object.hasOwn(value, name) ? check(value[name] as Json, `${path}.${name}`) : undefined,
          )
        : undefined
  },
  patternProperties: (given, { at, compile }) => {
    const checks = Object.entries(fieldsOf(given, at)).map(
      ([pattern, schema]) => [expression(pattern, at), compile(schema, at)] as const,
    )
    return (value, path) =>
      isRecord(value)
        ? firstFault(Object.entries(value), ([name, one]) =>
            firstFault(checks, ([pattern, check]) =>
              pattern.test(name) ? check(one, `${path}.${name}`) : undefined,
            ),
          )
        : undefined
  },
  additionalProperties: (given, { at, schema, compile }) => {
    const check = compile(given, at)
    const properties = fieldsOf(schema.properties ?? {}, at)
    const patterns = Object.keys(fieldsOf(schema.patternProperties ?? {}, at)).map((one) =>
      expression(one, at),
    )
    const isKnown = (name: string) =>
      Object.hasOwn(properties, name) || patterns.some((pattern) => pattern.test(name))
    return (value, path) =>
      isRecord(value)
        ? firstFault(Object.entries(value), ([name, one]) =>
            isKnown(name) ? undefined : check(one, `${path}.${name}`),
          )
        : undefined
  },
}

const keywords: Readonly<Record<string, Keyword>> = {
  ...general,
  ...ofNumbers,
  ...ofStrings,
  ...ofLists,
  ...ofObjects,
}
/** A bound on something that a value of one type has. */
function bound<T extends Json>(
  has: (value: Json) => value is T,
  fits: (value: T, limit: number) => boolean,
  says: string,
): Keyword {
  return (given, { at }) => {
    const limit = amount(given, at)
    return (value, path) =>
      has(value) && !fits(value, limit) ? `${path} ${says} ${limit}` : undefined
  }
}

/** A decimal fraction may be off by the rounding of doubles. */
function isMultiple(value: number, divisor: number): boolean {
  const times = value / divisor
  return Math.abs(times - Math.round(times)) <= Number.EPSILON * Math.abs(times)
}

function characters(value: string): number {
  return Array.from(value).length
}

function sizeOf(value: Fields): number {
  return Object.keys(value).length
}

function isNumber(value: Json): value is number {
  return typeof value === 'number'
}

function isText(value: Json): value is string {
  return typeof value === 'string'
}

function isOfType(value: Json, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return isList(value)
  if (type === 'object') return isRecord(value)
  return type === 'integer' ? Number.isInteger(value) : typeof value === type
}

/** Text that is the same for equal values. */
function canonical(value: Json): string {
  if (isList(value)) return `[${value.map(canonical).join()}]`
  if (!isRecord(value)) return JSON.stringify(value)
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join()}}`
}

function firstFault<T>(
  items: readonly T[],
  faultOf: (item: T, at: number) => string | undefined,
): string | undefined {
  for (const [at, item] of items.entries()) {
    const fault = faultOf(item, at)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** What a JSON pointer within the schema leads to (RFC 6901). */
function lookUp(root: Json, pointer: string): Json {
  let found: Json | undefined = root
  for (const step of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isList(found) ? found[Number(name)] : isRecord(found) ? found[name] : undefined
  }
  if (found === undefined) throw bad(pointer, 'leads nowhere')
  return found
}

function listOfSchemas(given: Json, { at, compile }: Site): readonly Check[] {
  return list(given, at).map((one, place) => compile(one, `${at}/${place}`))
}

function list(given: Json, at: string): readonly Json[] {
  if (isList(given)) return given
  throw bad(at, 'is no list')
}

function fieldsOf(given: Json, at: string): Fields {
  if (isRecord(given)) return given
  throw bad(at, 'is no object')
}

function text(given: Json, at: string): string {
  if (typeof given === 'string') return given
  throw bad(at, 'is no text')
}

function amount(given: Json, at: string): number {
  if (typeof given === 'number') return given
  throw bad(at, 'is no number')
}

function expression(given: Json, at: string): RegExp {
  try {
    return new RegExp(text(given, at), 'u')
  } catch {
    throw bad(at, 'is no regular expression')
  }
}

function bad(at: string, what: string): AppError {
  return new AppError({ code: 'rpc/bad-schema', message: `${at} ${what}` })
}
