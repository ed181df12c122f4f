/** Makes certificates of votes, takes them apart, and checks them. */

import { equalBytes } from '../../base/bytes.ts'
import { bitMap, readBitMap } from './bit-map.ts'
import type { Verdict } from './consensus.ts'
import { invalid } from './header-rules.ts'
import type { Certificate, SignedVote, ValidatorSet, VoteContent } from './messages.ts'
import { isSignedVote, type SignatureCheck } from './signatures.ts'
import { isOverThird, isQuorum } from './validator-set.ts'

/**
 * The certificate of votes for the same: a polka of prevotes, a commit of precommits.
 *
 * @param votes - at least one, of one height, round, type, value and validRound, one for each validator
 */
export function quorumCertificate(votes: readonly SignedVote[], count: number): Certificate {
  const [{ type, validRound, value }] = votes as readonly [SignedVote]
  return {
    ...{ type: type === 'prevote' ? 'polka' : 'commit', ...placeOf(votes), value, validRound },
    ...signaturesOf(inSetOrder(votes), count),
  }
}

/**
 * A commit with one vote more, which is for the same.
 *
 * @returns `undefined` if the vote says something else, or its signer is in it already
 */
export function withLateVote(
  commit: Certificate,
  vote: SignedVote,
  count: number,
): Certificate | undefined {
  const votes = certificateVotes(commit, count)
  const [first] = votes ?? []
  const isSame =
    commit.type === 'commit' &&
    first !== undefined &&
    ['type', 'instance', 'height', 'round', 'validRound'].every((name) => {
      return first[name as 'round'] === vote[name as 'round']
    }) &&
    vote.value !== undefined &&
    equalBytes(first.value ?? new Uint8Array(), vote.value)
  if (!isSame || votes?.some((one) => one.validatorIndex === vote.validatorIndex)) return undefined
  return quorumCertificate([...(votes ?? []), vote], count)
}

/** The certificate that so many have voted in a round, whatever they voted; at least one, one vote for each validator. */
export function skipCertificate(votes: readonly SignedVote[], count: number): Certificate {
  const ordered = inSetOrder(votes)
  return {
    ...{ type: 'skip', ...placeOf(votes), value: undefined, validRound: -1 },
    ...signaturesOf(ordered, count),
    votes: ordered.map(({ validatorIndex: _, signature: __, ...content }) => content),
  }
}

/** The votes that a certificate holds, in set order; `undefined` unless it has the form that one has. */
export function certificateVotes(
  certificate: Certificate,
  count: number,
): readonly SignedVote[] | undefined {
  const signers = readBitMap(certificate.signers, count)
  if (signers === undefined || signers.length !== certificate.signatures.length) return undefined
  const contents = voteContents(certificate, signers.length)
  return contents?.map((content, at) => ({
    ...content,
    validatorIndex: signers[at] as number,
    signature: certificate.signatures[at] as Uint8Array,
  }))
}

/**
 * Checks a certificate against the set of its height, cheapest first: form, weight, then each signature.
 *
 * @param isKnown - whether a vote, with this signature, was found good before
 * @returns `invalid` by the rule `form`, `weight` or `signature`
 */
export function checkCertificate(
  certificate: Certificate,
  check: SignatureCheck,
  isKnown: (vote: SignedVote) => boolean = () => false,
): Verdict {
  const { list, total } = check.validators
  const votes = certificateVotes(certificate, list.length)
  if (votes === undefined)
    return invalid('form', 'bits, signatures and votes do not fit each other')
  const weight = weightOf(votes, check.validators)
  const isEnough = certificate.type === 'skip' ? isOverThird : isQuorum
  if (!isEnough(weight, total)) return invalid('weight', `${weight} of ${total} have signed`)
  const forged = votes.find((vote) => !isKnown(vote) && !isSignedVote(vote, check))
  if (forged === undefined) return { kind: 'valid' }
  return invalid('signature', `that of validator ${forged.validatorIndex} is not good`)
}

function voteContents(
  certificate: Certificate,
  signers: number,
): readonly VoteContent[] | undefined {
  const { type, instance, height, round, value, validRound, votes } = certificate
  if (type !== 'skip') {
    if (value === undefined || votes !== undefined) return undefined
    if (type === 'commit' && validRound !== -1) return undefined
    const content: VoteContent = {
      ...{ instance, type: type === 'polka' ? 'prevote' : 'precommit' },
      ...{ height, round, validRound, value },
    }
    return Array.from({ length: signers }, () => content)
  }
  if (value !== undefined || validRound !== -1 || votes?.length !== signers) return undefined
  const isOfRound = votes.every(
    (vote) => vote.instance === instance && vote.height === height && vote.round === round,
  )
  return isOfRound ? votes : undefined
}

function weightOf(votes: readonly SignedVote[], { list }: ValidatorSet): bigint {
  return votes.reduce((sum, vote) => sum + (list[vote.validatorIndex]?.weight ?? 0n), 0n)
}

function placeOf([first]: readonly SignedVote[]) {
  const { instance, height, round } = first as SignedVote
  return { instance, height, round }
}

function inSetOrder(votes: readonly SignedVote[]): readonly SignedVote[] {
  return votes.toSorted((a, b) => a.validatorIndex - b.validatorIndex)
}

function signaturesOf(votes: readonly SignedVote[], count: number) {
  const signers = new Set(votes.map(({ validatorIndex }) => validatorIndex))
  return {
    signers: bitMap(count, (index) => signers.has(index)),
    signatures: votes.map(({ signature }) => signature),
  }
}
