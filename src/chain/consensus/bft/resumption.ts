/** Begins a validating engine on the head of a chain, and goes on within a height where its log says that it stood. */

import { equalBytes } from '../../../base/bytes.ts'
import { newCore, resumeCore } from '../bft-core.ts'
import { type BftGround, type BftPlace, type BftState, rulesAfter } from '../bft-state.ts'
import type { LoggedHeight, StartOptions, Step } from '../consensus.ts'
import type { CoreResult, CoreRules } from '../core-state.ts'
import { emptyDerived } from '../derived.ts'
import { decodeLoggedPlace } from '../logged-core.ts'
import { encodeMessage, signedMessage } from '../message-codec.ts'
import type { ConsensusMessage } from '../messages.ts'
import { nothingHeld } from '../next-height.ts'
import { arrivedBlock } from './flights.ts'
import { Turn } from './turn.ts'

/** The first step. */
export function resumed(place: BftPlace, options: StartOptions): Step<BftState> {
  const { logged, nowMs, self, evidence = [] } = options
  const ground = groundOf(place, options)
  const turn = new Turn(place, {
    ...{ nowMs, ground, self, rules: rulesAfter(place, ground, self) },
    ...{ core: newCore(ground.head.number + 1n), startMs: undefined, hasWork: false },
    ...{
      timers: [],
      flights: [],
      held: nothingHeld,
      early: [],
      building: undefined,
      nextRequest: 1,
    },
    ...{ retellMs: nowMs, askedMs: 0, answered: [], evidence, wakeMs: undefined },
  })
  // A log of an earlier height is of one that was over.
  const isBegun = logged?.height === ground.head.number + 1n && (logged.state ?? logged.last)
  if (isBegun) goOn(turn, logged)
  else turn.begin(ground)
  return turn.end()
}

function groundOf(place: BftPlace, options: StartOptions): BftGround {
  const { head, header, derived = emptyDerived, parentDerived, proof } = options
  const signers =
    head.number > 0n && parentDerived ? place.setAfter({ derived: parentDerived }) : undefined
  return { head, header, derived, proof, signers }
}

/**
 * Stands where the log says, with what was signed; its blocks are run again before they count. A crash may have left the
 * first thing that was signed of a height to the guard alone.
 */
function goOn(turn: Turn, logged: LoggedHeight): void {
  for (const { hash, bytes } of logged.blocks) {
    const arrived = arrivedBlock(hash, bytes)
    if (arrived) turn.hold(arrived, undefined)
  }
  const { state, effects, messages } = loggedCore(turn.state.rules, logged)
  turn.set({ core: state })
  for (const effect of effects) turn.perform(effect)
  for (const message of messages) tellAgain(turn, message)
  turn.checkArrived()
}

/** The core as a log has it, with what it asks for, and all that was signed. */
export function loggedCore(
  rules: CoreRules,
  logged: LoggedHeight,
): CoreResult & { readonly messages: readonly ConsensusMessage[] } {
  const { state, height } = logged
  const messages = signedBefore(logged, rules.self)
  const resumed = resumeCore(rules, {
    ...{ ...(state ? decodeLoggedPlace(state) : newCore(height)), checkedValues: [] },
    proposals: messages.flatMap((one) => (one.kind === 'proposal' ? one.proposal : [])),
    votes: messages.flatMap((one) => (one.kind === 'vote' ? one.vote : [])),
  })
  return { ...resumed, messages }
}

/** All that was signed: what the guard alone has is the last of it. */
function signedBefore(
  { messages, last }: LoggedHeight,
  self: number | undefined,
): readonly ConsensusMessage[] {
  if (last === undefined || self === undefined) return messages
  const message = signedMessage(last.unsigned, { validatorIndex: self, signature: last.signature })
  const encoded = encodeMessage(message)
  const isKnown = messages.some((one) => equalBytes(encodeMessage(one), encoded))
  return isKnown ? messages : [...messages, message]
}

/** What was signed may not have left. */
function tellAgain(turn: Turn, message: ConsensusMessage): void {
  if (message.kind === 'proposal') turn.spread(message.proposal)
  else turn.effects.push({ kind: 'broadcast', message })
}
