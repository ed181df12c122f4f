/** Watches the engine of a machine from within: what it is told, what it asks for, and how much it keeps. */

import type { BftState } from '../../../src/chain/consensus/bft-state.ts'
import type {
  ConsensusEngine,
  Effect,
  Input,
  Step,
} from '../../../src/chain/consensus/consensus.ts'
import type { CoreRules, CoreState } from '../../../src/chain/consensus/core-state.ts'
import { rulesOf } from '../../../src/chain/consensus/hybrid/checkpoint-state.ts'
import type { HybridState } from '../../../src/chain/consensus/hybrid.ts'
import { PropertyFailure } from '../observer.ts'
import type { MachinePlace } from './places.ts'

/** Most of what an engine may keep (section 16). */
const most = { tallies: 64, proposals: 64 * 8, flights: 4, answered: 256, evidence: 1_024 }
/** Most of the next height that it may keep: two rounds of each validator. */
const mostHeld = 4 * 128

/** The same engine; each step of it is looked at. */
export function watchedEngine(
  engine: ConsensusEngine<unknown>,
  machine: MachinePlace,
): ConsensusEngine<unknown> {
  const seen = (step: Step<unknown>, input: Input | undefined): Step<unknown> => {
    machine.watched(step.state)
    try {
      look(machine, step, input)
    } catch (error) {
      machine.world.fail(error)
    }
    return step
  }
  return {
    ...engine,
    start(options) {
      if (options.logged?.height === options.head.number + 1n) {
        machine.world.observer.count('restart in a height')
      }
      return seen(engine.start(options), undefined)
    },
    step: (state, input) => seen(engine.step(state, input), input),
  }
}

function look(
  machine: MachinePlace,
  { state, effects }: Step<unknown>,
  input: Input | undefined,
): void {
  const { observer } = machine.world
  machine.world.stepped(machine, state, input)
  if (input?.kind === 'block-checked' && typeof input.verdict === 'object') {
    observer.count(`checked: ${input.verdict.kind}`)
  }
  if (input?.kind === 'block-synced') observer.count('synced block')
  for (const effect of effects) lookAt(machine, effect)
  const core = votesOf(state)?.core
  if (core) checkFresh(machine, core)
  if (isVoted(state)) checkBounds(machine, state)
  if (isHybrid(state)) checkBounds(machine, { ...state.votes, flights: [], evidence: [] })
}

function lookAt(machine: MachinePlace, effect: Effect): void {
  const { observer } = machine.world
  if (effect.kind === 'help') observer.count('helped')
  if (effect.kind === 'keep-point' && !machine.chain?.byHash(effect.hash)) {
    observer.count('decided beside the chain')
  }
  if (effect.kind === 'report') observer.reported(effect.evidence)
  if (effect.kind !== 'halt') return
  throw new PropertyFailure('S2', `node ${machine.id}: a quorum commits an invalid block`)
}

/** S5: a lock is of its height alone. */
function checkFresh(
  { id }: MachinePlace,
  { height, round, lockedRound, validRound }: CoreState,
): void {
  if (round >= 0 || (lockedRound < 0 && validRound < 0)) return
  throw new PropertyFailure('S5', `node ${id} begins height ${height} with the lock of another`)
}

/** S11. */
function checkBounds(
  { id }: MachinePlace,
  {
    core,
    flights,
    answered,
    evidence,
    held,
  }: Pick<BftState, 'core' | 'flights' | 'answered' | 'evidence' | 'held'>,
): void {
  const isBounded =
    core.tallies.length <= most.tallies &&
    core.proposals.length <= most.proposals &&
    flights.length <= most.flights &&
    answered.length <= most.answered &&
    evidence.length <= most.evidence &&
    held.proposals.length + held.votes.length <= mostHeld
  if (!isBounded) throw new PropertyFailure('S11', `the engine of node ${id} keeps too much`)
}

/** Whether a state is that of an engine whose blocks are voted on. */
export function isVoted(state: unknown): state is BftState {
  return typeof state === 'object' && state !== null && 'core' in state
}

/** Whether a state is that of an engine whose blocks a committee makes final. */
export function isHybrid(state: unknown): state is HybridState {
  return typeof state === 'object' && state !== null && 'votes' in state && 'mining' in state
}

/** Where the votes of an engine stand, and whose turn it is. */
export function votesOf(
  state: unknown,
): (Pick<BftState, 'core' | 'held'> & Pick<CoreRules, 'proposerOf'>) | undefined {
  if (isVoted(state)) {
    const { core, held, rules } = state
    return { core, held, proposerOf: rules.proposerOf }
  }
  if (!isHybrid(state)) return undefined
  const { core, held } = state.votes
  return { core, held, proposerOf: rulesOf(state.votes).proposerOf }
}
