/** Says what the first block of a chain with records has beside what its manifest says. */

import type { BftParameters, Consensus } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { difficultyOf } from './asert.ts'
import { type Derived, derivedHash, emptyDerived } from './derived.ts'
import { firstPriorities } from './proposer.ts'
import { encodeRecord, plainRecord, recordHash } from './record.ts'
import { validatorSet } from './validator-set.ts'

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
  if (consensus.engine === 'bft') return votedBirth(consensus)
  if (consensus.engine !== 'pow') return undefined
  const difficulty = difficultyOf(consensus.startTarget)
  const derived = { ...emptyDerived, totalWork: difficulty }
  const record = encodeRecord(plainRecord('pow', { derivedHash: derivedHash(derived), timeMs: 0 }))
  return { difficulty, record, extraData: recordHash(record), derived }
}

/** The first set signs the first two blocks after the birth. */
function votedBirth({ validators }: BftParameters): Birth {
  const set = validatorSet(validators)
  const derived: Derived = {
    ...{ ...emptyDerived, validators: set, nextValidators: set },
    priorities: firstPriorities(set),
  }
  const record = encodeRecord({
    ...plainRecord('bft', { derivedHash: derivedHash(derived), timeMs: 0 }),
    ...{ validatorsHash: set.hash, nextValidatorsHash: set.hash },
  })
  return { difficulty: 0n, record, extraData: recordHash(record), derived }
}
