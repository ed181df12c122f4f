/** Compiles assignments: `=`, `|=`, and those with an operator. */

import { deletePaths, getPath, type Owned, setPath } from './access.ts'
import { operations } from './forms.ts'
import {
  type Each,
  type Frame,
  firstOf,
  keysOf,
  type Node,
  once,
  type PathNode,
  type Signal,
  several,
} from './node.ts'
import { eachCell } from './path-forms.ts'
import type { Compile, Where } from './scope.ts'
import type { Ast, BinaryOperator } from './syntax.ts'
import { isTrue, type Value } from './values.ts'

type Of<Kind extends Ast['kind']> = Ast & { readonly kind: Kind }

export function compileAssignment(compile: Compile, ast: Of<'assign'>, where: Where): Node {
  const { operator } = ast
  const paths = compile.paths(ast.left, where)
  const right = compile.node(ast.right, where)
  if (operator === '|=') return compileModify(paths, right)
  const each: Each = (input, frame, emit) =>
    right.each(input, frame, (value) =>
      operator === '='
        ? assign(paths, { input, frame, value, emit })
        : modify(paths, { input, frame, emit, change: changeBy(operator, value, frame) }),
    )
  return (right.one ? once : several)(each, paths, right)
}

/** `paths |= update`: the first output of `update` takes the place, without one the place is deleted. */
export function compileModify(paths: PathNode, update: Node): Node {
  const each: Each = (input, frame, emit) =>
    modify(paths, { input, frame, emit, change: (value) => firstOf(update, value, frame) })
  return once(each, paths, update)
}

interface Work {
  readonly input: Value
  readonly frame: Frame
  readonly emit: (value: Value) => Signal
}

function assign(paths: PathNode, work: Work & { readonly value: Value }): Signal {
  const { input, frame, value, emit } = work
  const owned: Owned = new Set()
  let state = input
  const visit = (cell: Parameters<typeof keysOf>[0]) => {
    state = setPath(state, keysOf(cell), { value, owned, run: frame.run })
    return undefined
  }
  return eachCell(paths, { value: input, frame, visit }) ?? emit(state)
}

type Change = (value: Value) => { readonly value: Value | undefined; readonly signal: Signal }

function changeBy(operator: string, operand: Value, frame: Frame): Change {
  if (operator === '//=') {
    return (value) => ({ value: isTrue(value) ? value : operand, signal: undefined })
  }
  const operation = operations[operator.slice(0, -1) as BinaryOperator]
  return (value) => ({ value: operation(value, operand, frame.run), signal: undefined })
}

function modify(paths: PathNode, work: Work & { readonly change: Change }): Signal {
  const { input, frame, emit, change } = work
  const { run } = frame
  const owned: Owned = new Set()
  const gone: Value[] = []
  let state = input
  const visit = (cell: Parameters<typeof keysOf>[0]): Signal => {
    const keys = keysOf(cell)
    const before = getPath(state, keys, run)
    // What the update sees may end up in its result, and must not change in place any more.
    if (owned.has(before)) owned.clear()
    const { value, signal } = change(before)
    if (signal !== undefined) return signal
    if (value === undefined) gone.push(keys)
    else state = setPath(state, keys, { value, owned, run })
    return undefined
  }
  const signal = eachCell(paths, { value: input, frame, visit })
  return signal ?? emit(gone.length === 0 ? state : deletePaths(state, gone, run))
}
