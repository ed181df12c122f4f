/** Describes what follows from a chain up to a block, and encodes it: each header commits to its parent's. */

import { keccak256 } from '../../crypto/keccak.ts'
import { decodeRlp, encodeRlp, type RlpValue } from '../ledger/rlp.ts'
import {
  count,
  fields,
  fixedBytes,
  listOf,
  natural,
  opaque,
  optional,
  signed,
} from '../ledger/rlp-shape.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { limits } from './limits.ts'
import type { Punished, ValidatorSet } from './messages.ts'
import { noValidators, validatorSetShape } from './validator-set.ts'

/** A validator that missed its turns to propose. */
interface Absence {
  readonly address: Address
  readonly missed: number
  /** Height from which on it has turns again. */
  readonly absentUntil: bigint
}

/** Delegates that may not be elected for a while. */
interface Ban {
  readonly address: Address
  readonly untilHeight: bigint
  readonly count: number
}

/** The last checkpoint of this chain that a committee made final. */
export interface FinalityPoint {
  readonly instance: bigint
  readonly number: bigint
  readonly hash: Hash
}

/** Where a chain of epochs stands. */
interface EpochState {
  readonly epoch: bigint
  /** Encoded by the engine. */
  readonly pending: RlpValue
}

/** What is a function of the chain up to a block; what an engine has no use for is empty or zero. */
export interface Derived {
  /** The sets that sign the next height, and the one after. */
  readonly validators: ValidatorSet
  readonly nextValidators: ValidatorSet
  /** Of proposers for the next height, in set order. */
  readonly priorities: readonly bigint[]
  readonly absences: readonly Absence[]
  readonly epoch: EpochState | undefined
  /** What PREVRANDAO comes from, where that does not follow from seals. */
  readonly mix: Hash
  /** Difficulties up to the block, added up. */
  readonly totalWork: bigint
  readonly finality: FinalityPoint | undefined
  /** To hash chains, in set order. */
  readonly commitments: readonly Hash[]
  readonly bans: readonly Ban[]
  /** Whose evidence is on the chain already. */
  readonly evidenceSeen: readonly Punished[]
  /** Payments of the protocol since the birth. */
  readonly creditCount: bigint
}

const { maxValidators, maxCandidates, maxPunished } = limits
/** RLP values that it may be made of. */
const maxValues = 2 ** 19

const [hash, address, height] = [fixedBytes(32), fixedBytes(20), natural(64)]

const shape = fields<Derived>({
  ...{ validators: validatorSetShape, nextValidators: validatorSetShape },
  priorities: listOf(signed(72), maxValidators),
  absences: listOf(
    fields<Absence>({ address, missed: count(2 ** 32), absentUntil: height }),
    maxValidators,
  ),
  epoch: optional(fields<EpochState>({ epoch: height, pending: opaque })),
  mix: hash,
  totalWork: natural(256),
  finality: optional(fields<FinalityPoint>({ instance: height, number: height, hash })),
  commitments: listOf(hash, maxValidators),
  bans: listOf(fields<Ban>({ address, untilHeight: height, count: count(2 ** 32) }), maxCandidates),
  evidenceSeen: listOf(fields<Punished>({ signer: address, height }), maxPunished),
  creditCount: height,
})

/** What follows from a chain that has no validators and has paid nothing yet. */
export const emptyDerived: Derived = {
  ...{ validators: noValidators, nextValidators: noValidators, priorities: [], absences: [] },
  ...{ epoch: undefined, mix: new Uint8Array(32), totalWork: 0n, finality: undefined },
  ...{ commitments: [], bans: [], evidenceSeen: [], creditCount: 0n },
}

/** The list of the fields in their order. */
export function encodeDerived(derived: Derived): Uint8Array {
  return encodeRlp(shape.encode(derived))
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-validator-set` for anything but the one encoding */
export function decodeDerived(bytes: Uint8Array): Derived {
  return shape.decode(decodeRlp(bytes, maxValues), 'what is derived')
}

/** What the record of the next block has as its `derivedHash`. */
export function derivedHash(derived: Derived): Hash {
  return keccak256(encodeDerived(derived))
}
