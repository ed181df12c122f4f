/** Runs a plan to its end: all correct nodes at their height, or a property that does not hold. */

import { timeoutMs } from '../../src/chain/consensus/timeouts.ts'
import { Gossip } from './gossip.ts'
import { Liar, type LiarPlace } from './liar.ts'
import { SimulatedNode, timeouts } from './node.ts'
import { PropertyFailure } from './observer.ts'
import { SafetyLost } from './overrun-observer.ts'
import { canProgress, type Plan } from './plan.ts'
import { RoundWatch } from './round-watch.ts'
import { World } from './world.ts'

/** What came of a run. */
export interface RunResult {
  readonly failure: { readonly property: string; readonly detail: string } | undefined
  readonly events: number
  readonly virtualMs: number
  /** Lowest final height of the nodes that follow the rules. */
  readonly height: number
  readonly coverage: ReadonlyMap<string, number>
  /** The same for each run of one plan. */
  readonly hash: number
}

/** A run that takes more has run away. */
const mostEvents = 400_000
/** Heights that every correct node must get to after the last fault, at least. */
const heightsInCalm = 2
/** Time that runs with too few honest validators to get on are watched after the faults. */
const watchedMs = 3_000

/** Runs a plan, and tells each event in a line. */
export function run(plan: Plan, trace?: (line: string) => void): RunResult {
  const world = new World(plan, trace)
  const nodes = world.validators.map((_, id) => new SimulatedNode(id, world))
  const healedMs = layOut(world, nodes)
  const correct = nodes.filter(({ validator }) => !world.observer.isFaulty(validator, 1n))
  const watch = new RoundWatch(plan, healedMs)
  for (const node of canProgress(plan) ? correct : []) {
    node.onFinal = (height, round) => {
      const isCorrect = (of: number) => !world.observer.isFaulty(node.rules.proposerOf(of), height)
      watch.decided(height, { nowMs: world.nowMs, round }, isCorrect)
    }
  }
  const lowest = () => Math.min(...correct.map((node) => Number(node.finalHeight)))
  let events = 0
  let failure: RunResult['failure']
  try {
    let [deadlineMs, target] = [Number.POSITIVE_INFINITY, plan.heights]
    for (; events < mostEvents && world.queue.next(); events += 1) {
      const { nowMs } = world
      if (nowMs < healedMs) continue
      if (!canProgress(plan)) {
        if (nowMs > healedMs + watchedMs) break
        continue
      }
      if (deadlineMs === Number.POSITIVE_INFINITY) {
        deadlineMs = nowMs + allowedMs(plan, correct)
        target = Math.max(
          target,
          Math.max(...correct.map(({ finalHeight }) => Number(finalHeight))) + heightsInCalm,
        )
      }
      if (lowest() >= target) break
      if (nowMs > deadlineMs) {
        throw new PropertyFailure('L1', stuck(correct))
      }
    }
    if (events >= mostEvents) throw new PropertyFailure('L1', `more than ${mostEvents} events`)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    failure = failureOf(plan, error)
  }
  world.note(events, lowest())
  return {
    ...{ failure, events, virtualMs: world.nowMs, height: lowest() },
    ...{ coverage: world.observer.coverage, hash: world.hash },
  }
}

/** What an error says of a run; where liars have over a third of the weight, they can have decided what they like. */
function failureOf({ isOverrun }: Plan, error: Error): RunResult['failure'] {
  if (error instanceof SafetyLost) return undefined
  if (!(error instanceof PropertyFailure)) return { property: 'error', detail: `${error.stack}` }
  const { property, message: detail } = error
  return isOverrun && property === 'S2' ? undefined : { property, detail }
}

/** Starts nodes and liar, and lays out the faults; gives the time from which nothing is wrong any more. */
function layOut(world: World, nodes: readonly SimulatedNode[]): number {
  const { plan } = world
  let healedMs = plan.calmFromMs
  for (const node of nodes) {
    const gossip = new Gossip(node)
    world.receivers.push(gossip)
    const boot = () => {
      node.boot()
      gossip.tick()
    }
    boot()
    for (const fault of plan.faults) {
      if (fault.kind === 'partition' || fault.kind === 'disk' || fault.node !== node.id) continue
      if (fault.kind === 'clock') {
        world.queue.at(fault.atMs, () => node.jumpClock(fault.byMs))
        continue
      }
      const restart = () => {
        world.after(fault.downMs, () => {
          world.observer.count('restart')
          boot()
        })
      }
      world.queue.at(fault.atMs, () =>
        node.crashAfter(fault.afterEffects, fault.isLogLost, restart),
      )
      // A crash that still waits for its effect comes when the faults end.
      world.queue.at(plan.calmFromMs, () => node.crashNow())
      healedMs = Math.max(healedMs, plan.calmFromMs + fault.downMs)
    }
  }
  if (plan.liars.length > 0) new Liar(liarPlace(world, nodes)).start()
  return healedMs + plan.deltaMs
}

/** A run as its liar sees it. */
function liarPlace(world: World, nodes: readonly SimulatedNode[]): LiarPlace {
  return {
    ...{
      instance: 0,
      plan: world.plan,
      chance: world.chance('byzantine'),
      checkAt: () => world.check,
    },
    liarsAt: () => world.plan.liars,
    targets: () => nodes.map(({ id, height, core }) => ({ id, height, round: core.round })),
    hear: (ear) => {
      world.hears = ear
    },
    salt: () => world.salt(),
    after: (ms, run) => world.after(ms, run),
    proposerOf: (height, round) =>
      nodes.find((one) => one.height === height)?.rules.proposerOf(round),
    voted: (vote) => world.observer.voted(vote),
    newBlock: (_, round, isValid) => world.newBlock(round, isValid),
    blockOf: (value) => {
      const key = value.toHex()
      return nodes.map(({ blocks }) => blocks.get(key)).find((block) => block !== undefined)
    },
    send: (to, message) => world.send(-1, to, message),
  }
}

/** Time for the heights that are left: twenty waits of the rounds that some node has come to (section 18). */
function allowedMs({ heights, paceMs }: Plan, correct: readonly SimulatedNode[]): number {
  const round = Math.max(...correct.map(({ core }) => core.round))
  const height = 20 * timeoutMs(timeouts, 'propose', round + 3) + Math.max(...paceMs)
  return height + heights * (20 * timeoutMs(timeouts, 'propose', 3) + Math.max(...paceMs))
}

function stuck(correct: readonly SimulatedNode[]): string {
  const places = correct.map(({ id, core }) => {
    const { height, round, step, lockedRound, validRound } = core
    return `${id} at ${height}/${round} ${step}, lock ${lockedRound}, valid ${validRound}`
  })
  return `the target is not reached: ${places.join('; ')}`
}
