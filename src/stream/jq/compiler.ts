/** Compiles expressions to closures by recursive descent over jq's precedences. */

import type { Json } from '../../base/json-rpc.ts'
import type { Budget } from './budget.ts'
import { badExpression, type Token, tokensOf } from './lexer.ts'
import { add, areEqual, builtins, calculate, has, isTrue, member, orderOf } from './values.ts'

/** A compiled expression: one input, one output; what it costs is taken from the budget. */
export type Run = (input: Json, budget: Budget) => Json

/** Deepest nesting of an expression. */
const maxDepth = 64

const comparisons: Readonly<Record<string, (a: Json, b: Json, budget: Budget) => boolean>> = {
  '==': areEqual,
  '!=': (a, b, budget) => !areEqual(a, b, budget),
  '<': (a, b, budget) => orderOf(a, b, budget) < 0,
  '<=': (a, b, budget) => orderOf(a, b, budget) <= 0,
  '>': (a, b, budget) => orderOf(a, b, budget) > 0,
  '>=': (a, b, budget) => orderOf(a, b, budget) >= 0,
}

/** Forms of jq that are known and left out, by the token at which they begin. */
const leftOut: Readonly<Record<string, string>> = {
  ',': '"," gives many values, which is supported only within [ ]',
  '?': '"?" hides errors, which is not supported; "//" gives a value in place of null',
  '@': 'formats ("@…") are not supported',
  '=': 'assignments are not supported',
  as: 'variables are not supported',
  ';': '";" (definitions, functions of several arguments) is not supported',
}

/** Compiles one expression; @throws AppError `stream/bad-expression` */
export function compile(text: string, depth = 0, variables: readonly string[] = []): Run {
  return new Compiler(text, depth, variables).whole()
}

class Compiler {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth: number

  readonly #variables: readonly string[]

  constructor(text: string, depth: number, variables: readonly string[]) {
    this.#variables = variables
    this.#text = text
    this.#tokens = tokensOf(text)
    this.#depth = depth
  }

  whole(): Run {
    const evaluate = this.#pipe()
    if (this.#peek().kind !== 'end') throw this.#unexpected()
    return evaluate
  }

  #pipe(): Run {
    this.#deeper()
    const left = this.#alternative()
    this.#depth -= 1
    if (!this.#accept('|')) return left
    const right = this.#pipe()
    return (input, budget) => right(left(input, budget), budget)
  }

  #deeper(): void {
    this.#depth += 1
    if (this.#depth > maxDepth) throw this.#bad(`it is nested deeper than ${maxDepth}`)
  }

  #alternative(): Run {
    const left = this.#either()
    if (!this.#accept('//')) return left
    const right = this.#alternative()
    return (input, budget) => {
      const value = left(input, budget)
      return isTrue(value) ? value : right(input, budget)
    }
  }

  #either(): Run {
    let left = this.#both()
    while (this.#accept('or')) {
      const [first, second] = [left, this.#both()]
      left = (input, budget) => isTrue(first(input, budget)) || isTrue(second(input, budget))
    }
    return left
  }

  #both(): Run {
    let left = this.#comparison()
    while (this.#accept('and')) {
      const [first, second] = [left, this.#comparison()]
      left = (input, budget) => isTrue(first(input, budget)) && isTrue(second(input, budget))
    }
    return left
  }

  #comparison(): Run {
    const left = this.#sum()
    const holds = this.#peek().kind === 'symbol' ? comparisons[this.#peek().text] : undefined
    if (holds === undefined) return left
    this.#next += 1
    const right = this.#sum()
    return (input, budget) => holds(left(input, budget), right(input, budget), budget)
  }

  #sum(): Run {
    let left = this.#product()
    for (;;) {
      const operator = ['+', '-'].find((one) => this.#accept(one))
      if (operator === undefined) return left
      const [first, second] = [left, this.#product()]
      left =
        operator === '+'
          ? (input, budget) => add(first(input, budget), second(input, budget), budget)
          : (input, budget) => calculate('-', first(input, budget), second(input, budget))
    }
  }

  #product(): Run {
    let left = this.#postfix()
    for (;;) {
      const operator = ['*', '/', '%'].find((one) => this.#accept(one))
      if (operator === undefined) return left
      const [first, second] = [left, this.#postfix()]
      left = (input, budget) => calculate(operator, first(input, budget), second(input, budget))
    }
  }

  #postfix(): Run {
    let value = this.#primary()
    for (;;) {
      const { kind, text } = this.#peek()
      if (kind === 'field') {
        this.#next += 1
        const before = value
        value = (input, budget) => member(before(input, budget), text)
      } else if (this.#accept('[')) {
        const [before, key] = [value, this.#bracket()]
        value = (input, budget) => member(before(input, budget), key(input, budget))
      } else if (kind === 'symbol' && text === '.' && this.#isKeyNext()) {
        this.#next += 1
        const { kind: following, parts } = this.#peek()
        if (following !== 'string') continue
        this.#next += 1
        const [before, key] = [value, this.#string(parts ?? [])]
        value = (input, budget) => member(before(input, budget), key(input, budget))
      } else return value
    }
  }

  /** After a dot: a key in brackets or in quotes. */
  #isKeyNext(): boolean {
    const { kind, text } = this.#tokens[this.#next + 1] ?? { kind: 'end', text: '' }
    return kind === 'string' || (kind === 'symbol' && text === '[')
  }

  #bracket(): Run {
    if (this.#peek().text === ']')
      throw this.#bad('".[]" gives many values, which is not supported')
    const key = this.#pipe()
    this.#expect(']')
    return key
  }

  #primary(): Run {
    const token = this.#peek()
    this.#next += 1
    if (token.kind === 'field') return (input) => member(input, token.text)
    if (token.kind === 'number') return this.#number(token)
    if (token.kind === 'string') return this.#string(token.parts ?? [])
    if (token.kind === 'name') return this.#named(token)
    if (token.text === '.') {
      const { kind, parts } = this.#peek()
      if (kind !== 'string') return (input) => input
      this.#next += 1
      const key = this.#string(parts ?? [])
      return (input, budget) => member(input, key(input, budget))
    }
    if (token.text === '(') {
      const inner = this.#pipe()
      this.#expect(')')
      return inner
    }
    if (token.text === '-') {
      this.#deeper()
      const value = this.#postfix()
      this.#depth -= 1
      return (input, budget) => calculate('-', 0, value(input, budget))
    }
    if (token.text === '[') return this.#array()
    if (token.text === '{') return this.#object()
    this.#next -= 1
    throw this.#unexpected()
  }

  #number({ text, at }: Token): Run {
    const value = Number(text)
    if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) {
      return constant(value)
    }
    const reason = `${text} is too large for an exact number; write it as text`
    throw badExpression(reason, this.#text, at)
  }

  #string(parts: readonly string[]): Run {
    if (parts.length === 1) return constant(parts[0] ?? '')
    const pieces = parts.map((part, at) =>
      at % 2 === 0 ? constant(part) : compile(part, this.#depth + 1, this.#variables),
    )
    return (input, budget) => pieces.map((piece) => budget.textOf(piece(input, budget))).join('')
  }

  #named({ text, at }: Token): Run {
    if (text === 'null') return constant(null)
    const variable = text.startsWith('$') ? text.slice(1) : undefined
    if (variable !== undefined && this.#variables.includes(variable)) {
      return (_, { variables }) =>
        Object.hasOwn(variables, variable) ? (variables[variable] ?? null) : null
    }
    if (text === 'true' || text === 'false') return constant(text === 'true')
    if (text === 'if') return this.#condition()
    if (text === 'has') {
      this.#expect('(')
      const key = this.#pipe()
      this.#expect(')')
      return (input, budget) => has(input, key(input, budget))
    }
    const builtin = Object.hasOwn(builtins, text) ? builtins[text] : undefined
    if (builtin) return builtin
    throw badExpression(`"${text}" is not supported`, this.#text, at)
  }

  #condition(): Run {
    const test = this.#pipe()
    this.#expect('then')
    const yes = this.#pipe()
    let no: Run = (input) => input
    if (this.#accept('elif')) {
      no = this.#condition()
      return (input, budget) =>
        isTrue(test(input, budget)) ? yes(input, budget) : no(input, budget)
    }
    if (this.#accept('else')) no = this.#pipe()
    this.#expect('end')
    return (input, budget) => (isTrue(test(input, budget)) ? yes(input, budget) : no(input, budget))
  }

  #array(): Run {
    if (this.#accept(']')) return constant([])
    const items = this.#many()
    this.#expect(']')
    return items
  }

  /** What stands within [ ]: values and commas, of which pipes take one after the other. */
  #many(): (input: Json, budget: Budget) => Json[] {
    this.#deeper()
    const items: Run[] = []
    do items.push(this.#alternative())
    while (this.#accept(','))
    const rest = this.#accept('|') ? this.#many() : undefined
    this.#depth -= 1
    return (input, budget) => {
      budget.spend(items.length)
      const values = items.map((item) => item(input, budget))
      return rest === undefined ? values : values.flatMap((value) => rest(value, budget))
    }
  }

  #object(): Run {
    const members: (readonly [Run, Run])[] = []
    if (!this.#accept('}')) {
      do members.push(this.#member())
      while (this.#accept(','))
      this.#expect('}')
    }
    return (input, budget) => {
      budget.spend(members.length)
      return Object.fromEntries(
        members.map(([name, value]) => [String(name(input, budget)), value(input, budget)]),
      )
    }
  }

  #member(): readonly [Run, Run] {
    const token = this.#peek()
    this.#next += 1
    if ((token.kind !== 'name' || token.text.startsWith('$')) && token.kind !== 'string') {
      this.#next -= 1
      throw this.#unexpected()
    }
    const name = token.kind === 'name' ? constant(token.text) : this.#string(token.parts ?? [])
    if (this.#accept(':')) return [name, this.#pipe()]
    return [name, (input, budget) => member(input, name(input, budget))]
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: 'the end', at: this.#text.length }
  }

  #accept(text: string): boolean {
    const token = this.#peek()
    if ((token.kind !== 'symbol' && token.kind !== 'name') || token.text !== text) return false
    this.#next += 1
    return true
  }

  #expect(text: string): void {
    if (this.#accept(text)) return
    const found = this.#peek().text
    if (found !== 'as' && Object.hasOwn(leftOut, found)) throw this.#unexpected()
    throw this.#bad(`"${text}" is expected before "${found}"`)
  }

  #unexpected() {
    const { kind, text } = this.#peek()
    const isKnown = kind !== 'string' && Object.hasOwn(leftOut, text)
    return this.#bad((isKnown && leftOut[text]) || `"${text}" is not expected here`)
  }

  #bad(reason: string) {
    return badExpression(reason, this.#text, this.#peek().at)
  }
}

function constant(value: Json): Run {
  return () => value
}
