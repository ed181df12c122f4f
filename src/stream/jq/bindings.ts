/** Compiles what binds values to names: `as`, `reduce`, `foreach`, `label`. */

import { member } from './access.ts'
import { named } from './complaints.ts'
import { compileStep, type Growth, growsInPlace } from './growth.ts'
import {
  type Each,
  type Emit,
  type Frame,
  type Node,
  once,
  type PathNode,
  type Signal,
  several,
  single,
  stays,
} from './node.ts'
import { type Compile, type Where, withEntry } from './scope.ts'
import type { Ast, Pattern, PatternEntry } from './syntax.ts'
import { kindOf, Raised, raised, type Value } from './values.ts'

type Of<Kind extends Ast['kind']> = Ast & { readonly kind: Kind }

/** Patterns compiled: they push one frame, in which the names stand. */
interface Binder {
  /** Where the names are known. */
  readonly where: Where
  /** Goes on in each frame that a value gives. */
  readonly bind: (value: Value, frame: Frame, go: (bound: Frame) => Signal) => Signal
  /** There is one name, and the value itself is bound to it. */
  readonly isPlain: boolean
}

function compilePatterns(compile: Compile, patterns: readonly Pattern[], where: Where): Binder {
  const [only] = patterns
  const depth = where.depth + 1
  if (patterns.length === 1 && only?.kind === 'variable') {
    const scope = withEntry(where.scope, { kind: 'variable', name: only.name, depth, index: -1 })
    const bind: Binder['bind'] = (value, frame, go) => go({ up: frame, value, run: frame.run })
    return { where: { scope, depth }, bind, isPlain: true }
  }
  const names = [...new Set(patterns.flatMap(namesOf))]
  let { scope } = where
  for (const [index, name] of names.entries()) {
    scope = withEntry(scope, { kind: 'variable', name, depth, index })
  }
  const ways = patterns.map((pattern) => compilePattern(pattern, { compile, where, names }))
  const through = (way: Way): Binder['bind'] => {
    return (value, frame, go) => {
      const slots: Value[] = names.map(() => null)
      const bound = { up: frame, value: slots, run: frame.run }
      return way(value, { frame, slots, go: () => go(bound) })
    }
  }
  const binds = ways.map(through)
  return { where: { scope, depth }, bind: firstThatFits(binds), isPlain: false }
}

/** An error behind one pattern, in what is done with it too, leads to the next; that of the last one counts. */
function firstThatFits(binds: readonly Binder['bind'][]): Binder['bind'] {
  const [only] = binds
  if (binds.length === 1 && only) return only
  return (value, frame, go) => {
    const { calls } = frame.run
    for (const bind of binds.slice(0, -1)) {
      try {
        return bind(value, frame, go)
      } catch (error) {
        if (!(error instanceof Raised)) throw error
        frame.run.calls = calls
      }
    }
    return binds.at(-1)?.(value, frame, go)
  }
}

function namesOf(pattern: Pattern): readonly string[] {
  if (pattern.kind === 'variable') return [pattern.name]
  if (pattern.kind === 'array') return pattern.items.flatMap(namesOf)
  return pattern.entries.flatMap(({ variable, pattern: inner }) => [
    ...(variable === undefined ? [] : [variable]),
    ...(inner === undefined ? [] : namesOf(inner)),
  ])
}

/** What is being bound: the frame around, the values by name, and what comes then. */
interface Binding {
  readonly frame: Frame
  readonly slots: Value[]
  readonly go: () => Signal
}

type Way = (value: Value, binding: Binding) => Signal

interface PatternPlace {
  readonly compile: Compile
  readonly where: Where
  readonly names: readonly string[]
}

function compilePattern(pattern: Pattern, place: PatternPlace): Way {
  if (pattern.kind === 'variable') {
    const index = place.names.indexOf(pattern.name)
    return (value, { slots, go }) => {
      slots[index] = value
      return go()
    }
  }
  const parts =
    pattern.kind === 'array'
      ? pattern.items.map((item, at) => compileElement(at, compilePattern(item, place)))
      : pattern.entries.map((entry) => compileEntry(entry, place))
  return (value, binding) => {
    const from = (at: number): Signal => {
      const part = parts[at]
      return part === undefined ? binding.go() : part(value, { ...binding, go: () => from(at + 1) })
    }
    return from(0)
  }
}

function compileElement(index: number, way: Way): Way {
  return (value, binding) => way(member(value, index, binding.frame.run), binding)
}

function compileEntry({ key, variable, pattern }: PatternEntry, place: PatternPlace): Way {
  const name = place.compile.node(key, place.where)
  const way = pattern === undefined ? undefined : compilePattern(pattern, place)
  const index = variable === undefined ? -1 : place.names.indexOf(variable)
  return (value, binding) =>
    name.each(value, binding.frame, (wanted) => {
      if (typeof wanted !== 'string') {
        throw raised((spend) => `Cannot index ${kindOf(value)} with ${named(wanted, spend)}`)
      }
      const part = member(value, wanted, binding.frame.run)
      if (index >= 0) binding.slots[index] = part
      return way === undefined ? binding.go() : way(part, binding)
    })
}

export function compileBind(compile: Compile, ast: Of<'bind'>, where: Where): Node {
  const source = compile.node(ast.source, where)
  const binder = compilePatterns(compile, ast.patterns, where)
  const body = compile.node(ast.body, binder.where)
  const [gives, takes] = [source.one, body.one]
  if (binder.isPlain && gives && takes) {
    return single((input, frame) => {
      const value = gives(input, frame)
      if (value === undefined) return undefined
      return takes(input, { up: frame, value, run: frame.run })
    })
  }
  const each: Each = (input, frame, emit) =>
    source.each(input, frame, (value) =>
      binder.bind(value, frame, (bound) => body.each(input, bound, emit)),
    )
  return several(each, source, body)
}

export function compileReduce(compile: Compile, ast: Of<'reduce'>, where: Where): Node {
  const inPlace = growsInPlace(ast.update)
  if (inPlace !== undefined) return compileGrowth(compile, ast, { where, inPlace })
  const [source, start] = [compile.node(ast.source, where), compile.node(ast.start, where)]
  const binder = compilePatterns(compile, ast.patterns, where)
  const update = compile.node(ast.update, binder.where)
  const each: Each = (input, frame, emit) =>
    start.each(input, frame, (first) => {
      let state: Value = first
      const signal = source.each(input, frame, (value) => {
        frame.run.spend(1)
        return binder.bind(value, frame, (bound) => {
          const before = state
          state = null
          if (update.one) {
            state = update.one(before, bound) ?? null
            return undefined
          }
          return update.each(before, bound, (next) => {
            state = next
            return undefined
          })
        })
      })
      return signal ?? emit(state)
    })
  return (start.one ? once : several)(each, source, start, update)
}

interface Growing {
  readonly where: Where
  readonly inPlace: Growth
}

/** A `reduce` whose state nobody else sees while it grows: it is changed in place, not copied at each step. */
function compileGrowth(compile: Compile, ast: Of<'reduce'>, { where, inPlace }: Growing): Node {
  const [source, start] = [compile.node(ast.source, where), compile.node(ast.start, where)]
  const binder = compilePatterns(compile, ast.patterns, where)
  const step = compileStep(compile, inPlace, binder.where)
  const each: Each = (input, frame, emit) =>
    start.each(input, frame, (first) => {
      const state = step.begin(first, frame)
      const signal = source.each(input, frame, (value) => {
        frame.run.spend(1)
        return binder.bind(value, frame, (bound) => state.go(bound))
      })
      return signal ?? emit(state.value())
    })
  return (start.one ? once : several)(each, source, start, step)
}

/** What a fold over a stream keeps, and how it goes on with each value. */
interface Fold {
  readonly source: Node
  readonly start: Node
  readonly update: Node
  readonly binder: Binder
}

function compileFold(compile: Compile, ast: Of<'foreach'>, where: Where): Fold {
  const binder = compilePatterns(compile, ast.patterns, where)
  return {
    source: compile.node(ast.source, where),
    start: compile.node(ast.start, where),
    update: compile.node(ast.update, binder.where),
    binder,
  }
}

export function compileForeach(compile: Compile, ast: Of<'foreach'>, where: Where): Node {
  const { source, start, update, binder } = compileFold(compile, ast, where)
  const extract = compile.node(ast.extract, binder.where)
  const each: Each = (input, frame, emit) =>
    start.each(input, frame, (first) => {
      let state: Value = first
      return source.each(input, frame, (value) => {
        frame.run.spend(1)
        return binder.bind(value, frame, (bound) => {
          const before = state
          state = null
          return update.each(before, bound, (next) => {
            state = next
            return extract.each(next, bound, emit)
          })
        })
      })
    })
  return several(each, source, start, update, extract)
}

/** As a path expression `foreach` lies where its source lies: `limit` is made of it. */
export function foreachPaths(compile: Compile, ast: Of<'foreach'>, where: Where): PathNode {
  const { start, update, binder } = compileFold(compile, ast, where)
  const source = compile.paths(ast.source, where)
  const extract = compile.paths(ast.extract, binder.where)
  return {
    escapes: Math.min(start.escapes, update.escapes, source.escapes, extract.escapes),
    each: (place, frame, emit) =>
      start.each(place.value, frame, (first) => {
        let state: Value = first
        return source.each(place, frame, (value, cell) => {
          frame.run.spend(1)
          return binder.bind(value, frame, (bound) => {
            const before = state
            state = null
            return update.each(before, bound, (next) => {
              state = next
              return extract.each({ value: next, cell }, bound, emit)
            })
          })
        })
      }),
  }
}

export function bindPaths(compile: Compile, ast: Of<'bind'>, where: Where): PathNode {
  const source = compile.node(ast.source, where)
  const binder = compilePatterns(compile, ast.patterns, where)
  const body = compile.paths(ast.body, binder.where)
  return {
    escapes: Math.min(source.escapes, body.escapes),
    each: (place, frame, emit) =>
      source.each(place.value, frame, (value) =>
        binder.bind(value, frame, (bound) => body.each(place, bound, emit)),
      ),
  }
}

/** Where a label's body is compiled: one frame deeper, which holds what a break gives back. */
function labelled(ast: Of<'label'>, where: Where): Where {
  const depth = where.depth + 1
  return { scope: withEntry(where.scope, { kind: 'label', name: ast.name, depth }), depth }
}

function escapesBeyond(escapes: number, depth: number): number {
  return escapes < depth ? escapes : stays
}

export function compileLabel(compile: Compile, ast: Of<'label'>, where: Where): Node {
  const inner = labelled(ast, where)
  const body = compile.node(ast.body, inner)
  const each: Each = (input, frame, emit: Emit) => {
    const token = {}
    const signal = body.each(input, { up: frame, value: token, run: frame.run }, emit)
    return signal === token ? undefined : signal
  }
  return { one: undefined, each, escapes: escapesBeyond(body.escapes, inner.depth) }
}

export function labelPaths(compile: Compile, ast: Of<'label'>, where: Where): PathNode {
  const inner = labelled(ast, where)
  const body = compile.paths(ast.body, inner)
  return {
    escapes: escapesBeyond(body.escapes, inner.depth),
    each: (place, frame, emit) => {
      const token = {}
      const signal = body.each(place, { up: frame, value: token, run: frame.run }, emit)
      return signal === token ? undefined : signal
    },
  }
}
