/** Parses what takes values apart: `$a`, `[$a, $b]`, `{a: $b, $c}`, and alternatives between `?//`. */

import { keyOf, parseString } from './constants.ts'
import { type Ast, literal, type Pattern, type PatternEntry } from './syntax.ts'
import type { Grammar } from './token-stream.ts'

/** One pattern, or several of which the first that fits is taken. */
export function parsePatterns(tokens: Grammar): readonly Pattern[] {
  const patterns: Pattern[] = []
  do patterns.push(parsePattern(tokens))
  while (tokens.accept('?//'))
  return patterns
}

function parsePattern(tokens: Grammar): Pattern {
  if (tokens.peek.kind === 'variable') return { kind: 'variable', name: tokens.take().text }
  if (tokens.accept('[')) {
    const items: Pattern[] = []
    do items.push(tokens.deeper(() => parsePattern(tokens)))
    while (tokens.accept(','))
    tokens.expect(']')
    return { kind: 'array', items }
  }
  if (!tokens.accept('{')) throw tokens.unexpected()
  const entries: PatternEntry[] = []
  do entries.push(tokens.deeper(() => parseEntry(tokens)))
  while (tokens.accept(','))
  tokens.expect('}')
  return { kind: 'object', entries }
}

function parseEntry(tokens: Grammar): PatternEntry {
  const { kind } = tokens.peek
  if (kind === 'variable') {
    const variable = tokens.take().text
    const pattern = tokens.accept(':') ? parsePattern(tokens) : undefined
    return { key: literal(variable), variable, pattern }
  }
  const key = parseKey(tokens)
  tokens.expect(':')
  return { key, variable: undefined, pattern: parsePattern(tokens) }
}

function parseKey(tokens: Grammar): Ast {
  const { kind } = tokens.peek
  if (kind === 'name') return literal(tokens.take().text)
  if (kind === 'quote') return parseString(tokens, 'text')
  if (!tokens.accept('(')) throw tokens.unexpected()
  return keyOf(tokens, tokens.query())
}
