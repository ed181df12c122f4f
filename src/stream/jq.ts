/** Compiles expressions of workflows: a subset of jq in which each expression gives one value. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { Budget } from './jq/budget.ts'
import { compile, type Run } from './jq/compiler.ts'
import { badExpression } from './jq/lexer.ts'

/** Longest expression, in characters, and deepest template. */
const maxExpressionLength = 4_096
const maxTemplateDepth = 64

/** A JSON value in which a bigint, an exact integer, may stand anywhere. */
export type JsonInput =
  | Json
  | bigint
  | readonly JsonInput[]
  | { readonly [name: string]: JsonInput }

/** What an expression may use beside its input. */
export interface ExpressionOptions {
  /** Names of variables, without the dollar sign, whose values come with each evaluation; one left out is null. */
  readonly variables?: readonly string[]
}

/** Values of variables by name, without the dollar sign. */
export type Variables = Readonly<Record<string, JsonInput>>

/** A compiled expression: its first output, null when there is none; exact integers leave as decimal text. */
export type Evaluate = (input: JsonInput, variables?: Variables) => Json

/** A compiled program: all its outputs, one after the other as they are asked for. */
export type EvaluateAll = (input: JsonInput, variables?: Variables) => Iterable<Json>

/**
 * Compiles an expression: paths, literals, comparisons, `and`, `or`, `not`, arithmetic, `//`, `|`, `if`, string
 * interpolation, arrays, objects, and some functions. There are no loops, and one evaluation visits or writes no more
 * than 2,000,000 values and characters.
 *
 * Integers of events are decimal text, and stay so. Comparing one with a number, and ordering two of them, is an
 * error, because jq would answer by type or by characters; exact arithmetic with large integers comes later.
 *
 * @returns evaluates the expression on an input; throws AppError `stream/expression-failed`
 * @throws AppError `stream/bad-expression`, with the place and what is not supported
 * @see the jq 1.8 manual, whose meaning each supported form has
 */
export function compileExpression(text: string, options: ExpressionOptions = {}): Evaluate {
  return bounded(expressionOf(text, options))
}

/**
 * Compiles a program of which all outputs are wanted; else as {@link compileExpression}.
 *
 * @returns gives the outputs; throws AppError `stream/expression-failed` where the program fails
 */
export function compileProgram(text: string, options: ExpressionOptions = {}): EvaluateAll {
  const evaluate = compileExpression(text, options)
  return function* (input, variables) {
    yield evaluate(input, variables)
  }
}

/**
 * Compiles a JSON value in whose texts expressions stand as `${ … }`. A text that is one expression gives the value
 * as it is; in a longer text it is written out. All expressions of a template share one budget.
 *
 * @throws AppError `stream/bad-expression`; `data.path` is the place within the template, such as `.args[1]`
 */
export function compileTemplate(template: Json, options: ExpressionOptions = {}): Evaluate {
  return bounded(templateOf(template, '', options))
}

/** The result counts too: it may hold one value many times over. */
function bounded(run: Run): Evaluate {
  return (input, variables) => {
    const budget = new Budget(variables as Readonly<Record<string, Json>>)
    const value = run(input as Json, budget)
    budget.weigh(value)
    return leaving(value)
  }
}

/** Exact integers as decimal text. */
function leaving(value: Json): Json {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(leaving)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, leaving(item)]))
}

function expressionOf(text: string, options: ExpressionOptions): Run {
  if (text.length > maxExpressionLength) {
    const at = maxExpressionLength
    throw badExpression(`it is longer than ${maxExpressionLength} characters`, text, at)
  }
  return compile(text, 0, options.variables)
}

function templateOf(template: Json, path: string, options: ExpressionOptions, depth = 0): Run {
  if (depth > maxTemplateDepth) {
    throw badTemplate(`the value is nested deeper than ${maxTemplateDepth}`, path)
  }
  if (typeof template === 'string') return textOf(template, path, options)
  if (Array.isArray(template)) {
    const items = template.map((item, at) => templateOf(item, `${path}[${at}]`, options, depth + 1))
    return (input, budget) => items.map((item) => item(input, budget))
  }
  if (typeof template === 'object' && template !== null) {
    const members = Object.entries(template).map(
      ([name, value]) => [name, templateOf(value, `${path}.${name}`, options, depth + 1)] as const,
    )
    return (input, budget) =>
      Object.fromEntries(members.map(([name, value]) => [name, value(input, budget)]))
  }
  return () => template
}

function textOf(text: string, path: string, options: ExpressionOptions): Run {
  try {
    return piecesOf(text, options)
  } catch (error) {
    throw error instanceof AppError ? badTemplate(error.message, path, error) : error
  }
}

function piecesOf(text: string, options: ExpressionOptions): Run {
  const pieces: (string | Run)[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('${')
    if (start < 0) break
    const end = closingBrace(rest, start + 2)
    if (end < 0) throw badExpression('"${" is not closed by "}"', rest, start)
    if (start > 0) pieces.push(rest.slice(0, start))
    pieces.push(expressionOf(rest.slice(start + 2, end).trim(), options))
    rest = rest.slice(end + 1)
  }
  if (pieces.length === 0) return () => text
  if (rest !== '') pieces.push(rest)
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'function') return only
  return (input, budget) =>
    pieces
      .map((piece) => (typeof piece === 'string' ? piece : budget.textOf(piece(input, budget))))
      .join('')
}

/** The brace that closes an expression; braces within it, and in its strings, are passed over. */
function closingBrace(text: string, from: number): number {
  let depth = 1
  let quoted = false
  for (let at = from; at < text.length; at += 1) {
    if (quoted && text[at] === '\\') at += 1
    else if (text[at] === '"') quoted = !quoted
    else if (!quoted && text[at] === '{') depth += 1
    else if (!quoted && text[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  return -1
}

function badTemplate(message: string, path: string, cause?: AppError): AppError {
  return new AppError({ code: 'stream/bad-expression', message, data: { path }, cause })
}
