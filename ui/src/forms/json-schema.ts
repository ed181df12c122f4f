/** Turns a JSON Schema into fields of a form, and what was filled in back into JSON. */

/** Of a schema, what a form can show. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** One field. */
export interface Field {
  /** Member of the answer; empty where the answer is one value. */
  readonly name: string
  readonly label: string
  readonly hint: string | undefined
  readonly kind: 'flag' | 'choice' | 'number' | 'whole' | 'text' | 'long-text' | 'date' | 'json'
  readonly choices: readonly unknown[]
  readonly isRequired: boolean
  readonly schema: Schema
  readonly first: string
}

/** Fields of an answer: one for each property of an object, one for anything else. */
export function fieldsOf(form: unknown): readonly Field[] {
  const schema = (typeof form === 'object' && form !== null ? form : {}) as Schema
  if (schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0) {
    const required = schema.required ?? []
    return Object.entries(schema.properties ?? {}).map(([name, one]) =>
      fieldOf(name, one, required.includes(name)),
    )
  }
  return [fieldOf('', schema, true)]
}

function fieldOf(name: string, schema: Schema, isRequired: boolean): Field {
  const kind = kindOf(schema)
  const label = schema.title ?? (name === '' ? 'Answer' : name)
  const choices = schema.enum ?? []
  const first = schema.default === undefined ? '' : textOf(kind, choices, schema.default)
  return { ...{ name, label, hint: schema.description, kind, choices }, isRequired, schema, first }
}

function textOf(kind: Field['kind'], choices: readonly unknown[], value: unknown): string {
  if (kind === 'choice') return String(choices.indexOf(value))
  return kind === 'json' || typeof value !== 'string' ? JSON.stringify(value) : value
}

function kindOf({ type, enum: choices, format, maxLength = 0 }: Schema): Field['kind'] {
  if (choices !== undefined) return 'choice'
  if (type === 'boolean') return 'flag'
  if (type === 'integer') return 'whole'
  if (type === 'number') return 'number'
  if (type !== 'string') return 'json'
  if (format === 'date') return 'date'
  return maxLength > 200 ? 'long-text' : 'text'
}

/** What a text in a field means: a value, nothing, or what is wrong with it. */
export type Reading =
  | { readonly value: unknown }
  | { readonly problem: string }
  | { readonly isLeftOut: true }

/** Reads one field; the node checks the whole of it again. */
export function readField({ kind, isRequired, schema, choices }: Field, text: string): Reading {
  if (text.trim() === '' && !(kind === 'text' || kind === 'long-text') && !isRequired)
    return { isLeftOut: true }
  if (text === '' && !isRequired) return { isLeftOut: true }
  if (kind === 'flag') {
    if (text === 'true' || text === 'false') return { value: text === 'true' }
    return { problem: 'Choose yes or no.' }
  }
  if (kind === 'choice') {
    return text === '' ? { problem: 'Choose one.' } : { value: choices[Number(text)] }
  }
  if (kind === 'number' || kind === 'whole') return readNumber(kind, schema, text)
  if (kind === 'json') return readJson(text)
  return readText(schema, text)
}

function readNumber(kind: 'number' | 'whole', schema: Schema, text: string): Reading {
  const value = Number(text)
  const { minimum = -Infinity, maximum = Infinity } = schema
  if (text.trim() === '' || !Number.isFinite(value)) return { problem: 'Write a number.' }
  if (kind === 'whole' && !Number.isInteger(value)) return { problem: 'Write a whole number.' }
  if (value < minimum) return { problem: `At least ${minimum}.` }
  return value > maximum ? { problem: `At most ${maximum}.` } : { value }
}

function readJson(text: string): Reading {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return { problem: 'This is no JSON.' }
  }
}

function readText({ minLength = 0, maxLength = Infinity, pattern }: Schema, text: string): Reading {
  const length = [...text].length
  if (length < Math.max(minLength, 1))
    return { problem: `At least ${Math.max(minLength, 1)} characters.` }
  if (length > maxLength) return { problem: `At most ${maxLength} characters.` }
  if (pattern !== undefined && !matches(pattern, text))
    return { problem: `It must match ${pattern}.` }
  return { value: text }
}

/** A pattern that the browser cannot read is left to the node. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}

/** The whole answer; nothing while a field is wrong. */
export function answerOf(
  fields: readonly Field[],
  texts: Readonly<Record<string, string>>,
): { readonly value: unknown } | undefined {
  const members: [string, unknown][] = []
  for (const field of fields) {
    const reading = readField(field, texts[field.name] ?? field.first)
    if ('problem' in reading) return undefined
    if ('value' in reading) members.push([field.name, reading.value])
  }
  const [only] = fields
  if (only?.name === '') return members[0] === undefined ? undefined : { value: members[0][1] }
  return { value: Object.fromEntries(members) }
}
