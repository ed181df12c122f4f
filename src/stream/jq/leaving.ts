/** Turns what a program gives into JSON values: exact integers become decimal strings. */

import type { Json } from '../../base/json-rpc.ts'
import { type Evaluation, failure } from './budget.ts'
import { isDecimal } from './decimal.ts'
import { put, type Value } from './values.ts'

/** Characters of a result that cost one unit of work. */
const lettersAtOnce = 4

/**
 * A value as it leaves an evaluation; each place where a part occurs counts.
 *
 * Exact integers (unless they are kept), and written whole numbers that no double holds, leave as decimal strings. nan leaves as null.
 *
 * @throws AppError `stream/expression-failed` when it is too large, too deep, or infinite
 */
export function leaving(value: Value, run: Evaluation, depth = 0): Json {
  run.spend(1)
  if (typeof value === 'string') {
    run.spend(value.length / lettersAtOnce)
    return value
  }
  if (typeof value === 'number') return numberOf(value)
  // Whoever keeps exact integers knows that the result is no plain JSON.
  if (typeof value === 'bigint') return run.keepsExact ? (value as unknown as Json) : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (isDecimal(value)) return isExact(value.value) ? numberOf(value.value) : digitsOf(value)
  run.checkDepth(depth)
  if (Array.isArray(value)) return listLeaving(value, run, depth)
  const members = value as { readonly [name: string]: Value }
  let copy: { [name: string]: Json } | undefined
  for (const name of Object.keys(members)) {
    run.spend(name.length)
    const before = members[name] ?? null
    const after = leaving(before, run, depth + 1)
    if (after === before) continue
    copy ??= { ...(members as { readonly [name: string]: Json }) }
    put(copy as { [name: string]: Value }, name, after)
  }
  return copy ?? (members as Json)
}

function listLeaving(items: readonly Value[], run: Evaluation, depth: number): Json {
  let copy: Json[] | undefined
  for (const [at, before] of items.entries()) {
    const after = leaving(before, run, depth + 1)
    if (after === before) continue
    copy ??= [...(items as readonly Json[])]
    copy[at] = after
  }
  return copy ?? (items as Json)
}

function numberOf(value: number): Json {
  if (Number.isNaN(value)) return null
  if (Number.isFinite(value)) return value
  throw failure('the result is too large for a number')
}

/** Fractions may lose digits; of whole numbers each digit counts. */
function isExact(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value)
}

function digitsOf(value: { readonly value: number; toInteger(): bigint | undefined }): Json {
  const whole = value.toInteger()
  if (whole === undefined || whole === BigInt(value.value)) return numberOf(value.value)
  return String(whole)
}
