/** The tokens of a program with one look ahead, and the strings between them. */

import { parseNumber } from './decimal.ts'
import { badExpression, type Token, tokenAt } from './lexer.ts'
import type { Ast } from './syntax.ts'
import type { Value } from './values.ts'

/** Deepest nesting of a program. */
const maxDepth = 128

const escapes: Readonly<Record<string, string>> = {
  ...{ '\\': '\\', '"': '"', '/': '/', b: '\b', f: '\f', t: '\t', n: '\n', r: '\r' },
}

/** Where a parser stands in a text. */
class TokenStream {
  readonly text: string
  #token: Token
  #depth = 0

  constructor(text: string) {
    this.text = text
    this.#token = tokenAt(text, 0)
  }

  get peek(): Token {
    return this.#token
  }

  take(): Token {
    const token = this.#token
    this.#token = tokenAt(this.text, token.end)
    return token
  }

  /** Whether a symbol or keyword is next. */
  is(text: string): boolean {
    const { kind, text: found } = this.#token
    return (kind === 'symbol' || kind === 'name') && found === text
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false
    this.take()
    return true
  }

  expect(text: string): void {
    if (this.accept(text)) return
    throw this.bad(`"${text}" is expected before "${this.#token.text}"`)
  }

  /** Takes only the first character of the next symbol. */
  takeFirst(): void {
    this.#token = tokenAt(this.text, this.#token.at + 1)
  }

  deeper<T>(parse: () => T): T {
    this.#depth += 1
    if (this.#depth > maxDepth) throw this.bad(`it is nested deeper than ${maxDepth}`)
    const parsed = parse()
    this.#depth -= 1
    return parsed
  }

  bad(reason: string, at = this.#token.at): Error {
    return badExpression(reason, this.text, at)
  }

  unexpected(): Error {
    return this.bad(`"${this.#token.text}" is not expected here`)
  }

  number(): Value {
    const { text, at } = this.take()
    const value = parseNumber(text)
    if (value === undefined) throw this.bad(`${text} is no number`, at)
    return value
  }

  /** A string that begins here: its texts, and what `interpolation` makes of what stands between them. */
  string<T>(interpolation: () => T): readonly (string | T)[] {
    const start = this.#token.at
    const parts: (string | T)[] = []
    let piece = ''
    let at = this.#token.end
    for (;;) {
      const sign = this.text[at]
      if (sign === undefined) throw this.bad('the string does not end', start)
      if (sign === '"') break
      if (sign !== '\\') {
        piece += sign
        at += 1
      } else if (this.text[at + 1] === '(') {
        parts.push(piece)
        piece = ''
        this.#token = tokenAt(this.text, at + 2)
        parts.push(this.deeper(interpolation))
        if (!this.is(')')) throw this.bad(`")" is expected before "${this.#token.text}"`)
        at = this.#token.end
      } else {
        const [meant, length] = this.#escape(at)
        piece += meant
        at += length
      }
    }
    this.#token = tokenAt(this.text, at + 1)
    return [...parts, piece]
  }

  #escape(at: number): readonly [string, number] {
    const sign = this.text[at + 1] ?? ''
    const meant = escapes[sign]
    if (meant !== undefined) return [meant, 2]
    const pattern =
      /\\u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|\\u([\da-fA-F]{4})/y
    pattern.lastIndex = at
    const found = pattern.exec(this.text)
    if (!found) throw this.bad('the string has a bad escape', at)
    const [whole, high, low, unit] = found
    if (high !== undefined && low !== undefined) {
      return [String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)), 12]
    }
    const code = Number.parseInt(unit ?? '', 16)
    if (code >= 0xd800 && code < 0xdc00) throw this.bad('the string has half a pair', at)
    return [code >= 0xdc00 && code < 0xe000 ? '\ufffd' : String.fromCharCode(code), whole.length]
  }
}

/** The two rules of the grammar that others refer back to. */
export abstract class Grammar extends TokenStream {
  /** Pipes of commas of expressions. */
  abstract query(): Ast
  /** Operators and terms. */
  abstract expression(): Ast
}
