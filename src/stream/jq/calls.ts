/** Compiles what names stand for: variables, arguments, functions, and breaks to labels. */

import { compileNative } from './forms.ts'
import { natives } from './natives.ts'
import {
  type Each,
  type Frame,
  frameAbove,
  type Node,
  type One,
  type PathNode,
  type Signal,
  single,
  stays,
} from './node.ts'
import { getpathPaths, valuePaths } from './path-forms.ts'
import {
  type Argument,
  type Compile,
  type Entry,
  type FunctionEntry,
  find,
  type Scope,
  type Where,
  withEntry,
} from './scope.ts'
import { special } from './special-forms.ts'
import type { Ast } from './syntax.ts'
import { looping, withMarkedCalls } from './tail-calls.ts'
import type { Value } from './values.ts'

type Of<Kind extends Ast['kind']> = Ast & { readonly kind: Kind }
type OfEntry<Kind extends Entry['kind']> = Entry & { readonly kind: Kind }

export function compileVariable(compile: Compile, ast: Of<'variable'>, where: Where): Node {
  const { name, at } = ast
  const isVariable = (entry: Entry): entry is OfEntry<'variable' | 'global' | 'constant'> =>
    entry.name === name &&
    (entry.kind === 'variable' || entry.kind === 'global' || entry.kind === 'constant')
  const entry = find(where.scope, isVariable)
  if (entry === undefined) {
    if (name === 'ENV') return single(() => compile.host.environment)
    throw compile.bad(`$${name} is not defined`, at)
  }
  if (entry.kind === 'constant') return single(() => entry.value)
  if (entry.kind === 'global') return single((_, { run }) => run.globals[entry.index] ?? null)
  return readVariable(where.depth - entry.depth, entry.index)
}

function readVariable(distance: number, index: number): Node {
  if (index >= 0) {
    return single((_, frame) => (frameAbove(frame, distance).value as Value[])[index] ?? null)
  }
  if (distance === 0) return single((_, frame) => frame.value as Value)
  if (distance === 1) return single((_, frame) => frame.up?.value as Value)
  return single((_, frame) => frameAbove(frame, distance).value as Value)
}

export function compileBreak(compile: Compile, { name, at }: Of<'break'>, where: Where): Node {
  const isLabel = (entry: Entry): entry is OfEntry<'label'> =>
    entry.kind === 'label' && entry.name === name
  const label = find(where.scope, isLabel)
  if (label === undefined) throw compile.bad(`$*label-${name} is not defined`, at)
  const distance = where.depth - label.depth
  const each: Each = (_, frame) => frameAbove(frame, distance).value as object
  return { one: undefined, each, escapes: label.depth }
}

type Callable = OfEntry<'argument' | 'closure' | 'function'>

function callee({ name, args }: Of<'call'>, scope: Scope | undefined) {
  const isCallable = (entry: Entry): entry is Callable => {
    if (entry.name !== name) return false
    if (entry.kind === 'function') return entry.arity === args.length
    return args.length === 0 && (entry.kind === 'argument' || entry.kind === 'closure')
  }
  return find(scope, isCallable)
}

function notDefined(compile: Compile, { name, args, at }: Of<'call'>): Error {
  return compile.bad(`${name}/${args.length} is not defined`, at)
}

export function compileCall(compile: Compile, ast: Of<'call'>, where: Where): Node {
  const { name, args } = ast
  const entry = callee(ast, where.scope)
  if (entry?.kind === 'argument') {
    return compile.node(entry.ast, { scope: entry.where.scope, depth: where.depth })
  }
  if (entry?.kind === 'closure') return callClosure(where.depth - entry.depth, entry.index)
  if (entry?.kind === 'function') return compileFunction(compile, entry, { ast, where })
  const form = special[`${name}/${args.length}`]?.(compile, args, where)
  if (form !== undefined) return form
  const native = natives[`${name}/${args.length}`]
  if (native !== undefined) {
    return compileNative(
      native,
      args.map((arg) => compile.node(arg, where)),
    )
  }
  const known = compile.prelude(name, args.length)
  if (known === undefined) throw notDefined(compile, ast)
  return compileFunction(compile, known, { ast, where })
}

interface Site {
  readonly ast: Of<'call'>
  readonly where: Where
}

function compileFunction(compile: Compile, entry: FunctionEntry, { ast, where }: Site): Node {
  if (!entry.isRecursive && compile.inlines) {
    return compile.node(withValues(entry), inlined(entry, { ast, where }))
  }
  const { node, escapes } = compiledFunction(compile, entry)
  const call = callOf(compile, entry, { ast, where })
  const each: Each = (input, frame, emit) => {
    const { run } = frame
    const { calls } = run
    run.enter()
    const signal = node().each(input, call(frame), emit)
    run.calls = calls
    return signal
  }
  const isOne = args0(entry) && node().one !== undefined
  const one: One | undefined = isOne
    ? (input, frame) => {
        const { run } = frame
        const { calls } = run
        run.enter()
        const value = (node().one as One)(input, call(frame))
        run.calls = calls
        return value
      }
    : undefined
  return { one, each, escapes: one ? stays : escapes }
}

/** Where the body of a function is compiled when it is put in: its parameters stand for the arguments' code. */
function inlined(entry: FunctionEntry, { ast, where }: Site): Where {
  let { scope } = entry.where
  for (const [at, param] of entry.definition.params.entries()) {
    const name = param.replace('$', '')
    const given = ast.args[at] as Ast
    scope = withEntry(scope, { kind: 'argument', name, ast: given, where })
  }
  return { scope, depth: where.depth }
}

const bodies = new WeakMap<object, Ast>()

/** The body of a function; a parameter with a dollar sign is bound to each value of its argument. */
function withValues({ definition }: FunctionEntry): Ast {
  const known = bodies.get(definition)
  if (known !== undefined) return known
  let { body } = definition
  for (const param of definition.params.toReversed()) {
    if (!param.startsWith('$')) continue
    const name = param.slice(1)
    const source: Ast = { kind: 'call', name, args: [], at: 0 }
    body = { kind: 'bind', source, patterns: [{ kind: 'variable', name }], body }
  }
  bodies.set(definition, body)
  return body
}

function args0(entry: FunctionEntry): boolean {
  return entry.arity === 0
}

/** The frame of a call: it lies on the one of the definition, and holds the arguments. */
function callOf(
  compile: Compile,
  entry: FunctionEntry,
  { ast, where }: Site,
): (frame: Frame) => Frame {
  const args = ast.args.map((arg) => compile.argument(arg, where))
  const distance = where.depth - entry.where.depth
  return (frame) => ({
    up: frameAbove(frame, distance),
    value: args.map((argument) => ({ argument, frame })),
    run: frame.run,
  })
}

interface Passed {
  readonly argument: Argument
  readonly frame: Frame
}

/** Where the body of a function is compiled when it is called at run time. */
function calledBody({ definition, where }: FunctionEntry): Where {
  const depth = where.depth + 1
  let { scope } = where
  for (const [index, param] of definition.params.entries()) {
    const name = param.replace('$', '')
    scope = withEntry(scope, { kind: 'closure', name, depth, index })
  }
  return { scope, depth }
}

/**
 * The body of a function, compiled once. While it is compiled, calls of itself are taken to give one output at most;
 * if it then turns out to give more, it is compiled again without that.
 */
function compiledFunction(compile: Compile, entry: FunctionEntry) {
  const { arity, where } = entry
  const escapes = arity > 0 ? 0 : where.depth === 0 ? stays : 0
  const node = () => entry.compiled?.node as Node
  if (entry.compiled?.node !== undefined) return { node, escapes }
  const unknown: One = () => null
  const before = entry.compiled?.paths
  if (arity === 0) {
    const marked = withMarkedCalls(withValues(entry), entry.definition)
    const loop = marked && looping(compile.node(marked, calledBody(entry)))
    if (loop !== undefined) {
      entry.compiled = { node: loop, paths: before }
      return { node, escapes: stays }
    }
    const assumed: Node = { one: unknown, each: () => undefined, escapes: stays }
    entry.compiled = { node: assumed, paths: before }
    const body = compile.node(withValues(entry), calledBody(entry))
    if (body.one !== undefined) {
      entry.compiled = { node: body, paths: entry.compiled.paths }
      return { node, escapes: stays }
    }
  }
  entry.compiled = { node: { one: undefined, each: () => undefined, escapes }, paths: before }
  const body = compile.node(withValues(entry), calledBody(entry))
  entry.compiled = { node: { ...body, escapes }, paths: entry.compiled.paths }
  return { node, escapes }
}

function callClosure(distance: number, index: number): Node {
  const each: Each = (input, frame, emit) => {
    const { argument, frame: own } = passedAt(frame, distance, index)
    return argument.node().each(input, own, emit)
  }
  return { one: undefined, each, escapes: 0 }
}

function passedAt(frame: Frame, distance: number, index: number): Passed {
  return (frameAbove(frame, distance).value as readonly Passed[])[index] as Passed
}

export function callPaths(compile: Compile, ast: Of<'call'>, where: Where): PathNode {
  const { name, args } = ast
  const entry = callee(ast, where.scope)
  if (entry?.kind === 'argument') {
    return compile.paths(entry.ast, { scope: entry.where.scope, depth: where.depth })
  }
  if (entry?.kind === 'closure') {
    const { index } = entry
    const distance = where.depth - entry.depth
    return {
      escapes: 0,
      each: (place, frame, emit) => {
        const { argument, frame: own } = passedAt(frame, distance, index)
        return argument.paths().each(place, own, emit)
      },
    }
  }
  if (entry?.kind === 'function') return functionPaths(compile, entry, { ast, where })
  const [first] = args
  if (name === 'getpath' && args.length === 1 && first) {
    return getpathPaths(compile.node(first, where))
  }
  const known = compile.prelude(name, args.length)
  if (known !== undefined) return functionPaths(compile, known, { ast, where })
  return valuePaths(compileCall(compile, ast, where))
}

function functionPaths(compile: Compile, entry: FunctionEntry, { ast, where }: Site): PathNode {
  if (!entry.isRecursive && compile.inlines) {
    return compile.paths(withValues(entry), inlined(entry, { ast, where }))
  }
  const call = callOf(compile, entry, { ast, where })
  if (entry.compiled?.paths === undefined) {
    const pending: PathNode = { escapes: 0, each: () => undefined }
    entry.compiled = { node: entry.compiled?.node, paths: pending }
    const paths = compile.paths(withValues(entry), calledBody(entry))
    entry.compiled = { node: entry.compiled.node, paths }
  }
  return {
    escapes: 0,
    each: (place, frame, emit): Signal => {
      const { run } = frame
      const { calls } = run
      run.enter()
      const signal = entry.compiled?.paths?.each(place, call(frame), emit)
      run.calls = calls
      return signal
    },
  }
}
