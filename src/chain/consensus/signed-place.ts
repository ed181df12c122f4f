/** Tells from the bytes of a message where its signature would count, for whoever must not sign twice in one place. */

import { equalBytes } from '../../base/bytes.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { Instance } from './messages.ts'

/** What a validator may sign once: a place of a chain, and what comes before it is over. */
export interface SignedPlace {
  readonly chainKey: Hash
  readonly instance: Instance
  readonly height: bigint
  readonly round: number
  /** Ascending within a round. */
  readonly step: number
}

const encoder = new TextEncoder()
const [voteTag, voteBytes] = [encoder.encode('QS/c/vote/1\0'), 127]
const [proposalTag, proposalBytes] = [encoder.encode('QS/c/prop/1\0'), 163]
const tagBytes = 12
const chainKeyBytes = 32

/** The place of a vote or a proposal; `undefined` for any other bytes. */
export function signedPlace(signBytes: Uint8Array): SignedPlace | undefined {
  const tag = signBytes.subarray(0, tagBytes)
  const isVote = signBytes.length === voteBytes && equalBytes(tag, voteTag)
  const isProposal = signBytes.length === proposalBytes && equalBytes(tag, proposalTag)
  if (!isVote && !isProposal) return undefined
  const view = new DataView(signBytes.buffer, signBytes.byteOffset)
  // A vote has its kind before the instance: 1 is a prevote, 2 a precommit.
  const fields = tagBytes + chainKeyBytes + (isVote ? 1 : 0)
  const step = isVote ? view.getUint8(fields - 1) : 0
  const instance = view.getUint8(fields)
  if (step > 2 || (isVote && step === 0) || instance > 1) return undefined
  return {
    chainKey: signBytes.slice(tagBytes, tagBytes + chainKeyBytes),
    instance: instance as Instance,
    height: view.getBigUint64(fields + 1),
    round: view.getUint32(fields + 9),
    step,
  }
}

/** Whether a place comes after another of the same instance: below 0 before, 0 the same, above 0 after. */
export function comparePlaces(a: SignedPlace, b: SignedPlace): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1
  return a.round - b.round || a.step - b.step
}
