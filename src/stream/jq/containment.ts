/** Whether a value contains another, as jq's `contains` means it. */

import type { Evaluation } from './budget.ts'
import { areEqual } from './order.ts'
import { isMembers, kindOf, ownMember, raised, type Value } from './values.ts'

/** Deepest nesting that is checked, as in jq. */
const maxDepth = 10_000
/** Nesting that is checked by recursion; what is deeper is first looked at along its only way. */
const recursionDepth = 500

/**
 * Text within text; each element of an array in some element of the other; each member of an object in the other's.
 *
 * @throws Raised when the values are nested deeper than 10,000
 */
export function contains(whole: Value, part: Value, run: Evaluation, depth = 0): boolean {
  let [left, right, level] = [whole, part, depth]
  for (;;) {
    run.spend(1)
    if (level > maxDepth) throw raised('Containment check too deep')
    // A lone element in a lone element needs no recursion, however deep the two are.
    if (!Array.isArray(left) || !Array.isArray(right)) break
    if (left.length !== 1 || right.length !== 1) break
    left = left[0] ?? null
    right = right[0] ?? null
    level += 1
    if (kindOf(left) !== kindOf(right)) return areEqual(left, right, run)
  }
  if (level - depth > recursionDepth) run.spend(level)
  return containsPart(left, right, { run, depth: level })
}

function containsPart(
  whole: Value,
  part: Value,
  { run, depth }: { readonly run: Evaluation; readonly depth: number },
): boolean {
  if (typeof whole === 'string' && typeof part === 'string') {
    run.spend(whole.length)
    return whole.includes(part)
  }
  const inner = (a: Value, b: Value) =>
    kindOf(a) === kindOf(b) ? contains(a, b, run, depth + 1) : areEqual(a, b, run)
  if (Array.isArray(whole) && Array.isArray(part)) {
    return part.every((one: Value) => whole.some((other: Value) => inner(other, one)))
  }
  if (isMembers(whole) && isMembers(part)) {
    return Object.entries(part).every(([name, one]) => {
      const other = ownMember(whole, name)
      return other !== undefined && inner(other, one)
    })
  }
  return areEqual(whole, part, run)
}
