/** Reads JSON text as jq does: large numbers keep their digits, nan is a number, errors tell line and column. */

import { parseNumber } from './decimal.ts'
import { put, Raised, type Value } from './values.ts'

const maxDepth = 10_000

type Open =
  | { readonly kind: 'array'; readonly items: Value[] }
  | { readonly kind: 'object'; readonly members: { [name: string]: Value } }
  | { readonly kind: 'name'; readonly name: string }

/**
 * The one value in a JSON text; a byte order mark before it is passed over.
 *
 * @param spend - told of the length of the text
 * @throws Raised with jq's own text
 */
export function parseJson(text: string, spend: (work: number) => void = () => {}): Value {
  spend(text.length)
  try {
    return new JsonReader(text).whole()
  } catch (error) {
    if (!(error instanceof Raised)) throw error
    throw new Raised(`${error.read(spend)} (while parsing '${text}')`)
  }
}

class JsonReader {
  readonly #text: string
  readonly #open: Open[] = []
  #at = 0
  #line = 1
  /** Bytes since the line began. */
  #column = 0
  #next: Value | undefined

  constructor(text: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text
  }

  whole(): Value {
    let result: Value | undefined
    while (this.#at < this.#text.length) {
      this.#step()
      if (this.#open.length > 0 || this.#next === undefined) continue
      if (result !== undefined) throw new Raised('Unexpected extra JSON values')
      result = this.#next
      this.#next = undefined
    }
    if (this.#open.length > 0) throw this.#atEnd('Unfinished JSON term')
    if (result === undefined) throw new Raised('Expected JSON value')
    return result
  }

  #step(): void {
    const sign = this.#text[this.#at] ?? ''
    if (sign === ' ' || sign === '\t' || sign === '\r' || sign === '\n') this.#advance(1)
    else if (sign === '"') this.#value(this.#string())
    else if ('[]{},:'.includes(sign)) {
      this.#advance(1)
      this.#token(sign)
    } else this.#value(this.#literal())
  }

  #advance(units: number): void {
    const passed = this.#text.slice(this.#at, this.#at + units)
    this.#at += units
    const lines = passed.split('\n')
    if (lines.length > 1) {
      this.#line += lines.length - 1
      this.#column = 0
    }
    this.#column += Buffer.byteLength(lines[lines.length - 1] ?? '')
  }

  #fault(message: string): Raised {
    return new Raised(`${message} at line ${this.#line}, column ${this.#column}`)
  }

  #atEnd(message: string): Raised {
    return new Raised(`${message} at EOF at line ${this.#line}, column ${this.#column}`)
  }

  #value(value: Value): void {
    if (this.#next !== undefined) throw this.#fault('Expected separator between values')
    this.#next = value
  }

  #string(): string {
    const text = this.#text
    let end = this.#at + 1
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
    if (end >= text.length) {
      this.#advance(text.length - this.#at)
      throw this.#atEnd('Unfinished string')
    }
    const raw = text.slice(this.#at + 1, end)
    this.#advance(end + 1 - this.#at)
    return unescaped(raw, (message) => this.#fault(message))
  }

  #literal(): Value {
    const pattern = /[^ \t\r\n"[\]{},:]+/y
    pattern.lastIndex = this.#at
    const [token = ''] = pattern.exec(this.#text) ?? []
    this.#advance(token.length)
    const isLast = this.#at >= this.#text.length
    if (!isLast) this.#advance(1)
    const fault = (message: string) => (isLast ? this.#atEnd(message) : this.#fault(message))
    const value = literalOf(token, fault)
    if (!isLast) this.#back()
    return value
  }

  /** jq notices a bad literal when it has read the sign behind it, and counts that sign. */
  #back(): void {
    this.#at -= 1
    if (this.#text[this.#at] === '\n') this.#line -= 1
    else this.#column -= Buffer.byteLength(this.#text[this.#at] ?? '')
  }

  #token(sign: string): void {
    if (sign === '[' || sign === '{') this.#begin(sign)
    else if (sign === ':') this.#name()
    else if (sign === ',') this.#separate()
    else this.#end(sign)
  }

  #begin(sign: string): void {
    if (this.#open.length >= maxDepth) throw this.#fault('Exceeds depth limit for parsing')
    if (this.#next !== undefined) throw this.#fault('Expected separator between values')
    this.#open.push(sign === '[' ? { kind: 'array', items: [] } : { kind: 'object', members: {} })
  }

  #name(): void {
    const name = this.#next
    if (name === undefined) throw this.#fault("Expected string key before ':'")
    if (this.#open.at(-1)?.kind !== 'object') throw this.#fault("':' not as part of an object")
    if (typeof name !== 'string') throw this.#fault('Object keys must be strings')
    this.#open.push({ kind: 'name', name })
    this.#next = undefined
  }

  #separate(): void {
    const value = this.#next
    const top = this.#open.at(-1)
    if (value === undefined) throw this.#fault("Expected value before ','")
    if (top === undefined) throw this.#fault("',' not as part of an object or array")
    if (top.kind === 'array') top.items.push(value)
    else if (top.kind === 'name') this.#member(top.name, value)
    else throw this.#fault('Objects must consist of key:value pairs')
    this.#next = undefined
  }

  #member(name: string, value: Value): void {
    this.#open.pop()
    const top = this.#open.at(-1)
    if (top?.kind === 'object') put(top.members, name, value)
  }

  #end(sign: string): void {
    const value = this.#next
    const top = this.#open.at(-1)
    if (sign === ']') {
      if (top?.kind !== 'array') throw this.#fault("Unmatched ']'")
      if (value !== undefined) top.items.push(value)
      else if (top.items.length > 0) throw this.#fault('Expected another array element')
      this.#next = top.items
    } else {
      this.#endObject(value, top)
      const object = this.#open.at(-1)
      this.#next = object?.kind === 'object' ? object.members : null
    }
    this.#open.pop()
  }

  #endObject(value: Value | undefined, top: Open | undefined): void {
    if (top === undefined) throw this.#fault("Unmatched '}'")
    if (value !== undefined) {
      if (top.kind !== 'name') throw this.#fault('Objects must consist of key:value pairs')
      this.#member(top.name, value)
    } else if (top.kind !== 'object') throw this.#fault("Unmatched '}'")
    else if (Object.keys(top.members).length > 0) {
      throw this.#fault('Expected another key-value pair')
    }
  }
}

function literalOf(token: string, fault: (message: string) => Raised): Value {
  if (token[0] === "'") throw fault('Invalid string literal; expected ", but got \'')
  if (token[0] === 't' || token[0] === 'f' || token.startsWith('nu')) {
    if (token === 'true') return true
    if (token === 'false') return false
    if (token === 'null') return null
    throw fault('Invalid literal')
  }
  const number = parseNumber(token)
  if (number === undefined) throw fault('Invalid numeric literal')
  return number
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '\\': '\\', '"': '"', '/': '/', b: '\b', f: '\f', t: '\t', n: '\n', r: '\r' },
}

/** A pair of surrogates, one unit, or one sign. */
const escaped =
  /\\(?:u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|u([\da-fA-F]{4})|([\s\S]))/g

/** A JSON string without its quotes. */
function unescaped(raw: string, fault: (message: string) => Raised): string {
  for (const sign of raw) {
    if (sign < ' ') {
      throw fault('Invalid string: control characters from U+0000 through U+001F must be escaped')
    }
  }
  if (!raw.includes('\\')) return raw
  return raw.replace(escaped, (...parts) => {
    const [, high, low, unit, plain] = parts as (string | undefined)[]
    if (high !== undefined) return String.fromCharCode(codeOf(high), codeOf(low))
    if (unit === undefined) {
      const meant = escapes[plain ?? '']
      if (meant !== undefined) return meant
      throw fault(plain === 'u' ? 'Invalid \\uXXXX escape' : 'Invalid escape')
    }
    const code = codeOf(unit)
    if (code >= 0xd800 && code < 0xdc00) {
      throw fault('Invalid \\uXXXX\\uXXXX surrogate pair escape')
    }
    return code >= 0xdc00 && code < 0xe000 ? '\ufffd' : String.fromCharCode(code)
  })
}

function codeOf(hex = ''): number {
  return Number.parseInt(hex, 16)
}
