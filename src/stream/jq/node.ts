/** What programs are compiled to: closures that pass each output on, with a short way for forms that give one at most. */

import type { Evaluation } from './budget.ts'
import type { Value } from './values.ts'

/** A way out: what is emitted next is not wanted; the label or the function that it belongs to takes it. */
export type Signal = object | undefined

export type Emit = (value: Value) => Signal

/** One value bound at run time; the frames above it hold what was bound before. */
export interface Frame {
  readonly up: Frame | undefined
  readonly value: unknown
  readonly run: Evaluation
}

/** Gives the only output; undefined when there is none. */
export type One = (input: Value, frame: Frame) => Value | undefined

/** Emits each output; gives back the signal that stopped it. */
export type Each = (input: Value, frame: Frame, emit: Emit) => Signal

/** A compiled form. */
export interface Node {
  /** Only of forms that give one output at most. */
  readonly one: One | undefined
  readonly each: Each
  /** Depth of the outermost frame whose label it may break to; 0 for any, infinity for none. */
  readonly escapes: number
}

/** No label is broken to. */
export const stays = Number.POSITIVE_INFINITY

/** A form that gives one output at most. */
export function single(one: One): Node {
  const each: Each = (input, frame, emit) => {
    const value = one(input, frame)
    return value === undefined ? undefined : emit(value)
  }
  return { one, each, escapes: stays }
}

/** A form that may give several outputs, made of others. */
export function several(each: Each, ...made: readonly { readonly escapes: number }[]): Node {
  return { one: undefined, each, escapes: escapesOf(made) }
}

export function escapesOf(made: readonly { readonly escapes: number }[]): number {
  return made.reduce((least, { escapes }) => Math.min(least, escapes), stays)
}

/**
 * A form that gives one output for each time that `each` emits, and emits once or never.
 * Where no label can be broken to, it has the short way too.
 */
export function once(each: Each, ...made: readonly { readonly escapes: number }[]): Node {
  const escapes = escapesOf(made)
  if (escapes !== stays) return { one: undefined, each, escapes }
  const one: One = (input, frame) => {
    let result: Value | undefined
    each(input, frame, (value) => {
      result = value
      return undefined
    })
    return result
  }
  return { one, each, escapes }
}

/** The first output of a form, or the signal of a break out of it. */
export function firstOf(node: Node, input: Value, frame: Frame): First {
  if (node.one !== undefined) return { value: node.one(input, frame), signal: undefined }
  const stop = {}
  let first: Value | undefined
  const signal = node.each(input, frame, (value) => {
    first = value
    return stop
  })
  return { value: first, signal: signal === stop ? undefined : signal }
}

export interface First {
  readonly value: Value | undefined
  readonly signal: Signal
}

/** Where a value lies: the way to it from the root of a path expression, and the value that lies there. */
export interface Cell {
  readonly up: Cell | undefined
  readonly key: Value
  readonly value: Value
}

export type EmitPath = (value: Value, cell: Cell) => Signal

export type EachPath = (place: Place, frame: Frame, emit: EmitPath) => Signal

/** A value within a path expression; it may have left the place where its cell says it lies. */
export interface Place {
  readonly value: Value
  readonly cell: Cell
}

/** A form as a path expression. */
export interface PathNode {
  readonly each: EachPath
  readonly escapes: number
}

/** The keys from the root to a cell. */
export function keysOf(cell: Cell): Value[] {
  const keys: Value[] = []
  for (let one = cell; one.up !== undefined; one = one.up) keys.push(one.key)
  return keys.reverse()
}

/** Whether a value still is the one that lies at its place. */
export function isInPlace(value: Value, cell: Cell): boolean {
  return Object.is(value, cell.value)
}

/** The frame that lies so many frames above. */
export function frameAbove(frame: Frame, distance: number): Frame {
  let one = frame
  for (let at = 0; at < distance; at += 1) one = one.up as Frame
  return one
}
