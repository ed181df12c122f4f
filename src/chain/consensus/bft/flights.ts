/** Holds blocks that are proposed and not decided yet: their parts as they come, and what is known of them. */

import { AppError } from '../../../base/app-error.ts'
import { concatBytes, equalBytes } from '../../../base/bytes.ts'
import { keccak256 } from '../../../crypto/keccak.ts'
import type { Hash } from '../../ledger/transaction.ts'
import type { Verdict } from '../consensus.ts'
import type { ProposalContent } from '../messages.ts'
import { type BlockPart, isPartOf } from '../parts.ts'
import { type ConsensusRecord, decodeRecord, recordHash } from '../record.ts'
import {
  decodeTravellingBlock,
  encodeCertificate,
  type TravellingBlock,
} from '../travelling-block.ts'

/** What a proposal promises of a block. */
type Promised = Pick<ProposalContent, 'value' | 'partsRoot' | 'partCount' | 'byteLength'>

/**
 * A block on its way to a decision. Two with the same value and other parts may be: whether a block is valid is a fact of
 * its hash, but bytes that a faulty proposer sends for that hash say nothing of it.
 */
export interface Flight {
  readonly promised: Promised
  readonly parts: ReadonlyMap<number, Uint8Array>
  /** The block that the value names, once it is there. */
  readonly arrived: ArrivedBlock | undefined
  /** All parts are there, and are not this block. */
  readonly isBroken: boolean
  /** It is being run. */
  readonly isChecking: boolean
  /** Absent until the block was run; that it is too early holds until then. */
  readonly verdict: Verdict | undefined
}

/** A block with all that it brings. */
export interface ArrivedBlock extends TravellingBlock {
  readonly bytes: Uint8Array
  readonly record: ConsensusRecord
}

/** Blocks that are held at a time. */
const mostFlights = 4

/** The flight that has the block of a value. */
export function arrivedFlight(flights: readonly Flight[], value: Hash): Flight | undefined {
  return flights.find(({ promised, arrived }) => arrived && equalBytes(promised.value, value))
}

/**
 * With room for a block that was proposed; the same where it is known. When there is no room, the oldest that is not
 * needed gives way; if all are needed nothing changes.
 */
export function expectBlock(
  flights: readonly Flight[],
  promised: Promised,
  isNeeded: (value: Hash) => boolean,
): readonly Flight[] {
  const isKnown = flights.some(
    (one) =>
      equalBytes(one.promised.value, promised.value) &&
      equalBytes(one.promised.partsRoot, promised.partsRoot),
  )
  if (isKnown || arrivedFlight(flights, promised.value)) return flights
  const { value, partsRoot, partCount, byteLength } = promised
  return withFlight(
    flights,
    {
      ...{ promised: { value, partsRoot, partCount, byteLength }, parts: new Map() },
      ...{ arrived: undefined, isBroken: false, isChecking: false, verdict: undefined },
    },
    isNeeded,
  )
}

/** With a block that is here as a whole. */
export function holdBlock(
  flights: readonly Flight[],
  flight: Flight,
  isNeeded: (value: Hash) => boolean,
): readonly Flight[] {
  const { value } = flight.promised
  const at = flights.findIndex(({ promised }) => equalBytes(promised.value, value))
  return at < 0 ? withFlight(flights, flight, isNeeded) : flights.with(at, flight)
}

/** With one more part; the same if it belongs to none, is wrong or known. */
export function takePart(flights: readonly Flight[], part: BlockPart): readonly Flight[] {
  const at = flights.findIndex(
    ({ promised, arrived, isBroken, parts }) =>
      !arrived && !isBroken && !parts.has(part.index) && isPartOf(part, promised),
  )
  const flight = flights[at]
  if (flight === undefined) return flights
  const parts = new Map(flight.parts).set(part.index, part.bytes)
  if (parts.size < flight.promised.partCount) return flights.with(at, { ...flight, parts })
  const whole = Array.from({ length: parts.size }, (_, index) => parts.get(index) as Uint8Array)
  const arrived = arrivedBlock(flight.promised.value, concatBytes(...whole))
  return flights.with(at, { ...flight, parts: new Map(), arrived, isBroken: !arrived })
}

/** With what is known of a block now, if anything; bytes that turned out to be another block's are broken. */
export function judge(
  flights: readonly Flight[],
  value: Hash,
  verdict: Verdict | 'not-this-block' | undefined,
): readonly Flight[] {
  return flights.map((one) => {
    if (!one.arrived || !equalBytes(one.promised.value, value)) return one
    const isBroken = verdict === 'not-this-block'
    if (isBroken) return { ...one, arrived: undefined, isBroken, isChecking: false }
    return { ...one, isChecking: false, verdict }
  })
}

/** With a block that is being run. */
export function checking(flights: readonly Flight[], value: Hash): readonly Flight[] {
  return flights.map((one) =>
    one.arrived && equalBytes(one.promised.value, value) ? { ...one, isChecking: true } : one,
  )
}

/** The block that bytes are, if it is the one of a value, with the record and the certificate that its hash covers. */
export function arrivedBlock(value: Hash, bytes: Uint8Array): ArrivedBlock | undefined {
  try {
    const { block, parentProof } = decodeTravellingBlock(bytes)
    const { hash, header, record: encoded } = block
    if (!equalBytes(hash, value) || !encoded) return undefined
    if (!equalBytes(header.extraData, recordHash(encoded))) return undefined
    const record = decodeRecord(encoded)
    const proofHash = parentProof ? keccak256(encodeCertificate(parentProof)) : new Uint8Array(32)
    if (!equalBytes(proofHash, record.parentProofHash)) return undefined
    return { block, parentProof, bytes, record }
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

function withFlight(
  flights: readonly Flight[],
  flight: Flight,
  isNeeded: (value: Hash) => boolean,
): readonly Flight[] {
  if (flights.length < mostFlights) return [...flights, flight]
  const spare = flights.findIndex((one) => !isNeeded(one.promised.value))
  return spare < 0 ? flights : [...flights.toSpliced(spare, 1), flight]
}
