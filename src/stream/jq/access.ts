/** Reads, sets and deletes parts of values by keys, slices and paths, as jq does. */

import { doubleOf, plainNumber } from './arithmetic.ts'
import type { Evaluation } from './budget.ts'
import { named } from './complaints.ts'
import { areEqual, compare } from './order.ts'
import {
  isMembers,
  isNumeric,
  kindOf,
  type Members,
  type Numeric,
  ownMember,
  put,
  raised,
  type Value,
} from './values.ts'

/** Longest path, as in jq. */
const maxPath = 10_000
/** Largest index that can be set, as in jq. */
const maxIndex = 2 ** 29 - 1

/** A member of an object, an element of an array, a slice; null where there is none. */
export function member(value: Value, key: Value, run: Evaluation): Value {
  if (typeof key === 'string') {
    if (isMembers(value)) return ownMember(value, key) ?? null
    if (value === null) return null
  } else if (isNumeric(key)) {
    if (Array.isArray(value)) return element(value, plainNumber(key))
    if (value === null) return null
  } else if (isMembers(key)) {
    if (value === null) return null
    if (Array.isArray(value)) return sliceOf(value, key, run)
    if (typeof value === 'string') return textSlice(value, key, run)
  } else if (Array.isArray(key) && Array.isArray(value)) return placesOf(value, key, run)
  throw raised((spend) => `Cannot index ${kindOf(value)} with ${named(key, spend)}`)
}

function element(items: readonly Value[], index: number): Value {
  if (Number.isNaN(index)) return null
  const place = Math.trunc(index)
  return items[place < 0 ? place + items.length : place] ?? null
}

interface Bounds {
  readonly start: number
  readonly end: number
}

/** Where a slice begins and ends; fractions are rounded outward. */
function boundsOf(key: Members, length: number): Bounds {
  const [from, to] = [key.start ?? null, key.end ?? null]
  if ((from !== null && !isNumeric(from)) || (to !== null && !isNumeric(to))) {
    throw raised('Array/string slice indices must be integers')
  }
  const place = (value: Numeric | null, otherwise: number): number => {
    const double = value === null ? otherwise : doubleOf(value)
    if (Number.isNaN(double)) return otherwise
    return double < 0 ? double + length : double
  }
  const start = Math.floor(Math.min(Math.max(place(from, 0), 0), length))
  const end = Math.min(Math.ceil(place(to, length)), length)
  return { start, end: Math.max(start, end) }
}

function sliceOf(items: readonly Value[], key: Members, run: Evaluation): Value {
  const { start, end } = boundsOf(key, items.length)
  run.copy(end - start)
  return items.slice(start, end)
}

const hasPairs = /[\ud800-\udfff]/

/** By code points, as all places within texts. */
function textSlice(text: string, key: Members, run: Evaluation): string {
  run.copy(text.length)
  if (!hasPairs.test(text)) {
    const { start, end } = boundsOf(key, text.length)
    return text.slice(start, end)
  }
  const points = [...text]
  const { start, end } = boundsOf(key, points.length)
  return points.slice(start, end).join('')
}

/** Number of code points. */
export function lengthOf(text: string, run: Evaluation): number {
  run.copy(text.length)
  return hasPairs.test(text) ? [...text].length : text.length
}

/** Where an array occurs within another. */
function placesOf(items: readonly Value[], wanted: readonly Value[], run: Evaluation): Value {
  if (wanted.length === 0) return null
  const found: number[] = []
  for (let at = 0; at + wanted.length <= items.length; at += 1) {
    run.spend(1)
    if (wanted.every((one, place) => areEqual(items[at + place] ?? null, one, run))) found.push(at)
  }
  return found
}

/** Whether an object has a member, or an array an element. */
export function has(value: Value, key: Value): boolean {
  if (value === null) return false
  if (Array.isArray(value) && isNumeric(key)) {
    const index = Math.trunc(doubleOf(key))
    return index >= 0 && index < value.length
  }
  if (isMembers(value) && typeof key === 'string') return Object.hasOwn(value, key)
  throw raised(`Cannot check whether ${kindOf(value)} has a ${kindOf(key)} key`)
}

/** A path given as a value; @throws Raised when it is none, or too long */
export function pathOf(
  path: Value,
  message = 'Path must be specified as an array',
): readonly Value[] {
  if (!Array.isArray(path)) throw raised(message)
  if (path.length > maxPath) throw raised('Path too deep')
  return path
}

export function getPath(root: Value, path: readonly Value[], run: Evaluation): Value {
  run.spend(path.length)
  let value = root
  for (const key of path) value = member(value, key, run)
  return value
}

/** Arrays and objects that one operation made itself and may change in place. */
export type Owned = Set<Value>

/** The value with one part replaced; what lies on the way is copied unless it is owned. */
export function setPath(
  root: Value,
  path: readonly Value[],
  change: { readonly value: Value; readonly owned: Owned; readonly run: Evaluation },
): Value {
  const { owned, run } = change
  run.spend(path.length)
  const way: Value[] = []
  let inner = root
  for (const key of path) {
    way.push(inner)
    inner = member(inner, key, run)
  }
  let result = change.value
  for (let at = path.length - 1; at >= 0; at -= 1) {
    result = withPart(way[at] ?? null, path[at] ?? null, { ...change, value: result })
    owned.add(result)
  }
  return result
}

function withPart(
  whole: Value,
  key: Value,
  { value, owned, run }: { readonly value: Value; readonly owned: Owned; readonly run: Evaluation },
): Value {
  if (typeof key === 'string' && (whole === null || isMembers(whole))) {
    const copy = owned.has(whole) ? (whole as { [name: string]: Value }) : { ...whole }
    if (copy !== whole && whole !== null) run.copyMembers(Object.keys(copy).length)
    put(copy, key, value)
    return copy
  }
  if (isNumeric(key) && (whole === null || Array.isArray(whole))) {
    return withElement(whole ?? [], plainNumber(key), { value, owned, run })
  }
  if (isMembers(key) && (whole === null || Array.isArray(whole))) {
    const items: readonly Value[] = whole ?? []
    const { start, end } = boundsOf(key, items.length)
    if (!Array.isArray(value)) {
      throw raised('A slice of an array can only be assigned another array')
    }
    run.copy(items.length + value.length)
    return [...items.slice(0, start), ...(value as readonly Value[]), ...items.slice(end)]
  }
  if (isMembers(key) && typeof whole === 'string') throw raised('Cannot update string slices')
  throw raised(`Cannot update field at ${kindOf(key)} index of ${kindOf(whole)}`)
}

function withElement(
  items: readonly Value[],
  key: number,
  { value, owned, run }: { readonly value: Value; readonly owned: Owned; readonly run: Evaluation },
): Value {
  if (Number.isNaN(key)) throw raised('Cannot set array element at NaN index')
  const place = Math.trunc(key)
  const index = place < 0 ? place + items.length : place
  if (index < 0) throw raised('Out of bounds negative array index')
  if (index > maxIndex) throw raised('Array index too large')
  const isOwned = owned.has(items)
  run.spend(Math.max(0, index - items.length))
  if (!isOwned) run.copy(items.length)
  const copy = isOwned ? (items as Value[]) : items.slice()
  while (copy.length < index) copy.push(null)
  copy[index] = value
  return copy
}

/** The value without these parts. */
export function deletePaths(root: Value, given: Value, run: Evaluation): Value {
  if (!Array.isArray(given)) throw raised('Paths must be specified as an array')
  const paths = given.map((path: Value) =>
    pathOf(path, `Path must be specified as array, not ${kindOf(path)}`),
  )
  paths.sort((a: Value, b: Value) => compare(a, b, 'grouping', run))
  if (paths[0]?.length === 0) return null
  return deleteSorted(root, { paths, depth: 0, owned: new Set(), run })
}

interface Deletion {
  /** Sorted, none shorter than depth + 1, all alike up to depth. */
  readonly paths: readonly (readonly Value[])[]
  readonly depth: number
  readonly owned: Owned
  readonly run: Evaluation
}

/** Deeper parts first; then all keys of one array or object at once, so that none moves another. */
function deleteSorted(root: Value, deletion: Deletion): Value {
  const { paths, depth, owned, run } = deletion
  const keys: Value[] = []
  let result = root
  for (let at = 0; at < paths.length; ) {
    const key = paths[at]?.[depth] ?? null
    let end = at + 1
    while (end < paths.length && compare(paths[end]?.[depth] ?? null, key, 'grouping', run) === 0) {
      end += 1
    }
    if (paths[at]?.length === depth + 1) keys.push(key)
    else {
      const part = member(result, key, run)
      const inner = { ...deletion, paths: paths.slice(at, end), depth: depth + 1 }
      if (part !== null) {
        result = withPart(result, key, { value: deleteSorted(part, inner), owned, run })
        owned.add(result)
      }
    }
    at = end
  }
  return result === null || keys.length === 0 ? result : withoutKeys(result, keys, run)
}

function withoutKeys(whole: Value, keys: readonly Value[], run: Evaluation): Value {
  if (Array.isArray(whole)) return withoutElements(whole, keys, run)
  if (!isMembers(whole)) throw raised(`Cannot delete fields from ${kindOf(whole)}`)
  const rest: { [name: string]: Value } = { ...whole }
  run.copyMembers(Object.keys(rest).length)
  for (const key of keys) {
    if (typeof key !== 'string') throw raised(`Cannot delete ${kindOf(key)} field of object`)
    delete rest[key]
  }
  return rest
}

function withoutElements(items: readonly Value[], keys: readonly Value[], run: Evaluation): Value {
  const gone = new Set<number>()
  for (const key of keys) {
    if (isMembers(key)) {
      const { start, end } = boundsOf(key, items.length)
      for (let at = start; at < end; at += 1) gone.add(at)
      run.spend(end - start)
    } else if (isNumeric(key)) {
      const place = Math.trunc(doubleOf(key))
      gone.add(place < 0 ? place + items.length : place)
    } else throw raised(`Cannot delete ${kindOf(key)} element of array`)
  }
  run.copy(items.length)
  return items.filter((_, at) => !gone.has(at))
}
