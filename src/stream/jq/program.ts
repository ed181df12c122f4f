/** Compiles programs and runs them: from text to outputs. */

import { type Allowance, asFailure, Evaluation, Halt } from './budget.ts'
import { Compiler } from './compiler.ts'
import { jsonTextOf } from './json-text.ts'
import { badExpression } from './lexer.ts'
import { type ModuleFiles, Modules } from './modules.ts'
import type { Node } from './node.ts'
import { parseProgram } from './parser.ts'
import { type Host, type Scope, withEntry } from './scope.ts'
import { identity } from './syntax.ts'
import { Raised, type Value } from './values.ts'

/** How a program is compiled and what its evaluations may cost. */
export interface ProgramOptions {
  /** Names of variables whose values come with each evaluation. */
  readonly variables?: readonly string[]
  /** Files that may be imported. */
  readonly modules?: ModuleFiles
  readonly environment?: Readonly<Record<string, string>>
  readonly now?: () => number
  /** Comparisons of decimal text that would err without a sign are refused. */
  readonly isStrict: boolean
  readonly allowance: Allowance
}

/** A compiled program. */
export interface Compiled {
  readonly node: Node
  /** Begins an evaluation. */
  readonly begin: (globals: readonly Value[]) => Evaluation
}

/**
 * Compiles a program.
 *
 * @throws AppError `stream/bad-expression`, with the place and what is not understood
 */
export function compileText(text: string, options: ProgramOptions): Compiled {
  const { isStrict, allowance } = options
  const begin = (globals: readonly Value[]) => new Evaluation(allowance, isStrict, globals)
  try {
    return { node: compileNode(text, options), begin }
  } catch (error) {
    if (error instanceof RangeError) throw badExpression('it is nested too deeply', text, 0)
    if (error instanceof Raised) throw badExpression(String(error.read(() => {})), text, 0)
    throw error
  }
}

function compileNode(text: string, options: ProgramOptions): Node {
  const program = parseProgram(text)
  if (program.body === undefined) throw badExpression('it does nothing', text, text.length)
  const modules = new Modules(options.modules ?? {})
  const host: Host = {
    environment: options.environment ?? {},
    now: options.now,
    moduleMeta: options.modules && ((name) => modules.meta(name)),
  }
  let scope: Scope | undefined
  for (const [index, name] of (options.variables ?? []).entries()) {
    scope = withEntry(scope, { kind: 'global', name, index })
  }
  scope = modules.imported(program, scope)
  const body = program.definitions.reduceRight(
    (rest, definition) => ({ kind: 'define' as const, definition, body: rest }),
    program.body ?? identity,
  )
  return new Compiler(text, host).node(body, { scope, depth: 0 })
}

/** The first output; undefined when there is none. @throws AppError `stream/expression-failed` */
export function firstOutput(node: Node, input: Value, run: Evaluation): Value | undefined {
  let first: Value | undefined
  try {
    const frame = { up: undefined, value: undefined, run }
    if (node.one !== undefined) return node.one(input, frame)
    const stop = {}
    node.each(input, frame, (value) => {
      first = value
      return stop
    })
  } catch (error) {
    if (!(error instanceof Halt)) throw asFailure(error, jsonTextOf)
  }
  return first
}

/** All outputs, and the error that ended them. */
export function allOutputs(
  node: Node,
  input: Value,
  run: Evaluation,
): { readonly outputs: readonly Value[]; readonly error: unknown } {
  const outputs: Value[] = []
  try {
    node.each(input, { up: undefined, value: undefined, run }, (value) => {
      run.spend(1)
      outputs.push(value)
      return undefined
    })
  } catch (error) {
    if (!(error instanceof Halt)) return { outputs, error: asFailure(error, jsonTextOf) }
  }
  return { outputs, error: undefined }
}
