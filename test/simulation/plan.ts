/** Draws what happens in a run as plain data that can be made smaller and run again: the network, its faults, who lies. */

import { type Chance, chanceOf } from '../fuzz/chance.ts'

/** Draws of one kind do not move those of another. */
export const streams = {
  plan: 1,
  network: 2,
  disk: 3,
  work: 4,
  byzantine: 5,
  clocks: 6,
  changes: 7,
} as const

/** Something that goes wrong at a time; milliseconds of virtual time. */
export type Fault =
  /** Only nodes of one group hear each other, and those of the bridge, if there is one, hear all. */
  | {
      readonly kind: 'partition'
      readonly fromMs: number
      readonly toMs: number
      /** The group of each node; −1 hears and is heard by all. */
      readonly groups: readonly number[]
      /** The first group still hears the others. */
      readonly isOneWay: boolean
    }
  /** A node stops, at once or after some more effects, and comes back. */
  | {
      readonly kind: 'crash'
      readonly node: number
      readonly atMs: number
      readonly afterEffects: number
      readonly downMs: number
      /** The log is gone; the guard, which belongs to the key, is not. */
      readonly isLogLost: boolean
      /** The whole folder is gone; only where there are whole chains. */
      readonly isFolderLost?: boolean
    }
  /** The next write of a node's disk fails, and nothing works there until it starts again; for whole chains. */
  | { readonly kind: 'disk'; readonly node: number; readonly atMs: number; readonly downMs: number }
  /** The clock of a node jumps: what it waits for comes earlier or later. */
  | { readonly kind: 'clock'; readonly node: number; readonly atMs: number; readonly byMs: number }

/** One run. */
export interface Plan {
  readonly seed: number
  /** Of each validator. */
  readonly weights: readonly number[]
  /** Validators that run twice, with one key. */
  readonly twins: readonly number[]
  /** Validators whose keys the liar holds; they run no node. */
  readonly liars: readonly number[]
  /** Heights that each correct node must reach. */
  readonly heights: number
  /** From then on nothing is lost, and everything arrives within `deltaMs`. */
  readonly calmFromMs: number
  readonly deltaMs: number
  /** Before: usual and longest delay of a message, and of a hundred how many are lost, doubled and spoilt. */
  readonly delayMs: number
  readonly longestDelayMs: number
  readonly lossPercent: number
  readonly doublePercent: number
  readonly spoilPercent: number
  /** Milliseconds between two acts of the liar. */
  readonly lieEveryMs: number
  /** Of each node: how much slower its clock runs, in thousandths, and how late it begins heights. */
  readonly drifts: readonly number[]
  readonly paceMs: readonly number[]
  /** Longest time to make a block, to check one, and to get a record onto the disk. */
  readonly buildMs: number
  readonly checkMs: number
  readonly syncMs: number
  /** Whether validators that miss their turns are left out of them. */
  readonly hasAbsences: boolean
  readonly faults: readonly Fault[]
  /** Liars have over a third of the weight: nothing is promised but that they can be named. */
  readonly isOverrun?: boolean
}

/** The nodes of a plan: validator by node; a twin runs a second node. */
export function nodesOf({ weights, twins, liars }: Plan): readonly number[] {
  const honest = weights.map((_, index) => index).filter((index) => !liars.includes(index))
  return [...honest, ...twins]
}

/** Whether faults leave a quorum among those who follow the rules; if not, only safety can be asked for. */
export function canProgress({
  weights,
  twins,
  liars,
}: Pick<Plan, 'weights' | 'twins' | 'liars'>): boolean {
  const sum = (indices: readonly number[]) =>
    indices.reduce((all, index) => all + (weights[index] ?? 0), 0)
  const total = weights.reduce((all, weight) => all + weight, 0)
  return 3 * (total - sum(twins) - sum(liars)) > 2 * total
}

/** The plan of a seed. */
export function planOf(seed: number): Plan {
  const chance = chanceOf(seed, streams.plan)
  const weights = drawWeights(chance)
  const faulty = drawFaulty(chance, weights)
  const { twins, liars } = faulty
  const calmFromMs = 1_000 + chance.below(9_000)
  const nodes = weights.length - liars.length + twins.length
  const isBad = !chance.oneIn(4)
  const plan = {
    ...{ seed, weights, twins, liars, heights: 2 + chance.below(5) },
    ...{ calmFromMs, deltaMs: 20 + chance.below(100) },
    delayMs: 1 + chance.below(chance.oneIn(3) ? 200 : 40),
    longestDelayMs: 100 + chance.below(chance.oneIn(3) ? 3_000 : 600),
    lossPercent: isBad ? chance.pick([0, 5, 10, 20, 40]) : 0,
    doublePercent: isBad ? chance.pick([0, 5, 20]) : 0,
    spoilPercent: isBad ? chance.pick([0, 0, 2, 10]) : 0,
    lieEveryMs: chance.pick([5, 10, 20, 50]),
    drifts: Array.from({ length: nodes }, () => chance.below(100) - 50),
    paceMs: Array.from({ length: nodes }, () => chance.below(chance.oneIn(6) ? 2_000 : 100)),
    ...{ buildMs: 1 + chance.below(chance.oneIn(5) ? 900 : 60) },
    ...{ checkMs: 1 + chance.below(chance.oneIn(5) ? 600 : 30), syncMs: 1 + chance.below(20) },
    hasAbsences: chance.oneIn(2),
  }
  return {
    ...plan,
    faults: drawFaults(chance, { nodes, calmFromMs, mayLoseLog: mayLoseLog(plan) }),
  }
}

/** The plan of a seed in which liars have over a third of the weight, and at most two thirds. */
export function overrunPlanOf(seed: number): Plan {
  const plan = planOf(seed)
  const chance = chanceOf(seed, streams.changes)
  const weights = plan.weights.length < 4 ? [1, 1, 1, 1] : plan.weights
  const total = weights.reduce((all, weight) => all + weight, 0)
  const liars: number[] = []
  let weight = 0
  for (const index of weights.map((_, at) => at).sort(() => chance.below(3) - 1)) {
    const more = weight + (weights[index] ?? 0)
    if (3 * weight > total && chance.oneIn(2)) continue
    if (3 * more > 2 * total) continue
    liars.push(index)
    weight = more
  }
  const nodes = weights.length - liars.length
  const even = Array.from({ length: nodes }, () => 0)
  const { calmFromMs } = plan
  return {
    ...{ ...plan, weights, liars, twins: [], drifts: even, paceMs: even, lieEveryMs: 5 },
    faults: drawFaults(chance, { nodes, calmFromMs, mayLoseLog: [] }),
    isOverrun: true,
  }
}

/** The nodes without which the others get on: who has lost its log says nothing until they have. */
export function mayLoseLog(plan: Pick<Plan, 'weights' | 'twins' | 'liars'>): readonly number[] {
  if (plan.twins.length + plan.liars.length > 0) return []
  const { weights } = plan
  return weights.flatMap((_, at) => (canProgress({ ...plan, liars: [at] }) ? [at] : []))
}

/** A set of one to ten. */
export function drawWeights(chance: Chance): readonly number[] {
  const count = chance.weighted([
    [1, 1],
    [8, 4],
    [2, 3],
    [3, 5],
    [2, 7],
    [1, 10],
  ])
  const all = Array.from({ length: count }, (_, at) => at)
  return chance.pick([
    all.map(() => 1),
    all.map(() => 1),
    all.map(() => 1 + chance.below(9)),
    all.map((at) => (at === 0 ? count : 1)),
    all.map((at) => (at === 0 ? 1 : 3)),
  ])
}

/** Twins or liars with at most a third of the weight. */
export function drawFaulty(chance: Chance, weights: readonly number[]) {
  const total = weights.reduce((all, weight) => all + weight, 0)
  const faulty: number[] = []
  let weight = 0
  for (const index of weights.map((_, at) => at).sort(() => chance.below(3) - 1)) {
    const more = weight + (weights[index] ?? 0)
    if (3 * more > total) continue
    // At exactly a third nothing may be decided any more, which tells less.
    if (3 * more === total && !chance.oneIn(8)) continue
    faulty.push(index)
    weight = more
  }
  const kind = chance.below(5)
  if (kind === 0) return { twins: [], liars: [] }
  return kind === 1 ? { twins: faulty, liars: [] } : { twins: [], liars: faulty }
}

/** What goes wrong until the network is calm. */
export function drawFaults(
  chance: Chance,
  {
    nodes,
    calmFromMs,
    mayLoseLog,
  }: { nodes: number; calmFromMs: number; mayLoseLog: readonly number[] },
): readonly Fault[] {
  const faults: Fault[] = []
  const moment = () => chance.below(calmFromMs)
  for (let left = chance.below(4); left > 0; left -= 1) {
    const fromMs = moment()
    const count = 2 + chance.below(2)
    const groups = Array.from({ length: nodes }, () => chance.below(count))
    if (chance.oneIn(4)) groups[chance.below(nodes)] = -1
    const toMs = fromMs + chance.below(calmFromMs - fromMs + 1)
    faults.push({ kind: 'partition', fromMs, toMs, groups, isOneWay: chance.oneIn(5) })
  }
  let losesLog = chance.oneIn(4)
  for (let left = chance.below(5); left > 0; left -= 1) {
    const [node, atMs] = [chance.below(nodes), moment()]
    const downMs = chance.below(chance.oneIn(2) ? 100 : 4_000)
    const afterEffects = chance.below(6)
    const isLogLost = losesLog && mayLoseLog.includes(node)
    if (isLogLost) losesLog = false
    faults.push({ kind: 'crash', node, atMs, afterEffects, downMs, isLogLost })
  }
  if (chance.oneIn(8)) {
    // The power fails: all at once.
    const atMs = moment()
    for (let node = 0; node < nodes; node += 1) {
      const downMs = chance.below(500)
      faults.push({ kind: 'crash', node, atMs, afterEffects: 0, downMs, isLogLost: false })
    }
  }
  for (let left = chance.below(3); left > 0; left -= 1) {
    const [node, atMs] = [chance.below(nodes), moment()]
    faults.push({ kind: 'clock', node, atMs, byMs: chance.below(4_000) - 2_000 })
  }
  return faults
}
