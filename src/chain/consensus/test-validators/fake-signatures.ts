/** Signs without cryptography: like ML-DSA, the same bytes signed twice differ. */

import { concatBytes, equalBytes } from '../../../base/bytes.ts'
import { keccak256 } from '../../../crypto/keccak.ts'
import { type SigningKey, schemeFacts } from '../../../crypto/signatures.ts'
import type { Hash } from '../../ledger/transaction.ts'
import type {
  ProposalContent,
  SignedProposal,
  SignedVote,
  Validator,
  VoteContent,
} from '../messages.ts'
import { proposalSignBytes, voteSignBytes } from '../sign-bytes.ts'
import type { SignatureCheck, SignatureSchemes } from '../signatures.ts'
import { validatorSet } from '../validator-set.ts'

/** A signature is a hash over key, bytes and salt, then the salt. Who signs must be handed the validator. */
export const fakeSchemes: SignatureSchemes = {
  ed25519: isGood,
  'ml-dsa-65': isGood,
  secp256k1: isGood,
}

/** The key of a member, as a node has it; each signature takes the next salt. */
export function fakeSigningKey(
  { scheme, publicKey }: Pick<Validator, 'scheme' | 'publicKey'>,
  nextSalt: () => number,
): SigningKey {
  return { scheme, publicKey, sign: (bytes) => fakeSignature(publicKey, bytes, nextSalt()) }
}

const chainKey = keccak256(new TextEncoder().encode('a chain of tests'))

/** A set of so many weights, whose members sign so that tests can. */
export function fakeValidators(
  weights: readonly (bigint | number)[],
  key: Hash = chainKey,
): SignatureCheck {
  const { publicKeyBytes } = schemeFacts.ed25519
  const entries = weights.map((weight, at) => ({
    scheme: 'ed25519' as const,
    publicKey: keccak256(Uint8Array.of(at)).slice(0, publicKeyBytes),
    weight: BigInt(weight),
    payTo: new Uint8Array(20).fill(at + 1),
  }))
  // In the order of their addresses the weights are another row; this puts each where it was asked for.
  const order = validatorSet(entries.map((entry) => ({ ...entry, weight: 1n }))).list
  const placed = order.map((entry, at) => ({ ...entry, weight: BigInt(weights[at] ?? 1) }))
  return { chainKey: key, schemes: fakeSchemes, validators: validatorSet(placed) }
}

/** A vote that this validator signs. */
export function signVote(
  content: VoteContent & { readonly validatorIndex: number },
  check: SignatureCheck,
  salt = 0,
): SignedVote {
  const bytes = voteSignBytes(content, placeOf(check))
  return { ...content, signature: fakeSignature(keyOf(check, content.validatorIndex), bytes, salt) }
}

/** A proposal that this validator signs. */
export function signProposal(
  content: ProposalContent & { readonly validatorIndex: number },
  check: SignatureCheck,
  salt = 0,
): SignedProposal {
  const bytes = proposalSignBytes(content, placeOf(check))
  return { ...content, signature: fakeSignature(keyOf(check, content.validatorIndex), bytes, salt) }
}

function placeOf({ chainKey, validators }: SignatureCheck) {
  return { chainKey, setHash: validators.hash }
}

function keyOf({ validators }: SignatureCheck, index: number): Uint8Array {
  return validators.list[index]?.publicKey ?? new Uint8Array(32)
}

function fakeSignature(key: Uint8Array, bytes: Uint8Array, salt: number): Uint8Array {
  const salted = new Uint8Array(32)
  new DataView(salted.buffer).setFloat64(0, salt)
  return concatBytes(keccak256(concatBytes(key, bytes, salted)), salted)
}

function isGood(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const [hash, salt] = [signature.subarray(0, 32), signature.subarray(32)]
  return equalBytes(hash, keccak256(concatBytes(publicKey, message, salt)))
}
