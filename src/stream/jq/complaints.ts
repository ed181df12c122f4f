/** Shows values within errors as jq does: by kind, and cut to a few bytes. */

import { jsonTextOf } from './json-text.ts'
import { kindOf, Raised, type Value } from './values.ts'

/** jq keeps 29 bytes of a value, with the dots and the closing sign of what is cut. */
const longestShown = 29
const closings: Readonly<Record<string, string>> = { '"': '"', '[': ']', '{': '}' }

/** A value as JSON within an error: at most 29 bytes. */
export function shown(value: Value, spend: (work: number) => void): string {
  if (typeof value === 'bigint') return shown(String(value), spend).slice(1, -1)
  const whole = typeof value === 'string' ? [...value.slice(0, 60)].slice(0, 30).join('') : value
  const text = jsonTextOf(whole, 40, spend)
  const bytes = Buffer.from(text)
  if (bytes.length <= longestShown) return text
  const closing = closings[text[0] ?? ''] ?? ''
  let end = longestShown - 3 - closing.length
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return `${bytes.subarray(0, end).toString()}...${closing}`
}

/** `string ("abc")`: a value with its kind. */
export function named(value: Value, spend: (work: number) => void): string {
  return `${kindOf(value)} (${shown(value, spend)})`
}

/** Raised for a value that an operation does not take. */
export function unfit(value: Value, reason: string): Raised {
  return new Raised((spend) => `${named(value, spend)} ${reason}`)
}

/** Raised for two values that an operation does not take together. */
export function unfitPair(a: Value, b: Value, reason: string): Raised {
  return new Raised((spend) => `${named(a, spend)} and ${named(b, spend)} ${reason}`)
}
