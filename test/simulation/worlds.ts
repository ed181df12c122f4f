/** Names what is simulated: the core alone, with its disk and its gossip, and whole chains of each engine. */

import { mustHappenInChains } from './chains/chain-coverage.ts'
import {
  type ChainEngine,
  type ChainPlan,
  chainEngines,
  chainPlanOf,
  isChainPlan,
} from './chains/chain-plan.ts'
import { runChain } from './chains/chain-run.ts'
import { mustHappen, mustHappenOverrun } from './coverage.ts'
import { overrunPlanOf, type Plan, planOf } from './plan.ts'
import { type RunResult, run } from './run.ts'

/** Worlds by name. */
export const worldNames = ['core', 'overrun', 'signed', ...chainEngines] as const
export type WorldName = (typeof worldNames)[number]

/** A run: the world, and the number that all of it follows from. */
export interface Seed {
  readonly world: WorldName
  readonly number: number
}

/** Seeds that failed once, each for a fault that was mended; every run begins with them. */
export const seedsToRemember: readonly Seed[] = [
  ...[2, 44, 55, 200_205].map((number) => ({ world: 'core', number }) as const),
  ...[44, 132, 280, 302, 1_821].map((number) => ({ world: 'bft', number }) as const),
  ...[87, 50_621, 60_953].map((number) => ({ world: 'pow', number }) as const),
  ...[90, 51_236].map((number) => ({ world: 'pos', number }) as const),
  ...[71, 147, 3_028].map((number) => ({ world: 'hybrid', number }) as const),
]

/** Of a row of seeds so many run the core, one of them overrun: a run of it costs a fifth of one of whole chains. */
const [coreRuns, rowOfRuns] = [8, 12]
/** One in so many signs as chains do, which costs ten times as much. */
const signedOneIn = 240
const signedEngines = ['bft', 'hybrid', 'pos', 'dpos'] as const

/** The world whose turn it is. */
export function worldOf(number: number): WorldName {
  if (number % signedOneIn === 1) return 'signed'
  const place = number % rowOfRuns
  if (place < coreRuns) return place === 0 ? 'overrun' : 'core'
  const row = Math.floor(number / rowOfRuns) * (rowOfRuns - coreRuns) + place - coreRuns
  return chainEngines[row % chainEngines.length] as ChainEngine
}

/** The plan of a seed. */
export function planOfSeed({ world, number }: Seed): Plan | ChainPlan {
  if (world === 'overrun') return overrunPlanOf(number)
  if (world === 'signed')
    return chainPlanOf(
      signedEngines[(number + Math.floor(number / signedOneIn)) % 4] ?? 'bft',
      number,
      true,
    )
  return world === 'core' ? planOf(number) : chainPlanOf(world, number)
}

/** Runs a plan of any world, and tells each event in a line. */
export async function runPlan(
  plan: Plan | ChainPlan,
  trace?: (line: string) => void,
): Promise<RunResult> {
  return isChainPlan(plan) ? runChain(plan, trace) : run(plan, trace)
}

/** What must happen somewhere in any larger number of runs of a world. */
export function mustHappenIn(world: WorldName): readonly string[] {
  if (world === 'overrun') return mustHappenOverrun
  if (world === 'signed') return ['transactions in a block', 'restart', 'evidence double-vote']
  return world === 'core' ? mustHappen : mustHappenInChains[world]
}
