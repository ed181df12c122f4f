/** Votes on each block, with a set of validators that the chain's owner names: final at once, without forks. */

import { concatBytes, equalBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Header } from '../ledger/block.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { BftParameters } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { eligibility, nextAbsences } from './absence.ts'
import { bftSteps } from './bft-engine.ts'
import type { BftGround, BftPlace, BftState, DraftTurn } from './bft-state.ts'
import type { BlockFacts, CloseResult, ConsensusEngine, Credit, HeaderDraft } from './consensus.ts'
import { type Derived, derivedHash } from './derived.ts'
import { type Invalid, invalid } from './header-rules.ts'
import { advancePriorities, changePriorities, proposersOf, type Rotation } from './proposer.ts'
import { encodeRecord, plainRecord, recordHash } from './record.ts'
import { checkRecorded, type RecordedHeader, validatorsFault } from './record-rules.ts'
import type { SignatureSchemes } from './signatures.ts'
import { encodeCertificate } from './travelling-block.ts'

/** What the engine is made for. */
export interface BftChain {
  readonly parameters: BftParameters
  readonly chainKey: Hash
  readonly rules: ChainRules
  readonly schemes: SignatureSchemes
}

/** Fields of the record that nothing is in. */
const unused = ['reveal', 'finality', 'salt'] as const
const mixTag = new TextEncoder().encode('QS/mix/bft/1')
const weiPerGwei = 10n ** 9n
const [noNonce, noHash] = [new Uint8Array(8), new Uint8Array(32)]
/** Time without progress after which a node says what it has. */
const retellMs = 500

/** The engine of a chain. */
export function bftEngine(chain: BftChain): ConsensusEngine<BftState> {
  const { parameters, rules } = chain
  return {
    name: 'bft',
    maxReorg: 0,
    ...bftSteps(placeOf(chain)),
    checkHeader(reader, block, nowMs) {
      const { futureMs } = parameters
      const checked = checkRecorded(reader, block, {
        ...{ engine: 'bft', unused, rules, nowMs, futureMs },
      })
      if (checked.kind !== 'recorded') return checked
      return (
        constantsFault(checked) ??
        mixFault(checked) ??
        validatorsFault(checked) ??
        proposerFault(checked) ?? { kind: 'valid' }
      )
    },
    // The header says that there are none.
    checkOmmers: () => ({ kind: 'valid' }),
    closeBlock: (parent, block) => closeBlock(parameters, parent, block),
    // What is final stays: two that differ at one height stop the node before this is asked.
    compare: (a, b) => Number(a.number - b.number),
  }
}

function placeOf({ parameters, chainKey, schemes }: BftChain): BftPlace {
  const { blockTimeMs, buildLeadMs, timeouts, maxTimeoutMs, emptyBlocks } = parameters
  const { propose, prevote, precommit } = timeouts
  return {
    ...{ chainKey, schemes, blockTimeMs, buildLeadMs, retellMs },
    timeouts: {
      base: { propose: propose.baseMs, prevote: prevote.baseMs, precommit: precommit.baseMs },
      delta: { propose: propose.deltaMs, prevote: prevote.deltaMs, precommit: precommit.deltaMs },
      max: maxTimeoutMs,
    },
    heartbeatMs: emptyBlocks === 'heartbeat' ? 15_000 : 0,
    setAfter: ({ derived }) => derived.validators,
    nextSetAfter: ({ derived }) => derived.nextValidators,
    turnsAfter: ({ derived, head }) => proposersOf(rotationOf(derived, head.number + 1n)),
    draft: (ground, turn) => draft(ground, turn, parameters),
  }
}

/** Who may propose at a height, and in which order. */
function rotationOf({ validators, priorities, absences }: Derived, height: bigint): Rotation {
  return { validators, priorities, isEligible: eligibility(absences, validators, height) }
}

/** The time of a block is its turn on the schedule, or later: what a lost round took is caught up. */
function draft(
  { head, header, derived, proof }: BftGround,
  { round, nowMs, proposer }: DraftTurn,
  { blockTimeMs }: BftParameters,
): HeaderDraft {
  const timeMs = Math.max(nowMs, Number(head.timestampMs) + blockTimeMs)
  const record = encodeRecord({
    ...plainRecord('bft', { derivedHash: derivedHash(derived), timeMs: timeMs % 1_000 }),
    ...{ round, validatorsHash: derived.validators.hash },
    nextValidatorsHash: derived.nextValidators.hash,
    parentProofHash: proof ? keccak256(encodeCertificate(proof)) : noHash,
    parentSigners: proof?.signers ?? new Uint8Array(),
  })
  return {
    ...{ beneficiary: proposer.payTo, timestamp: BigInt(Math.floor(timeMs / 1_000)) },
    mixHash: mixOf(header, { round, beneficiary: proposer.payTo }),
    ...{ extraData: recordHash(record), difficulty: 0n, nonce: noNonce, record },
    parentBeaconBlockRoot: header.extraData,
  }
}

/** Says nothing that was not known before: PREVRANDAO is no randomness here. */
function mixOf(
  parent: Header,
  { round, beneficiary }: { readonly round: number; readonly beneficiary: Uint8Array },
): Hash {
  const place = padStart(fromBigInt(BigInt(round)), 4)
  return keccak256(concatBytes(mixTag, parent.mixHash, place, beneficiary))
}

function constantsFault({ header }: RecordedHeader): Invalid | undefined {
  if (header.difficulty !== 0n) return invalid('constants', 'the difficulty is not 0')
  if (equalBytes(header.nonce, noNonce)) return undefined
  return invalid('constants', 'the nonce is not 0')
}

function mixFault({ header, record, parent }: RecordedHeader): Invalid | undefined {
  const { round } = record
  const mix = mixOf(parent.header, { round, beneficiary: header.beneficiary })
  if (equalBytes(header.mixHash, mix)) return undefined
  return invalid('mix', "mixHash does not follow from the parent's")
}

function proposerFault({ header, record, derived }: RecordedHeader): Invalid | undefined {
  const rotation = rotationOf(derived, header.number)
  const proposer = rotation.validators.list[proposersOf(rotation)(record.round)]
  if (proposer && equalBytes(proposer.payTo, header.beneficiary)) return undefined
  return invalid('proposer', `the beneficiary is not that of the proposer of round ${record.round}`)
}

/** Turns the rotation on, counts who let a turn pass, and pays base fees where they are not burnt. */
function closeBlock(
  { feeSink, absence }: BftParameters,
  parent: Derived,
  { header, record }: BlockFacts,
): CloseResult {
  const height = header.number
  const rotation = rotationOf(parent, height)
  const { nextValidators } = parent
  const turned = { ...rotation, priorities: advancePriorities(rotation) }
  const isSame = equalBytes(nextValidators.hash, rotation.validators.hash)
  const absences = nextAbsences(parent.absences, {
    ...{ height, round: record.round, validators: rotation.validators },
    ...{ proposerOf: proposersOf(rotation), nextValidators },
  })
  const fees = (header.baseFeePerGas ?? 0n) * header.gasUsed
  const credits: readonly Credit[] =
    feeSink && fees >= weiPerGwei ? [{ to: feeSink, amountWei: fees, why: 'fee' }] : []
  return {
    derived: {
      ...{ ...parent, validators: nextValidators },
      priorities: isSame ? turned.priorities : changePriorities(turned, nextValidators),
      absences: absence ? absences : [],
      creditCount: parent.creditCount + BigInt(credits.length),
    },
    credits,
    calls: [],
  }
}
