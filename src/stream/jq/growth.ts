/** Finds steps of `reduce` that may change their state in place, and compiles them. */

import { getPath, type Owned, setPath } from './access.ts'
import { operations } from './forms.ts'
import { escapesOf, type Frame, keysOf, type Signal } from './node.ts'
import { eachCell } from './path-forms.ts'
import type { Compile, Where } from './scope.ts'
import { Sum } from './sums.ts'
import type { Ast, BinaryOperator } from './syntax.ts'
import { isTrue, type Value } from './values.ts'

/** `. + right`, or `left = right` and the like; `right` takes nothing of the state. */
export type Growth =
  | { readonly kind: 'sum'; readonly right: Ast }
  | { readonly kind: 'assign'; readonly operator: string; readonly left: Ast; readonly right: Ast }

/** Undefined where somebody might keep a part of the state, which must then not change under his hands. */
export function growsInPlace(update: Ast): Growth | undefined {
  if (update.kind === 'binary' && update.operator === '+' && update.left.kind === 'identity') {
    return readsInput(update.right) ? undefined : { kind: 'sum', right: update.right }
  }
  if (update.kind !== 'assign' || update.operator === '|=') return undefined
  const { operator, left, right } = update
  return isPlainPath(left) && !readsInput(right)
    ? { kind: 'assign', operator, left, right }
    : undefined
}

function isPlainPath(path: Ast): boolean {
  if (path.kind === 'identity') return true
  return path.kind === 'index' && isPlainPath(path.target) && !readsInput(path.key)
}

/** Whether a form may look at its input; of a pipe only the first stage does. */
function readsInput(ast: Ast): boolean {
  switch (ast.kind) {
    case 'literal':
    case 'variable':
      return false
    case 'pipe':
      return readsInput(ast.left)
    case 'index':
      return readsInput(ast.target) || readsInput(ast.key)
    case 'binary':
    case 'alternative':
      return readsInput(ast.left) || readsInput(ast.right)
    case 'array':
      return ast.body !== undefined && readsInput(ast.body)
    case 'object':
      return ast.members.some(({ name, value }) => readsInput(name) || readsInput(value))
    case 'text':
      return ast.parts.some((part) => typeof part !== 'string' && readsInput(part))
    default:
      return true
  }
}

/** A state that grows. */
interface State {
  /** One step, in the frame of the value that it takes in. */
  readonly go: (bound: Frame) => Signal
  readonly value: () => Value
}

interface Step {
  readonly escapes: number
  readonly begin: (first: Value, frame: Frame) => State
}

/** Compiles one step; as in `reduce`, without an output the state becomes null, of several the last one counts. */
export function compileStep(compile: Compile, growth: Growth, where: Where): Step {
  const right = compile.node(growth.right, where)
  if (growth.kind === 'sum') {
    const begin: Step['begin'] = (first, { run }) => {
      let sum = new Sum(first, run)
      const go = (bound: Frame) => {
        if (right.one) {
          const value = right.one(null, bound)
          if (value === undefined) sum = new Sum(null, run)
          else sum.add(value)
          return undefined
        }
        const before = sum.value
        sum = new Sum(null, run)
        return right.each(null, bound, (value) => {
          sum = new Sum(before, run)
          sum.add(value)
          return undefined
        })
      }
      return { go, value: () => sum.value }
    }
    return { escapes: right.escapes, begin }
  }
  const paths = compile.paths(growth.left, where)
  const begin: Step['begin'] = (first, { run }) => {
    let owned: Owned = new Set()
    let state = first
    const go = (bound: Frame): Signal => {
      const before = state
      state = null
      if (!right.one) owned = new Set()
      return right.each(null, bound, (value) => {
        state = before
        const visit = (cell: Parameters<typeof keysOf>[0]) => {
          const keys = keysOf(cell)
          const next = combined(growth.operator, value, () => getPath(state, keys, run), bound)
          state = setPath(state, keys, { value: next, owned, run })
          return undefined
        }
        return eachCell(paths, { value: before, frame: bound, visit })
      })
    }
    return { go, value: () => state }
  }
  return { escapes: escapesOf([right, paths]), begin }
}

function combined(operator: string, value: Value, before: () => Value, { run }: Frame): Value {
  if (operator === '=') return value
  const old = before()
  if (operator === '//=') return isTrue(old) ? old : value
  return operations[operator.slice(0, -1) as BinaryOperator](old, value, run)
}
