/** Compiles jq programs: the expressions of workflows, of filters, and of mappings. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Evaluation } from './jq/budget.ts'
import { textOf } from './jq/formats.ts'
import { leaving } from './jq/leaving.ts'
import { badExpression } from './jq/lexer.ts'
import { allOutputs, type Compiled, compileText, firstOutput } from './jq/program.ts'
import type { Value } from './jq/values.ts'

/** Longest expression, in characters, and deepest template. */
const maxExpressionLength = 16_384
const maxTemplateDepth = 64
/** What one evaluation may cost: steps, characters and values; and how deep a result may be nested. */
const allowance = { work: 1_000_000, depth: 200 }
const exact = { ...allowance, keepsExact: true }

/** A JSON value in which a bigint, an exact integer, may stand anywhere. */
export type JsonInput =
  | Json
  | bigint
  | readonly JsonInput[]
  | { readonly [name: string]: JsonInput }

/** How an expression is compiled. */
export interface ExpressionOptions {
  /** Names of variables, without the dollar sign, whose values come with each evaluation; one left out is null. */
  readonly variables?: readonly string[]
  /**
   * False lets decimal text be ordered against numbers and other decimal text, which jq does by type and by
   * characters; else that is an error.
   */
  readonly isStrict?: boolean
  /** Exact integers stay bigints in the result, for what is evaluated further. */
  readonly keepsExact?: boolean
}

/** Values of variables by name, without the dollar sign. */
export type Variables = Readonly<Record<string, JsonInput>>

/** A compiled expression: its first output, null when there is none; exact integers leave as decimal text. */
export type Evaluate = (input: JsonInput, variables?: Variables) => Json

/** A compiled program: all its outputs, and behind them the error that ended them. */
export type EvaluateAll = (input: JsonInput, variables?: Variables) => Iterable<Json>

/**
 * Compiles an expression in the language of jq 1.8.
 *
 * A bigint in the input is an exact integer, a number of its own kind: `+ - * / %` and comparisons are exact with
 * exact integers and with whole numbers (`/` rounds toward zero), and mixing with a fraction is an error. The function
 * `integer` makes one of decimal text. Exact integers leave as decimal text.
 *
 * @returns evaluates the expression on an input; throws AppError `stream/expression-failed`, also when the evaluation
 * takes more than 1,000,000 steps or its result is nested deeper than 200
 * @throws AppError `stream/bad-expression`, with the place and what is not understood
 * @see the jq 1.8 manual; docs/expressions.md says what differs
 */
export function compileExpression(text: string, options: ExpressionOptions = {}): Evaluate {
  return evaluation(options, expressionOf(text, options))
}

/** Compiles a program of which all outputs are wanted; else as {@link compileExpression}. */
export function compileProgram(text: string, options: ExpressionOptions = {}): EvaluateAll {
  const { node, begin } = programOf(text, options)
  const globals = globalsOf(options)
  return function* (input, variables) {
    const run = begin(globals(variables))
    const { outputs, error } = allOutputs(node, input, run)
    for (const output of outputs) yield leaving(output, run)
    if (error !== undefined) throw error
  }
}

/**
 * Compiles a JSON value in whose texts expressions stand as `${ … }`. A text that is one expression gives the value
 * as it is; in a longer text it is written out. All expressions of a template share one allowance.
 *
 * @throws AppError `stream/bad-expression`; `data.path` is the place within the template, such as `.args[1]`
 */
export function compileTemplate(template: Json, options: ExpressionOptions = {}): Evaluate {
  const { begin } = programOf('.', options)
  const give = templateOf(template, { path: '', depth: 0, options })
  return evaluation(options, { give, begin })
}

type Give = (input: Value, run: Evaluation) => Value

interface Part {
  readonly give: Give
  readonly begin: Compiled['begin']
}

/** Takes variables in the order of their names. */
function globalsOf({ variables = [] }: ExpressionOptions) {
  return (given: Variables = {}): readonly Value[] =>
    variables.map((name) => (Object.hasOwn(given, name) ? (given[name] ?? null) : null))
}

function evaluation(options: ExpressionOptions, { give, begin }: Part): Evaluate {
  const globals = globalsOf(options)
  return (input, variables) => {
    const run = begin(globals(variables))
    return leaving(give(input, run), run)
  }
}

function programOf(text: string, options: ExpressionOptions): Compiled {
  if (text.length > maxExpressionLength) {
    const at = maxExpressionLength
    throw badExpression(`it is longer than ${maxExpressionLength} characters`, text, at)
  }
  const { variables = [], isStrict = true, keepsExact = false } = options
  return compileText(text, { variables, isStrict, allowance: keepsExact ? exact : allowance })
}

function expressionOf(text: string, options: ExpressionOptions): Part {
  const { node, begin } = programOf(text, options)
  return { give: (input, run) => firstOutput(node, input, run) ?? null, begin }
}

interface TemplatePlace {
  readonly path: string
  readonly depth: number
  readonly options: ExpressionOptions
}

function templateOf(template: Json, place: TemplatePlace): Give {
  const { path, depth, options } = place
  if (depth > maxTemplateDepth) {
    throw badTemplate(`the value is nested deeper than ${maxTemplateDepth}`, path)
  }
  const within = (value: Json, step: string) =>
    templateOf(value, { path: path + step, depth: depth + 1, options })
  if (typeof template === 'string') return textPart(template, place)
  if (Array.isArray(template)) {
    const items = template.map((item, at) => within(item, `[${at}]`))
    return (input, run) => items.map((item) => item(input, run))
  }
  if (typeof template === 'object' && template !== null) {
    const members = Object.entries(template).map(
      ([name, value]) => [name, within(value, `.${name}`)] as const,
    )
    return (input, run) =>
      Object.fromEntries(members.map(([name, value]) => [name, value(input, run)]))
  }
  return () => template
}

function textPart(text: string, { path, options }: TemplatePlace): Give {
  try {
    return piecesOf(text, options)
  } catch (error) {
    throw error instanceof AppError ? badTemplate(error.message, path, error) : error
  }
}

function piecesOf(text: string, options: ExpressionOptions): Give {
  const pieces: (string | Give)[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('${')
    if (start < 0) break
    const end = closingBrace(rest, start + 2)
    if (end < 0) throw badExpression('"${" is not closed by "}"', rest, start)
    if (start > 0) pieces.push(rest.slice(0, start))
    pieces.push(expressionOf(rest.slice(start + 2, end).trim(), options).give)
    rest = rest.slice(end + 1)
  }
  if (pieces.length === 0) return () => text
  if (rest !== '') pieces.push(rest)
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'function') return only
  return (input, run) => {
    const texts = pieces.map((piece) => {
      const written = typeof piece === 'string' ? piece : textOf(piece(input, run), run)
      run.spend(written.length)
      return written
    })
    return texts.join('')
  }
}

/**
 * The place of the brace that closes an expression; what stands in braces, parentheses and strings within it is passed over.
 * -1 if there is none.
 */
export function closingBrace(text: string, from: number): number {
  const open = ['{']
  for (let at = from; at < text.length; at += 1) {
    const [sign, within] = [text[at] ?? '', open.at(-1)]
    if (within === '"') {
      if (sign === '"') open.pop()
      else if (sign === '\\') {
        at += 1
        if (text[at] === '(') open.push('(')
      }
    } else if (sign === '"' || sign === '{' || sign === '(') open.push(sign)
    else if ((sign === '}' && within === '{') || (sign === ')' && within === '(')) open.pop()
    if (open.length === 0) return at
  }
  return -1
}

function badTemplate(message: string, path: string, cause?: AppError): AppError {
  return new AppError({ code: 'stream/bad-expression', message, data: { path }, cause })
}
