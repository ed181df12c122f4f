/** Encodes messages of validators for the wire, and refuses what breaks a bound before any signature is looked at. */

import {
  decodeRlp,
  encodeRlp,
  type RlpSource,
  type RlpValue,
  rlpBytes,
  rlpList,
  rlpNumber,
  rlpStart,
} from '../ledger/rlp.ts'
import {
  bad,
  readCertificate,
  readEvidence,
  readInstance,
  readNatural,
  readOptional,
  readPlace,
  readProposal,
  readRoundOrNone,
  readVote,
  writeCertificate,
  writeEvidence,
  writeOptional,
  writeProposal,
  writeSigned,
  writeVote,
} from './bft/message-fields.ts'
import type { UnsignedMessage } from './consensus.ts'
import { limits } from './limits.ts'
import type { ConsensusMessage, CoreStep, RoundState } from './messages.ts'
import { partCountOf } from './parts.ts'

/** Longest encoding of each kind of message, in bytes. */
export const messageBounds: Readonly<Record<ConsensusMessage['kind'], number>> = {
  proposal: limits.partBytes + limits.maxProposalBytes,
  part: limits.partBytes + 1_024,
  vote: limits.maxVoteBytes,
  certificate: limits.maxCertificateBytes,
  'round-state': limits.maxRoundStateBytes,
  // Two certificates, where it is more than a pair of votes.
  evidence: 2 * limits.maxCertificateBytes,
}

const kinds = ['proposal', 'part', 'vote', 'certificate', 'round-state', 'evidence'] as const
const steps: readonly CoreStep[] = ['new', 'propose', 'prevote', 'precommit', 'decided']
/** RLP values of the largest message: evidence of two skip certificates. */
const mostValues = 2 * limits.maxValidators * 10
/** Hashes beside the way from a part to the root. */
const longestPath = Math.ceil(Math.log2(partCountOf(limits.maxBlockBytes)))

/** A message of this validator, from what it signed and how. */
export function signedMessage(
  unsigned: UnsignedMessage,
  signed: { readonly validatorIndex: number; readonly signature: Uint8Array },
): ConsensusMessage {
  return unsigned.kind === 'vote'
    ? { kind: 'vote', vote: { ...unsigned.content, ...signed } }
    : { kind: 'proposal', proposal: { ...unsigned.content, ...signed } }
}

/** The bytes of a message: rlp([kind, …fields]). */
export function encodeMessage(message: ConsensusMessage): Uint8Array {
  return encodeRlp([kinds.indexOf(message.kind) + 1, ...fieldsOf(message)])
}

/**
 * The message that the bytes are. Signatures are not looked at, nor whose turn it was.
 *
 * @throws AppError `consensus/bad-message`, `ledger/bad-rlp` for anything but the one encoding of a message in its bounds
 */
export function decodeMessage(bytes: Uint8Array): ConsensusMessage {
  const code = bytes[rlpStart(bytes, 0)] ?? 0
  const kind = kinds[code - 1]
  if (kind === undefined) throw bad(`there is no kind ${code}`)
  if (bytes.length > messageBounds[kind]) {
    throw bad(`a ${kind} of ${bytes.length} bytes; the most is ${messageBounds[kind]}`)
  }
  const [, ...fields] = rlpList(decodeRlp(bytes, mostValues), 'message')
  return readFields(kind, fields)
}

function fieldsOf(message: ConsensusMessage): readonly RlpSource[] {
  switch (message.kind) {
    case 'proposal':
      return [writeProposal(message.proposal), writeOptional(message.block)]
    case 'part':
      return [message.height, message.round, message.index, message.bytes, message.path]
    case 'vote':
      return [writeVote(message.vote)]
    case 'certificate':
      return [writeCertificate(message.certificate)]
    case 'round-state':
      return [writeRoundState(message.state)]
    case 'evidence':
      return [writeEvidence(message.evidence)]
  }
}

function readFields(kind: ConsensusMessage['kind'], fields: readonly RlpValue[]): ConsensusMessage {
  const count = kind === 'part' ? 5 : kind === 'proposal' ? 2 : 1
  if (fields.length !== count) throw bad(`a ${kind} has ${fields.length} fields, not ${count}`)
  switch (kind) {
    case 'proposal':
      return readProposalMessage(fields)
    case 'part':
      return {
        ...{ kind, ...readPlace(fields[0], fields[1]) },
        index: readNatural(fields[2], 'part', partCountOf(limits.maxBlockBytes) - 1),
        bytes: readPartBytes(fields[3]),
        path: readPath(fields[4]),
      }
    case 'vote':
      return { kind, vote: readVote(fields[0]) }
    case 'certificate':
      return { kind, certificate: readCertificate(fields[0]) }
    case 'round-state':
      return { kind, state: readRoundState(fields[0]) }
    case 'evidence':
      return { kind, evidence: readEvidence(fields[0]) }
  }
}

/** A block of one part may lie in its proposal. */
function readProposalMessage(fields: readonly RlpValue[]): ConsensusMessage {
  const proposal = readProposal(fields[0])
  const optional = readOptional(fields[1], 'block')
  if (optional === undefined) return { kind: 'proposal', proposal }
  const block = rlpBytes(optional, 'block', proposal.byteLength)
  if (proposal.partCount !== 1) throw bad(`a block of ${proposal.partCount} parts travels in parts`)
  return { kind: 'proposal', proposal, block }
}

function readPartBytes(value: RlpValue | undefined): Uint8Array {
  const bytes = rlpBytes(value, 'part')
  if (bytes.length === 0 || bytes.length > limits.partBytes) {
    throw bad(`a part of ${bytes.length} bytes`)
  }
  return bytes
}

function readPath(value: RlpValue | undefined): readonly Uint8Array[] {
  const path = rlpList(value, 'path')
  if (path.length > longestPath) throw bad(`a path of ${path.length} hashes`)
  return path.map((hash) => rlpBytes(hash, 'hash', 32))
}

function writeRoundState(state: RoundState): RlpSource {
  return [
    ...[state.instance, state.height, writeSigned(state.round), steps.indexOf(state.step)],
    ...[writeSigned(state.lockedRound), writeSigned(state.validRound)],
    ...[state.hasProposal ? 1 : 0, state.prevotes, state.precommits],
  ]
}

function readRoundState(value: RlpValue | undefined): RoundState {
  const fields = rlpList(value, 'round state', 9)
  const round = readRoundOrNone(fields[2], 'round')
  const maps = [...readMaps(fields[7]), ...readMaps(fields[8])] as const
  if (maps.some((map) => map.length !== maps[0].length)) {
    throw bad('the bit maps of a round state differ in length')
  }
  return {
    instance: readInstance(fields[0]),
    ...{ height: rlpNumber(fields[1], 'height', 64), round },
    step: steps[readNatural(fields[3], 'step', steps.length - 1)] as CoreStep,
    lockedRound: readRoundOrNone(fields[4], 'locked round'),
    validRound: readRoundOrNone(fields[5], 'valid round'),
    hasProposal: readNatural(fields[6], 'proposal', 1) === 1,
    ...{ prevotes: [maps[0], maps[1]], precommits: [maps[2], maps[3]] },
  }
}

function readMaps(value: RlpValue | undefined): readonly [Uint8Array, Uint8Array] {
  const [current, before] = rlpList(value, 'bit maps', 2).map((map) => {
    const bits = rlpBytes(map, 'bit map')
    if (bits.length * 8 > limits.maxValidators) throw bad(`a bit map of ${bits.length} bytes`)
    return bits
  })
  return [current as Uint8Array, before as Uint8Array]
}
