/** Compiles texts in which `${ … }` holds jq, whose values are escaped as the text around them needs it. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { closingBrace, compileExpression } from '../../stream/jq.ts'

/** Gives the text for some data; `escaped` is for what the expressions give. */
export type TemplateText = (data: Json, escaped: (text: string) => string) => string

/** Most expressions of one text. */
const mostExpressions = 100

/** @throws AppError `services/bad-template`, with the name of the member */
export function compileText(text: string, member: string): TemplateText {
  const pieces: (string | ((data: Json) => string))[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('${')
    if (start < 0) break
    const end = closingBrace(rest, start + 2)
    if (end < 0) throw badTemplate(`"${member}": "\${" is not closed by "}"`)
    pieces.push(rest.slice(0, start), expressionText(rest.slice(start + 2, end).trim(), member))
    rest = rest.slice(end + 1)
  }
  pieces.push(rest)
  if (pieces.length > 2 * mostExpressions + 1) {
    throw badTemplate(`"${member}" has more than ${mostExpressions} expressions`)
  }
  return (data, escaped) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : escaped(piece(data)))).join('')
}

/** What is absent is left empty. */
function expressionText(expression: string, member: string): (data: Json) => string {
  try {
    const evaluate = compileExpression(expression)
    return (data) => {
      const value = evaluate(data)
      if (value === null) return ''
      return typeof value === 'string' ? value : JSON.stringify(value)
    }
  } catch (error) {
    throw badTemplate(`"${member}": ${(error as Error).message}`, error)
  }
}

/** A template that cannot be used. */
export function badTemplate(reason: string, cause?: unknown): AppError {
  return new AppError({ code: 'services/bad-template', message: `the template: ${reason}`, cause })
}
