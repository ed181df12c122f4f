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
  const visit = (name: string, depth: number, trail: ReadonlySet<string>) => {
    if (trail.has(name) || (depths.get(name) ?? -1) >= depth) return
    depths.set(name, depth)
    const step = steps.find((one) => one.name === name)
    for (const { step: next } of step?.next ?? []) visit(next, depth + 1, new Set([...trail, name]))
  }
  if (steps[0]) visit(steps[0].name, 0, new Set())
  const rows = new Map<number, string[]>()
  for (const { name } of steps) {
    const depth = depths.get(name) ?? steps.length
    rows.set(depth, [...(rows.get(depth) ?? []), name])
  }
  const places = new Map<string, Place>()
  for (const [depth, names] of rows) {
    for (const [at, name] of names.entries()) {
      places.set(name, { x: (at - (names.length - 1) / 2) * columnWidth, y: depth * rowHeight })
    }
  }
  return places
}
