/** Runs a plan of whole chains to its end: all correct nodes at their height, or a property that does not hold. */

import { setImmediate } from 'node:timers/promises'
import { timeoutMs } from '../../../src/chain/consensus/timeouts.ts'
import {
  encodeTransaction,
  signTransaction,
  transactionHash,
} from '../../../src/chain/ledger/transaction-codec.ts'
import { Liar } from '../liar.ts'
import { timeouts } from '../node.ts'
import { PropertyFailure } from '../observer.ts'
import { canProgress } from '../plan.ts'
import type { RunResult } from '../run.ts'
import { auditChain } from './chain-audit.ts'
import { chainGround, richKey, workSeconds } from './chain-ground.ts'
import { liarOf } from './chain-liar.ts'
import { type ChainPlan, isMined } from './chain-plan.ts'
import { ChainWorld, propertyOf } from './chain-world.ts'
import { isVoted } from './engine-watch.ts'
import { startGovernor } from './governor.ts'
import type { Machine } from './machine.ts'

/** A run that takes more has run away. */
const mostEvents = 200_000
/** Heights that every correct node must get to after the last fault, at least; one run in so many goes on until what waits is due. */
const heightsInCalm = 2
const longOneIn = 6
/** Time that runs with too few honest validators to get on are watched after the faults. */
const watchedMs = 3_000

/** Runs a plan, and tells each event in a line. */
export async function runChain(
  plan: ChainPlan,
  trace?: (line: string) => void,
): Promise<RunResult> {
  const world = new ChainWorld(plan, await chainGround(plan), trace)
  const correct = world.machines.filter((machine) => machine.isCorrect)
  const lost = (error: unknown) => world.fail(error)
  process.on('unhandledRejection', lost)
  let events = 0
  try {
    const healedMs = layOut(world)
    events = await runEvents(world, { healedMs, correct })
    const [one] = correct
    if (world.failure === undefined) world.watch.checkWork(correct)
    if (world.failure === undefined) world.finals.check(correct)
    if (one?.chain && world.failure === undefined) await auditChain(world, one)
  } catch (error) {
    world.fail(error)
  } finally {
    process.off('unhandledRejection', lost)
  }
  const height = lowest(correct)
  world.note(events, height)
  const { failure } = world
  return {
    failure: failure && {
      property: propertyOf(failure),
      detail: failure instanceof PropertyFailure ? failure.message : `${failure.stack}`,
    },
    ...{ events, virtualMs: world.nowMs, height },
    ...{ coverage: world.observer.coverage, hash: world.hash },
  }
}

/** Lets one thing happen after the other until the run is over; gives their number. */
async function runEvents(
  world: ChainWorld,
  { healedMs, correct }: { readonly healedMs: number; readonly correct: readonly Machine[] },
): Promise<number> {
  const { plan, queue } = world
  const isWorked = isMined(plan)
  const isLive = isWorked || canProgress(plan)
  const reached = isWorked ? commonHeight : lowest
  let [events, deadlineMs, target] = [0, Number.POSITIVE_INFINITY, plan.heights]
  // What promises do next belongs to the event that they wait for.
  for (await setImmediate(); queue.next(); await setImmediate()) {
    events += 1
    if (isWorked) for (const machine of world.machines) machine.mine()
    if (world.failure) return events
    if (events >= mostEvents) throw new PropertyFailure('L1', `more than ${mostEvents} events`)
    if (queue.nowMs < healedMs) continue
    if (!isLive) {
      if (queue.nowMs > healedMs + watchedMs) return events
      continue
    }
    if (deadlineMs === Number.POSITIVE_INFINITY) {
      deadlineMs = queue.nowMs + allowedMs(plan, correct)
      const highest = Math.max(...correct.map(({ height }) => Number(height)))
      target = Math.max(target, highest + calmHeights(plan))
    }
    const isThere = reached(correct) >= target
    if (isThere && (!isWorked || isSettled(world, { correct, target }))) return events
    // A node that never comes to most work again is told of by that property.
    if (isThere && queue.nowMs > deadlineMs) return events
    if (queue.nowMs > deadlineMs) throw new PropertyFailure('L1', stuck(correct))
  }
  return events
}

/** Starts machines, senders and liar, and lays out the faults; gives the time from which nothing is wrong any more. */
function layOut(world: ChainWorld): number {
  const { plan, queue, machines, observer } = world
  let healedMs = plan.calmFromMs
  for (const machine of machines) machine.boot()
  for (const fault of plan.faults) {
    if (fault.kind === 'partition') continue
    const machine = machines[fault.node]
    if (machine === undefined) continue
    if (fault.kind === 'clock') {
      queue.at(fault.atMs, () => machine.jumpClock(fault.byMs))
      continue
    }
    const restart = () =>
      world.after(fault.downMs, () => {
        observer.count('restart')
        machine.boot()
      })
    healedMs = Math.max(healedMs, plan.calmFromMs + fault.downMs)
    if (fault.kind === 'disk') {
      queue.at(fault.atMs, () => machine.failDisk())
      // Somebody mends it.
      queue.at(plan.calmFromMs, () => {
        if (machine.disk.isFailing) machine.crashAfter(0, undefined, restart)
      })
      continue
    }
    const loses = fault.isFolderLost ? 'folder' : fault.isLogLost ? 'log' : undefined
    queue.at(fault.atMs, () => machine.crashAfter(fault.afterEffects, loses, restart))
    // A crash that still waits for its act comes when the faults end.
    queue.at(plan.calmFromMs, () => machine.crashNow())
  }
  layOutTransactions(world)
  startGovernor(world)
  if (plan.liars.length > 0 && plan.engine !== 'pow') new Liar(liarOf(world)).start()
  world.promises.calmMs = healedMs + plan.deltaMs
  return world.promises.calmMs
}

function layOutTransactions({ plan, queue, machines, ground, promises }: ChainWorld): void {
  for (const [at, { atMs, node }] of plan.transactions.entries()) {
    queue.at(atMs, () => {
      const unsigned = {
        ...({ type: 2, chainId: ground.manifest.chainId, nonce: BigInt(at) } as const),
        gasLimit: 21_000n,
        ...{ to: new Uint8Array(20).fill(9), value: 1n, data: new Uint8Array(), accessList: [] },
        ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
      }
      const signed = signTransaction(unsigned, richKey)
      promises.sent(at, transactionHash(signed))
      // Whoever is not up, or has its disk broken, refuses it.
      machines[node]?.chain?.submit(encodeTransaction(signed)).catch(() => {})
    })
  }
}

/** Whether nothing is under way: no node moves, and what is buried is final wherever a committee can decide. */
function isSettled(
  { watch, finals, plan }: ChainWorld,
  { correct, target }: { readonly correct: readonly Machine[]; readonly target: number },
): boolean {
  const isFinal =
    plan.engine !== 'hybrid' || !canProgress(plan) || finals.reach(correct, BigInt(target))
  return isFinal && watch.isAtMostWork(correct)
}

/** Two heights for each node and some more are what transactions and evidence may take. */
function calmHeights({ seed, weights }: ChainPlan): number {
  return seed % longOneIn === 0 ? 2 * weights.length + 7 : heightsInCalm
}

function lowest(machines: readonly Machine[]): number {
  return Math.min(...machines.map(({ height }) => Number(height)))
}

/** Height up to which all have the same blocks. */
function commonHeight(machines: readonly Machine[]): number {
  for (let height = lowest(machines); height > 0; height -= 1) {
    const hashes = machines.map(({ chain }) => chain?.blockHash(BigInt(height))?.toHex())
    if (new Set(hashes).size === 1) return height
  }
  return 0
}

/** Time for the heights that are left: twenty waits of the rounds that some node has come to, and what clocks differ by. */
function allowedMs(plan: ChainPlan, correct: readonly Machine[]): number {
  if (isMined(plan)) return (plan.heights + calmHeights(plan) + 20) * 20 * workSeconds * 1_000
  const rounds = correct.map(({ engineState }) =>
    isVoted(engineState) ? engineState.core.round : 0,
  )
  const jumps = plan.faults.map((fault) => (fault.kind === 'clock' ? Math.abs(fault.byMs) : 0))
  const apartMs = Math.max(...plan.skewsMs) + jumps.reduce((sum, one) => sum + one, 0)
  const paceMs = 1_000 + (plan.isHeartbeat ? 15_000 : 0)
  const height = 20 * timeoutMs(timeouts, 'propose', Math.max(...rounds) + 3)
  const heights = plan.heights + calmHeights(plan)
  return height + heights * (20 * timeoutMs(timeouts, 'propose', 3) + paceMs) + 20 * apartMs
}

function stuck(correct: readonly Machine[]): string {
  const places = correct.map(({ id, engineState, height }) => {
    if (!isVoted(engineState)) return `${id} after ${height}`
    const { core, startMs } = engineState
    const { round, step, lockedRound, validRound } = core
    return `${id} at ${core.height}/${round} ${step}, lock ${lockedRound}, valid ${validRound}${startMs === undefined ? '' : ', waits'}`
  })
  return `the target is not reached: ${places.join('; ')}`
}
