/** Checks JSON values against the part of JSON Schema that OpenRPC documents use. */

/** A schema; keywords that are not read here only describe. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: JsonSchema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly allOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly $ref?: string
}

/** Where references lead: schemas by what stands after `#/components/schemas/`. */
export type SchemaParts = Readonly<Record<string, JsonSchema>>

/** What is wrong with a value, with its path; `undefined` when nothing is. */
export function schemaFault(
  value: unknown,
  schema: JsonSchema,
  parts: SchemaParts = {},
  path = '$',
): string | undefined {
  const whole = schema.$ref === undefined ? schema : parts[schema.$ref.split('/').at(-1) ?? '']
  if (whole === undefined) return `${path}: there is no ${schema.$ref}`
  const check = (one: unknown, by: JsonSchema, at: string) => schemaFault(one, by, parts, at)
  return (
    plainFault(value, whole, path) ??
    choiceFault(whole, path, (by) => check(value, by, path)) ??
    (Array.isArray(value)
      ? firstOf(value, (one, at) => whole.items && check(one, whole.items, `${path}[${at}]`))
      : isObject(value)
        ? objectFault(value, whole, path, check)
        : undefined)
  )
}

function plainFault(value: unknown, schema: JsonSchema, path: string): string | undefined {
  const { type, pattern, minimum, maximum, minItems, maxItems } = schema
  const allowed = typeof type === 'string' ? [type] : type
  if (allowed && !allowed.some((one) => isOfType(value, one)))
    return `${path}: expected ${allowed.join(' or ')}, got ${JSON.stringify(value)?.slice(0, 80)}`
  const isListed = schema.enum?.some((one) => one === value) ?? true
  const isConstant = !('const' in schema) || schema.const === value
  if (!isListed || !isConstant) return `${path}: ${JSON.stringify(value)} is not allowed`
  if (typeof value === 'string' && pattern !== undefined && !new RegExp(pattern).test(value))
    return `${path}: "${value.slice(0, 80)}" does not match ${pattern}`
  if (typeof value === 'number' && (value < (minimum ?? value) || value > (maximum ?? value)))
    return `${path}: ${value} is out of its range`
  if (!Array.isArray(value)) return undefined
  const fits = value.length >= (minItems ?? 0) && value.length <= (maxItems ?? value.length)
  return fits ? undefined : `${path}: has ${value.length} items`
}

function choiceFault(
  { allOf = [], anyOf, oneOf, not }: JsonSchema,
  path: string,
  faultBy: (schema: JsonSchema) => string | undefined,
): string | undefined {
  const faults = (oneOf ?? anyOf ?? []).map(faultBy)
  const fitting = faults.filter((fault) => fault === undefined).length
  if (anyOf && fitting === 0) return `${path}: fits none: ${faults.join('; ')}`
  if (oneOf && fitting !== 1) return `${path}: fits ${fitting} of oneOf: ${faults.join('; ')}`
  if (not && faultBy(not) === undefined) return `${path}: is what it must not be`
  return firstOf(allOf, faultBy)
}

function objectFault(
  value: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
  path: string,
  check: (value: unknown, schema: JsonSchema, path: string) => string | undefined,
): string | undefined {
  const { required = [], properties = {}, patternProperties = {}, additionalProperties } = schema
  const missing = required.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return `${path}: lacks ${missing}`
  return firstOf(Object.entries(value), ([name, held]) => {
    const at = `${path}.${name}`
    const fitting = Object.entries(patternProperties).find(([key]) => new RegExp(key).test(name))
    const by = Object.hasOwn(properties, name) ? properties[name] : fitting?.[1]
    if (by) return check(held, by, at)
    if (additionalProperties === false) return `${at}: is not in the schema`
    return typeof additionalProperties === 'object'
      ? check(held, additionalProperties, at)
      : undefined
  })
}

function firstOf<T>(
  list: readonly T[],
  faultOf: (one: T, at: number) => string | undefined,
): string | undefined {
  for (const [at, one] of list.entries()) {
    const fault = faultOf(one, at)
    if (fault !== undefined) return fault
  }
  return undefined
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  return type === 'integer' ? Number.isInteger(value) : typeof value === type
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
