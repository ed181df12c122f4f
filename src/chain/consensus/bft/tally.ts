/** Counts votes: the first of each validator, by what it is for, beside certificates, which count whole. */

import { equalBytes } from '../../../base/bytes.ts'
import type { Hash } from '../../ledger/transaction.ts'
import { quorumCertificate } from '../certificate.ts'
import type { Choice, RoundTally, Tally } from '../core-state.ts'
import { doubleVote } from '../evidence.ts'
import type {
  Certificate,
  DoubleSigning,
  SignedVote,
  ValidatorSet,
  VoteContent,
} from '../messages.ts'
import { isQuorum } from '../validator-set.ts'

/** A round with more votes, and what they show of their signers. */
export interface Counted {
  readonly tally: RoundTally
  readonly evidence: readonly DoubleSigning[]
}

const noVotes: Tally = { votes: [], weight: 0n, choices: [], equivocators: [] }

/** Choices that only certificates brought, in one tally: with a third of the weight faulty there is one. */
const choicesBeyondVoters = 4

/** A round in which nobody has voted. */
export function emptyTally(round: number): RoundTally {
  return { round, prevotes: noVotes, precommits: noVotes, senders: [], sendersWeight: 0n }
}

/** The votes of a round of one type. */
export function votesOf(tally: RoundTally, type: SignedVote['type']): Tally {
  return type === 'prevote' ? tally.prevotes : tally.precommits
}

/** Counts one vote. Another one of the same validator and type changes nothing, and is evidence once. */
export function countVote(tally: RoundTally, vote: SignedVote, set: ValidatorSet): Counted {
  const heard = withSender(tally, vote.validatorIndex, set)
  const before = votesOf(tally, vote.type)
  const first = before.votes[vote.validatorIndex]
  if (first !== undefined) return conflicted(heard, [vote])
  const votes = withVote(before.votes, vote)
  const weight = before.weight + weightOf(set, vote)
  const choices = withChoice(before.choices, vote, set)
  return { tally: withVotes(heard, vote.type, { ...before, votes, weight, choices }), evidence: [] }
}

/**
 * Counts a polka or a commit as the quorum that it is, next to what was counted before: else one who votes twice could keep a
 * node from ever seeing a quorum that the others have. Its signers are not counted as heard in the round.
 *
 * @param votes - those that the certificate holds, all for the same
 */
export function countCertificate(
  tally: RoundTally,
  votes: readonly SignedVote[],
  set: ValidatorSet,
): Counted {
  const { type } = votes[0] as SignedVote
  let after = votesOf(tally, type)
  const isKnown = choiceOf(after, votes[0] as SignedVote) !== undefined
  if (!isKnown && after.choices.length >= set.list.length + choicesBeyondVoters) {
    return { tally, evidence: [] }
  }
  for (const vote of votes) {
    const isFirst = after.votes[vote.validatorIndex] === undefined
    after = {
      ...after,
      votes: isFirst ? withVote(after.votes, vote) : after.votes,
      weight: isFirst ? after.weight + weightOf(set, vote) : after.weight,
      choices: withChoice(after.choices, vote, set),
    }
  }
  const certified = choiceOf(after, votes[0] as SignedVote)
  const choices = after.choices.map((choice) =>
    choice === certified ? { ...choice, isCertified: true } : choice,
  )
  return conflicted(withVotes(tally, type, { ...after, choices }), votes)
}

/** The quorum for a value, whichever valid round its prevotes name unless one is given. */
export function quorumFor(tally: Tally, value: Hash, validRound?: number): Choice | undefined {
  return tally.choices.find(
    (choice) =>
      choice.isQuorum &&
      choice.value !== undefined &&
      (validRound === undefined || choice.validRound === validRound) &&
      equalBytes(choice.value, value),
  )
}

/** Whether a quorum is for some value, not for nil. */
export function hasValueQuorum({ choices }: Tally): boolean {
  return choices.some(({ isQuorum: is, value }) => is && value !== undefined)
}

/** Whether a quorum is for nil. */
export function hasNilQuorum({ choices }: Tally): boolean {
  return choices.some((choice) => choice.isQuorum && choice.value === undefined)
}

/** The certificate of a choice that is a quorum. */
export function certificateOf(choice: Choice, { list }: ValidatorSet): Certificate {
  return quorumCertificate(
    choice.votes.filter((vote) => vote !== undefined),
    list.length,
  )
}

/** Whether two votes are for the same. */
function isFor(choice: Pick<VoteContent, 'value' | 'validRound'>, vote: VoteContent): boolean {
  if (choice.validRound !== vote.validRound) return false
  if (choice.value === undefined || vote.value === undefined) return choice.value === vote.value
  return equalBytes(choice.value, vote.value)
}

function choiceOf({ choices }: Tally, vote: VoteContent): Choice | undefined {
  return choices.find((choice) => isFor(choice, vote))
}

function weightOf({ list }: ValidatorSet, { validatorIndex }: SignedVote): bigint {
  return list[validatorIndex]?.weight ?? 0n
}

/** Votes by place are dense arrays, so that copies are quick. */
function withVote(
  votes: readonly (SignedVote | undefined)[],
  vote: SignedVote,
): readonly (SignedVote | undefined)[] {
  return withItem(votes, vote.validatorIndex, vote)
}

function withItem<T>(
  items: readonly (T | undefined)[],
  at: number,
  item: T,
): readonly (T | undefined)[] {
  const copy = items.slice()
  while (copy.length < at) copy.push(undefined)
  copy[at] = item
  return copy
}

function withChoice(
  choices: readonly Choice[],
  vote: SignedVote,
  set: ValidatorSet,
): readonly Choice[] {
  const at = choices.findIndex((choice) => isFor(choice, vote))
  const { value, validRound } = vote
  const choice = choices[at] ?? {
    ...{ value, validRound, votes: [], weight: 0n, isQuorum: false, isCertified: false },
  }
  if (choice.votes[vote.validatorIndex] !== undefined) return choices
  const weight = choice.weight + weightOf(set, vote)
  const votes = withVote(choice.votes, vote)
  const more = { ...choice, votes, weight, isQuorum: isQuorum(weight, set.total) }
  return at < 0 ? [...choices, more] : choices.with(at, more)
}

function withSender(tally: RoundTally, index: number, { list }: ValidatorSet): RoundTally {
  if (tally.senders[index]) return tally
  const senders = withItem(tally.senders, index, true as const)
  return { ...tally, senders, sendersWeight: tally.sendersWeight + (list[index]?.weight ?? 0n) }
}

function withVotes(tally: RoundTally, type: SignedVote['type'], votes: Tally): RoundTally {
  return type === 'prevote' ? { ...tally, prevotes: votes } : { ...tally, precommits: votes }
}

/** Reports those of the votes that are not what their signers voted first, each signer once. */
function conflicted(tally: RoundTally, votes: readonly SignedVote[]): Counted {
  const { type } = votes[0] as SignedVote
  const counted = votesOf(tally, type)
  const evidence = votes.flatMap((vote) => {
    if (counted.equivocators.includes(vote.validatorIndex)) return []
    const first = counted.votes[vote.validatorIndex]
    return first === undefined || isFor(first, vote) ? [] : (doubleVote(first, vote) ?? [])
  })
  if (evidence.length === 0) return { tally, evidence }
  const found = evidence.map(({ a }) => a.validatorIndex)
  const equivocators = [...counted.equivocators, ...found]
  return { tally: withVotes(tally, type, { ...counted, equivocators }), evidence }
}
