/** Draws what happens in a run of whole chains: the faults of the core's runs, and what disks, clocks and senders do. */

import { type Chance, chanceOf } from '../../fuzz/chance.ts'
import {
  drawFaults,
  drawFaulty,
  drawWeights,
  type Fault,
  mayLoseLog,
  type Plan,
  streams,
} from '../plan.ts'
import { drawChanges, type SetChange } from './set-changes.ts'

/** Engines whose chains are simulated. */
export const chainEngines = ['bft', 'pow', 'pos', 'dpos', 'hybrid'] as const
export type ChainEngine = (typeof chainEngines)[number]

/** Whether blocks are sealed by work. */
export function isMined({ engine }: Pick<ChainPlan, 'engine'>): boolean {
  return engine === 'pow' || engine === 'hybrid'
}

/** One run; in it a liar's validator also runs a node, whose messages go astray. */
export interface ChainPlan extends Plan {
  readonly engine: ChainEngine
  /** Of each validator: how fast it works, where blocks are sealed by work. */
  readonly powers: readonly number[]
  /** Of each node: by how much its clock is ahead at first. */
  readonly skewsMs: readonly number[]
  /** How far a block's time may be ahead of a node's clock. */
  readonly futureMs: number
  /** Blocks are made without transactions only after a while. */
  readonly isHeartbeat: boolean
  /** Where validators are elected: the blocks from one election to the next, and how many of a set are drawn. */
  readonly epochLength: number
  readonly standby: number
  /** Validators that are in no set at first, and what becomes of sets: all by transactions. */
  readonly joiners: readonly number[]
  readonly changes: readonly SetChange[]
  /** Signatures are such as chains have, and nobody lies. */
  readonly isSigned?: boolean
  /** When transactions come, and to which node. */
  readonly transactions: readonly { readonly atMs: number; readonly node: number }[]
}

/** Whether a plan is of whole chains. */
export function isChainPlan(plan: Plan): plan is ChainPlan {
  return 'engine' in plan
}

/** The nodes of a plan: validator by node; a twin runs a second node. */
export function machinesOf({ weights, twins }: Pick<Plan, 'weights' | 'twins'>): readonly number[] {
  return [...weights.map((_, index) => index), ...twins]
}

/** Time in which all goes wrong: two seconds' blocks are many elections, and work needs long to part ways. */
const calmest: Partial<Record<ChainEngine, number>> = { pos: 5_000, dpos: 5_000, hybrid: 25_000 }

/** The plan of a seed. */
export function chainPlanOf(engine: ChainEngine, seed: number, isSigned = false): ChainPlan {
  const chance = chanceOf(seed, streams.plan)
  const { weights: first, ...members } = drawMembers(engine, chance)
  // The liar knows how to make up signatures, and no others.
  const twice = { twins: [...members.twins, ...members.liars], liars: [] }
  const who = { ...members, ...(isSigned && twice) }
  const { twins, liars } = who
  const drawn = drawChanges(chance, { engine, ...who, weights: first })
  const { weights, changes } = drawn
  const nodes = weights.length + twins.length
  const isElected = engine === 'pos' || engine === 'dpos'
  const calmFromMs = 1_000 + chance.below(calmest[engine] ?? 9_000)
  const [isBad, isSkewed] = [!chance.oneIn(4), chance.oneIn(4)]
  const plan = {
    ...{
      engine,
      seed,
      ...who,
      ...drawn,
      calmFromMs,
      heights: heightsOf(engine, chance, who.epochLength) + 3 * drawn.changes.length,
    },
    ...{ deltaMs: 20 + chance.below(100), delayMs: 1 + chance.below(chance.oneIn(3) ? 200 : 40) },
    longestDelayMs: 100 + chance.below(chance.oneIn(3) ? 3_000 : 600),
    lossPercent: isBad ? chance.pick([0, 5, 10, 20, 40]) : 0,
    doublePercent: isBad ? chance.pick([0, 5, 20]) : 0,
    spoilPercent: isBad ? chance.pick([0, 0, 2, 10]) : 0,
    lieEveryMs: chance.pick(isElected ? [50, 100, 200] : [10, 20, 50, 100]),
    drifts: Array.from({ length: nodes }, () => chance.below(10) - 5),
    skewsMs: Array.from({ length: nodes }, () => chance.below(isSkewed ? 4_000 : 200)),
    paceMs: [],
    ...{ buildMs: 1, checkMs: 1, syncMs: 1 + chance.below(20) },
    hasAbsences: chance.oneIn(2),
    futureMs: isMined({ engine }) ? chance.pick([3_000, 15_000]) : chance.pick([500, 500, 2_000]),
    powers: drawPowers(engine, chance, weights),
    isHeartbeat: !isElected && chance.oneIn(8),
    transactions: Array.from({ length: chance.below(6) }, () => ({
      ...{ atMs: chance.below(calmFromMs), node: chance.below(nodes) },
    })),
  }
  const everybody = Array.from({ length: nodes }, (_, at) => at)
  const alone = changes.length === 0 ? mayLoseLog({ weights, twins, liars }) : []
  const mayLose = engine === 'pow' ? everybody : alone
  const faults = drawFaults(chance, { nodes, calmFromMs, mayLoseLog: mayLose })
  const all = [...faults.map((one) => worse(chance, one)), ...disks(chance, plan)]
  return { ...plan, faults: all, ...(isSigned && { isSigned }) }
}

/** Who takes part: validators by weight, or miners by power. */
function drawMembers(engine: ChainEngine, chance: Chance) {
  const one = { twins: [], liars: [], epochLength: 0, standby: 0 }
  if (engine === 'pow') {
    const weights = Array.from({ length: 2 + chance.below(4) }, () => 1 + chance.below(3))
    const { twins, liars } = drawFaulty(chance, weights)
    return { ...one, weights, liars: [...twins, ...liars] }
  }
  if (engine === 'dpos') {
    // However the dice fall, of an elected set no more than one breaks rules.
    const [count, standby] = chance.pick([
      [4, 0],
      [5, 1],
      [7, 1],
      [7, 2],
    ] as const)
    const weights = Array.from({ length: count }, () => 1)
    const [faulty, kind] = [chance.below(count), chance.below(3)]
    const epochLength = 4 + standby
    if (kind === 0) return { ...one, weights, epochLength, standby }
    const who = kind === 1 ? { twins: [faulty] } : { liars: [faulty] }
    return { ...one, weights, epochLength, standby, ...who }
  }
  const weights = drawWeights(chance)
  const epochLength = engine === 'pos' ? 3 + chance.below(4) : 0
  return { ...one, weights, ...drawFaulty(chance, weights), epochLength }
}

/** Who works much need not have much of a say. */
function drawPowers(engine: ChainEngine, chance: Chance, weights: readonly number[]) {
  if (engine !== 'hybrid') return weights
  const heavy = chance.oneIn(2) ? chance.below(weights.length) : -1
  return weights.map((_, at) => (at === heavy ? 3 * weights.length : 1 + chance.below(3)))
}

/** Heights to reach, of which some elections are a part where there are any. */
function heightsOf(engine: ChainEngine, chance: Chance, epochLength: number): number {
  if (epochLength > 0) return (2 + chance.below(3)) * epochLength + 1
  if (engine === 'hybrid') return 9 + chance.below(4)
  return engine === 'pow' ? 4 + chance.below(5) : 2 + chance.below(4)
}

/** Of the nodes that lose their log some lose all that is not the key's. */
function worse(chance: Chance, fault: Fault): Fault {
  if (fault.kind !== 'crash' || !fault.isLogLost || !chance.oneIn(2)) return fault
  return { ...fault, isFolderLost: true }
}

function disks(
  chance: Chance,
  { calmFromMs, skewsMs }: Pick<ChainPlan, 'calmFromMs' | 'skewsMs'>,
): readonly Fault[] {
  if (!chance.oneIn(4)) return []
  const [node, atMs] = [chance.below(skewsMs.length), chance.below(calmFromMs)]
  return [{ kind: 'disk', node, atMs, downMs: chance.below(3_000) }]
}
