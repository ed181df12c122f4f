/** Reads what expressions gave to a call; what has the wrong form is a `validation` error of the workflow. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'

/** What a call sees of who asks. */
export interface CallContext {
  /** The same for each attempt of one step. */
  readonly idempotencyKey: string
  /** The W3C's, where traces are kept. */
  readonly traceparent?: string | undefined
  readonly signal: AbortSignal
}

/** Does what a call of the language says. */
export type OutsideCall = (
  input: Json,
  context: CallContext,
) => Promise<{ readonly kind: 'done'; readonly output: Json }>

/** Members of an object. */
export type Fields = { readonly [name: string]: Json }

/** Whether it is an object, no list. */
export function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The members of an object; of nothing, none. @param what - for the error: `headers` */
export function fieldsOf(value: Json | undefined, what: string): Fields {
  if (value === undefined || value === null) return {}
  if (!isFields(value)) throw invalid(`${what} must be an object`)
  return value
}

/** A text that has to be there, numbers and truth values written out. */
export function textOf(fields: Fields, name: string, what: string): string {
  const value = optionalText(fields, name, what)
  if (value === undefined || value === '') throw invalid(`${what} needs "${name}"`)
  return value
}

/** A text that may be there. */
export function optionalText(fields: Fields, name: string, what: string): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw invalid(`"${name}" of ${what} must be a text`)
  return String(value)
}

/** One of some words, the first if nothing is said. */
export function wordOf<const T extends string>(
  value: Json | undefined,
  words: readonly [T, ...T[]],
  what: string,
): T {
  if (value === undefined || value === null) return words[0]
  const found = words.find((word) => word === value)
  if (found === undefined) throw invalid(`${what} must be one of ${words.join(', ')}`)
  return found
}

/** A list of texts; of nothing, none. */
export function textsOf(value: Json | undefined, what: string): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.some((one) => typeof one === 'object'))
    throw invalid(`${what} must be a list of texts`)
  return value.map(String)
}

/** An error of the workflow about what it gives. */
export function invalid(detail: string): WorkflowError {
  return new WorkflowError({ type: 'validation', title: 'Bad arguments', detail })
}
