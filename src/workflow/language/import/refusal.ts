/** Tells what of a foreign definition has no counterpart here, and where it stands. */

import { AppError } from '../../../base/app-error.ts'
import type { Json } from '../../../base/json-rpc.ts'

export type Members = { readonly [name: string]: Json }

export function noCounterpart(place: string, reason: string): AppError {
  return new AppError({
    code: 'workflow/no-counterpart',
    message: `cannot be imported: ${place}: ${reason}`,
    data: { place },
  })
}

/** @throws AppError `workflow/no-counterpart` for what is no object */
export function membersAt(value: Json | undefined, place: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members
  throw noCounterpart(place, 'must be an object')
}

export function listAt(value: Json | undefined, place: string): readonly Json[] {
  if (Array.isArray(value)) return value
  throw noCounterpart(place, 'must be a list')
}

export function textAt(value: Json | undefined, place: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw noCounterpart(place, 'must be a text')
}

/** Refuses members that would be left out without a word. */
export function mustKnow(members: Members, known: readonly string[], place: string): void {
  const stranger = Object.keys(members).find((name) => !known.includes(name))
  if (stranger !== undefined) {
    throw noCounterpart(`${place}.${stranger}`, 'has no counterpart in the workflow language')
  }
}

/** A name as definitions have it: lower-case letters, digits and dashes. */
function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
  return name === '' ? 'imported' : name
}

/** A definition of DSL 1.0.3 around a list of tasks; remarks are for people. */
export function definitionOf(title: string, rest: Members, remarks: Members = {}): Json {
  const document = { dsl: '1.0.3', namespace: 'imported', name: nameFrom(title), version: '0.1.0' }
  const metadata = Object.keys(remarks).length === 0 ? {} : { metadata: remarks }
  return { document: { ...document, title, ...metadata }, ...rest }
}
