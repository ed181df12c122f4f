/** Compiles the expressions of definitions, and says how they fail. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { compileExpression, compileTemplate, type JsonInput } from '../../stream/jq.ts'
import { WorkflowError } from '../workflow-error.ts'
import { isMembers, type Place, type Problem } from './places.ts'
import { argumentOf, type Data, type Scope } from './runtime.ts'

/** Evaluates on data; variables come from the scope. @throws WorkflowError `expression` */
export type Evaluate = (data: Data, scope: Scope) => Data

/** Arguments that every expression may name. */
export const standardArguments = [
  'context',
  'input',
  'output',
  'secrets',
  'authorization',
  'task',
  'workflow',
  'runtime',
]

const whole = /^\s*\$\{([\s\S]*)\}\s*$/

/** Whether a text is one expression in `${ }`. */
function isExpression(text: string): boolean {
  return whole.test(text) && !/\}[\s\S]*\$\{/.test(text)
}

/** The expression in `${ }`; undefined for any other text. */
export function expressionIn(text: string): string | undefined {
  return isExpression(text) ? whole.exec(text)?.[1]?.trim() : undefined
}

/** Compiles expressions of one definition. */
export class Expressions {
  readonly #loose: boolean
  readonly #problems: Problem[]

  constructor(loose: boolean, problems: Problem[]) {
    this.#loose = loose
    this.#problems = problems
  }

  /** An expression that may stand bare or in `${ }`. */
  bare(text: string, place: Place, keepsExact = false): Evaluate {
    const inner = expressionIn(text) ?? text.trim()
    if (inner === '.') return (data) => data
    try {
      return evaluation(inner, place, (given, options) =>
        compileExpression(given, { ...options, keepsExact }),
      )
    } catch (error) {
      return this.#wrong(place, error)
    }
  }

  /** A condition; null and false do not hold. */
  condition(text: string, place: Place): (data: Data, scope: Scope) => boolean {
    const evaluate = this.bare(text, place)
    return (data, scope) => {
      const value = evaluate(data, scope)
      return value !== false && value !== null
    }
  }

  /** `from` and `as`: an expression, or an object in which expressions stand; exact integers stay exact. */
  filter(value: Json, place: Place): Evaluate {
    return typeof value === 'string'
      ? this.bare(value, place, true)
      : this.template(value, place, true)
  }

  /** A value in which expressions stand in `${ }`; in loose mode every text may be one. */
  template(value: Json, place: Place, keepsExact = false): Evaluate {
    if (this.#loose) return this.#looseTemplate(value, place)
    if (!hasExpression(value)) return () => value as Data
    try {
      return evaluation(
        trimmed(value),
        place,
        (given, options) => compileTemplate(given, { ...options, keepsExact }),
        JSON.stringify(value),
      )
    } catch (error) {
      return this.#wrong(place, error)
    }
  }

  #looseTemplate(value: Json, place: Place): Evaluate {
    if (typeof value === 'string') return this.#looseText(value, place)
    if (Array.isArray(value)) {
      const items = value.map((item: Json) => this.#looseTemplate(item, place))
      return (data, scope) => items.map((item) => item(data, scope))
    }
    if (!isMembers(value)) return () => value as Data
    const members = Object.entries(value).map(
      ([name, one]) => [name, this.#looseTemplate(one, place)] as const,
    )
    return (data, scope) =>
      Object.fromEntries(members.map(([name, one]) => [name, one(data, scope)]))
  }

  #looseText(text: string, place: Place): Evaluate {
    const literal = (): Data => text
    const inner = expressionIn(text) ?? text
    if (!isExpression(text) && text.includes('${')) return this.#strictText(text, place)
    let evaluate: Evaluate
    try {
      evaluate = evaluation(inner.trim(), place, compileExpression)
    } catch {
      return literal
    }
    return (data, scope) => {
      try {
        return evaluate(data, scope)
      } catch {
        return text
      }
    }
  }

  #strictText(text: string, place: Place): Evaluate {
    try {
      return evaluation(text, place, compileTemplate)
    } catch (error) {
      return this.#wrong(place, error)
    }
  }

  #wrong(place: Place, error: unknown): Evaluate {
    if (!(error instanceof AppError)) throw error
    const path = typeof error.data.path === 'string' ? `${error.data.path}: ` : ''
    this.#problems.push({ pointer: place.pointer, message: `${path}${error.message}` })
    return () => null
  }
}

/** Compiles with the variables that the text mentions, so that only those are looked up. */
function evaluation<T extends Json>(
  text: T,
  place: Place,
  compile: (
    text: T,
    options: { readonly variables: readonly string[] },
  ) => (data: JsonInput, variables?: Readonly<Record<string, JsonInput>>) => JsonInput,
  seen = String(text),
): Evaluate {
  const mentioned = new Set(
    [...seen.matchAll(/\$([a-zA-Z_]\w*)/g)].map(([, name]) => name as string),
  )
  const variables = [...new Set([...standardArguments, ...place.variables])].filter((name) =>
    mentioned.has(name),
  )
  const secrets = [...seen.matchAll(/\$secrets\.([a-zA-Z_]\w*)/g)].map(([, name]) => name as string)
  const evaluate = compile(text, { variables })
  return (data, scope) => {
    for (const name of secrets) scope.frame.run.secrets.value(name)
    try {
      if (variables.length === 0) return evaluate(data)
      const values: Record<string, Data> = {}
      for (const name of variables) values[name] = argumentOf(scope, name)
      return evaluate(data, values)
    } catch (error) {
      throw failed(error)
    }
  }
}

function failed(error: unknown): unknown {
  if (error instanceof WorkflowError || !(error instanceof AppError)) return error
  return new WorkflowError({
    ...{ type: 'expression', title: 'Expression failed', detail: error.message, cause: error },
  })
}

function hasExpression(value: Json): boolean {
  if (typeof value === 'string') return value.includes('${')
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((one) => hasExpression(one as Json))
}

/** Texts that are one expression without the white space that YAML leaves around them. */
function trimmed(value: Json): Json {
  if (typeof value === 'string') return isExpression(value) ? value.trim() : value
  if (Array.isArray(value)) return value.map(trimmed)
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, trimmed(one)]))
}
