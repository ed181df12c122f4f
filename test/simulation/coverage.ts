/** Tells which rules of the core fired in a step, so that runs in which nothing happens are noticed. */

import type { CoreEffect, CoreInput, CoreState } from '../../src/chain/consensus/core-state.ts'

/** What must happen where liars have over a third of the weight. */
export const mustHappenOverrun: readonly string[] = [
  ...['two blocks were decided', 'named for amnesia'],
]

/** What must happen somewhere in any larger number of runs. */
export const mustHappen: readonly string[] = [
  ...[
    'R1 decide',
    'R1 decide in an earlier round',
    'R1 decide by certificate',
    'R2 skip',
    'R2 skip far',
  ],
  ...[
    'R3 nil for invalid',
    'R4 value',
    'R4 nil for the lock',
    'R5 value',
    'R5 value against the lock',
  ],
  ...[
    'R5 nil for the lock',
    'R6 lock',
    'R6 lock moves',
    'R7 remember',
    'R8 nil',
    'R9 wait',
    'R10 wait',
  ],
  ...['propose again', 'timeout propose', 'timeout prevote', 'timeout precommit'],
  ...['evidence double-vote', 'evidence double-proposal', 'restart', 'restart in a height'],
  ...[
    'log lost',

    'answer',
    'sync',
    'held for the next height',
    'polka applied',
  ],
  ...['skip certificate applied', 'refused bytes', 'refused signature', 'refused certificate'],
  ...['too late to propose', 'left out of turns'],
]

/** Names of what fired between two states. */
export function firedIn(
  before: CoreState,
  input: CoreInput,
  after: CoreState,
  effects: readonly CoreEffect[],
): readonly string[] {
  const fired: string[] = []
  for (const effect of effects) fired.push(...ofEffect(before, input, after, effect))
  const isRemembered =
    after.validRound > before.validRound && after.lockedRound !== after.validRound
  if (isRemembered) fired.push('R7 remember')
  if (input.kind === 'built' && effects.length === 0) fired.push('too late to propose')
  if (input.kind === 'certificate' && after !== before) {
    const { type } = input.certificate
    if (type === 'skip') fired.push('skip certificate applied')
    if (type === 'polka') fired.push('polka applied')
  }
  if (input.kind === 'timeout' && effects.length > 0) fired.push(`timeout ${input.timer.kind}`)
  if (after.round > before.round && input.kind !== 'start' && input.kind !== 'timeout') {
    fired.push(after.round > before.round + 1 ? 'R2 skip far' : 'R2 skip')
  }
  return fired
}

function ofEffect(
  before: CoreState,
  input: CoreInput,
  after: CoreState,
  effect: CoreEffect,
): readonly string[] {
  switch (effect.kind) {
    case 'decide': {
      const names = ['R1 decide']
      if (effect.decision.round < after.round) names.push('R1 decide in an earlier round')
      if (input.kind === 'certificate') names.push('R1 decide by certificate')
      return names
    }
    case 'propose':
      return effect.validRound >= 0 ? ['propose again'] : []
    case 'schedule':
      if (effect.timer.kind === 'prevote') return ['R9 wait']
      return effect.timer.kind === 'precommit' ? ['R10 wait'] : []
    case 'vote':
      if (input.kind === 'timeout') return []
      return effect.vote.type === 'prevote'
        ? ofPrevote(before, after, effect)
        : ofPrecommit(before, effect)
    default:
      return []
  }
}

type VoteEffect = Extract<CoreEffect, { kind: 'vote' }>

function ofPrevote(before: CoreState, after: CoreState, { vote }: VoteEffect): readonly string[] {
  if (vote.value !== undefined) {
    if (vote.validRound < 0) return ['R4 value']
    const isOther = before.lockedValue && before.lockedValue.toHex() !== vote.value.toHex()
    return isOther ? ['R5 value', 'R5 value against the lock'] : ['R5 value']
  }
  const proposals = after.proposals.filter(({ round }) => round === vote.round)
  const isInvalid = proposals.some(({ value }) =>
    after.checkedValues.some(
      (checked) => !checked.isValid && checked.value.toHex() === value.toHex(),
    ),
  )
  if (isInvalid || before.lockedRound < 0) return ['R3 nil for invalid']
  return [
    proposals.some(({ validRound }) => validRound >= 0)
      ? 'R5 nil for the lock'
      : 'R4 nil for the lock',
  ]
}

function ofPrecommit(before: CoreState, { vote }: VoteEffect): readonly string[] {
  if (vote.value === undefined) return ['R8 nil']
  const isMoved = before.lockedValue && before.lockedValue.toHex() !== vote.value.toHex()
  return isMoved ? ['R6 lock', 'R6 lock moves'] : ['R6 lock']
}
