/** Encodes what chains of epochs keep between blocks, so that it lies in what follows from the chain. */

import { decodeRlp, encodeRlp, type RlpValue } from '../ledger/rlp.ts'
import { count, fields, fixedBytes, listOf, natural, type RlpShape } from '../ledger/rlp-shape.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { type EpochTally, nothingCounted, tallyShapes } from './epoch-tally.ts'
import { limits } from './limits.ts'
import type { ValidatorSet } from './messages.ts'
import { validatorSetShape } from './validator-set.ts'

/** What a proof-of-stake chain keeps. */
export interface PosEpoch extends EpochTally {
  /** Mixes at the end of the epoch before the last one, and of the last one. */
  readonly mixes: readonly [Hash, Hash]
  /** Hashes of its chain that each validator has revealed, in set order. */
  readonly revealed: readonly number[]
}

/** Somebody who could be elected, as the round before ended. */
export interface VotedCandidate {
  readonly address: Address
  readonly weight: bigint
}

/** What a chain of delegates keeps. */
export interface DposRound extends EpochTally {
  /** The last block before the list of this round was made, and of the next one; zero for the first two. */
  readonly anchors: readonly [Hash, Hash]
  /** The list of the next round, by rank; without one the set stays. */
  readonly elected: readonly Address[]
  /** What the list after the next one is made of, in the first block of a round; else none. */
  readonly candidates: readonly VotedCandidate[]
}

const hash = fixedBytes(32)
const address = fixedBytes(20)
const { maxValidators, maxCandidates } = limits

/** Two hashes. */
const pair: RlpShape<readonly [Hash, Hash]> = {
  encode: (value) => value,
  decode(value, name) {
    const { first, second } = fields({ first: hash, second: hash }).decode(value, name)
    return [first, second]
  },
}

const posShape = fields<PosEpoch>({
  ...{ mixes: pair, revealed: listOf(count(2 ** 32), maxValidators) },
  ...tallyShapes,
})

const dposShape = fields<DposRound>({
  ...{ anchors: pair, elected: listOf(address, maxValidators) },
  candidates: listOf(fields<VotedCandidate>({ address, weight: natural(64) }), maxCandidates),
  ...tallyShapes,
})

/** Reads and writes the state of an epoch. */
interface EpochCodec<T> {
  write(state: T): RlpValue
  /** @throws AppError `ledger/bad-rlp` */
  read(pending: RlpValue | undefined): T
}

function codecOf<T>(shape: RlpShape<T>, what: string): EpochCodec<T> {
  return {
    write: (state) => decodeRlp(encodeRlp(shape.encode(state))),
    read: (pending) => shape.decode(pending, what),
  }
}

/** Of hybrid chains: the committee as it was in the state of the last block that could be made final. */
export const committees: EpochCodec<ValidatorSet> = codecOf(validatorSetShape, 'the committee')

/** Of proof-of-stake chains, and of chains of delegates. */
export const posEpochs: EpochCodec<PosEpoch> = codecOf(posShape, 'the epoch')
export const dposRounds: EpochCodec<DposRound> = codecOf(dposShape, 'the round')

const noHash: Hash = new Uint8Array(32)

/** How such a chain begins, with so many validators. */
export function firstPosEpoch(validators: number): PosEpoch {
  const revealed = Array.from({ length: validators }, () => 0)
  return { mixes: [noHash, noHash], revealed, ...nothingCounted }
}

/** How a chain of delegates begins: its first two rounds have the first set. */
export const firstDposRound: DposRound = {
  ...{ anchors: [noHash, noHash], elected: [], candidates: [], ...nothingCounted },
}
