/** Parses programs and modules by jq 1.8's grammar: pipes, commas, operators, definitions. */

import { constantOf, parseString } from './constants.ts'
import { parsePatterns } from './patterns.ts'
import type { Ast, BinaryOperator, Definition, Import, Program } from './syntax.ts'
import { parseTerm } from './terms.ts'
import { Grammar } from './token-stream.ts'
import { isMembers, type Value } from './values.ts'

class Parser extends Grammar {
  override query(): Ast {
    return parseQuery(this)
  }

  override expression(): Ast {
    return parseExpression(this)
  }
}

/** Parses a whole program or module; @throws AppError `stream/bad-expression` */
export function parseProgram(text: string): Program {
  const tokens = new Parser(text)
  const metadata = parseModule(tokens)
  const imports: Import[] = []
  while (tokens.is('import') || tokens.is('include')) imports.push(parseImport(tokens))
  const definitions: Definition[] = []
  while (tokens.is('def')) definitions.push(parseDefinition(tokens))
  const body = tokens.peek.kind === 'end' ? undefined : parseQuery(tokens)
  if (tokens.peek.kind !== 'end') throw tokens.unexpected()
  return { metadata, imports, definitions, body }
}

function parseModule(tokens: Grammar): Value {
  if (!tokens.accept('module')) return null
  return parseMetadata(tokens)
}

function parseMetadata(tokens: Grammar): Value {
  const { at } = tokens.peek
  const metadata = constantOf(parseQuery(tokens))
  if (metadata === undefined) throw tokens.bad('Module metadata must be constant', at)
  if (!isMembers(metadata)) throw tokens.bad('Module metadata must be an object', at)
  tokens.expect(';')
  return metadata
}

function parseImport(tokens: Grammar): Import {
  const isInclude = tokens.take().text === 'include'
  const { kind, at } = tokens.peek
  if (kind !== 'quote') throw tokens.unexpected()
  const path = constantOf(parseString(tokens, 'text'))
  if (typeof path !== 'string') throw tokens.bad('Import path must be constant', at)
  let as: string | undefined
  if (!isInclude) {
    tokens.expect('as')
    const name = tokens.take()
    if (name.kind !== 'name' && name.kind !== 'variable') throw tokens.unexpected()
    as = name.kind === 'name' ? name.text : `$${name.text}`
  }
  if (tokens.accept(';')) return { path, as, metadata: {} }
  return { path, as, metadata: parseMetadata(tokens) }
}

/** `def name(params): body;` */
function parseDefinition(tokens: Grammar): Definition {
  tokens.expect('def')
  const name = tokens.take()
  if (name.kind !== 'name') throw tokens.bad(`"${name.text}" is no name of a function`, name.at)
  const params: string[] = []
  if (tokens.accept('(')) {
    do {
      const param = tokens.take()
      if (param.kind !== 'name' && param.kind !== 'variable') {
        throw tokens.bad(`"${param.text}" is no name of a parameter`, param.at)
      }
      params.push(param.kind === 'name' ? param.text : `$${param.text}`)
    } while (tokens.accept(';'))
    tokens.expect(')')
  }
  tokens.expect(':')
  const body = tokens.deeper(() => parseQuery(tokens))
  tokens.expect(';')
  return { name: name.text, params, body }
}

/** Pipes of commas of expressions; definitions, bindings and labels reach as far as they can. */
function parseQuery(tokens: Grammar): Ast {
  const stages: Ast[] = []
  do stages.push(parseComma(tokens))
  while (tokens.accept('|'))
  return stages.reduceRight((right, left) => ({ kind: 'pipe', left, right }))
}

function parseComma(tokens: Grammar): Ast {
  let left = parseItem(tokens)
  while (tokens.accept(',')) left = { kind: 'comma', left, right: parseItem(tokens) }
  return left
}

function parseItem(tokens: Grammar): Ast {
  if (tokens.is('def')) {
    const definition = parseDefinition(tokens)
    return { kind: 'define', definition, body: tokens.deeper(() => parseQuery(tokens)) }
  }
  if (tokens.accept('label')) {
    const name = tokens.take()
    if (name.kind !== 'variable') throw tokens.bad(`"${name.text}" is no label`, name.at)
    tokens.expect('|')
    return { kind: 'label', name: name.text, body: tokens.deeper(() => parseQuery(tokens)) }
  }
  const source = parseExpression(tokens)
  if (!tokens.accept('as')) return source
  const patterns = parsePatterns(tokens)
  tokens.expect('|')
  return { kind: 'bind', source, patterns, body: tokens.deeper(() => parseQuery(tokens)) }
}

type Level = readonly [precedence: number, kind: 'left' | 'right' | 'none']

const levels: Readonly<Record<string, Level>> = {
  '//': [1, 'right'],
  ...levelsOf(['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='], [2, 'none']),
  or: [3, 'left'],
  and: [4, 'left'],
  ...levelsOf(['==', '!=', '<', '<=', '>', '>='], [5, 'none']),
  ...levelsOf(['+', '-'], [6, 'left']),
  ...levelsOf(['*', '/', '%'], [7, 'left']),
}

function levelsOf(operators: readonly string[], level: Level): Record<string, Level> {
  return Object.fromEntries(operators.map((operator) => [operator, level]))
}

/** Operators by their precedences, down to `least`. */
function parseExpression(tokens: Grammar, least = 1): Ast {
  let left = parseTerm(tokens)
  let bound = 8
  for (;;) {
    const { kind, text } = tokens.peek
    const level = kind === 'symbol' || kind === 'name' ? levels[text] : undefined
    if (level === undefined || level[0] < least) return left
    const [precedence, association] = level
    if (precedence >= bound) throw tokens.unexpected()
    tokens.take()
    const right =
      association === 'right'
        ? tokens.deeper(() => parseExpression(tokens, precedence))
        : parseExpression(tokens, precedence + 1)
    left = joined(text, left, right)
    if (association === 'none') bound = precedence
    else bound = 8
  }
}

function joined(operator: string, left: Ast, right: Ast): Ast {
  if (operator === '//') return { kind: 'alternative', left, right }
  if (operator === 'or' || operator === 'and') return { kind: operator, left, right }
  if (levels[operator]?.[0] === 2) return { kind: 'assign', operator, left, right }
  return { kind: 'binary', operator: operator as BinaryOperator, left, right }
}
