/** Says what the first block of a chain with records has beside what its manifest says. */

import { keyAddress } from '../../crypto/signatures.ts'
import type {
  BftParameters,
  Consensus,
  DposParameters,
  FirstStaked,
  HybridParameters,
  PosParameters,
} from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { difficultyOf } from './asert.ts'
import { type Derived, derivedHash, emptyDerived } from './derived.ts'
import { committees, dposRounds, firstDposRound, firstPosEpoch, posEpochs } from './epoch-state.ts'
import { limits } from './limits.ts'
import type { ValidatorSet } from './messages.ts'
import { firstPriorities } from './proposer.ts'
import { encodeRecord, plainRecord, recordHash } from './record.ts'
import { type ValidatorEntry, validatorSet } from './validator-set.ts'

const weiPerGwei = 10n ** 9n

/** What an engine begins with. */
export interface Birth {
  readonly difficulty: bigint
  readonly record: Uint8Array
  readonly extraData: Hash
  /** What follows from the first block. */
  readonly derived: Derived
}

/** The birth that the manifest of a chain says; `undefined` where blocks have no records. */
export function engineBirth(consensus: Consensus): Birth | undefined {
  if (consensus.engine === 'bft') return bftBirth(consensus)
  if (consensus.engine === 'pos') return posBirth(consensus)
  if (consensus.engine === 'dpos') return dposBirth(consensus)
  if (consensus.engine === 'hybrid') return hybridBirth(consensus)
  if (consensus.engine !== 'pow') return undefined
  const difficulty = difficultyOf(consensus.startTarget)
  const derived = { ...emptyDerived, totalWork: difficulty }
  const record = encodeRecord(plainRecord('pow', { derivedHash: derivedHash(derived), timeMs: 0 }))
  return { difficulty, record, extraData: recordHash(record), derived }
}

/** The first committee votes in the first two instances. */
function hybridBirth({ validators, maxValidators, startTarget }: HybridParameters): Birth {
  const set = validatorSet(validators, maxValidators)
  const difficulty = difficultyOf(startTarget)
  const epoch = { epoch: 0n, pending: committees.write(set) }
  const birth = votedBirth('hybrid', set, { epoch, totalWork: difficulty })
  return { ...birth, difficulty }
}

function bftBirth({ validators, maxValidators }: BftParameters): Birth {
  const set = validatorSet(validators, maxValidators)
  return votedBirth('bft', set, { priorities: firstPriorities(set) })
}

/** Stake is weight, in gwei. */
function posBirth({ validators, maxValidators }: PosParameters): Birth {
  const entries = validators.map((one) => entryOf(one, one.stakeWei / weiPerGwei))
  const set = validatorSet(entries, maxValidators)
  const committed = new Map(
    validators.map((one) => [keyAddress(one).toHex(), one.commitment] as const),
  )
  const commitments = set.list.map(({ address }) => committed.get(address.toHex()) as Hash)
  const pending = posEpochs.write(firstPosEpoch(set.list.length))
  return votedBirth('pos', set, { commitments, epoch: { epoch: 0n, pending } })
}

/** Stake elects, and does not weigh. */
function dposBirth({ validators }: DposParameters): Birth {
  const entries = validators.map((one) => entryOf(one, 1n))
  const pending = dposRounds.write(firstDposRound)
  const set = validatorSet(entries, limits.maxValidators)
  return votedBirth('dpos', set, { epoch: { epoch: 0n, pending } })
}

function entryOf({ scheme, publicKey, payTo }: FirstStaked, weight: bigint): ValidatorEntry {
  return { scheme, publicKey, payTo, weight }
}

/** The first set signs the first two blocks after the birth. */
function votedBirth(
  engine: 'bft' | 'pos' | 'dpos' | 'hybrid',
  set: ValidatorSet,
  own: Partial<Derived>,
): Birth {
  const derived: Derived = { ...emptyDerived, validators: set, nextValidators: set, ...own }
  const record = encodeRecord({
    ...plainRecord(engine, { derivedHash: derivedHash(derived), timeMs: 0 }),
    ...{ validatorsHash: set.hash, nextValidatorsHash: set.hash },
  })
  return { difficulty: 0n, record, extraData: recordHash(record), derived }
}
