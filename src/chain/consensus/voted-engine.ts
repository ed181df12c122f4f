/** Makes engines whose blocks are voted on and final at once: what BFT, PoS and DPoS chains have in common. */

import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Header } from '../ledger/block.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { VotedParameters } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { nextAbsences } from './absence.ts'
import { bftSteps } from './bft-engine.ts'
import type { BftGround, BftPlace, BftState, DraftTurn } from './bft-state.ts'
import type {
  BlockFacts,
  CloseResult,
  ConsensusEngine,
  Credit,
  EngineName,
  HeaderDraft,
} from './consensus.ts'
import type { ContractKind } from './contract-layout.ts'
import type { ContractReader } from './contract-reader.ts'
import { type Derived, derivedHash } from './derived.ts'
import { evidenceFault, faultsOf, nextPunished } from './evidence.ts'
import { chosenEvidence } from './evidence-pool.ts'
import { type Invalid, invalid } from './header-rules.ts'
import type { ValidatorSet } from './messages.ts'
import { type ConsensusRecord, encodeRecord, plainRecord, recordHash } from './record.ts'
import { checkRecorded, type RecordedHeader, validatorsFault } from './record-rules.ts'
import type { SignatureSchemes } from './signatures.ts'
import { type Fault, type SystemCall, slashCall } from './system-calls.ts'
import { encodeCertificate } from './travelling-block.ts'

/** What such an engine is made for. */
export interface VotedChain {
  readonly parameters: VotedParameters
  readonly chainKey: Hash
  readonly rules: ChainRules
  readonly schemes: SignatureSchemes
}

/** What such engines differ in. */
export interface VoterRules {
  readonly engine: Extract<EngineName, 'bft' | 'pos' | 'dpos'>
  /** Whose turn a round of a height is, by place in the set that signs it, which is `derived.validators`. */
  readonly proposersAt: (derived: Derived, height: bigint) => (round: number) => number
  /**
   * What a proposer reveals, by place in the set; only of engines whose records have a reveal. `undefined` if this node does
   * not know it, and so cannot propose.
   */
  readonly revealOf?: (derived: Derived, proposer: number) => Uint8Array | undefined
  /** The mix of a block; `undefined` if it reveals what it must not. */
  readonly mixOf: (parent: MixedParent, block: MixedBlock) => Hash | undefined
  /** The contract that punishes; absent where the set is fixed. */
  readonly contract?: ContractKind
  /** Who signs H + 2, and what else the end of a block brings. */
  readonly close: (ending: Ending) => VoterClose
}

/** What a mix goes on from. */
export interface MixedParent {
  readonly header: Header
  readonly derived: Derived
}

/** What of a block goes into its mix. */
export interface MixedBlock {
  readonly round: number
  /** By place in the set that signs it. */
  readonly proposer: number
  readonly beneficiary: Address
  readonly reveal: Uint8Array
}

/** The end of a block. */
export interface Ending {
  readonly parent: Derived
  readonly block: BlockFacts
  /** State after the last transaction. */
  readonly read: ContractReader
  /** The set of the next height. */
  readonly validators: ValidatorSet
  readonly proposerOf: (round: number) => number
  /** Punished in this block. */
  readonly faults: readonly Fault[]
}

/** What the rules of an engine say of the end of a block: fields that they leave out stay as they are. */
export interface VoterClose {
  readonly derived: Partial<
    Pick<Derived, 'nextValidators' | 'priorities' | 'epoch' | 'mix' | 'commitments' | 'bans'>
  >
  /** Rewards, before the fees that the body pays. */
  readonly credits?: readonly Credit[]
  readonly calls?: readonly SystemCall[]
}

const weiPerGwei = 10n ** 9n
const [noNonce, noHash, noBytes] = [new Uint8Array(8), new Uint8Array(32), new Uint8Array()]
/** Least time without progress after which a node says what it has; where waits are longer, so is this. */
const leastRetellMs = 500

/** The engine of a chain by its rules. */
export function votedEngine(chain: VotedChain, own: VoterRules): ConsensusEngine<BftState> {
  const { parameters, rules, chainKey, schemes } = chain
  const evidenceHeights = BigInt(parameters.evidenceHeights)
  const unused = unusedFields(own)
  return {
    name: own.engine,
    ...{ maxReorg: 0, readsContracts: true },
    ...bftSteps(placeOf(chain, own)),
    checkHeader(reader, block, nowMs) {
      const { futureMs } = parameters
      const checked = checkRecorded(reader, block, {
        ...{ engine: own.engine, unused, rules, nowMs, futureMs },
      })
      if (checked.kind !== 'recorded') return checked
      return (
        constantsFault(checked) ??
        turnFault(checked, own) ??
        evidenceFault(
          checked.record.evidence,
          {
            ...{ chainKey, schemes, punished: checked.derived.evidenceSeen },
            setAt: (height) => reader.setAt?.(height),
            ...{ evidenceHeights, blockHeight: checked.header.number },
          },
          (height) => reader.likelySetAt?.(height),
        ) ?? { kind: 'valid' }
      )
    },
    // The header says that there are none.
    checkOmmers: () => ({ kind: 'valid' }),
    closeBlock: (parent, block, read) => closeBlock(own, parameters, { parent, block, read }),
    // What is final stays: two that differ at one height stop the node before this is asked.
    compare: (a, b) => Number(a.number - b.number),
  }
}

function unusedFields({ revealOf }: VoterRules): readonly (keyof ConsensusRecord)[] {
  return revealOf ? ['finality', 'salt'] : ['reveal', 'finality', 'salt']
}

function placeOf({ parameters, chainKey, schemes }: VotedChain, own: VoterRules): BftPlace {
  const { blockTimeMs, buildLeadMs, timeouts, maxTimeoutMs, emptyBlocks } = parameters
  const { evidenceHeights } = parameters
  const { propose, prevote, precommit } = timeouts
  return {
    ...{ chainKey, schemes, blockTimeMs, buildLeadMs },
    evidenceHeights: BigInt(evidenceHeights),
    retellMs: Math.max(leastRetellMs, propose.baseMs / 2),
    timeouts: {
      base: { propose: propose.baseMs, prevote: prevote.baseMs, precommit: precommit.baseMs },
      delta: { propose: propose.deltaMs, prevote: prevote.deltaMs, precommit: precommit.deltaMs },
      max: maxTimeoutMs,
    },
    heartbeatMs: emptyBlocks === 'heartbeat' ? 15_000 : 0,
    setAfter: ({ derived }) => derived.validators,
    nextSetAfter: ({ derived }) => derived.nextValidators,
    turnsAfter: ({ derived, head }) => own.proposersAt(derived, head.number + 1n),
    canPropose: ({ derived }, proposer) =>
      own.revealOf?.(derived, proposer) !== undefined || !own.revealOf,
    draft: (ground, turn) => draft(ground, turn, { ...own, ...parameters }),
  }
}

/** The time of a block is its turn on the schedule, or later: what a lost round took is caught up. */
function draft(
  { head, header, derived, proof }: BftGround,
  { round, nowMs, proposer, evidence }: DraftTurn,
  { engine, revealOf, mixOf, blockTimeMs, evidenceHeights }: VoterRules & VotedChain['parameters'],
): HeaderDraft {
  const timeMs = Math.max(nowMs, Number(head.timestampMs) + blockTimeMs)
  const reveal = revealOf?.(derived, proposer) ?? noBytes
  const record = encodeRecord({
    ...plainRecord(engine, { derivedHash: derivedHash(derived), timeMs: timeMs % 1_000 }),
    evidence: chosenEvidence(evidence, {
      ...{ punished: derived.evidenceSeen, height: head.number + 1n },
      evidenceHeights: BigInt(evidenceHeights),
    }),
    ...{ round, reveal, validatorsHash: derived.validators.hash },
    nextValidatorsHash: derived.nextValidators.hash,
    parentProofHash: proof ? keccak256(encodeCertificate(proof)) : noHash,
    parentSigners: proof?.signers ?? noBytes,
  })
  const beneficiary = derived.validators.list[proposer]?.payTo ?? header.beneficiary
  return {
    ...{ beneficiary, timestamp: BigInt(Math.floor(timeMs / 1_000)) },
    mixHash: mixOf({ header, derived }, { round, proposer, beneficiary, reveal }) ?? noHash,
    ...{ extraData: recordHash(record), difficulty: 0n, nonce: noNonce, record },
    parentBeaconBlockRoot: header.extraData,
  }
}

function constantsFault({ header }: RecordedHeader): Invalid | undefined {
  if (header.difficulty !== 0n) return invalid('constants', 'the difficulty is not 0')
  if (equalBytes(header.nonce, noNonce)) return undefined
  return invalid('constants', 'the nonce is not 0')
}

/** The rules of mix, validators and proposer, in this order. */
function turnFault(checked: RecordedHeader, own: VoterRules): Invalid | undefined {
  const { header, record, parent, derived } = checked
  const { round, reveal } = record
  const { beneficiary } = header
  const proposer = own.proposersAt(derived, header.number)(round)
  const mix = own.mixOf(
    { header: parent.header, derived },
    { round, proposer, beneficiary, reveal },
  )
  if (mix === undefined) return invalid('mix', 'the reveal is not the one that is due')
  if (!equalBytes(header.mixHash, mix)) {
    return invalid('mix', "mixHash does not follow from the parent's")
  }
  const fault = validatorsFault(checked)
  if (fault) return fault
  const payTo = derived.validators.list[proposer]?.payTo
  if (payTo && equalBytes(payTo, beneficiary)) return undefined
  return invalid('proposer', `the beneficiary is not that of the proposer of round ${round}`)
}

/** Counts who let a turn pass, does what the rules say, and pays base fees where they are not burnt. */
function closeBlock(
  { proposersAt, close, contract }: VoterRules,
  { feeSink, absence, evidenceHeights }: VotedChain['parameters'],
  { parent, block, read }: Pick<Ending, 'parent' | 'block' | 'read'>,
): CloseResult {
  const { header, record } = block
  const proposerOf = proposersAt(parent, header.number)
  const { validators: present, nextValidators: validators } = parent
  const absences = nextAbsences(parent.absences, {
    ...{ height: header.number, round: record.round, validators: present, proposerOf },
    nextValidators: validators,
  })
  const faults = faultsOf(record.evidence, header.beneficiary)
  const closed = close({ parent, block, read, validators, proposerOf, faults })
  const fees = (header.baseFeePerGas ?? 0n) * header.gasUsed
  const ofFees: readonly Credit[] =
    feeSink && fees >= weiPerGwei ? [{ to: feeSink, amountWei: fees, why: 'fee' }] : []
  const credits = [...(closed.credits ?? []), ...ofFees]
  return {
    derived: {
      ...{ ...parent, validators, ...closed.derived, absences: absence ? absences : [] },
      evidenceSeen: nextPunished(parent.evidenceSeen, {
        ...{ height: header.number, evidence: record.evidence },
        evidenceHeights: BigInt(evidenceHeights),
      }),
      creditCount: parent.creditCount + BigInt(credits.length),
    },
    credits,
    calls: [
      ...(contract ? faults.map((fault) => slashCall(contract, fault)) : []),
      ...(closed.calls ?? []),
    ],
  }
}
