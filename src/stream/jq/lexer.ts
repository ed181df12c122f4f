/** Cuts the text of a program into tokens, one at a time, for a parser that knows when a string begins. */

import { AppError } from '../../base/app-error.ts'

/** One token, where it begins and ends. */
export interface Token {
  readonly kind: 'field' | 'name' | 'variable' | 'number' | 'format' | 'quote' | 'symbol' | 'end'
  /** Of a field without its dot, of a variable without its dollar sign, of a format without its at sign. */
  readonly text: string
  readonly at: number
  readonly end: number
}

const space = /(?:[ \r\n\t]+|#(?:\\(?:\\|\r?\n|[\s\S])|[^\n\\])*)+/y
const patterns: readonly (readonly [Token['kind'], RegExp, number])[] = [
  ['field', /\.[A-Za-z_]\w*/y, 1],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y, 0],
  ['name', /(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*/y, 0],
  ['variable', /\$(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*/y, 1],
  ['format', /@\w+/y, 1],
  ['quote', /"/y, 0],
  [
    'symbol',
    /\?\/\/|\/\/=|[!=]=|\/\/|\|=|\+=|-=|\*=|\/=|%=|<=|>=|\.\.|[.?=;,:|+\-*/%$<>[\]{}()]/y,
    0,
  ],
]

/** The token at a place, behind spaces and comments; @throws AppError `stream/bad-expression` */
export function tokenAt(text: string, from: number): Token {
  space.lastIndex = from
  const at = from + (space.exec(text)?.[0].length ?? 0)
  if (at >= text.length) return { kind: 'end', text: 'the end', at, end: at }
  for (const [kind, pattern, skip] of patterns) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) continue
    return { kind, text: found.slice(skip), at, end: at + found.length }
  }
  throw badExpression(`"${text.slice(at, at + 1)}" is not understood`, text, at)
}

/** Tells what is wrong with an expression and where. */
export function badExpression(reason: string, text: string, at: number): AppError {
  const shown = text.length > 120 ? `${text.slice(0, 119)}…` : text
  const message = `bad expression ${JSON.stringify(shown)}: ${reason}, at character ${at + 1}`
  return new AppError({ code: 'stream/bad-expression', message, data: { at } })
}
