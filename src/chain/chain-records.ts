/** Encodes and decodes the records of a chain's log. */

import { type ChainBase, decodeBase, encodeBase } from './chain-base.ts'
import type { BlockHead, ExecutedBlock } from './ledger/block.ts'
import { decodeStoredHead, encodeExecutedBlock, storedBloom } from './ledger/block-codec.ts'
import {
  decodeRlp,
  encodeRlp,
  rlpBytes,
  rlpContent,
  rlpInteger,
  rlpList,
  rlpNumber,
  rlpPlaces,
  rlpStart,
} from './ledger/rlp.ts'
import type { Hash } from './ledger/transaction.ts'
import type { EncodedDifference } from './state/state.ts'

/** What stands first in a record. */
const [birth, block, rewind, change, base] = [0, 1, 2, 3, 4]

/** What a record of the log says. */
export type LogRecord =
  | { readonly kind: 'birth'; readonly key: Hash }
  | BlockRecord
  /** The chain went back to this block, and in old logs kept so many of the changes by hand after it; all if not said. */
  | { readonly kind: 'rewind'; readonly number: bigint; readonly changes: number | undefined }
  | { readonly kind: 'change'; readonly difference: EncodedDifference }
  /** The chain begins here, on a block whose body is not in it. */
  | { readonly kind: 'base'; readonly base: ChainBase }

/** A block with what it did; most of it is read only when somebody asks for it. */
export interface BlockRecord {
  readonly kind: 'block'
  /** The executed block, encoded. */
  readonly stored: Uint8Array
  readonly difference: EncodedDifference
  /** What follows from the chain up to it, encoded; only where blocks have records of consensus. */
  readonly derived?: Uint8Array | undefined
  /** That it was decided, and that its parent was, encoded; only where blocks are voted on. */
  readonly proofs?: Uint8Array | undefined
}

/** The record of a block. */
export function encodeBlockRecord(
  executed: ExecutedBlock,
  { difference, derived, proofs }: Omit<BlockRecord, 'kind' | 'stored'>,
): Uint8Array {
  const parts = [rlpInteger(block), encodeExecutedBlock(executed), difference]
  return encodeRlp([...parts, ...(derived ? [derived] : []), ...(proofs ? [proofs] : [])])
}

/** The record of all others; a chain that goes back keeps no changes by hand any more. */
export function encodeRecord(record: Exclude<LogRecord, BlockRecord>): Uint8Array {
  if (record.kind === 'birth') return encodeRlp([rlpInteger(birth), record.key])
  if (record.kind === 'change') return encodeRlp([rlpInteger(change), record.difference])
  if (record.kind === 'base') return encodeRlp([rlpInteger(base), encodeBase(record.base)])
  return encodeRlp([rlpInteger(rewind), rlpInteger(record.number)])
}

/** What a record says; a block's parts are views of the bytes. @throws AppError `ledger/bad-rlp` */
export function decodeRecord(payload: Uint8Array): LogRecord {
  const [kindAt = 0, storedAt = 0, differenceAt = 0, ...further] = rlpPlaces(payload, 0)
  if (payload[kindAt] === block) {
    return {
      ...{ kind: 'block', stored: rlpContent(payload, storedAt) },
      difference: rlpContent(payload, differenceAt),
      // The last place is the end.
      derived: further.length < 2 ? undefined : rlpContent(payload, further[0] as number),
      proofs: further.length < 3 ? undefined : rlpContent(payload, further[1] as number),
    }
  }
  const [kind, ...fields] = rlpList(decodeRlp(payload), 'the record')
  const known = Number(rlpNumber(kind, 'kind', 8))
  if (known === birth) return { kind: 'birth', key: rlpBytes(fields[0], 'the chain key', 32) }
  if (known === base) return { kind: 'base', base: decodeBase(rlpBytes(fields[0], 'the base')) }
  if (known === change) {
    return { kind: 'change', difference: rlpBytes(fields[0], 'the difference') }
  }
  const [number, kept] = fields
  return {
    ...{ kind: 'rewind', number: rlpNumber(number, 'number') },
    changes: kept && Number(rlpNumber(kept, 'changes')),
  }
}

/** The first bytes of a block's record that hold its header, unless that has long extra data. */
export const bloomBytes = 1_024

/** The bloom filter of a block from the first bytes of its record; `undefined` if that is another block. */
export function bloomOfRecord(beginning: Uint8Array, hash: Hash): Uint8Array | undefined {
  const kindAt = rlpStart(beginning, 0)
  if (beginning[kindAt] !== block) return undefined
  return storedBloom(beginning.subarray(rlpStart(beginning, kindAt + 1)), hash)
}

/** The head of a block's record, and the hashes of its transactions. @throws AppError `ledger/bad-rlp` */
export function headOf({ stored }: BlockRecord): BlockHead & {
  readonly transactionHashes: readonly Hash[]
} {
  return decodeStoredHead(stored)
}
