/** Cuts the text of an expression into tokens. */

import { AppError } from '../../base/app-error.ts'

/** One token and where it begins. */
export interface Token {
  readonly kind: 'field' | 'name' | 'number' | 'string' | 'symbol' | 'end'
  /** Of a field without its dot; of a string its parts: text, then expression, in turns. */
  readonly text: string
  readonly parts?: readonly string[]
  readonly at: number
}

const symbols = ['==', '!=', '<=', '>=', '//', ...'.[](){}|<>+-*/%,:?=@;'] as const

/** The tokens of an expression, with an end token last; @throws AppError `stream/bad-expression` */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  while (at < text.length) {
    const space = take(/\s+/y)
    if (space) {
      at += space.length
      continue
    }
    const start = at
    if (text[at] === '"') {
      const { parts, end } = stringAt(text, at)
      tokens.push({ kind: 'string', text: text.slice(at, end), parts, at: start })
      at = end
      continue
    }
    const field = take(/\.[A-Za-z_]\w*/y)
    const name = take(/[A-Za-z_$]\w*/y)
    const number = take(/\d+(\.\d+)?([eE][+-]?\d+)?/y)
    const symbol = symbols.find((one) => text.startsWith(one, at))
    if (field) tokens.push({ kind: 'field', text: field.slice(1), at })
    else if (name) tokens.push({ kind: 'name', text: name, at })
    else if (number) tokens.push({ kind: 'number', text: number, at })
    else if (symbol) tokens.push({ kind: 'symbol', text: symbol, at })
    else throw badExpression(`"${text[at]}" is not understood`, text, at)
    at += (field ?? name ?? number ?? symbol ?? '').length
  }
  return [...tokens, { kind: 'end', text: 'the end', at }]
}

/** A string with its interpolations `\(…)`. */
function stringAt(text: string, start: number): { parts: string[]; end: number } {
  const parts: string[] = []
  let raw = ''
  let at = start + 1
  const close = () => {
    try {
      parts.push(JSON.parse(`"${raw}"`) as string)
    } catch {
      throw badExpression('the string has a bad escape', text, start)
    }
    raw = ''
  }
  while (at < text.length) {
    if (text[at] === '"') {
      close()
      return { parts, end: at + 1 }
    }
    if (text.startsWith('\\(', at)) {
      close()
      const end = closingParenthesis(text, at + 2)
      parts.push(text.slice(at + 2, end))
      at = end + 1
    } else if (text[at] === '\\') {
      raw += text.slice(at, at + 2)
      at += 2
    } else {
      raw += text[at]
      at += 1
    }
  }
  throw badExpression('the string does not end', text, start)
}

function closingParenthesis(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '"') at = stringAt(text, at).end - 1
    else if (text[at] === '(') depth += 1
    else if (text[at] === ')') depth -= 1
    if (depth === 0) return at
  }
  throw badExpression('an interpolation does not end', text, from)
}

/** Tells what is wrong with an expression and where. */
export function badExpression(reason: string, text: string, at: number): AppError {
  const shown = text.length > 120 ? `${text.slice(0, 119)}…` : text
  const message = `bad expression ${JSON.stringify(shown)}: ${reason}, at character ${at + 1}`
  return new AppError({ code: 'stream/bad-expression', message, data: { at } })
}
