/** Draws from a seed what is done to a chain, its endpoints, a function and the workers, and when. */

import { chanceOf } from '../fuzz/chance.ts'

/** What an endpoint does wrong for a while. */
export type EndpointFault =
  | { readonly kind: 'none' | 'hides' | 'forges' | 'left-behind' | 'drops' | 'limits' }
  | { readonly kind: 'lags'; readonly blocks: number }
  | { readonly kind: 'slow'; readonly ms: number }

/** What the function does wrong for a while. */
export type FunctionFault = 'none' | 'busy' | 'fails-after' | 'drops-after' | 'hangs'

/** One thing that is done. */
export type Deed =
  | { readonly kind: 'deposit'; readonly count: number }
  | { readonly kind: 'mine' | 'take-nonce' }
  | { readonly kind: 'reorganise'; readonly depth: number }
  | {
      readonly kind: 'kill'
      readonly worker: number
      readonly downMs: number
      /** Whether what follows waits until all nodes but one are there again; else they may be killed while they start. */
      readonly isAwaited: boolean
    }
  | { readonly kind: 'endpoint'; readonly endpoint: number; readonly fault: EndpointFault }
  | { readonly kind: 'function'; readonly fault: FunctionFault }

/** All that happens in a run, by its time from the start. */
export interface Plan {
  readonly seed: number
  readonly finalityDepth: number
  /** What nodes hold answers against: where it is every block's receipts, endpoints hide parts of a block, too. */
  readonly checks: 'bloom' | 'all'
  /** Whether somebody else has the sender's key, too. */
  readonly isKeyShared: boolean
  readonly deeds: readonly { readonly atMs: number; readonly deed: Deed }[]
}

/** What is asked of a plan. */
export interface PlanOptions {
  readonly kills: number
  readonly workers: number
  readonly endpoints: number
  /** Whether the chain knows states of long ago, by which it is proved who used a nonce; default true. */
  readonly isArchive?: boolean
}

/** The deepest reorganisation, in blocks. */
export const deepest = 50
/** Between two blocks, about. */
const blockMs = 100
/** A node must get somewhere before it is killed. */
const betweenKills = { least: 300, spread: 3_200 }

/** The plan of a seed. */
export function planOf(seed: number, options: PlanOptions): Plan {
  const { kills, workers, endpoints, isArchive = true } = options
  const chance = chanceOf(seed, 0)
  const deeds: { atMs: number; deed: Deed }[] = []
  const times = (leastMs: number, spreadMs: number, endMs: number): readonly number[] => {
    const all: number[] = []
    for (let at = 0; ; ) {
      at += leastMs + chance.below(spreadMs)
      if (at > endMs) return all
      all.push(at)
    }
  }
  let endMs = 2_000
  for (let n = 0; n < kills; n += 1) {
    // Several workers are killed in their own time.
    endMs += Math.ceil((betweenKills.least + chance.below(betweenKills.spread)) / workers)
    const downMs = chance.oneIn(3) ? chance.below(1_500) : 0
    const isAwaited = !chance.oneIn(4)
    const deed = { kind: 'kill', worker: chance.below(workers), downMs, isAwaited } as const
    deeds.push({ atMs: endMs, deed })
  }
  const add = (atMs: number, deed: Deed) => deeds.push({ atMs, deed })
  for (const at of times(blockMs / 2, blockMs, endMs)) add(at, { kind: 'mine' })
  for (const at of times(50, 400, endMs)) add(at, { kind: 'deposit', count: 1 + chance.below(4) })
  for (const at of times(500, 3_500, endMs)) {
    const depth = chance.oneIn(3) ? 1 + chance.below(deepest) : 1 + chance.below(6)
    add(at, { kind: 'reorganise', depth })
  }
  // The deepest of all is in every run.
  add(Math.floor(endMs / 2), { kind: 'reorganise', depth: deepest })
  for (const at of times(300, 2_000, endMs)) {
    const fault = endpointFault(chance)
    add(at, { kind: 'endpoint', endpoint: chance.below(endpoints), fault })
  }
  for (const at of times(500, 2_500, endMs)) {
    const faults = ['none', 'none', 'busy', 'fails-after', 'drops-after', 'hangs'] as const
    add(at, { kind: 'function', fault: chance.pick(faults) })
  }
  const isKeyShared = isArchive && seed % 2 === 0
  const taking = times(1_500, 6_000, endMs)
  if (isKeyShared) for (const at of taking) add(at, { kind: 'take-nonce' })
  const finalityDepth = chance.oneIn(5) ? 24 : 64
  const checks = chance.oneIn(3) ? 'all' : 'bloom'
  const facts = { seed, finalityDepth, checks, isKeyShared } as const
  return { ...facts, deeds: deeds.sort((a, b) => a.atMs - b.atMs) }
}

function endpointFault(chance: ReturnType<typeof chanceOf>): EndpointFault {
  const kind = chance.weighted([
    ...[
      [3, 'none'],
      [2, 'hides'],
      [1, 'forges'],
      [2, 'left-behind'],
      [2, 'drops'],
    ],
    ...[
      [1, 'limits'],
      [2, 'lags'],
      [1, 'slow'],
    ],
  ] as const)
  if (kind === 'lags') return { kind, blocks: 1 + chance.below(20) }
  if (kind === 'slow') return { kind, ms: 50 + chance.below(1_500) }
  return { kind }
}
