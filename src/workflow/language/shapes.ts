/** Builds checks of JSON that say what is wrong, where, and what would be right. */

import { default as formats } from 'ajv-formats/dist/formats.js'
import type { Json } from '../../base/json-rpc.ts'
import { wordDistance } from '../../base/word-distance.ts'
import { isMembers, type Problem, pointerOf } from './places.ts'

/** Adds what is wrong with a value to the problems. */
export type Shape = (value: Json, pointer: string, problems: Problem[]) => void

/** What an object may have. */
export interface ObjectShape {
  readonly needs?: Readonly<Record<string, Shape>>
  readonly may?: Readonly<Record<string, Shape>>
  /** Other members are let through. */
  readonly open?: boolean
  /** What the object is, for the message of anything else. */
  readonly what?: string
  readonly least?: number
}

/** Any value. */
export const any: Shape = () => {}

/** Any text. */
export const text: Shape = plain('text', (value) => typeof value === 'string')

/** A whole number. */
export const integer: Shape = plain('a whole number', (value) => Number.isInteger(value))

export const boolean: Shape = plain('true or false', (value) => typeof value === 'boolean')

/** Any object. */
export const anyObject: Shape = plain('an object', isMembers)

/** A runtime expression. */
export const expression: Shape = plain('an expression such as "${ .name }"', (value) => {
  return typeof value === 'string' && /^\s*\$\{.+\}\s*$/.test(value)
})

/** What the language takes for a URI, with `{name}` to be filled in. */
export const uriTemplate: Shape = plain('a URI such as "https://example.com/{id}"', (value) => {
  return (
    typeof value === 'string' &&
    /^[A-Za-z][A-Za-z0-9+\-.]*:\/\/.*/.test(value) &&
    (hasFormat('uri-template', value) || hasFormat('uri', value))
  )
})

/** A check by a condition. */
export function plain(right: string, holds: (value: Json) => boolean): Shape {
  return (value, pointer, problems) => {
    if (!holds(value)) problems.push({ pointer, message: `is ${shown(value)}; right is ${right}` })
  }
}

/** Text of a standard format of JSON Schema. */
export function formatted(
  name: 'uri-template' | 'json-pointer' | 'date-time',
  right: string,
): Shape {
  return plain(right, (value) => typeof value === 'string' && hasFormat(name, value))
}

function hasFormat(name: string, value: string): boolean {
  const format = formats.fullFormats[name as 'uri'] as unknown
  if (format instanceof RegExp) return format.test(value)
  if (typeof format === 'function') return Boolean(format(value))
  return (format as { validate(text: string): boolean }).validate(value)
}

/** Text that matches. */
export function matching(pattern: RegExp, right: string): Shape {
  return plain(right, (value) => typeof value === 'string' && pattern.test(value))
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Shape {
  return plain(`one of ${words.join(', ')}`, (value) => words.includes(value as string))
}

/** A list. */
export function list(of: Shape, what = 'a list', least = 0): Shape {
  return (value, pointer, problems) => {
    if (!Array.isArray(value)) {
      problems.push({ pointer, message: `is ${shown(value)}; right is ${what}` })
      return
    }
    if (value.length < least) problems.push({ pointer, message: `is empty; right is ${what}` })
    for (const [at, one] of value.entries()) of(one as Json, `${pointer}/${at}`, problems)
  }
}

/** An object whose members are all alike. */
export function mapOf(of: Shape, what = 'an object'): Shape {
  return (value, pointer, problems) => {
    if (!isMembers(value)) {
      problems.push({ pointer, message: `is ${shown(value)}; right is ${what}` })
      return
    }
    for (const [name, one] of Object.entries(value)) of(one, pointer + pointerOf([name]), problems)
  }
}

/** An object of exactly one member, whose name is free. */
export function named(of: Shape, what: string): Shape {
  return (value, pointer, problems) => {
    const names = isMembers(value) ? Object.keys(value) : []
    if (!isMembers(value) || names.length !== 1) {
      const is = isMembers(value)
        ? `has ${names.length} names (${names.join(', ')})`
        : `is ${shown(value)}`
      problems.push({ pointer, message: `${is}; right is ${what}` })
      return
    }
    mapOf(of)(value, pointer, problems)
  }
}

/** An object by its members. */
export function object(shape: ObjectShape): Shape {
  const { needs = {}, may = {}, open = false, what = 'an object', least = 0 } = shape
  const known: Readonly<Record<string, Shape>> = { ...may, ...needs }
  const names = Object.keys(known)
  return (value, pointer, problems) => {
    if (!isMembers(value)) {
      problems.push({ pointer, message: `is ${shown(value)}; right is ${what}` })
      return
    }
    for (const name of Object.keys(needs)) {
      if (Object.hasOwn(value, name)) continue
      problems.push({ pointer, message: `has no "${name}", which it needs` })
    }
    if (Object.keys(value).length < least)
      problems.push({ pointer, message: `is empty; right is ${what}` })
    for (const [name, one] of Object.entries(value)) {
      const below = pointer + pointerOf([name])
      if (Object.hasOwn(known, name)) known[name]?.(one, below, problems)
      else if (!open) problems.push({ pointer: below, message: unknown(name, names) })
    }
  }
}

/** The first of some shapes whose kind of value it is; the last says what is wrong if none is. */
export function either(right: string, ...shapes: readonly Shape[]): Shape {
  return (value, pointer, problems) => {
    const found = shapes.map((shape) => {
      const own: Problem[] = []
      shape(value, pointer, own)
      return own
    })
    if (found.some((own) => own.length === 0)) return
    // What is wrong inside says more than that it is neither.
    const inside = found.find((own) => own.every((one) => isInside(one, pointer, value)))
    if (inside === undefined)
      problems.push({ pointer, message: `is ${shown(value)}; right is ${right}` })
    else problems.push(...inside)
  }
}

function isInside(problem: Problem, pointer: string, value: Json): boolean {
  return problem.pointer !== pointer || (isMembers(value) && problem.message.startsWith('has no'))
}

/** Of some members an object has exactly one. */
export function exactlyOne(names: readonly string[], shape: Shape): Shape {
  return (value, pointer, problems) => {
    const has = names.filter((name) => isMembers(value) && Object.hasOwn(value, name))
    if (isMembers(value) && has.length !== 1) {
      const is = has.length === 0 ? 'has none' : `has ${has.join(' and ')}`
      problems.push({ pointer, message: `${is} of ${names.join(', ')}; right is exactly one` })
    }
    shape(value, pointer, problems)
  }
}

function unknown(name: string, names: readonly string[]): string {
  const near = names.find(
    (one) => one.toLowerCase() === name.toLowerCase() || wordDistance(one, name) <= 2,
  )
  const meant = near === undefined ? '' : `; did you mean "${near}"?`
  return `is unknown${meant} Known are ${names.join(', ')}`.replace(
    'unknown Known',
    'unknown; known',
  )
}

function shown(value: Json): string {
  if (Array.isArray(value)) return 'a list'
  if (isMembers(value)) return 'an object'
  const written = JSON.stringify(value)
  return written.length <= 60 ? written : `${written.slice(0, 59)}…`
}
