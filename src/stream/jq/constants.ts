/** Parses strings and keys, and finds what is constant in a program. */

import { type Ast, literal } from './syntax.ts'
import type { Grammar } from './token-stream.ts'
import type { Value } from './values.ts'

/** A string; a format such as `json` is applied to what is interpolated. */
export function parseString(tokens: Grammar, format: string): Ast {
  const parts = tokens.string(() => tokens.query())
  const [only] = parts
  if (parts.length === 1 && typeof only === 'string') return literal(only)
  return { kind: 'text', format, parts }
}

/** A key in parentheses; a constant that is no text is refused before the program runs. */
export function keyOf(tokens: Grammar, key: Ast): Ast {
  const { at } = tokens.peek
  tokens.expect(')')
  const constant = constantOf(key)
  if (constant !== undefined && typeof constant !== 'string') {
    throw tokens.bad(`${typeof constant} cannot be an object key`, at)
  }
  return key
}

/** The value of a tree that is constant: literals, and arrays and objects of literals. */
export function constantOf(ast: Ast): Value | undefined {
  if (ast.kind === 'literal') return ast.value
  if (ast.kind === 'array') return ast.body === undefined ? [] : constantArray(ast.body)
  if (ast.kind !== 'object') return undefined
  const members: [string, Value][] = []
  for (const { name, value } of ast.members) {
    const [key, constant] = [constantOf(name), constantOf(value)]
    if (typeof key !== 'string' || constant === undefined) return undefined
    members.push([key, constant])
  }
  return Object.fromEntries(members)
}

function constantArray(body: Ast): Value | undefined {
  if (body.kind !== 'comma') {
    const only = constantOf(body)
    return only === undefined ? undefined : [only]
  }
  const [left, right] = [constantArray(body.left), constantOf(body.right)]
  if (left === undefined || right === undefined) return undefined
  return [...(left as readonly Value[]), right]
}
