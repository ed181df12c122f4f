/** What names mean at a place of a program. */

import type { Node, PathNode } from './node.ts'
import type { Ast, Definition } from './syntax.ts'
import type { Value } from './values.ts'

/** A place of a program: the names that are known there, and how many frames lie above it at run time. */
export interface Where {
  readonly scope: Scope | undefined
  readonly depth: number
}

/** Names known, the latest first. */
export interface Scope {
  readonly entry: Entry
  readonly up: Scope | undefined
}

export type Entry =
  /** In the frame of this depth; `index` within its array, or -1 where the frame holds the value itself. */
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly depth: number
      readonly index: number
    }
  | { readonly kind: 'global'; readonly name: string; readonly index: number }
  | { readonly kind: 'constant'; readonly name: string; readonly value: Value }
  | { readonly kind: 'label'; readonly name: string; readonly depth: number }
  /** An argument whose code is put in where it is used. */
  | { readonly kind: 'argument'; readonly name: string; readonly ast: Ast; readonly where: Where }
  /** An argument that is passed at run time. */
  | {
      readonly kind: 'closure'
      readonly name: string
      readonly depth: number
      readonly index: number
    }
  | FunctionEntry

/** A function that the program defines. */
export interface FunctionEntry {
  readonly kind: 'function'
  readonly name: string
  readonly arity: number
  readonly definition: Definition
  /** Where it was defined; the function itself is known there. */
  readonly where: Where
  readonly isRecursive: boolean
  /** Compiled for calls at run time, once it is called so. */
  compiled: { node: Node | undefined; paths: PathNode | undefined } | undefined
}

/** An argument passed at run time; its code is compiled where it is first asked for. */
export interface Argument {
  readonly node: () => Node
  readonly paths: () => PathNode
}

export function withEntry(scope: Scope | undefined, entry: Entry): Scope {
  return { entry, up: scope }
}

/** The latest entry that fits. */
export function find<Found extends Entry>(
  scope: Scope | undefined,
  fits: (entry: Entry) => entry is Found,
): Found | undefined {
  for (let one = scope; one !== undefined; one = one.up) if (fits(one.entry)) return one.entry
  return undefined
}

/** The scope in which a function is known, within its own body too. */
export function defined(
  scope: Scope | undefined,
  definition: Definition,
  depth: number,
): Scope & { readonly entry: FunctionEntry } {
  const where: { scope: Scope | undefined; depth: number } = { scope: undefined, depth }
  const entry: FunctionEntry = {
    ...{ kind: 'function', name: definition.name, arity: definition.params.length, definition },
    ...{ where, isRecursive: callsItself(definition), compiled: undefined },
  }
  where.scope = { entry, up: scope }
  return { entry, up: scope }
}

const recursive = new WeakMap<Definition, boolean>()

function callsItself(definition: Definition): boolean {
  const known = recursive.get(definition)
  if (known !== undefined) return known
  const { name, params, body } = definition
  const found = mentions(body, name, params.length)
  recursive.set(definition, found)
  return found
}

/** Whether a call of this name and number of arguments stands in a tree. */
export function mentions(tree: unknown, name: string, arity: number): boolean {
  const waiting = [tree]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (typeof one !== 'object' || one === null) continue
    const ast = one as Partial<Ast & { kind: 'call' }>
    if (ast.kind === 'call' && ast.name === name && ast.args?.length === arity) return true
    if ((ast as { kind?: string }).kind !== 'literal') {
      for (const part of Object.values(one)) if (part !== undefined) waiting.push(part)
    }
  }
  return false
}

/** What the compilers of single forms ask of the compiler of all. */
export interface Compile {
  node(ast: Ast, where: Where): Node
  paths(ast: Ast, where: Where): PathNode
  argument(ast: Ast, where: Where): Argument
  /** Whether the code of functions is still put in where they are called. */
  readonly inlines: boolean
  /** A function that jq itself defines in its own language. */
  prelude(name: string, arity: number): FunctionEntry | undefined
  /** Names and arities of all functions there are, as `name/arity`. */
  builtins(): readonly string[]
  readonly host: Host
  bad(reason: string, at: number): Error
}

/** What a program may ask of its surroundings; nothing unless given. */
export interface Host {
  readonly environment: { readonly [name: string]: string }
  /** Seconds since 1970; without it `now` is refused, for an evaluation must give the same when it is replayed. */
  readonly now: (() => number) | undefined
  /** What `modulemeta` tells of a module. */
  readonly moduleMeta: ((name: string) => Value) | undefined
}
