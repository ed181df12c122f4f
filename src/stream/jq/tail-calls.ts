/** Turns functions whose last act is to call themselves into loops, so that they may go on for as long as they can pay. */

import { type Node, single } from './node.ts'
import { mentions } from './scope.ts'
import type { Ast, Definition } from './syntax.ts'
import type { Value } from './values.ts'

/** What a function gives that wants to run again, on the input that the evaluation holds. */
const again: Value = Object.freeze(['again'])

export const againNode: Node = single((input, { run }) => {
  run.again = input
  return again
})

/** The body with its calls of itself marked; undefined when one of them is not its last act. */
export function withMarkedCalls(body: Ast, definition: Definition): Ast | undefined {
  const { name, params } = definition
  const calls = (ast: Ast) => mentions(ast, name, params.length)
  const mark = (ast: Ast): Ast | undefined => {
    if (!calls(ast)) return ast
    if (ast.kind === 'call' && ast.name === name && ast.args.length === params.length) {
      return { kind: 'again' }
    }
    if (ast.kind === 'pipe' || ast.kind === 'alternative') {
      const right = mark(ast.right)
      return calls(ast.left) || right === undefined ? undefined : { ...ast, right }
    }
    if (ast.kind === 'if') {
      const [yes, no] = [mark(ast.yes), mark(ast.no)]
      if (calls(ast.test) || yes === undefined || no === undefined) return undefined
      return { ...ast, yes, no }
    }
    if (ast.kind === 'bind') {
      const inner = mark(ast.body)
      return calls(ast.source) || inner === undefined ? undefined : { ...ast, body: inner }
    }
    return undefined
  }
  return mark(body)
}

/** Runs a body until it gives something else than the wish to run again. */
export function looping(body: Node): Node | undefined {
  const { one } = body
  if (one === undefined) return undefined
  return single((input, frame) => {
    let value = one(input, frame)
    while (value === again) {
      frame.run.spend(2)
      value = one(frame.run.again, frame)
    }
    return value
  })
}
