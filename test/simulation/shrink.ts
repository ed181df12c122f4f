/** Makes a plan that fails smaller, as long as the same property fails: fewer faults, calmer links, fewer heights and nodes. */

import { type ChainPlan, isChainPlan, machinesOf } from './chains/chain-plan.ts'
import { nodesOf, type Plan } from './plan.ts'
import { runPlan } from './worlds.ts'

/** The smallest plan that was found; trials are bounded, each is a run. */
export async function shrunk(plan: Plan, mostTrials = 400): Promise<Plan> {
  const property = (await runPlan(plan)).failure?.property
  let [smallest, trials] = [plan, 0]
  for (let isSmaller = property !== undefined; isSmaller; ) {
    isSmaller = false
    for (const candidate of smallerPlans(smallest)) {
      if (trials >= mostTrials) return smallest
      trials += 1
      const { failure } = await runPlan(candidate)
      if (failure?.property !== property) continue
      smallest = candidate
      isSmaller = true
      break
    }
  }
  return smallest
}

/** Plans that lack something, the largest steps first. */
function* smallerPlans(plan: Plan): Generator<Plan> {
  const { faults, weights, heights } = plan
  for (
    let size = Math.ceil(faults.length / 2);
    size > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < faults.length; from += size) {
      yield { ...plan, faults: faults.toSpliced(from, size) }
    }
  }
  for (const name of ['lossPercent', 'doublePercent', 'spoilPercent'] as const) {
    if (plan[name] > 0) yield { ...plan, [name]: 0 }
  }
  if (plan.hasAbsences) yield { ...plan, hasAbsences: false }
  if (plan.longestDelayMs > plan.delayMs) yield { ...plan, longestDelayMs: plan.delayMs }
  if (isChainPlan(plan)) {
    const calm: ChainPlan = { ...plan, skewsMs: plan.skewsMs.map(() => 0) }
    const idle: ChainPlan = { ...plan, transactions: [] }
    if (plan.transactions.length > 0) yield idle
    if (plan.joiners.length === 0 && plan.changes.length > 0)
      yield { ...plan, changes: [] } as ChainPlan
    if (plan.skewsMs.some((one) => one > 0)) yield calm
  }
  for (const name of ['drifts', 'paceMs'] as const) {
    if (plan[name].some((value) => value !== 0)) yield { ...plan, [name]: plan[name].map(() => 0) }
  }
  if (heights > 1) yield { ...plan, heights: heights - 1 }
  for (const twin of plan.twins) yield { ...plan, twins: plan.twins.filter((one) => one !== twin) }
  for (let index = weights.length - 1; index >= 0 && weights.length > 1; index -= 1) {
    yield withoutValidator(plan, index)
  }
  if (plan.calmFromMs > 200) yield { ...plan, calmFromMs: Math.floor(plan.calmFromMs / 2) }
}

/** The plan without one validator and its nodes; the numbers of the others close up. */
function withoutValidator(plan: Plan, index: number): Plan {
  const nodes = isChainPlan(plan) ? machinesOf(plan) : nodesOf(plan)
  const left = (validators: readonly number[]) =>
    validators.filter((one) => one !== index).map((one) => (one > index ? one - 1 : one))
  const stays = (node: number) => nodes[node] !== index
  const place = (node: number) => node - nodes.slice(0, node).filter((one) => one === index).length
  const kept = <T>(items: readonly T[]) => items.filter((_, node) => stays(node))
  const smaller = {
    ...plan,
    weights: plan.weights.toSpliced(index, 1),
    ...{ twins: left(plan.twins), liars: left(plan.liars) },
    ...{ drifts: kept(plan.drifts), paceMs: kept(plan.paceMs) },
    faults: plan.faults.flatMap((fault) => {
      if (fault.kind === 'partition') return { ...fault, groups: kept(fault.groups) }
      return stays(fault.node) ? { ...fault, node: place(fault.node) } : []
    }),
  }
  if (!isChainPlan(smaller)) return smaller
  const chains: ChainPlan = {
    ...smaller,
    skewsMs: kept(smaller.skewsMs),
    powers: smaller.powers.filter((_, at) => at !== index),
    joiners: left(smaller.joiners),
    changes: smaller.changes.flatMap((one) =>
      one.validator === index
        ? []
        : { ...one, validator: one.validator - Number(one.validator > index) },
    ),
    transactions: smaller.transactions.flatMap((one) =>
      stays(one.node) ? { ...one, node: place(one.node) } : [],
    ),
  }
  return chains
}
