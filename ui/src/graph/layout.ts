/** Places the steps of a workflow on a plane: a row for each distance from the first step. */

import type { Step } from '../api/shapes.ts'

/** Where a step's box begins. */
export interface Place {
  readonly x: number
  readonly y: number
}

const [columnWidth, rowHeight] = [220, 110]

/** A place for each step: below everything that leads to it, siblings side by side. */
export function layout(steps: readonly Step[]): ReadonlyMap<string, Place> {
  const depths = new Map<string, number>()
  const visit = (pointer: string, depth: number, trail: ReadonlySet<string>) => {
    if (trail.has(pointer) || (depths.get(pointer) ?? -1) >= depth) return
    depths.set(pointer, depth)
    const step = steps.find((one) => one.pointer === pointer)
    for (const { step: next } of step?.next ?? [])
      visit(next, depth + 1, new Set([...trail, pointer]))
  }
  if (steps[0]) visit(steps[0].pointer, 0, new Set())
  const rows = new Map<number, string[]>()
  for (const { pointer } of steps) {
    const depth = depths.get(pointer) ?? steps.length
    rows.set(depth, [...(rows.get(depth) ?? []), pointer])
  }
  const places = new Map<string, Place>()
  for (const [depth, pointers] of rows) {
    for (const [at, pointer] of pointers.entries()) {
      places.set(pointer, {
        x: (at - (pointers.length - 1) / 2) * columnWidth,
        y: depth * rowHeight,
      })
    }
  }
  return places
}
