/** Reads and writes the RLP of votes, proposals, certificates and evidence; what has another form than the rules allow is refused. */

import { AppError } from '../../../base/app-error.ts'
import { type RlpSource, type RlpValue, rlpBytes, rlpList, rlpNumber } from '../../ledger/rlp.ts'
import type { Hash } from '../../ledger/transaction.ts'
import { readBitMap } from '../bit-map.ts'
import { limits } from '../limits.ts'
import type {
  Certificate,
  Evidence,
  Instance,
  SignedProposal,
  SignedVote,
  VoteContent,
} from '../messages.ts'
import { partCountOf } from '../parts.ts'
import { voteTypeCodes } from '../sign-bytes.ts'
import { longestSignature } from '../signatures.ts'

const certificateTypes = ['polka', 'commit', 'skip'] as const

/** RLP has no signed integers: n is 2n, or −2n − 1 below 0. */
export function writeSigned(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1
}

/** A round, or −1 for none; @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readRoundOrNone(value: RlpValue | undefined, name: string): number {
  const natural = readNatural(value, name, 2 * limits.maxRound)
  if (natural === 1) return -1
  if (natural % 2 === 1) throw bad(`${name} is below −1`)
  return natural / 2
}

/** A natural number up to some bound; @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readNatural(value: RlpValue | undefined, name: string, most: number): number {
  const number = rlpNumber(value, name, 48)
  if (number > BigInt(most)) throw bad(`${name} is ${number}; the most is ${most}`)
  return Number(number)
}

/** What is absent is the empty list, what is present a list of one. */
export function writeOptional(value: RlpSource | undefined): RlpSource {
  return value === undefined ? [] : [value]
}

/** Either the one value of the list, or nothing; @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readOptional(value: RlpValue | undefined, name: string): RlpValue | undefined {
  const list = rlpList(value, name)
  if (list.length > 1) throw bad(`${name} is there ${list.length} times`)
  return list[0]
}

/** Blocks or checkpoints; @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readInstance(value: RlpValue | undefined): Instance {
  return readNatural(value, 'instance', 1) === 1 ? 1 : 0
}

export function writeVote(vote: SignedVote): RlpSource {
  return [...contentOf(vote), vote.validatorIndex, vote.signature]
}

/** @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readVote(value: RlpValue | undefined): SignedVote {
  const fields = rlpList(value, 'vote', 8)
  return {
    ...readContent(fields),
    validatorIndex: readNatural(fields[6], 'validator', limits.maxValidators - 1),
    signature: readSignature(fields[7]),
  }
}

export function writeProposal(proposal: SignedProposal): RlpSource {
  const { instance, height, round, validRound, value } = proposal
  const { partsRoot, partCount, byteLength, validatorIndex, signature } = proposal
  return [
    ...[instance, height, round, writeSigned(validRound), value],
    ...[partsRoot, partCount, byteLength, validatorIndex, signature],
  ]
}

/** @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readProposal(value: RlpValue | undefined): SignedProposal {
  const fields = rlpList(value, 'proposal', 10)
  const proposal = {
    instance: readInstance(fields[0]),
    ...readPlace(fields[1], fields[2]),
    validRound: readRoundOrNone(fields[3], 'valid round'),
    value: rlpBytes(fields[4], 'value', 32),
    partsRoot: rlpBytes(fields[5], 'parts root', 32),
    partCount: readNatural(fields[6], 'parts', partCountOf(limits.maxBlockBytes)),
    byteLength: readNatural(fields[7], 'length', limits.maxBlockBytes),
    validatorIndex: readNatural(fields[8], 'validator', limits.maxValidators - 1),
    signature: readSignature(fields[9]),
  }
  const { instance, round, validRound, partsRoot, partCount, byteLength } = proposal
  if (validRound >= round) throw bad(`its valid round ${validRound} is not before ${round}`)
  if (partCount !== partCountOf(byteLength)) {
    throw bad(`${byteLength} bytes do not have ${partCount} parts`)
  }
  // A block has bytes, a checkpoint has none.
  const isEmpty = partCount === 0 && partsRoot.every((byte) => byte === 0)
  if ((instance === 0) === (partCount === 0) || (instance === 1 && !isEmpty)) {
    throw bad(`instance ${instance} does not have ${partCount} parts`)
  }
  return proposal
}

export function writeCertificate(certificate: Certificate): RlpSource {
  const { type, instance, height, round, value, validRound, signers, signatures, votes } =
    certificate
  return [
    ...[certificateTypes.indexOf(type), instance, height, round, writeOptional(value)],
    ...[writeSigned(validRound), signers, signatures],
    writeOptional(votes?.map((vote) => [...contentOf(vote)])),
  ]
}

/** @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readCertificate(value: RlpValue | undefined): Certificate {
  const fields = rlpList(value, 'certificate', 9)
  const optional = readOptional(fields[4], 'value')
  const votes = readOptional(fields[8], 'votes')
  const certificate = {
    type: certificateTypes[readNatural(fields[0], 'type', 2)] as Certificate['type'],
    instance: readInstance(fields[1]),
    ...readPlace(fields[2], fields[3]),
    value: optional === undefined ? undefined : rlpBytes(optional, 'value', 32),
    validRound: readRoundOrNone(fields[5], 'valid round'),
    signers: rlpBytes(fields[6], 'signers'),
    signatures: rlpList(fields[7], 'signatures').map(readSignature),
    ...(votes && {
      votes: rlpList(votes, 'votes').map((vote) => readContent(rlpList(vote, 'vote', 6))),
    }),
  }
  checkForm(certificate)
  return certificate
}

export function writeEvidence(evidence: Evidence): RlpSource {
  switch (evidence.kind) {
    case 'double-vote':
      return [1, writeVote(evidence.a), writeVote(evidence.b)]
    case 'double-proposal':
      return [2, writeProposal(evidence.a), writeProposal(evidence.b)]
    case 'conflicting-commits':
      return [3, writeCertificate(evidence.a), writeCertificate(evidence.b)]
    case 'amnesia':
      return [4, writeCertificate(evidence.commit), writeCertificate(evidence.polka)]
  }
}

/** @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readEvidence(value: RlpValue | undefined): Evidence {
  const [kind, a, b] = rlpList(value, 'evidence', 3)
  switch (readNatural(kind, 'kind', 4)) {
    case 1:
      return { kind: 'double-vote', a: readVote(a), b: readVote(b) }
    case 2:
      return { kind: 'double-proposal', a: readProposal(a), b: readProposal(b) }
    case 3:
      return { kind: 'conflicting-commits', a: readCertificate(a), b: readCertificate(b) }
    case 4:
      return { kind: 'amnesia', commit: readCertificate(a), polka: readCertificate(b) }
    default:
      throw bad('there is no evidence of kind 0')
  }
}

/** Height and round; @throws AppError `consensus/bad-message`, `ledger/bad-rlp` */
export function readPlace(height: RlpValue | undefined, round: RlpValue | undefined) {
  return {
    height: rlpNumber(height, 'height', 64),
    round: readNatural(round, 'round', limits.maxRound),
  }
}

/** A refusal of what has the wrong form. */
export function bad(reason: string): AppError {
  return new AppError({ code: 'consensus/bad-message', message: `refused message: ${reason}` })
}

function contentOf(vote: VoteContent): readonly RlpSource[] {
  const { instance, type, height, round, validRound, value } = vote
  return [
    ...[instance, voteTypeCodes[type], height, round],
    ...[writeSigned(validRound), writeOptional(value)],
  ]
}

function readContent(fields: readonly RlpValue[]): VoteContent {
  const code = readNatural(fields[1], 'type', 2)
  if (code === 0) throw bad('there is no vote of type 0')
  const type = code === 1 ? 'prevote' : 'precommit'
  const value = readOptional(fields[5], 'value')
  const validRound = readRoundOrNone(fields[4], 'valid round')
  const place = readPlace(fields[2], fields[3])
  if (validRound >= place.round) {
    throw bad(`its valid round ${validRound} is not before ${place.round}`)
  }
  if (validRound !== -1 && (type === 'precommit' || value === undefined)) {
    throw bad(`a ${type}${value === undefined ? ' for nil' : ''} has a valid round`)
  }
  return {
    ...{ instance: readInstance(fields[0]), type, ...place, validRound },
    value: value === undefined ? undefined : readHash(value),
  }
}

function readHash(value: RlpValue): Hash {
  return rlpBytes(value, 'value', 32)
}

function readSignature(value: RlpValue | undefined): Uint8Array {
  const signature = rlpBytes(value, 'signature')
  if (signature.length === 0 || signature.length > longestSignature) {
    throw bad(`a signature of ${signature.length} bytes`)
  }
  return signature
}

/** What can be said of a certificate without the set that it is for. */
function checkForm({ type, round, value, validRound, signers, signatures, votes }: Certificate) {
  const places = readBitMap(signers, signers.length * 8)
  if (signers.length * 8 > limits.maxValidators || places?.length !== signatures.length) {
    throw bad(`${signers.length} bytes of signers do not fit ${signatures.length} signatures`)
  }
  if (signatures.length === 0) throw bad('nobody has signed the certificate')
  if ((type === 'skip') !== (value === undefined) || (type === 'skip') !== (votes !== undefined)) {
    throw bad(`a certificate of type ${type} has the fields of another`)
  }
  if (votes && votes.length !== signatures.length) {
    throw bad(`${votes.length} votes do not fit ${signatures.length} signatures`)
  }
  if (validRound >= round || (validRound !== -1 && type !== 'polka')) {
    throw bad(`a ${type} in round ${round} can't have the valid round ${validRound}`)
  }
}
