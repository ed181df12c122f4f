/** Reads regular expressions in Oniguruma's Perl syntax with named groups, which jq uses. */

import { raised } from '../values.ts'
import { bracketClass, caseVariants, ignoringCase, not, property, shorthand } from './classes.ts'
import { type Anchor, type Expression, empty, type Matches, type Tree } from './tree.ts'

/** Longest expression, deepest nesting, most repetitions that may be asked for. */
const maxLength = 4_096
const maxDepth = 100
const maxRepeats = 1_000

export interface Flags {
  readonly ignoreCase: boolean
  /** Spaces and comments are passed over. */
  readonly extended: boolean
  /** The dot takes newlines. */
  readonly dotAll: boolean
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7, e: 27 }

/** @throws Raised with Oniguruma's words */
export function readExpression(text: string, flags: Flags): Expression {
  if (text.length > maxLength) throw fault(`it is longer than ${maxLength} characters`)
  return new Reader(text, flags).whole()
}

function fault(reason: string): Error {
  return raised(`Regex failure: ${reason}`) as unknown as Error
}

class Reader {
  readonly #signs: readonly string[]
  readonly #names: (string | null)[] = []
  #flags: Flags
  #at = 0
  #depth = 0

  constructor(text: string, flags: Flags) {
    this.#signs = [...text]
    this.#flags = flags
  }

  whole(): Expression {
    const tree = this.#either()
    if (this.#at < this.#signs.length) throw fault('unmatched close parenthesis')
    return { tree, names: this.#names }
  }

  #peek(ahead = 0): string | undefined {
    return this.#signs[this.#at + ahead]
  }

  #accept(text: string): boolean {
    for (const [at, sign] of [...text].entries()) if (this.#peek(at) !== sign) return false
    this.#at += text.length
    return true
  }

  #either(): Tree {
    this.#depth += 1
    if (this.#depth > maxDepth) throw fault('too deep nest')
    const parts = [this.#sequence()]
    while (this.#accept('|')) parts.push(this.#sequence())
    this.#depth -= 1
    return parts.length === 1 ? (parts[0] ?? empty) : { kind: 'either', parts }
  }

  #sequence(): Tree {
    const parts: Tree[] = []
    for (;;) {
      if (this.#flags.extended) this.#passSpace()
      const sign = this.#peek()
      if (sign === undefined || sign === '|' || sign === ')') break
      const inner = this.#optionsToTheEnd()
      if (inner !== undefined) {
        parts.push(inner)
        continue
      }
      parts.push(this.#repeated(this.#atom()))
    }
    return parts.length === 1 ? (parts[0] ?? empty) : { kind: 'sequence', parts }
  }

  #passSpace(): void {
    for (;;) {
      const sign = this.#peek()
      if (sign === '#') {
        while (this.#peek() !== undefined && this.#peek() !== '\n') this.#at += 1
      } else if (sign === undefined || !/\s/.test(sign)) return
      this.#at += 1
    }
  }

  /** `(?i)` holds up to the end of the group around it, over its alternatives too. */
  #optionsToTheEnd(): Tree | undefined {
    const [found, on, off] = /^\(\?([imsx]*)(?:-([imsx]+))?\)/.exec(this.#ahead(24)) ?? []
    if (found === undefined) return undefined
    this.#at += found.length
    return this.#withOptions(on, off, () => this.#either())
  }

  #ahead(length: number): string {
    return this.#signs.slice(this.#at, this.#at + length).join('')
  }

  #withOptions(on = '', off = '', read: () => Tree): Tree {
    const before = this.#flags
    const now = (letters: string, flag: boolean) => {
      if ([...letters].some((letter) => on.includes(letter))) return true
      return [...letters].some((letter) => off.includes(letter)) ? false : flag
    }
    this.#flags = {
      ignoreCase: now('i', before.ignoreCase),
      extended: now('x', before.extended),
      dotAll: now('s', before.dotAll),
    }
    const tree = read()
    this.#flags = before
    return tree
  }

  #repeated(atom: Tree): Tree {
    let tree = atom
    for (;;) {
      if (this.#flags.extended) this.#passSpace()
      const bounds = this.#bounds()
      if (bounds === undefined) return tree
      const [least, most] = bounds
      const mode = this.#accept('?') ? 'lazy' : this.#accept('+') ? 'possessive' : 'greedy'
      if (tree.kind === 'anchor') continue
      tree = { kind: 'repeat', body: tree, least, most, mode }
    }
  }

  #bounds(): readonly [number, number] | undefined {
    const unlimited = Number.POSITIVE_INFINITY
    if (this.#accept('*')) return [0, unlimited]
    if (this.#accept('+')) return [1, unlimited]
    if (this.#accept('?')) return [0, 1]
    if (this.#peek() !== '{') return undefined
    const [found, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(this.#ahead(24)) ?? []
    if (found === undefined) return undefined
    this.#at += found.length
    const from = Number(least ?? 0)
    const to = comma === '' ? from : most === '' ? unlimited : Number(most)
    if (from > maxRepeats || (to !== unlimited && to > maxRepeats)) {
      throw fault('too big number is specified for a repeat operator')
    }
    return from <= to ? [from, to] : [to, from]
  }

  #atom(): Tree {
    const sign = this.#peek() ?? ''
    this.#at += 1
    if (sign === '(') return this.#group()
    if (sign === '[') return this.#point(this.#bracket())
    if (sign === '\\') return this.#escape()
    if (sign === '.')
      return {
        kind: 'point',
        matches: this.#flags.dotAll ? () => true : not((point) => point === 10),
      }
    if (sign === '^') return { kind: 'anchor', anchor: 'begin' }
    if (sign === '$') return { kind: 'anchor', anchor: 'end-or-newline' }
    if (sign === '*' || sign === '+' || sign === '?') {
      throw fault('target of repeat operator is not specified')
    }
    return this.#literal(sign.codePointAt(0) ?? 0)
  }

  #literal(point: number): Tree {
    if (!this.#flags.ignoreCase) return { kind: 'point', matches: (one) => one === point }
    const variants = caseVariants(point)
    const matches: Matches = (one) => variants.includes(one)
    return {
      kind: 'point',
      matches: (one) => matches(one) || (one > 127 && ignoringCase(matches)(one)),
    }
  }

  #point(matches: Matches): Tree {
    return { kind: 'point', matches: this.#flags.ignoreCase ? ignoringCase(matches) : matches }
  }

  #group(): Tree {
    if (!this.#accept('?')) return this.#captured(null)
    if (this.#accept('#')) {
      while (this.#peek() !== ')' && this.#peek() !== undefined) this.#at += 1
      this.#close()
      return empty
    }
    if (this.#accept(':')) return this.#closed(this.#either())
    if (this.#accept('>')) return { kind: 'atomic', body: this.#closed(this.#either()) }
    for (const [start, behind, negative] of [
      ...[['=', false, false] as const, ['!', false, true] as const],
      ...[['<=', true, false] as const, ['<!', true, true] as const],
    ]) {
      if (this.#accept(start))
        return { kind: 'look', behind, negative, body: this.#closed(this.#either()) }
    }
    const [name, angled, quoted] =
      /^(?:<([\p{L}_][\p{L}\p{N}_]*)>|'([\p{L}_][\p{L}\p{N}_]*)')/u.exec(this.#ahead(80)) ?? []
    if (name !== undefined) {
      this.#at += [...name].length
      return this.#captured(angled ?? quoted ?? null)
    }
    const [options, on, off] = /^([imsx]*)(?:-([imsx]+))?:/.exec(this.#ahead(24)) ?? []
    if (options === undefined) throw fault('undefined group option')
    this.#at += options.length
    return this.#closed(this.#withOptions(on, off, () => this.#either()))
  }

  #captured(name: string | null): Tree {
    this.#names.push(name)
    const index = this.#names.length
    return { kind: 'group', index, body: this.#closed(this.#either()) }
  }

  #closed(tree: Tree): Tree {
    this.#close()
    return tree
  }

  #close(): void {
    if (!this.#accept(')')) throw fault('end pattern with unmatched parenthesis')
  }

  #escape(): Tree {
    const sign = this.#peek()
    if (sign === undefined) throw fault('end pattern at escape')
    const anchors: Readonly<Record<string, Anchor>> = {
      ...{ A: 'begin', z: 'end', Z: 'end-or-newline', b: 'word', B: 'no-word', G: 'start' },
    }
    const anchor = anchors[sign]
    if (anchor !== undefined) {
      this.#at += 1
      return { kind: 'anchor', anchor }
    }
    if (sign === 'K' || sign === 'R' || sign === 'Q' || sign === 'X') return this.#wideEscape(sign)
    const matches = this.#classEscape()
    if (matches !== undefined) return this.#point(matches)
    return this.#backreference() ?? this.#literal(this.#pointEscape())
  }

  #wideEscape(sign: string): Tree {
    this.#at += 1
    const among = (...points: number[]): Tree => ({
      kind: 'point',
      matches: (one) => points.includes(one),
    })
    if (sign === 'K') return { kind: 'keep' }
    if (sign === 'R') {
      const pair: Tree = { kind: 'sequence', parts: [among(13), among(10)] }
      const either: Tree = { kind: 'either', parts: [pair, among(10, 11, 12, 13, 133, 8232, 8233)] }
      return { kind: 'atomic', body: either }
    }
    if (sign === 'X') throw fault('\\X is not supported')
    const parts: Tree[] = []
    while (this.#peek() !== undefined && !this.#accept('\\E')) {
      parts.push(this.#literal(this.#peek()?.codePointAt(0) ?? 0))
      this.#at += 1
    }
    return { kind: 'sequence', parts }
  }

  /** `\d`, `\p{…}` and the like. */
  #classEscape(): Matches | undefined {
    const sign = this.#peek() ?? ''
    const short = shorthand(sign)
    if (short !== undefined) {
      this.#at += 1
      return short
    }
    if (sign !== 'p' && sign !== 'P') return undefined
    const [found, name = ''] = /^[pP]\{([^}]*)\}/.exec(this.#ahead(60)) ?? []
    if (found === undefined) return undefined
    this.#at += [...found].length
    return sign === 'P' ? not(property(name)) : property(name)
  }

  #backreference(): Tree | undefined {
    const [found, digits, angled, quoted] =
      /^(?:([1-9]\d?)|k<([^>]+)>|k'([^']+)')/.exec(this.#ahead(80)) ?? []
    if (found === undefined) {
      if (this.#peek() === 'g') throw fault('calls of groups (\\g) are not supported')
      return undefined
    }
    const { ignoreCase } = this.#flags
    const name = angled ?? quoted
    if (digits !== undefined || /^-?\d+$/.test(name ?? '')) {
      const number = Number(digits ?? name)
      const group = number < 0 ? this.#names.length + 1 + number : number
      if (group > this.#names.length && digits !== undefined && group > 9) return undefined
      if (group < 1 || group > this.#names.length) throw fault('invalid backref number/name')
      this.#at += [...found].length
      return { kind: 'backreference', groups: [group], ignoreCase }
    }
    const groups = this.#names.flatMap((one, at) => (one === name ? [at + 1] : []))
    if (groups.length === 0) throw fault(`undefined name <${name}> reference`)
    this.#at += [...found].length
    return { kind: 'backreference', groups, ignoreCase }
  }

  /** One code point behind a backslash. */
  #pointEscape(): number {
    const ahead = this.#ahead(12)
    const [hex, braced, plain] = /^(?:x\{([\da-fA-F]{1,8})\}|x([\da-fA-F]{1,2}))/.exec(ahead) ?? []
    const digits = braced ?? plain
    if (hex !== undefined && digits !== undefined) {
      this.#at += hex.length
      const point = Number.parseInt(digits, 16)
      if (point > 0x10ffff) throw fault('too big wide-char value')
      return point
    }
    const [octal] = /^0?[0-7]{1,3}/.exec(ahead) ?? []
    if (octal !== undefined) {
      this.#at += octal.length
      return Number.parseInt(octal, 8) & 255
    }
    const [control, letter] = /^c([\x40-\x7f])/.exec(ahead) ?? []
    if (control !== undefined) {
      this.#at += 2
      return (letter ?? '').charCodeAt(0) & 31
    }
    const sign = this.#peek() ?? ''
    this.#at += 1
    return escapes[sign] ?? sign.codePointAt(0) ?? 0
  }

  #bracket(): Matches {
    const isNegative = this.#accept('^')
    const parts: Matches[] = []
    for (let isFirst = true; ; isFirst = false) {
      if (this.#peek() === undefined) throw fault('premature end of char-class')
      if (!isFirst && this.#accept(']')) break
      parts.push(this.#bracketPart())
    }
    const any: Matches = (point) => parts.some((matches) => matches(point))
    if (!isNegative) return any
    return not(this.#flags.ignoreCase ? ignoringCase(any) : any)
  }

  #bracketPart(): Matches {
    const [bracket, name = ''] = /^\[:(\^?[a-z]+):\]/.exec(this.#ahead(16)) ?? []
    const posix = bracket === undefined ? undefined : bracketClass(name)
    if (bracket !== undefined && posix !== undefined) {
      this.#at += bracket.length
      return posix
    }
    const from = this.#bracketPoint()
    if (typeof from !== 'number') return from
    const isRange = this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== undefined
    if (!isRange) return (point) => point === from
    this.#at += 1
    const to = this.#bracketPoint()
    if (typeof to !== 'number') {
      return (point) => point === from || point === 45 || to(point)
    }
    if (to < from) throw fault('empty range in char class')
    return (point) => point >= from && point <= to
  }

  #bracketPoint(): number | Matches {
    const sign = this.#peek() ?? ''
    this.#at += 1
    if (sign !== '\\') return sign.codePointAt(0) ?? 0
    if (this.#peek() === undefined) throw fault('end pattern at escape')
    const matches = this.#classEscape()
    if (matches !== undefined) return matches
    if (this.#accept('b')) return 8
    return this.#pointEscape()
  }
}
