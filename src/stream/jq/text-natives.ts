/** Functions of texts. */

import { lengthOf } from './access.ts'
import { doubleOf, split } from './arithmetic.ts'
import type { Evaluation } from './budget.ts'
import { unfit } from './complaints.ts'
import { formats, formatted, textOf } from './formats.ts'
import { parseJson } from './json-parse.ts'
import { isNumeric, Raised, raised, type Value } from './values.ts'

type Native = (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined

function bothTexts(
  run: Evaluation,
  [input, other]: readonly [Value, Value],
  name: string,
): readonly [string, string] {
  if (typeof input === 'string' && typeof other === 'string') {
    run.copy(Math.min(input.length, other.length))
    return [input, other]
  }
  throw raised(`${name}() requires string inputs`)
}

/** Places, in code points, at which a text occurs within another, overlapping ones too. */
function placesOf(run: Evaluation, text: Value, wanted: Value): Value {
  if (typeof text !== 'string') throw unfit(text, 'cannot be searched, as it is not a string')
  if (typeof wanted !== 'string') throw unfit(wanted, 'is not a string')
  run.spend(text.length)
  if (wanted === '') return null
  const places: number[] = []
  let [points, counted] = [0, 0]
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    run.spend(1 + wanted.length)
    points += lengthOf(text.slice(counted, at), run)
    counted = at
    places.push(points)
  }
  return places
}

/** What Unicode calls white space, which is less than JavaScript's `trim` takes, and more by U+0085. */
const space = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const spaceBefore = new RegExp(`^${space}+`)
const isSpace = new RegExp(space)

function trimmed(value: Value, sides: 'left' | 'right' | 'both'): string {
  if (typeof value !== 'string') throw raised('trim input must be a string')
  const text = sides === 'right' ? value : value.replace(spaceBefore, '')
  if (sides === 'left') return text
  let end = text.length
  while (end > 0 && isSpace.test(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

function imploded(run: Evaluation, value: Value): string {
  if (!Array.isArray(value)) throw raised('implode input must be an array')
  run.spend(value.length)
  const points = value.map((one: Value) => {
    if (!isNumeric(one) || Number.isNaN(doubleOf(one))) {
      throw unfit(one, "can't be imploded, unicode codepoint needs to be numeric")
    }
    const point = Math.trunc(doubleOf(one))
    const isPoint = point >= 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
    return String.fromCodePoint(isPoint ? point : 0xfffd)
  })
  return points.join('')
}

function inAscii(run: Evaluation, value: Value, change: (text: string) => string): string {
  if (typeof value !== 'string') throw raised('explode input must be a string')
  run.spend(value.length)
  return change(value)
}

function toBoolean(value: Value): Value {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'false') return value === 'true'
  throw unfit(value, 'cannot be parsed as a boolean')
}

export const textNatives: Readonly<Record<string, Native>> = {
  'tostring/0': (run, input) => textOf(input, run),
  'tojson/0': (run, input) => formatted('json', input, run),
  'fromjson/0': (run, input) => {
    if (typeof input !== 'string') throw unfit(input, 'only strings can be parsed')
    return parseJson(input, (work) => run.spend(work))
  },
  'toboolean/0': (_, input) => toBoolean(input),
  'format/1': (run, input, name = null) => {
    if (typeof name !== 'string') throw unfit(name, 'is not a valid format')
    if (!formats.includes(name)) throw new Raised(`${name} is not a valid format`)
    return formatted(name, input, run)
  },
  'utf8bytelength/0': (run, input) => {
    if (typeof input !== 'string') throw unfit(input, 'only strings have UTF-8 byte length')
    run.spend(input.length)
    return Buffer.byteLength(input)
  },
  'startswith/1': (run, input, start = null) => {
    const [text, wanted] = bothTexts(run, [input, start], 'startswith')
    return text.startsWith(wanted)
  },
  'endswith/1': (run, input, end = null) => {
    const [text, wanted] = bothTexts(run, [input, end], 'endswith')
    return text.endsWith(wanted)
  },
  'ltrimstr/1': (run, input, start = null) => {
    const [text, wanted] = bothTexts(run, [input, start], 'startswith')
    return text.startsWith(wanted) ? text.slice(wanted.length) : text
  },
  'rtrimstr/1': (run, input, end = null) => {
    const [text, wanted] = bothTexts(run, [input, end], 'endswith')
    return text.endsWith(wanted) ? text.slice(0, text.length - wanted.length) : text
  },
  'trim/0': (run, input) => trimmed(costed(run, input), 'both'),
  'ltrim/0': (run, input) => trimmed(costed(run, input), 'left'),
  'rtrim/0': (run, input) => trimmed(costed(run, input), 'right'),
  'split/1': (run, input, separator = null) => {
    if (typeof input === 'string' && typeof separator === 'string') {
      return split(input, separator, run)
    }
    throw raised('split input and separator must be strings')
  },
  'explode/0': (run, input) => {
    if (typeof input !== 'string') throw raised('explode input must be a string')
    run.spend(input.length)
    return Array.from(input, (sign) => sign.codePointAt(0) ?? 0)
  },
  'implode/0': imploded,
  'ascii_downcase/0': (run, input) =>
    inAscii(run, input, (text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  'ascii_upcase/0': (run, input) =>
    inAscii(run, input, (text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  '_strindices/1': (run, input, wanted = null) => placesOf(run, input, wanted),
}

function costed(run: Evaluation, value: Value): Value {
  if (typeof value === 'string') run.copy(value.length)
  return value
}
