/** Compiles forms as path expressions: each output comes with the place where it lies. */

import { getPath, member, pathOf } from './access.ts'
import { shown } from './complaints.ts'
import { itemsOf, memberOrNothing, spendOf } from './forms.ts'
import {
  type Cell,
  escapesOf,
  isInPlace,
  type Node,
  type PathNode,
  type Place,
  type Signal,
} from './node.ts'
import type { Compile, Where } from './scope.ts'
import type { Ast } from './syntax.ts'
import { isMembers, isTrue, Raised, raised, type Value } from './values.ts'

type Of<Kind extends Ast['kind']> = Ast & { readonly kind: Kind }

/** A form that leads nowhere: what it gives keeps its place only if it is the very value that lies there. */
export function valuePaths(node: Node): PathNode {
  return {
    escapes: node.escapes,
    each: ({ value, cell }, frame, emit) => node.each(value, frame, (found) => emit(found, cell)),
  }
}

export function pipePaths(left: PathNode, right: PathNode): PathNode {
  return {
    escapes: escapesOf([left, right]),
    each: (place, frame, emit) =>
      left.each(place, frame, (value, cell) => right.each({ value, cell }, frame, emit)),
  }
}

export function commaPaths(left: PathNode, right: PathNode): PathNode {
  return {
    escapes: escapesOf([left, right]),
    each: (place, frame, emit) => left.each(place, frame, emit) ?? right.each(place, frame, emit),
  }
}

export function alternativePaths(left: PathNode, right: PathNode): PathNode {
  return {
    escapes: escapesOf([left, right]),
    each: (place, frame, emit) => {
      let found = false
      const signal = left.each(place, frame, (value, cell) => {
        if (!isTrue(value)) return undefined
        found = true
        return emit(value, cell)
      })
      return signal ?? (found ? undefined : right.each(place, frame, emit))
    },
  }
}

export function ifPaths(test: Node, yes: PathNode, no: PathNode): PathNode {
  return {
    escapes: escapesOf([test, yes, no]),
    each: (place, frame, emit) =>
      test.each(place.value, frame, (answer) =>
        (isTrue(answer) ? yes : no).each(place, frame, emit),
      ),
  }
}

export function tryPaths(body: PathNode, handler: PathNode | undefined): PathNode {
  return {
    escapes: escapesOf(handler ? [body, handler] : [body]),
    each: (place, frame, emit) => {
      const { calls } = frame.run
      let isWithin = true
      try {
        return body.each(place, frame, (value, cell) => {
          isWithin = false
          const signal = emit(value, cell)
          isWithin = true
          return signal
        })
      } catch (error) {
        if (!isWithin || !(error instanceof Raised)) throw error
        frame.run.calls = calls
        return handler?.each({ value: error.read(spendOf(frame)), cell: place.cell }, frame, emit)
      }
    },
  }
}

function mustBeInPlace(value: Value, cell: Cell, key?: Value): void {
  if (isInPlace(value, cell)) return
  throw raised((spend) => {
    const attempt = key === undefined ? 'iterate through' : `access element ${shown(key, spend)} of`
    return `Invalid path expression near attempt to ${attempt} ${shown(value, spend)}`
  })
}

export function indexPaths(compile: Compile, ast: Of<'index'>, where: Where): PathNode {
  const [whole, name] = [compile.paths(ast.target, where), compile.node(ast.key, where)]
  const part = ast.optional ? memberOrNothing : member
  return {
    escapes: escapesOf([whole, name]),
    each: (place, frame, emit) =>
      name.each(place.value, frame, (key) =>
        whole.each(place, frame, (value, cell) => {
          mustBeInPlace(value, cell, key)
          const found = part(value, key, frame.run)
          if (found === undefined) return undefined
          return emit(found, { up: cell, key, value: found })
        }),
      ),
  }
}

export function slicePaths(compile: Compile, ast: Of<'slice'>, where: Where): PathNode {
  const whole = compile.paths(ast.target, where)
  const [from, to] = [compile.node(ast.from, where), compile.node(ast.to, where)]
  const part = ast.optional ? memberOrNothing : member
  return {
    escapes: escapesOf([whole, from, to]),
    each: (place, frame, emit) =>
      from.each(place.value, frame, (start) =>
        to.each(place.value, frame, (end) =>
          whole.each(place, frame, (value, cell) => {
            const key = { start, end }
            mustBeInPlace(value, cell, key)
            const found = part(value, key, frame.run)
            if (found === undefined) return undefined
            return emit(found, { up: cell, key, value: found })
          }),
        ),
      ),
  }
}

export function iteratePaths(target: PathNode, optional: boolean): PathNode {
  return {
    escapes: target.escapes,
    each: (place, frame, emit) =>
      target.each(place, frame, (value, cell) => {
        mustBeInPlace(value, cell)
        const names = isMembers(value) ? Object.keys(value) : undefined
        for (const [at, item] of itemsOf(value, optional, frame.run).entries()) {
          frame.run.spend(1)
          const signal = emit(item, { up: cell, key: names?.[at] ?? at, value: item })
          if (signal !== undefined) return signal
        }
        return undefined
      }),
  }
}

/** `getpath` leads to where its path says, unless its input has left its place. */
export function getpathPaths(path: Node): PathNode {
  return {
    escapes: path.escapes,
    each: ({ value, cell }, frame, emit) =>
      path.each(value, frame, (given) => {
        const keys = pathOf(given)
        const found = getPath(value, keys, frame.run)
        if (!isInPlace(value, cell)) return emit(found, cell)
        let place = cell
        for (const key of keys) place = { up: place, key, value: found }
        return emit(found, place)
      }),
  }
}

/** Each place that a path expression leads to from a value. */
export function eachCell(paths: PathNode, { value, frame, visit }: Visit): Signal {
  const cell: Cell = { up: undefined, key: null, value }
  const place: Place = { value, cell }
  return paths.each(place, frame, (found, at) => {
    frame.run.spend(1)
    if (!isInPlace(found, at)) {
      throw raised((spend) => `Invalid path expression with result ${shown(found, spend)}`)
    }
    return visit(at)
  })
}

interface Visit {
  readonly value: Value
  readonly frame: Parameters<PathNode['each']>[1]
  readonly visit: (cell: Cell) => Signal
}
