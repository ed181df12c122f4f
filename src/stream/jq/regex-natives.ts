/** Functions of regular expressions, which run in a machine of their own: JavaScript's can't be stopped. */

import type { Evaluation } from './budget.ts'
import { unfit } from './complaints.ts'
import { type Found, Machine } from './regex/machine.ts'
import { compileExpression, type Program } from './regex/program.ts'
import { readExpression } from './regex/reader.ts'
import { kindOf, raised, type Value } from './values.ts'

type Native = (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined

/** Compiled expressions that one evaluation keeps. */
const maxKept = 50

interface Options {
  readonly global: boolean
  readonly longest: boolean
  readonly notEmpty: boolean
  readonly ignoreCase: boolean
  readonly extended: boolean
  readonly dotAll: boolean
}

function optionsOf(flags: Value): Options {
  if (flags !== null && typeof flags !== 'string') throw unfit(flags, 'is not a string')
  const letters = flags ?? ''
  if (/[^gimnpslx]/.test(letters)) throw raised(`${letters} is not a valid modifier string`)
  return {
    global: letters.includes('g'),
    longest: letters.includes('l'),
    notEmpty: letters.includes('n'),
    ignoreCase: letters.includes('i'),
    extended: letters.includes('x'),
    dotAll: /[pm]/.test(letters),
  }
}

function programOf(run: Evaluation, expression: string, options: Options): Program {
  const { ignoreCase, extended, dotAll } = options
  const key = `${ignoreCase}${extended}${dotAll}${expression}`
  const known = run.expressions.get(key)
  if (known !== undefined) return known as Program
  run.spend(expression.length)
  const program = compileExpression(readExpression(expression, options))
  run.spend(program.instructions.length)
  if (run.expressions.size < maxKept) run.expressions.set(key, program)
  return program
}

/** A text as code points, and pieces of it between two of them. */
class Points {
  readonly #text: string
  readonly points: ArrayLike<number>
  readonly #signs: readonly string[] | undefined

  constructor(text: string) {
    this.#text = text
    this.#signs = /[\ud800-\udfff]/.test(text) ? [...text] : undefined
    this.points =
      this.#signs?.map((sign) => sign.codePointAt(0) ?? 0) ??
      Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
  }

  piece(start: number, end: number): string {
    return this.#signs?.slice(start, end).join('') ?? this.#text.slice(start, end)
  }
}

function matched(found: Found, text: Points, names: readonly (string | null)[]): Value {
  const [start = 0, end = 0] = found
  const captures = names.map((name, at): Value => {
    const [from, to] = [found[at * 2 + 2] ?? -1, found[at * 2 + 3] ?? -1]
    if (from < 0 || to < 0) return { offset: -1, length: 0, string: null, name }
    // Within a match that takes nothing, jq tells nothing of what a group saw.
    if (start === end) return { offset: start, length: 0, string: '', name }
    return { offset: from, length: to - from, string: text.piece(from, to), name }
  })
  return { offset: start, length: end - start, string: text.piece(start, end), captures }
}

function matches(
  run: Evaluation,
  input: Value,
  expression: Value,
  flags: Value,
  isTest: Value,
): Value {
  if (typeof input !== 'string') throw unfit(input, 'cannot be matched, as it is not a string')
  if (typeof expression !== 'string') {
    throw unfit(expression, 'cannot be matched, as it is not a string')
  }
  const options = optionsOf(flags)
  const program = programOf(run, expression, options)
  run.spend(input.length)
  const text = new Points(input)
  const machine = new Machine(program, text.points, run)
  const found: Value[] = []
  for (let from = 0; from <= text.points.length; ) {
    const match = machine.search(from, options.notEmpty, options.longest)
    if (isTest === true) return match !== undefined
    if (match === undefined) break
    run.spend(4 + program.names.length * 4)
    found.push(matched(match, text, program.names))
    const [start = 0, end = 0] = match
    from = end === start ? end + 1 : end
    if (!options.global) break
  }
  return isTest === true ? false : found
}

/** An expression with its flags, given as a text or as an array of the two. */
function expressionOf(value: Value): Value {
  if (typeof value === 'string') return [value, null]
  if (Array.isArray(value) && value.length > 0) return [value[0] ?? null, value[1] ?? null]
  throw raised(`${kindOf(value)} not a string or array`)
}

export const regexNatives: Readonly<Record<string, Native>> = {
  '_match_impl/3': (run, input, ...[expression = null, flags = null, isTest = false]) =>
    matches(run, input, expression, flags, isTest),
  '_regex/1': (_, _input, value = null) => expressionOf(value),
}
