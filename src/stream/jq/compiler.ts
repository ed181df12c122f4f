/** Compiles syntax trees to closures: which form is compiled by what. */

import { compileAssignment } from './assignments.ts'
import {
  bindPaths,
  compileBind,
  compileForeach,
  compileLabel,
  compileReduce,
  foreachPaths,
  labelPaths,
} from './bindings.ts'
import { callPaths, compileBreak, compileCall, compileVariable } from './calls.ts'
import * as forms from './forms.ts'
import { badExpression } from './lexer.ts'
import { natives } from './natives.ts'
import { type Node, type PathNode, single } from './node.ts'
import * as paths from './path-forms.ts'
import { preludeDefinitions } from './prelude.ts'
import {
  type Argument,
  type Compile,
  defined,
  type FunctionEntry,
  type Host,
  type Where,
} from './scope.ts'
import { special } from './special-forms.ts'
import type { Ast } from './syntax.ts'
import { againNode } from './tail-calls.ts'
import { compileFormat, compileText } from './texts.ts'

/** Most forms of a compiled program, each counted where its code is put in. */
const maxNodes = 50_000
/** From so many forms on functions are called instead of put in. */
const maxInlined = 5_000
/** Deepest nesting of forms, functions put in counted with. */
const maxDepth = 1_000

/** One program being compiled. */
export class Compiler implements Compile {
  readonly host: Host
  readonly #text: string
  readonly #prelude = new Map<string, FunctionEntry>()
  #nodes = 0
  #depth = 0

  constructor(text: string, host: Host) {
    this.#text = text
    this.host = host
  }

  get inlines(): boolean {
    return this.#nodes < maxInlined
  }

  bad(reason: string, at: number): Error {
    return badExpression(reason, this.#text, at)
  }

  prelude(name: string, arity: number): FunctionEntry | undefined {
    const key = `${name}/${arity}`
    const known = this.#prelude.get(key)
    if (known !== undefined) return known
    const definition = preludeDefinitions().get(key)
    if (definition === undefined) return undefined
    const { entry } = defined(undefined, definition, 0)
    this.#prelude.set(key, entry)
    return entry
  }

  builtins(): readonly string[] {
    const names = [...preludeDefinitions().keys(), ...Object.keys(natives), ...Object.keys(special)]
    return [...new Set(names)].filter((name) => !name.startsWith('_'))
  }

  argument(ast: Ast, where: Where): Argument {
    let node: Node | undefined
    let path: PathNode | undefined
    return {
      node: () => {
        node ??= this.node(ast, where)
        return node
      },
      paths: () => {
        path ??= this.paths(ast, where)
        return path
      },
    }
  }

  /** Counts what is compiled, one form within another. */
  #counted<T>(compile: () => T): T {
    this.#nodes += 1
    this.#depth += 1
    if (this.#nodes > maxNodes) throw this.bad(`it has more than ${maxNodes} parts`, 0)
    if (this.#depth > maxDepth) throw this.bad(`its parts are nested deeper than ${maxDepth}`, 0)
    const compiled = compile()
    this.#depth -= 1
    return compiled
  }

  node(ast: Ast, where: Where): Node {
    return this.#counted(() => this.#node(ast, where))
  }

  #node(ast: Ast, where: Where): Node {
    switch (ast.kind) {
      case 'identity':
        return single((input) => input)
      case 'again':
        return againNode
      case 'literal': {
        const { value } = ast
        return single(() => value)
      }
      case 'text':
        return compileText(this, ast, where)
      case 'format':
        return compileFormat(this, ast)
      case 'index':
        return forms.compileIndex(this, ast, where)
      case 'slice':
        return forms.compileSlice(this, ast, where)
      case 'iterate':
        return forms.compileIterate(this.node(ast.target, where), ast.optional)
      case 'try':
        return forms.compileTry(
          this.node(ast.body, where),
          ast.handler && this.node(ast.handler, where),
        )
      case 'negate':
        return forms.compileNegate(this.node(ast.body, where))
      case 'array':
        return forms.compileArray(ast.body && this.node(ast.body, where))
      case 'object':
        return forms.compileObject(this, ast, where)
      case 'variable':
        return compileVariable(this, ast, where)
      case 'call':
        return compileCall(this, ast, where)
      case 'if':
        return forms.compileIf(
          this.node(ast.test, where),
          this.node(ast.yes, where),
          this.node(ast.no, where),
        )
      default:
        return this.#compound(ast, where)
    }
  }

  #compound(ast: Ast, where: Where): Node {
    switch (ast.kind) {
      case 'pipe':
        return this.#pipe(ast, where)
      case 'comma':
        return forms.compileComma(this.node(ast.left, where), this.node(ast.right, where))
      case 'and':
      case 'or': {
        const [left, right] = [this.node(ast.left, where), this.node(ast.right, where)]
        return forms.compileLogic(ast.kind, left, right)
      }
      case 'alternative':
        return forms.compileAlternative(this.node(ast.left, where), this.node(ast.right, where))
      case 'binary': {
        const [left, right] = [this.node(ast.left, where), this.node(ast.right, where)]
        return forms.compileBinary(ast.operator, left, right)
      }
      case 'assign':
        return compileAssignment(this, ast, where)
      case 'bind':
        return compileBind(this, ast, where)
      case 'reduce':
        return compileReduce(this, ast, where)
      case 'foreach':
        return compileForeach(this, ast, where)
      case 'label':
        return compileLabel(this, ast, where)
      case 'break':
        return compileBreak(this, ast, where)
      case 'define':
        return this.node(ast.body, this.#defined(ast, where))
      default:
        throw this.bad(`"${ast.kind}" is not compiled`, 0)
    }
  }

  /** Long pipes one stage after the other. */
  #pipe(
    ast: Ast & { readonly kind: 'pipe' | 'comma' | 'and' | 'or' | 'alternative' },
    where: Where,
  ): Node {
    let made = this.node(ast.left, where)
    let rest = ast.right
    for (; rest.kind === 'pipe'; rest = rest.right) {
      made = forms.compilePipe(made, this.node(rest.left, where))
    }
    return forms.compilePipe(made, this.node(rest, where))
  }

  #defined(ast: Ast & { readonly kind: 'define' }, { scope, depth }: Where): Where {
    return { scope: defined(scope, ast.definition, depth), depth }
  }

  /** As a path expression; what has no place of its own gives values without one. */
  paths(ast: Ast, where: Where): PathNode {
    return this.#counted(() => this.#paths(ast, where))
  }

  #paths(ast: Ast, where: Where): PathNode {
    switch (ast.kind) {
      case 'index':
        return paths.indexPaths(this, ast, where)
      case 'slice':
        return paths.slicePaths(this, ast, where)
      case 'iterate':
        return paths.iteratePaths(this.paths(ast.target, where), ast.optional)
      case 'pipe':
        return paths.pipePaths(this.paths(ast.left, where), this.paths(ast.right, where))
      case 'comma':
        return paths.commaPaths(this.paths(ast.left, where), this.paths(ast.right, where))
      case 'alternative':
        return paths.alternativePaths(this.paths(ast.left, where), this.paths(ast.right, where))
      case 'if': {
        const [yes, no] = [this.paths(ast.yes, where), this.paths(ast.no, where)]
        return paths.ifPaths(this.node(ast.test, where), yes, no)
      }
      case 'try':
        return paths.tryPaths(
          this.paths(ast.body, where),
          ast.handler && this.paths(ast.handler, where),
        )
      case 'foreach':
        return foreachPaths(this, ast, where)
      case 'label':
        return labelPaths(this, ast, where)
      case 'bind':
        return bindPaths(this, ast, where)
      case 'define':
        return this.paths(ast.body, this.#defined(ast, where))
      case 'call':
        return callPaths(this, ast, where)
      default:
        return paths.valuePaths(this.node(ast, where))
    }
  }
}
