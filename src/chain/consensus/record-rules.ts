/** Checks the rules of a header that all engines share whose blocks have a record. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Header } from '../ledger/block.ts'
import { emptyOmmersHash } from '../ledger/block-codec.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { ChainReader, SealedHeader, Verdict } from './consensus.ts'
import { type Derived, derivedHash } from './derived.ts'
import {
  gasFault,
  type Invalid,
  invalid,
  parentOf,
  placeFault,
  usageFault,
} from './header-rules.ts'
import { type ConsensusRecord, decodeRecord, recordEngines, recordHash } from './record.ts'

/** What the shared rules are checked with. */
export interface RecordChecks {
  readonly engine: (typeof recordEngines)[number]
  /** Fields of the record that must be empty or zero for this engine. */
  readonly unused: readonly (keyof ConsensusRecord)[]
  readonly rules: ChainRules
  readonly nowMs: number
  /** How far a block's time may be ahead of `nowMs`. */
  readonly futureMs: number
}

/** A header of which the shared rules hold, with what its own engine looks at. */
interface HeaderAhead {
  readonly kind: 'ahead'
  readonly header: Header
  readonly record: ConsensusRecord
  readonly parent: SealedHeader
}

/** The same with what follows from the chain before it. */
export interface RecordedHeader extends Omit<HeaderAhead, 'kind'> {
  readonly kind: 'recorded'
  /** What follows from the chain up to the parent. */
  readonly derived: Derived
}

const wholeHeader = ['baseFeePerGas', 'withdrawalsRoot', 'requestsHash'] as const

/**
 * The rules from the encoding to the constants, in this order: decode, engine, parent, timestamp, gas, constants. The
 * first that is broken is the verdict; mix, seal and votes are the engine's own.
 */
export function checkRecorded(
  chain: ChainReader,
  block: SealedHeader,
  checks: RecordChecks,
): RecordedHeader | Exclude<Verdict, { kind: 'valid' }> {
  const checked = checkRecordAhead(chain, block, checks)
  if (checked.kind !== 'ahead') return checked
  const derived = chain.derived(checked.parent.hash)
  if (derived === undefined) return invalid('parent', 'what follows from the parent is not known')
  return { ...checked, kind: 'recorded', derived }
}

/** The same rules of a header whose parent's header alone is known. */
export function checkRecordAhead(
  chain: ChainReader,
  block: SealedHeader,
  checks: RecordChecks,
): HeaderAhead | Exclude<Verdict, { kind: 'valid' }> {
  const { header } = block
  const record = recordOf(block)
  if ('kind' in record) return record
  const engine = engineFault(record, checks)
  if (engine) return engine
  const parent = parentOf(chain, block)
  if ('kind' in parent) return parent
  const place = placeFault(parent.header, header) ?? timeFault(header, record, checks)
  if (place) return place
  const rules = checks.rules.rulesAt(header)
  const fault =
    gasFault(parent.header, header, rules) ??
    usageFault(parent.header, header, rules) ??
    constantsFault(parent.header, header)
  return fault ?? { kind: 'ahead', header, record, parent }
}

/** That the record commits to what follows from the chain before it: the sets of this height and the next, and all of it. */
export function validatorsFault({ record, derived }: RecordedHeader): Invalid | undefined {
  const expected = {
    validatorsHash: derived.validators.hash,
    nextValidatorsHash: derived.nextValidators.hash,
    derivedHash: derivedHash(derived),
  }
  const names = Object.keys(expected) as (keyof typeof expected)[]
  const name = names.find((one) => !equalBytes(record[one], expected[one]))
  return name && invalid('validators', `${name} does not follow from the parent`)
}

function recordOf({ header, record }: SealedHeader): ConsensusRecord | Invalid {
  if (record === undefined) return invalid('decode', 'the block has no record')
  const missing = wholeHeader.find((name) => header[name] === undefined)
  if (missing) return invalid('decode', `${missing} is missing`)
  if (!equalBytes(header.extraData, recordHash(record))) {
    return invalid('decode', 'extraData is not the hash of the record')
  }
  try {
    return decodeRecord(record)
  } catch (error) {
    if (error instanceof AppError) return invalid('decode', error.message)
    throw error
  }
}

function engineFault(
  record: ConsensusRecord,
  { engine, unused }: RecordChecks,
): Invalid | undefined {
  if (recordEngines[record.engine] !== engine) {
    return invalid('engine', `the record is of ${recordEngines[record.engine]}, not ${engine}`)
  }
  const name = unused.find((one) => !isEmpty(record[one], one.endsWith('Hash')))
  return name && invalid('engine', `${name} has no use with ${engine}, and must be empty`)
}

/** Nothing, or zero where there is always something. */
function isEmpty(value: ConsensusRecord[keyof ConsensusRecord], isHash: boolean): boolean {
  if (typeof value === 'number') return value === 0
  if (isHash && value instanceof Uint8Array) return value.every((byte) => byte === 0)
  return value.length === 0
}

function timeFault(
  { timestamp }: Header,
  { timeMs }: ConsensusRecord,
  { nowMs, futureMs }: RecordChecks,
): Extract<Verdict, { kind: 'too-early' }> | undefined {
  const goodMs = timestamp * 1_000n + BigInt(timeMs) - BigInt(futureMs)
  if (goodMs <= BigInt(nowMs)) return undefined
  return { kind: 'too-early', retryAtMs: Number(goodMs) }
}

function constantsFault(parent: Header, header: Header): Invalid | undefined {
  if (!equalBytes(header.ommersHash, emptyOmmersHash)) {
    return invalid('constants', 'there are no ommers here')
  }
  if (equalBytes(header.parentBeaconBlockRoot ?? new Uint8Array(), parent.extraData)) {
    return undefined
  }
  return invalid('constants', "parentBeaconBlockRoot is not the hash of the parent's record")
}
