/** Says what a certificate in a block must be, and what follows from it: payments, and who votes after it. */

import { equalBytes } from '../../../base/bytes.ts'
import type { HybridParameters } from '../../ledger/manifest.ts'
import type { Hash } from '../../ledger/transaction.ts'
import { readBitMap } from '../bit-map.ts'
import { checkCertificate } from '../certificate.ts'
import type { BlockFacts, ChainReader, Credit } from '../consensus.ts'
import type { ContractReader } from '../contract-reader.ts'
import type { Derived } from '../derived.ts'
import { committees } from '../epoch-state.ts'
import { readCommittee } from '../governed-reader.ts'
import { type Invalid, invalid } from '../header-rules.ts'
import type { Certificate, ValidatorSet } from '../messages.ts'
import type { RecordedHeader } from '../record-rules.ts'
import type { SignatureSchemes } from '../signatures.ts'
import { validatorSet } from '../validator-set.ts'

/** What certificates are checked with. */
export interface FinalityPlace {
  readonly chainKey: Hash
  readonly schemes: SignatureSchemes
  readonly parameters: HybridParameters
}

/** The last block that a chain says itself to be final; before any the first, which no vote had to be on. */
export function finalityOf({ finality }: Derived) {
  return finality ?? { instance: 0n, number: 0n, hash: new Uint8Array(32) }
}

/** The committee in the state of a block that can be made final, from what follows from the chain up to it. */
export function committeeAt({ epoch }: Derived): ValidatorSet {
  return committees.read(epoch?.pending)
}

/** What is wrong with the certificate that a block brings, if it brings one. */
export function finalityFault(
  reader: ChainReader,
  { record, parent, derived }: RecordedHeader,
  { chainKey, schemes, parameters }: FinalityPlace,
): Invalid | undefined {
  const [certificate] = record.finality
  if (certificate === undefined) return undefined
  const before = finalityOf(derived)
  const { type, instance, height, value } = certificate
  if (type !== 'commit' || instance !== 1 || height !== before.instance + 1n || !value) {
    return invalid('finality', `the certificate is not that of instance ${before.instance + 1n}`)
  }
  const { validators } = derived
  const verdict = checkCertificate(certificate, { chainKey, schemes, validators })
  if (verdict.kind === 'invalid') {
    return invalid('finality', `the certificate is not good: ${verdict.rule}, ${verdict.detail}`)
  }
  const number = ancestorNumber(reader, parent.hash, value)
  if (number === undefined || number <= before.number) {
    return invalid('finality', 'what is made final is no ancestor above the last final block')
  }
  if (number % BigInt(parameters.checkpointEvery) === 0n) return undefined
  return invalid('finality', `block ${number} cannot be made final`)
}

/** The number of an ancestor of a block, or of itself; `undefined` if it is none. */
function ancestorNumber(reader: ChainReader, from: Hash, wanted: Hash): bigint | undefined {
  const lowest = reader.header(wanted)?.header.number
  if (lowest === undefined) return undefined
  for (let at = reader.header(from); at && at.header.number >= lowest; ) {
    if (equalBytes(at.hash, wanted)) return lowest
    at = reader.header(at.header.parentHash)
  }
  return undefined
}

/** What is paid for a certificate: who brings it, and those who signed, by their weight. */
export function finalityCredits(
  parent: Derived,
  { header, record }: BlockFacts,
  { finalityRewardWei, committeeRewardWei }: HybridParameters,
): readonly Credit[] {
  const [certificate] = record.finality
  if (certificate === undefined) return []
  const { list } = parent.validators
  const signers = (readBitMap(certificate.signers, list.length) ?? []).flatMap(
    (at) => list[at] ?? [],
  )
  const weight = signers.reduce((sum, one) => sum + one.weight, 0n)
  return [
    { to: header.beneficiary, amountWei: finalityRewardWei, why: 'reward' },
    ...signers.map(
      (one): Credit => ({
        ...{ to: one.payTo, amountWei: (committeeRewardWei * one.weight) / weight },
        why: 'reward',
      }),
    ),
  ]
}

/** What follows from a block as far as the committee goes: sets move on with each certificate. */
export function finalityAfter(
  parent: Derived,
  block: BlockFacts,
  { read, parameters }: { readonly read: ContractReader; readonly parameters: HybridParameters },
): Pick<Derived, 'validators' | 'nextValidators' | 'finality' | 'epoch'> {
  const { number } = block.header
  const every = BigInt(parameters.checkpointEvery)
  const epoch =
    number % every === 0n
      ? { epoch: number / every, pending: committees.write(committeeNow(parent, read, parameters)) }
      : parent.epoch
  const { validators, nextValidators, finality } = parent
  const moved = block.record.finality[0]
  if (moved?.value === undefined) return { validators, nextValidators, finality, epoch }
  const made = block.derivedOf?.(moved.value)
  if (made === undefined) throw new Error('what follows from a final block is not known')
  return {
    ...{ validators: nextValidators, nextValidators: committeeAt(made), epoch },
    finality: {
      ...{ instance: moved.height, number: (made.epoch?.epoch ?? 0n) * every, hash: moved.value },
    },
  }
}

/** A set is never empty, nor larger than it may be: what would be stays as it was. */
function committeeNow(
  parent: Derived,
  read: ContractReader,
  { maxValidators }: HybridParameters,
): ValidatorSet {
  const before = committeeAt(parent)
  const known = new Map(before.list.map((one) => [one.address.toHex(), one.publicKey]))
  const members = readCommittee(read, (address) => known.get(address.toHex()))
  const isSet = members.length > 0 && members.length <= maxValidators
  return isSet ? validatorSet(members, maxValidators) : before
}

/** Whether a certificate is the next that a chain does not have. */
export function isNextFor(derived: Derived, { height }: Certificate): boolean {
  return height === finalityOf(derived).instance + 1n
}
