/** Functions of arrays and objects, of paths, and of values of any kind. */

import { deletePaths, getPath, has, lengthOf, pathOf, setPath } from './access.ts'
import { add } from './arithmetic.ts'
import { type Evaluation, failure, Halt } from './budget.ts'
import { unfit, unfitPair } from './complaints.ts'
import { contains } from './containment.ts'
import { isDecimal } from './decimal.ts'
import { textOf } from './formats.ts'
import { compare, sortedNames } from './order.ts'
import {
  isMembers,
  isNumeric,
  isTrue,
  kindOf,
  type Members,
  Raised,
  raised,
  type Value,
} from './values.ts'

type Native = (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined

function arrayOf(value: Value, complaint: string): readonly Value[] {
  if (Array.isArray(value)) return value
  throw unfit(value, complaint)
}

const notSortable = 'cannot be sorted, as it is not an array'

/** Places of elements in the order of their keys, equal ones as they stood. */
function placesByKey(keys: readonly Value[], run: Evaluation): number[] {
  run.spend(keys.length)
  return [...keys.keys()].sort((a, b) => {
    run.spend(1)
    return compare(keys[a] ?? null, keys[b] ?? null, 'sorting', run) || a - b
  })
}

function keysFor(input: Value, keys: Value): readonly Value[] {
  if (Array.isArray(input) && Array.isArray(keys)) return keys
  throw unfitPair(input, keys, 'cannot be sorted, as they are not both arrays')
}

function sorted(items: readonly Value[], keys: readonly Value[], run: Evaluation): Value {
  return placesByKey(keys, run).map((at) => items[at] ?? null)
}

function grouped(items: readonly Value[], keys: readonly Value[], run: Evaluation): Value[][] {
  const groups: Value[][] = []
  let last: Value | undefined
  const places = [...keys.keys()].sort((a, b) => {
    run.spend(1)
    return compare(keys[a] ?? null, keys[b] ?? null, 'grouping', run) || a - b
  })
  for (const at of places) {
    const key = keys[at] ?? null
    if (last === undefined || compare(last, key, 'grouping', run) !== 0) groups.push([])
    groups.at(-1)?.push(items[at] ?? null)
    last = key
  }
  return groups
}

function extreme(
  input: Value,
  keys: Value,
  { sign, run }: { sign: number; run: Evaluation },
): Value {
  if (!Array.isArray(input) || !Array.isArray(keys)) {
    throw unfitPair(input, keys, 'cannot be iterated over')
  }
  let best = 0
  for (let at = 1; at < keys.length; at += 1) {
    run.spend(1)
    const order = compare(keys[at] ?? null, keys[best] ?? null, 'sorting', run)
    if (sign < 0 ? order < 0 : order >= 0) best = at
  }
  return input[best] ?? null
}

function searched(input: Value, target: Value, run: Evaluation): Value {
  const items = arrayOf(input, 'cannot be searched from')
  let [start, end] = [0, items.length]
  while (start < end) {
    const middle = (start + end) >> 1
    const order = compare(target, items[middle] ?? null, 'sorting', run)
    if (order === 0) return middle
    if (order < 0) end = middle
    else start = middle + 1
  }
  return -1 - start
}

function flattened(items: readonly Value[], depth: number, run: Evaluation): Value {
  const flat: Value[] = []
  const waiting = [{ items, at: 0 }]
  for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
    if (top.at === top.items.length) {
      waiting.pop()
      continue
    }
    const item = top.items[top.at] ?? null
    top.at += 1
    run.spend(1)
    if (Array.isArray(item) && waiting.length <= depth) waiting.push({ items: item, at: 0 })
    else flat.push(item)
  }
  return flat
}

function lengthOfAny(run: Evaluation, value: Value): Value {
  if (value === null) return 0
  if (typeof value === 'string') return lengthOf(value, run)
  if (typeof value === 'number') return Math.abs(value)
  if (typeof value === 'bigint') return value < 0n ? -value : value
  if (Array.isArray(value)) return value.length
  if (isDecimal(value)) return value.negative ? value.negated() : value
  if (isMembers(value)) {
    const { length } = Object.keys(value)
    run.copyMembers(length)
    return length
  }
  throw unfit(value, 'has no length')
}

function namesOf(run: Evaluation, value: Value, isSorted: boolean): Value {
  if (Array.isArray(value)) {
    run.spend(value.length)
    return [...value.keys()]
  }
  if (!isMembers(value)) throw unfit(value, 'has no keys')
  if (isSorted) return sortedNames(value, run)
  const names = Object.keys(value)
  run.spend(names.length)
  return names
}

/** As adding one by one does it, but in one go where all is text. */
function joined(run: Evaluation, input: Value, separator: Value): Value {
  const items: readonly Value[] = isMembers(input)
    ? Object.values(input)
    : arrayOf(input, 'cannot be iterated over')
  run.spend(items.length)
  const texts = items.map((item) => {
    const isWritten = typeof item === 'boolean' || isNumeric(item)
    return isWritten ? textOf(item, run) : (item ?? '')
  })
  if (typeof separator === 'string' && texts.every((text) => typeof text === 'string')) {
    const text = texts.join(separator)
    run.copy(text.length)
    return text
  }
  const sum = (before: Value, text: Value, at: number) =>
    add(at === 0 ? '' : add(before, separator, run), text, run)
  return texts.reduce(sum, null) ?? ''
}

function entriesOf(run: Evaluation, input: Value): Value {
  if (Array.isArray(input)) {
    run.spend(input.length)
    return input.map((value: Value, key) => ({ key, value }))
  }
  if (!isMembers(input)) throw unfit(input, 'has no keys')
  const entries = Object.entries(input as Members)
  run.spend(entries.length)
  return entries.map(([key, value]) => ({ key, value }))
}

function reversed(run: Evaluation, input: Value): Value {
  if (input === null) return []
  if (typeof input === 'string') {
    run.spend(input.length)
    return [...input].reverse().join('')
  }
  if (!Array.isArray(input)) throw raised(`Cannot reverse ${kindOf(input)}`)
  run.copy(input.length)
  return input.toReversed()
}

export const collectionNatives: Readonly<Record<string, Native>> = {
  'not/0': (_, input) => !isTrue(input),
  'error/0': (_, input) => {
    throw new Raised(input)
  },
  'type/0': (_, input) => kindOf(input),
  'length/0': lengthOfAny,
  'keys/0': (run, input) => namesOf(run, input, true),
  'keys_unsorted/0': (run, input) => namesOf(run, input, false),
  'has/1': (_, input, key = null) => has(input, key),
  'contains/1': (run, input, other = null) => {
    const isNumber = kindOf(input) === kindOf(other)
    if (isNumber) return contains(input, other, run)
    throw unfitPair(input, other, 'cannot have their containment checked')
  },
  'getpath/1': (run, input, path = null) => getPath(input, pathOf(path), run),
  'setpath/2': (run, input, path = null, value = null) =>
    setPath(input, pathOf(path), { value, owned: new Set(), run }),
  'delpaths/1': (run, input, paths = null) => deletePaths(input, paths, run),
  'to_entries/0': entriesOf,
  'reverse/0': reversed,
  'join/1': (run, input, separator = null) => joined(run, input, separator),
  '_flatten/1': (run, input, depth = null) => {
    if (!isNumeric(depth)) throw raised('flatten depth must be a number')
    const items = isMembers(input)
      ? Object.values(input)
      : arrayOf(input, 'cannot be iterated over')
    return flattened(items, Number(depth), run)
  },
  'sort/0': (run, input) => {
    const items = arrayOf(input, notSortable)
    return sorted(items, items, run)
  },
  '_sort_by_impl/1': (run, input, keys = null) =>
    sorted(input as readonly Value[], keysFor(input, keys), run),
  '_group_by_impl/1': (run, input, keys = null) =>
    grouped(input as readonly Value[], keysFor(input, keys), run),
  '_unique_by_impl/1': (run, input, keys = null) =>
    grouped(input as readonly Value[], keysFor(input, keys), run).map(([first]) => first ?? null),
  'unique/0': (run, input) => {
    const items = arrayOf(input, notSortable)
    return grouped(items, items, run).map(([first]) => first ?? null)
  },
  'min/0': (run, input) => extreme(input, input, { sign: -1, run }),
  'max/0': (run, input) => extreme(input, input, { sign: 1, run }),
  '_min_by_impl/1': (run, input, keys = null) => extreme(input, keys, { sign: -1, run }),
  '_max_by_impl/1': (run, input, keys = null) => extreme(input, keys, { sign: 1, run }),
  'bsearch/1': (run, input, target = null) => searched(input, target, run),
  'input/0': () => {
    throw raised('break')
  },
  'debug/0': (_, input) => input,
  'stderr/0': (_, input) => input,
  'halt/0': () => {
    throw new Halt()
  },
  'halt_error/1': (run, input) => {
    throw failure(`halt_error: ${textOf(input, run)}`)
  },
}
