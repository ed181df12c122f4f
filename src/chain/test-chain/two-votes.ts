/** Has a validator vote twice, and finds the blocks that convict somebody. */

import { equalBytes } from '../../base/bytes.ts'
import { keyAddress, type SigningKey } from '../../crypto/signatures.ts'
import type { DrivenChain } from '../chain-parts.ts'
import { doubleVote } from '../consensus/evidence.ts'
import { decodeMessage, encodeMessage } from '../consensus/message-codec.ts'
import type { Instance, VoteContent } from '../consensus/messages.ts'
import { decodeRecord } from '../consensus/record.ts'
import { voteSignBytes } from '../consensus/sign-bytes.ts'

/** Two votes of a validator for one place in what a chain is to decide next. */
export function twoVotes(
  chain: DrivenChain,
  key: SigningKey,
  round: number,
  instance: Instance = 0,
): readonly Uint8Array[] {
  const { height, validators: set } = chain.round() ?? { height: 0n, validators: undefined }
  const validatorIndex =
    set?.list.findIndex(({ address }) => equalBytes(address, keyAddress(key))) ?? -1
  const place = { chainKey: chain.key, setHash: set?.hash ?? new Uint8Array(32) }
  return [new Uint8Array(32).fill(1), undefined].map((value) => {
    const content: VoteContent = {
      ...{ instance, type: 'precommit', height, round, validRound: -1, value },
    }
    const signature = key.sign(voteSignBytes(content, place))
    return encodeMessage({ kind: 'vote', vote: { ...content, validatorIndex, signature } })
  })
}

/** The same as evidence. */
export function evidenceOf(votes: readonly Uint8Array[]): Uint8Array {
  const [one, other] = votes.map(decodeMessage)
  if (one?.kind !== 'vote' || other?.kind !== 'vote') throw new Error('they are two votes')
  const evidence = doubleVote(one.vote, other.vote)
  if (evidence === undefined) throw new Error('they do not conflict')
  return encodeMessage({ kind: 'evidence', evidence })
}

/** The blocks of a chain that convict somebody. */
export function convictions(chain: DrivenChain): readonly bigint[] {
  const heights: bigint[] = []
  for (let at = 1n; at <= chain.head().header.number; at += 1n) {
    const record = chain.byNumber(at)?.block.record
    if (record && decodeRecord(record).evidence.length > 0) heights.push(at)
  }
  return heights
}
