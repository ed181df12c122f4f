/** Names those who are guilty when two blocks of one height were decided (consensus.md, section 6.4). */

import { compareBytes, equalBytes } from '../../base/bytes.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { certificateVotes, checkCertificate } from './certificate.ts'
import type { Certificate, Evidence, SignedVote } from './messages.ts'
import type { SignatureCheck } from './signatures.ts'

/** A validator that broke the rules, and what shows it. */
export interface GuiltyVoter {
  readonly address: Address
  readonly weight: bigint
  readonly fault: 'double-vote' | 'amnesia'
  readonly evidence: Evidence
}

/** What certificates of one height show. */
export interface ForensicReport {
  /** Different values that have certificates by a quorum, in the order of their rounds. */
  readonly decided: readonly { readonly round: number; readonly value: Hash }[]
  readonly guilty: readonly GuiltyVoter[]
  /** Weight of the guilty, and of the set. */
  readonly weight: bigint
  readonly total: bigint
  /** What would have to be known to name somebody, if nobody could be. */
  readonly missing: string | undefined
}

type Commit = Certificate & { readonly value: Hash }

/**
 * Looks for who is guilty of two decisions of one height. Certificates that do not hold are passed over: nobody is accused
 * by them.
 *
 * @param certificates - of one height, commits and polkas, from any store
 * @param check - with the set of that height
 */
export function findGuilty(
  certificates: readonly Certificate[],
  check: SignatureCheck,
): ForensicReport {
  const sound = certificates.filter((one): one is Commit => {
    return one.value !== undefined && checkCertificate(one, check).kind === 'valid'
  })
  const commits = sound.filter(({ type }) => type === 'commit').toSorted(byPlace)
  const polkas = sound.filter(({ type }) => type === 'polka').toSorted(byPlace)
  const [first] = commits
  const other = first && commits.find(({ value }) => !equalBytes(value, first.value))
  const { total } = check.validators
  const nobody = { decided: commits.map(placeOf), guilty: [], weight: 0n, total }
  if (first === undefined || other === undefined) {
    return { ...nobody, missing: 'two certificates of different blocks' }
  }
  const found =
    first.round === other.round
      ? doubleVoters(first, other, check)
      : forgetful({ commit: first, later: other, polkas }, check)
  const decided = [first, other].map(placeOf)
  if (found === undefined) {
    const missing = `the polka for the later value in the earliest round after ${first.round} with a valid round below it`
    return { ...nobody, decided, missing }
  }
  const weight = found.reduce((sum, one) => sum + one.weight, 0n)
  return { decided, guilty: found, weight, total, missing: undefined }
}

/** Those who forgot their lock on a value: they committed it, and then voted for another without a reason to. */
function forgetful(
  known: { readonly commit: Commit; readonly later: Commit; readonly polkas: readonly Commit[] },
  check: SignatureCheck,
): readonly GuiltyVoter[] | undefined {
  const { commit, later, polkas } = known
  const polka = polkas.find(
    ({ round, value, validRound }) =>
      round > commit.round &&
      round <= later.round &&
      validRound <= commit.round &&
      !equalBytes(value, commit.value),
  )
  if (polka === undefined) return undefined
  if (polka.validRound < commit.round) {
    return signersOfBoth(commit, polka, check).map(({ voter }) => ({
      ...voter,
      ...{ fault: 'amnesia', evidence: { kind: 'amnesia', commit, polka } },
    }))
  }
  // Its votes point to a polka in the round of the commit, where there is one for the committed value, too.
  const inRound = polkas.filter(({ round }) => round === commit.round)
  const [one, two] = [true, false].map((isSame) =>
    inRound.find(({ value }) => equalBytes(value, commit.value) === isSame),
  )
  return one && two ? doubleVoters(one, two, check) : undefined
}

/** Those who signed two values for one place. */
function doubleVoters(a: Commit, b: Commit, check: SignatureCheck): readonly GuiltyVoter[] {
  return signersOfBoth(a, b, check).map(({ voter, votes }) => ({
    ...voter,
    ...{ fault: 'double-vote', evidence: { kind: 'double-vote', a: votes[0], b: votes[1] } },
  }))
}

function signersOfBoth(a: Certificate, b: Certificate, { validators }: SignatureCheck) {
  const count = validators.list.length
  const others = certificateVotes(b, count) ?? []
  return (certificateVotes(a, count) ?? []).flatMap((vote) => {
    const { validatorIndex } = vote
    const other = others.find((one) => one.validatorIndex === validatorIndex)
    const validator = validators.list[validatorIndex]
    if (!other || !validator) return []
    const { address, weight } = validator
    const votes = [vote, other] as const satisfies readonly SignedVote[]
    return [{ voter: { address, weight }, votes }]
  })
}

function placeOf({ round, value }: Commit) {
  return { round, value }
}

function byPlace(a: Commit, b: Commit): number {
  return a.round - b.round || compareBytes(a.value, b.value)
}
