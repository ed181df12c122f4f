/** Describes how validators sign, and what checks that they did. */

import { type SignatureScheme, schemeFacts } from '../../crypto/signatures.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { SignedProposal, SignedVote, ValidatorSet } from './messages.ts'
import { proposalSignBytes, type SigningPlace, voteSignBytes } from './sign-bytes.ts'

/** Whether a signature is good, for each scheme. Pure and total: bytes of any length give an answer. */
export type SignatureSchemes = Readonly<
  Record<
    SignatureScheme,
    (message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean
  >
>

/** Bytes of the longest signature. */
export const longestSignature = Math.max(
  ...Object.values(schemeFacts).map(({ signatureBytes }) => signatureBytes),
)

/** What signatures of a height are checked against. */
export interface SignatureCheck {
  /** keccak256 of the canonical manifest. */
  readonly chainKey: Hash
  /** The set of the height. */
  readonly validators: ValidatorSet
  readonly schemes: SignatureSchemes
}

/** Whether a vote is signed by the validator that it names. */
export function isSignedVote(vote: SignedVote, check: SignatureCheck): boolean {
  return isSigned(vote, voteSignBytes(vote, placeOf(check)), check)
}

/** Whether a proposal is signed by the validator that it names; whose turn it is is another question. */
export function isSignedProposal(proposal: SignedProposal, check: SignatureCheck): boolean {
  return isSigned(proposal, proposalSignBytes(proposal, placeOf(check)), check)
}

function placeOf({ chainKey, validators }: SignatureCheck): SigningPlace {
  return { chainKey, setHash: validators.hash }
}

function isSigned(
  {
    validatorIndex,
    signature,
  }: { readonly validatorIndex: number; readonly signature: Uint8Array },
  bytes: Uint8Array,
  { validators, schemes }: SignatureCheck,
): boolean {
  const validator = validators.list[validatorIndex]
  if (validator === undefined) return false
  if (signature.length !== schemeFacts[validator.scheme].signatureBytes) return false
  return schemes[validator.scheme](bytes, signature, validator.publicKey)
}
