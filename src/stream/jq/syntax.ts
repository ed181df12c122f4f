/** The syntax tree of jq programs. */

import type { Value } from './values.ts'

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>='

export type Ast =
  | { readonly kind: 'identity' }
  /** The function around it runs again, on this input; only the compiler writes it. */
  | { readonly kind: 'again' }
  | { readonly kind: 'literal'; readonly value: Value }
  /** Text with interpolations; a format such as `json` is applied to these. */
  | { readonly kind: 'text'; readonly format: string; readonly parts: readonly (string | Ast)[] }
  | { readonly kind: 'format'; readonly name: string; readonly at: number }
  | { readonly kind: 'index'; readonly target: Ast; readonly key: Ast; readonly optional: boolean }
  | {
      readonly kind: 'slice'
      readonly target: Ast
      readonly from: Ast
      readonly to: Ast
      readonly optional: boolean
    }
  | { readonly kind: 'iterate'; readonly target: Ast; readonly optional: boolean }
  | { readonly kind: 'try'; readonly body: Ast; readonly handler: Ast | undefined }
  | { readonly kind: 'negate'; readonly body: Ast }
  | { readonly kind: 'array'; readonly body: Ast | undefined }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'variable'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly args: readonly Ast[]
      readonly at: number
    }
  | {
      readonly kind: 'pipe' | 'comma' | 'and' | 'or' | 'alternative'
      readonly left: Ast
      readonly right: Ast
    }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Ast
      readonly right: Ast
    }
  | {
      readonly kind: 'assign'
      readonly operator: string
      readonly left: Ast
      readonly right: Ast
    }
  | {
      readonly kind: 'if'
      readonly test: Ast
      readonly yes: Ast
      readonly no: Ast
    }
  | {
      readonly kind: 'reduce'
      readonly source: Ast
      readonly patterns: readonly Pattern[]
      readonly start: Ast
      readonly update: Ast
    }
  | {
      readonly kind: 'foreach'
      readonly source: Ast
      readonly patterns: readonly Pattern[]
      readonly start: Ast
      readonly update: Ast
      readonly extract: Ast
    }
  | { readonly kind: 'label'; readonly name: string; readonly body: Ast }
  | { readonly kind: 'break'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'bind'
      readonly source: Ast
      readonly patterns: readonly Pattern[]
      readonly body: Ast
    }
  | { readonly kind: 'define'; readonly definition: Definition; readonly body: Ast }

export interface Member {
  readonly name: Ast
  readonly value: Ast
}

export type Pattern =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'array'; readonly items: readonly Pattern[] }
  | { readonly kind: 'object'; readonly entries: readonly PatternEntry[] }

export interface PatternEntry {
  readonly key: Ast
  /** Bound to the member itself, before the pattern takes it apart. */
  readonly variable: string | undefined
  readonly pattern: Pattern | undefined
}

export interface Definition {
  readonly name: string
  /** With a dollar sign where the value is wanted. */
  readonly params: readonly string[]
  readonly body: Ast
}

/** One `import` or `include`. */
export interface Import {
  readonly path: string
  /** The name of the module, or with a dollar sign of data; undefined for `include`. */
  readonly as: string | undefined
  readonly metadata: Value
}

/** A program or a module: what it imports, defines, and (of programs) does. */
export interface Program {
  readonly metadata: Value
  readonly imports: readonly Import[]
  readonly definitions: readonly Definition[]
  /** Undefined when there are only definitions. */
  readonly body: Ast | undefined
}

export const identity: Ast = { kind: 'identity' }

export function literal(value: Value): Ast {
  return { kind: 'literal', value }
}

/** A call without a place of its own, of what the compiler itself knows to be there. */
export function call(name: string, ...args: readonly Ast[]): Ast {
  return { kind: 'call', name, args, at: 0 }
}
