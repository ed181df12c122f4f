/** Compiles texts with interpolations, and formats. */

import { formats, formatted } from './formats.ts'
import { type Each, type Node, once, type Signal, several, single } from './node.ts'
import type { Compile, Where } from './scope.ts'
import type { Ast } from './syntax.ts'
import type { Value } from './values.ts'

type Of<Kind extends Ast['kind']> = Ast & { readonly kind: Kind }

export function compileFormat(compile: Compile, { name, at }: Of<'format'>): Node {
  if (!formats.includes(name)) throw compile.bad(`@${name} is not a valid format`, at)
  return single((input, frame) => formatted(name, input, frame.run))
}

/** The last interpolation is the outermost loop, as in jq. */
export function compileText(compile: Compile, ast: Of<'text'>, where: Where): Node {
  const { format } = ast
  if (!formats.includes(format)) throw compile.bad(`@${format} is not a valid format`, 0)
  const parts = ast.parts.map((part) =>
    typeof part === 'string' ? part : compile.node(part, where),
  )
  const nodes = parts.filter((part) => typeof part !== 'string')
  const ways = parts.map((part) => (typeof part === 'string' ? part : part.one))
  if (ways.every((way) => way !== undefined)) {
    return single((input, frame) => {
      let text = ''
      for (const way of ways) {
        if (typeof way === 'string') text += way
        else {
          const value = way(input, frame)
          if (value === undefined) return undefined
          text += formatted(format, value, frame.run)
        }
      }
      frame.run.copy(text.length)
      return text
    })
  }
  const each: Each = (input, frame, emit) => {
    const from = (at: number, rest: string): Signal => {
      const part = parts[at]
      if (part === undefined) return emit(rest)
      if (typeof part === 'string') return from(at - 1, part + rest)
      return part.each(input, frame, (value: Value) => {
        frame.run.copy(rest.length)
        return from(at - 1, formatted(format, value, frame.run) + rest)
      })
    }
    return from(parts.length - 1, '')
  }
  return nodes.every(({ one }) => one) ? once(each, ...nodes) : several(each, ...nodes)
}
