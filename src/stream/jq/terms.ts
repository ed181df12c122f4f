/** Parses the terms of programs: paths, literals, strings, arrays, objects, calls, and what begins with a keyword. */

import { keyOf, parseString } from './constants.ts'
import { parsePatterns } from './patterns.ts'
import { type Ast, call, identity, literal, type Member } from './syntax.ts'
import type { Grammar } from './token-stream.ts'

const keywords = new Set([
  ...['as', 'def', 'module', 'import', 'include', 'if', 'then', 'else', 'elif', 'end', 'reduce'],
  ...['foreach', 'and', 'or', 'try', 'catch', 'label', 'break', '__loc__'],
])

/** A primary term and all that follows it: fields, brackets, question marks. */
export function parseTerm(tokens: Grammar): Ast {
  let term = parsePrimary(tokens)
  for (;;) {
    const { kind, text, at, end } = tokens.peek
    if (kind === 'field') {
      tokens.take()
      term = indexed(tokens, term, literal(text))
    } else if (tokens.accept('[')) term = parseBracket(tokens, term)
    else if (text === '.' && kind === 'symbol' && tokens.text[end] !== undefined) {
      const next = parseAfterDot(tokens, term)
      if (next === undefined) throw tokens.bad('"." is not expected here', at)
      term = next
    } else if (isQuestion(tokens)) {
      tokens.takeFirst()
      term = { kind: 'try', body: term, handler: undefined }
    } else return term
  }
}

function isQuestion(tokens: Grammar): boolean {
  return tokens.is('?') || tokens.is('?//')
}

function takesQuestion(tokens: Grammar): boolean {
  if (!isQuestion(tokens)) return false
  tokens.takeFirst()
  return true
}

function indexed(tokens: Grammar, target: Ast, key: Ast): Ast {
  return { kind: 'index', target, key, optional: takesQuestion(tokens) }
}

/** `."key"` and `.[…]`; undefined when neither follows the dot. */
function parseAfterDot(tokens: Grammar, term: Ast): Ast | undefined {
  tokens.take()
  if (tokens.peek.kind === 'quote') return indexed(tokens, term, parseString(tokens, 'text'))
  if (tokens.accept('[')) return parseBracket(tokens, term)
  return undefined
}

/** What stands in brackets behind a term. */
function parseBracket(tokens: Grammar, target: Ast): Ast {
  if (tokens.accept(']')) return { kind: 'iterate', target, optional: takesQuestion(tokens) }
  if (tokens.accept(':')) {
    const to = tokens.deeper(() => tokens.query())
    tokens.expect(']')
    return { kind: 'slice', target, from: literal(null), to, optional: takesQuestion(tokens) }
  }
  const key = tokens.deeper(() => tokens.query())
  if (tokens.accept(']')) {
    return { kind: 'index', target, key, optional: takesQuestion(tokens) }
  }
  tokens.expect(':')
  const to = tokens.is(']') ? literal(null) : tokens.deeper(() => tokens.query())
  tokens.expect(']')
  return { kind: 'slice', target, from: key, to, optional: takesQuestion(tokens) }
}

function parsePrimary(tokens: Grammar): Ast {
  const { kind, text, at } = tokens.peek
  if (kind === 'number') return literal(tokens.number())
  if (kind === 'quote') return parseString(tokens, 'text')
  if (kind === 'name') return parseNamed(tokens)
  if (kind === 'field') {
    tokens.take()
    return indexed(tokens, identity, literal(text))
  }
  if (kind === 'variable') {
    tokens.take()
    if (text === '__loc__') return locationAt(tokens, at)
    return { kind: 'variable', name: text, at }
  }
  if (kind === 'format') {
    tokens.take()
    if (tokens.peek.kind === 'quote') return parseString(tokens, text)
    return { kind: 'format', name: text, at }
  }
  if (tokens.accept('.')) {
    if (tokens.peek.kind !== 'quote') return identity
    return indexed(tokens, identity, parseString(tokens, 'text'))
  }
  if (tokens.accept('..')) return call('recurse')
  if (tokens.accept('-')) {
    return { kind: 'negate', body: tokens.deeper(() => parseTerm(tokens)) }
  }
  if (tokens.accept('(')) return parseUntil(tokens, ')')
  if (tokens.accept('[')) {
    if (tokens.accept(']')) return { kind: 'array', body: undefined }
    return { kind: 'array', body: parseUntil(tokens, ']') }
  }
  if (tokens.accept('{')) return parseObject(tokens)
  throw tokens.unexpected()
}

function parseUntil(tokens: Grammar, end: string): Ast {
  const query = tokens.deeper(() => tokens.query())
  tokens.expect(end)
  return query
}

function locationAt(tokens: Grammar, at: number): Ast {
  const line = tokens.text.slice(0, at).split('\n').length
  return literal({ file: '<top-level>', line })
}

function parseNamed(tokens: Grammar): Ast {
  const { text, at } = tokens.take()
  if (text === 'true' || text === 'false') return literal(text === 'true')
  if (text === 'null') return literal(null)
  if (text === 'if') return tokens.deeper(() => parseIf(tokens))
  if (text === 'try') return parseTry(tokens)
  if (text === 'reduce' || text === 'foreach') return parseFold(tokens, text)
  if (text === 'break') {
    const label = tokens.take()
    if (label.kind !== 'variable') throw tokens.bad('break requires a label to break to', at)
    return { kind: 'break', name: label.text, at }
  }
  if (keywords.has(text)) throw tokens.bad(`"${text}" is not expected here`, at)
  const args: Ast[] = []
  if (tokens.accept('(')) {
    do args.push(tokens.deeper(() => tokens.query()))
    while (tokens.accept(';'))
    tokens.expect(')')
  }
  return { kind: 'call', name: text, args, at }
}

function parseIf(tokens: Grammar): Ast {
  const test = tokens.query()
  tokens.expect('then')
  const yes = tokens.query()
  let no = identity
  if (tokens.accept('elif'))
    return { kind: 'if', test, yes, no: tokens.deeper(() => parseIf(tokens)) }
  if (tokens.accept('else')) no = tokens.query()
  tokens.expect('end')
  return { kind: 'if', test, yes, no }
}

function parseTry(tokens: Grammar): Ast {
  const body = tokens.deeper(() => parseTerm(tokens))
  if (!tokens.accept('catch')) return { kind: 'try', body, handler: undefined }
  return { kind: 'try', body, handler: tokens.deeper(() => parseTerm(tokens)) }
}

function parseFold(tokens: Grammar, kind: 'reduce' | 'foreach'): Ast {
  const source = tokens.deeper(() => tokens.expression())
  tokens.expect('as')
  const patterns = parsePatterns(tokens)
  tokens.expect('(')
  const start = tokens.deeper(() => tokens.query())
  tokens.expect(';')
  const update = tokens.deeper(() => tokens.query())
  let extract = identity
  if (kind === 'foreach' && tokens.accept(';')) extract = tokens.deeper(() => tokens.query())
  tokens.expect(')')
  if (kind === 'reduce') return { kind, source, patterns, start, update }
  return { kind, source, patterns, start, update, extract }
}

function parseObject(tokens: Grammar): Ast {
  const members: Member[] = []
  while (!tokens.accept('}')) {
    members.push(tokens.deeper(() => parseMember(tokens)))
    if (tokens.accept(',')) continue
    tokens.expect('}')
    break
  }
  return { kind: 'object', members }
}

function parseMember(tokens: Grammar): Member {
  const { kind, text, at } = tokens.peek
  if (kind === 'variable') {
    tokens.take()
    const value: Ast =
      text === '__loc__' ? locationAt(tokens, at) : { kind: 'variable', name: text, at }
    if (text !== '__loc__' && tokens.accept(':')) {
      return { name: value, value: parseMemberValue(tokens) }
    }
    return { name: literal(text), value }
  }
  if (kind === 'symbol' && text === '(') {
    tokens.take()
    const name = keyOf(tokens, tokens.query())
    tokens.expect(':')
    return { name, value: parseMemberValue(tokens) }
  }
  const name = parseMemberName(tokens)
  if (tokens.accept(':')) return { name, value: parseMemberValue(tokens) }
  return { name, value: { kind: 'index', target: identity, key: name, optional: false } }
}

function parseMemberName(tokens: Grammar): Ast {
  const { kind, text } = tokens.peek
  if (kind === 'quote') return parseString(tokens, 'text')
  if (kind === 'name') {
    tokens.take()
    return literal(text)
  }
  if (kind !== 'format') throw tokens.unexpected()
  tokens.take()
  if (tokens.peek.kind !== 'quote') throw tokens.unexpected()
  return parseString(tokens, text)
}

/** Pipes of expressions; a comma would be the next member. */
function parseMemberValue(tokens: Grammar): Ast {
  const left = tokens.deeper(() => tokens.expression())
  if (!tokens.accept('|')) return left
  return { kind: 'pipe', left, right: parseMemberValue(tokens) }
}
