/** Writes values as JSON text, in jq's form of numbers. */

import { isDecimal } from './decimal.ts'
import type { Members, Value } from './values.ts'

/** Deepest nesting that is written; what lies deeper is named as skipped, as jq does. */
const maxDepth = 10_000

interface Level {
  readonly closing: string
  readonly names: readonly string[] | undefined
  readonly items: readonly Value[] | Members
  readonly length: number
  next: number
}

/**
 * A value as JSON text. Exact integers are written as they leave an evaluation, as decimal strings.
 *
 * @param enough - writing may end when the text has this length
 * @param spend - told of the length of each piece, and of names that are listed
 */
export function jsonTextOf(
  value: Value,
  enough = Number.POSITIVE_INFINITY,
  spend: (length: number) => void = () => {},
): string {
  if (typeof value !== 'object' || value === null || isDecimal(value)) return scalarText(value)
  const pieces: string[] = []
  const levels: Level[] = []
  let length = 0
  const write = (piece: string) => {
    pieces.push(piece)
    length += piece.length
    spend(piece.length)
  }
  const open = (one: Value) => {
    if (typeof one !== 'object' || one === null || isDecimal(one)) write(scalarText(one))
    else if (levels.length > maxDepth) write('<skipped: too deep>')
    else levels.push(openLevel(one, write, spend))
  }
  open(value)
  while (levels.length > 0 && length <= enough) {
    const level = levels[levels.length - 1] as Level
    const { names, items, next } = level
    if (next === level.length) {
      levels.pop()
      write(level.closing)
      continue
    }
    level.next += 1
    if (next > 0) write(',')
    const name = names?.[next]
    if (name === undefined) open((items as readonly Value[])[next] ?? null)
    else {
      write(`${stringText(name)}:`)
      open((items as Members)[name] ?? null)
    }
  }
  return pieces.join('')
}

function openLevel(
  items: readonly Value[] | Members,
  write: (text: string) => void,
  spend: (work: number) => void,
): Level {
  const isArray = Array.isArray(items)
  write(isArray ? '[' : '{')
  const names = isArray ? undefined : Object.keys(items)
  spend((names?.length ?? 0) / 4)
  const length = isArray ? items.length : (names?.length ?? 0)
  return { closing: isArray ? ']' : '}', names, items, length, next: 0 }
}

function scalarText(value: Value): string {
  if (typeof value === 'string') return stringText(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'bigint') return `"${value}"`
  return isDecimal(value) ? value.toString() : String(value)
}

function stringText(text: string): string {
  const quoted = JSON.stringify(text)
  return quoted.includes('\u007f') ? quoted.replaceAll('\u007f', '\\u007f') : quoted
}

/** A double as jq prints it: 17 digits at most, large and small ones with an exponent; infinities as the largest. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'null'
  if (Math.abs(value) === Number.POSITIVE_INFINITY) {
    return `${value < 0 ? '-' : ''}1.7976931348623157e+308`
  }
  if (Number.isSafeInteger(value) && Math.abs(value) < 1e16) {
    return Object.is(value, -0) ? '-0' : String(value)
  }
  const [, sign = '', lead = '', rest = '', power = '0'] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential()) ?? []
  const digits = lead + rest
  const point = Number(power) + 1
  if (point <= -4 || point > digits.length + 15) {
    const size = String(Math.abs(point - 1)).padStart(2, '0')
    return `${sign}${lead}${rest && `.${rest}`}e${point < 1 ? '-' : '+'}${size}`
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return sign + digits.padEnd(point, '0')
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}
