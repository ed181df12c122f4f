/** Says in a few words what happens in a run, for the trace of one that failed. */

import type { CoreEffect } from '../../src/chain/consensus/core-state.ts'
import type { Certificate, VoteContent } from '../../src/chain/consensus/messages.ts'
import type { Message } from './message.ts'

/** A message in a line. */
export function messageWords(message: Message): string {
  switch (message.kind) {
    case 'vote':
      return `${voteWords(message.vote)} of ${message.vote.validatorIndex}`
    case 'proposal': {
      const { height, round, value, validRound, validatorIndex } = message.proposal
      const again = validRound < 0 ? '' : ` again, valid in ${validRound}`
      return `proposal ${height}/${round} ${nameOf(value)}${again} of ${validatorIndex}`
    }
    case 'certificate':
      return certificateWords(message.certificate)
    case 'round-state': {
      const { height, round, step } = message.state
      return `stands at ${height}/${round} ${step}`
    }
    case 'sync':
      return `block with ${certificateWords(message.certificate)}`
    default:
      return message.kind
  }
}

/** What a core asks for, in a line. */
export function effectWords(effect: CoreEffect): string {
  switch (effect.kind) {
    case 'vote':
      return voteWords(effect.vote)
    case 'propose':
      return `propose ${effect.round} ${nameOf(effect.value)}`
    case 'schedule':
      return `wait ${effect.timer.kind} ${effect.timer.height}/${effect.timer.round}`
    case 'decide':
      return `decide ${nameOf(effect.decision.value)} of round ${effect.decision.round}`
    case 'report':
      return `report ${effect.evidence.kind}`
    case 'send':
      return `send ${certificateWords(effect.certificate)}`
    default:
      return `${effect.kind} ${effect.round}`
  }
}

function voteWords({ type, height, round, value, validRound }: VoteContent): string {
  return `${type} ${height}/${round} ${nameOf(value)}${validRound < 0 ? '' : ` valid in ${validRound}`}`
}

function certificateWords({ type, height, round, value }: Certificate): string {
  return `${type} ${height}/${round} ${nameOf(value)}`
}

function nameOf(value: Uint8Array | undefined): string {
  return value === undefined ? 'nil' : value.toHex().slice(0, 6)
}
