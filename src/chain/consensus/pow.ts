/** Seals blocks by work: difficulty by ASERT, the head where most work is, rewards that halve. */

import { concatBytes, equalBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { Recent } from '../../base/recent.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Header } from '../ledger/block.ts'
import { unsealedHash } from '../ledger/block-codec.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { PowParameters, WorkParameters } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { difficultyOf, nextTarget } from './asert.ts'
import type { ConsensusEngine, Credit, HeaderFacts, HeadSummary } from './consensus.ts'
import { type Derived, derivedHash } from './derived.ts'
import { type Invalid, invalid } from './header-rules.ts'
import { type MiningState, miningSteps, type Work } from './pow-mining.ts'
import { encodeRecord, plainRecord } from './record.ts'
import {
  checkRecordAhead,
  checkRecorded,
  type RecordChecks,
  type RecordedHeader,
  validatorsFault,
} from './record-rules.ts'
import { type Sealing, sealDigest } from './seal.ts'

/** The schedule and the seals of a chain. */
export interface WorkedChain {
  readonly parameters: WorkParameters
  readonly chainKey: Hash
  /** Seconds. */
  readonly birthTime: bigint
}

/** What the engine is made for. */
export interface PowChain extends WorkedChain {
  readonly parameters: PowParameters
  readonly rules: ChainRules
}

/** Fields of the record that nothing is in. */
const unused = [
  ...(['round', 'validatorsHash', 'nextValidatorsHash', 'parentProofHash'] as const),
  ...(['parentSigners', 'reveal', 'evidence', 'finality'] as const),
]
const mixTag = new TextEncoder().encode('QS/mix/pow/1')
const weiPerGwei = 10n ** 9n
/** Digests that are remembered, those of headers ahead among them: with argon2id one takes some 60 ms. */
const keptDigests = 2_048

/** A header and the one before it. */
type OnParent = Pick<RecordedHeader, 'header' | 'parent'>

/** The engine of a chain. */
export function powEngine(chain: PowChain): ConsensusEngine<MiningState> {
  const { parameters, rules } = chain
  const { maxReorg, futureMs } = parameters
  const work = workOf(chain)
  const checks = { engine: 'pow', unused, rules, futureMs } as const
  return {
    name: 'pow',
    maxReorg,
    isSealDear: parameters.seal === 'argon2id',
    ...miningSteps({
      ...{ ...work, parameters },
      recordOn: ({ derived, timeMs }) =>
        encodeRecord(plainRecord('pow', { derivedHash: derivedHash(derived), timeMs })),
    }),
    checkAhead: checkAheadBy(work, checks),
    checkHeader(reader, block, nowMs) {
      const checked = checkRecorded(reader, block, { ...checks, nowMs })
      if (checked.kind !== 'recorded') return checked
      return (
        mixFault(checked, work) ??
        validatorsFault(checked) ??
        workFault(checked, work) ?? { kind: 'valid' }
      )
    },
    // The header says that there are none.
    checkOmmers: () => ({ kind: 'valid' }),
    closeBlock(parent, { header }) {
      const credits = payableOf(workCredits(parameters, header))
      return { derived: closedBy(parent, header, credits), credits, calls: [] }
    },
    compare: compareWork,
  }
}

/** The head is where most work is. */
export function compareWork({ totalWork = 0n }: HeadSummary, b: HeadSummary): number {
  const other = b.totalWork ?? 0n
  if (totalWork === other) return 0
  return totalWork > other ? 1 : -1
}

/** What the rules of one chain make of its headers. */
export function workOf({ parameters, chainKey, birthTime }: WorkedChain): Work {
  const { startTarget, easiestTarget, halfLifeSeconds, blockTimeMs, seal } = parameters
  const blockTime = BigInt(blockTimeMs) / 1_000n
  const pace = { blockTime, halfLife: BigInt(halfLifeSeconds), easiestTarget }
  const anchor = { target: startTarget, number: 0n, parentTime: birthTime - blockTime }
  const digest = rememberedDigest({ seal, chainKey })
  return {
    digest,
    targetAfter: (parent) => nextTarget(anchor, parent, pace),
    mixAfter: (parent) =>
      keccak256(concatBytes(mixTag, digest(parent), padStart(fromBigInt(parent.number + 1n), 8))),
  }
}

function rememberedDigest(sealing: Sealing): (header: Header) => Hash {
  const known = new Recent<string, Hash>(keptDigests)
  return (header) => {
    const sealHash = unsealedHash(header)
    const key = sealHash.toHex() + header.nonce.toHex()
    const digest = known.get(key) ?? sealDigest(sealing, sealHash, header.nonce)
    known.set(key, digest)
    return digest
  }
}

/** That the mix follows from the seal before. */
export function mixFault({ header, parent }: RecordedHeader, place: Work): Invalid | undefined {
  if (equalBytes(header.mixHash, place.mixAfter(parent.header))) return undefined
  return invalid('mix', "mixHash does not follow from the parent's seal")
}

/** The rules of a header of work whose block is not here yet. */
export function checkAheadBy(
  work: Work,
  checks: Omit<RecordChecks, 'nowMs'>,
): NonNullable<ConsensusEngine<unknown>['checkAhead']> {
  return (reader, block, { nowMs, isSealChecked }) => {
    const checked = checkRecordAhead(reader, block, { ...checks, nowMs })
    if (checked.kind !== 'ahead') return checked
    const fault = isSealChecked ? workFault(checked, work) : difficultyFault(checked, work)
    return fault ?? { kind: 'valid' }
  }
}

/** Difficulty and seal: the seal is held against the target itself: one that is computed back from the difficulty is another. */
export function workFault(block: OnParent, place: Work): Invalid | undefined {
  const { header, parent } = block
  const difficulty = difficultyFault(block, place)
  if (difficulty) return difficulty
  if (toBigInt(place.digest(header)) <= place.targetAfter(parent.header)) return undefined
  return invalid('work', 'the seal has not the work of this difficulty')
}

/** The difficulty alone. */
function difficultyFault({ header, parent }: OnParent, place: Work): Invalid | undefined {
  const difficulty = difficultyOf(place.targetAfter(parent.header))
  if (header.difficulty === difficulty) return undefined
  return invalid('work', `difficulty ${header.difficulty}, by the rule ${difficulty}`)
}

/** Pays the miner, and base fees where they are not burnt. */
export function workCredits(
  { issuanceWei, halving, feeSink }: WorkParameters,
  header: HeaderFacts,
): readonly Credit[] {
  const reward = issuanceWei >> (header.number / BigInt(halving))
  const fees = (header.baseFeePerGas ?? 0n) * header.gasUsed
  return [
    { to: header.beneficiary, amountWei: reward, why: 'reward' },
    ...(feeSink ? [{ to: feeSink, amountWei: fees, why: 'fee' } as const] : []),
  ]
}

/** Those that are a gwei at least. */
export function payableOf(credits: readonly Credit[]): readonly Credit[] {
  return credits.filter(({ amountWei }) => amountWei >= weiPerGwei)
}

/** What follows from a block's difficulty and its payments. */
export function closedBy(
  parent: Derived,
  { difficulty }: HeaderFacts,
  credits: readonly Credit[],
): Derived {
  const creditCount = parent.creditCount + BigInt(credits.length)
  return { ...parent, totalWork: parent.totalWork + difficulty, creditCount }
}
