/** Writes a chain's blocks to its log and finds them again by number, hash and transaction. */

import path from 'node:path'
import { equalBytes } from '../base/bytes.ts'
import type { Logger } from '../base/logger.ts'
import { type BlockLog, firstPosition, type LogPosition, openBlockLog } from '../store/block-log.ts'
import { BlockCache } from './block-cache.ts'
import { BlockPlaces } from './block-places.ts'
import type { TransactionPlace } from './chain.ts'
import { baseBlock, type ChainBase } from './chain-base.ts'
import {
  type BlockRecord,
  bloomBytes,
  bloomOfRecord,
  decodeRecord,
  encodeBlockRecord,
  encodeRecord,
  headOf,
  type LogRecord,
} from './chain-records.ts'
import type { BlockHead, ExecutedBlock, LoggedBlock } from './ledger/block.ts'
import { decodeExecutedBlock, decodeLoggedBlock } from './ledger/block-codec.ts'
import type { Hash } from './ledger/transaction.ts'
import type { Resumption } from './resumption.ts'
import type { EncodedDifference } from './state/state.ts'
import { otherChain } from './stored-manifest.ts'

/** Blocks that left the chain and are remembered at a start: more than a reorganisation takes back. */
const mostLeft = 2_048

/** Hears what the log holds while it is read. */
export interface ReplayListener {
  /** What follows comes after the chain's first block. */
  begin(): void
  /** What follows comes after the block of the resumption; `undefined` if that is the chain's first. */
  resume(block: BlockHead | undefined): void
  block(block: BlockHead, difference: EncodedDifference): void
  /** The chain went back to this block, and in old logs kept so many of the changes by hand after it; all if not said. */
  rewind(number: bigint, changes: number | undefined): void
  /** The state after the head was changed by hand. */
  change(difference: EncodedDifference): void
  /** The chain begins on this block, whose state is in a file of its own. */
  base?(base: ChainBase): void
}

/** The blocks of one chain, those that left it left out. */
export interface ChainLog {
  /** @param parts - what the block did, and what follows from the chain up to it, encoded, where blocks have records */
  append(executed: ExecutedBlock, parts: Omit<BlockRecord, 'kind' | 'stored'>): Promise<void>
  /** Keeps a change by hand of the state after the head. */
  appendChange(difference: EncodedDifference): Promise<void>
  /** Goes back to a block; those above it leave the chain, and stay in the log. */
  rewindTo(number: bigint): Promise<void>
  /** Goes back to a block, and to how the log was when it had this end: what came later is forgotten. */
  cutTo(number: bigint, end: LogPosition): Promise<void>
  byNumber(number: bigint): ExecutedBlock | undefined
  /** A block as far as its logs need it; `undefined` also for one of whose bloom filter `mayHold` says no. */
  loggedBlock(number: bigint, mayHold: (bloom: Uint8Array) => boolean): LoggedBlock | undefined
  /** Blocks that had left the chain when the log was opened, the newest of them, in the order in which they came. */
  left(): readonly ExecutedBlock[]
  /** What the chain begins on, unless that is its first block. */
  base(): ChainBase | undefined
  /** What a block did to the state. */
  differenceOf(number: bigint): EncodedDifference | undefined
  /** What follows from the chain up to a block, encoded. */
  derivedOf(number: bigint): Uint8Array | undefined
  /** That a block and its parent were decided, encoded. */
  proofsOf(number: bigint): Uint8Array | undefined
  hashOf(number: bigint): Hash | undefined
  numberOf(hash: Hash): bigint | undefined
  findTransaction(hash: Hash): TransactionPlace | undefined
  /** Where a block's record lies, and where the next record will. */
  positionOf(number: bigint): LogPosition | undefined
  end(): LogPosition
  /** The end of the log when the chain was born. */
  birthEnd(): LogPosition
  /** What finds blocks up to this one, and their transactions. */
  encodeIndex(number: bigint): Uint8Array
  close(): Promise<void>
}

/**
 * Opens or creates the log of a chain.
 *
 * @throws AppError `chain/manifest-differs` when the folder holds another chain, and what the block log throws
 */
export async function openChainLog(options: {
  readonly folder: string
  /** The chain's. */
  readonly key: Hash
  readonly logger: Logger
  readonly listener: ReplayListener
  /** Memory for blocks that were read; default 256 MiB. */
  readonly cacheBytes?: number | undefined
  /** A block after which the log is read, if it is there. */
  readonly resumption?: Pick<Resumption, 'position' | 'hash' | 'index'> | undefined
  /** Opens the file; the machine's own disk unless given. */
  readonly open?: typeof openBlockLog
}): Promise<ChainLog> {
  const { folder, key, logger, listener, resumption, open = openBlockLog } = options
  let index = new BlockPlaces()
  const left: LogPosition[] = []
  let born = false
  let begun = false
  const begin = () => {
    if (!begun) listener.begin()
    begun = true
  }
  const log = await open({
    path: path.join(folder, 'blocks.log'),
    ...(resumption && {
      resume: {
        position: resumption.position,
        accepts: (payload) => {
          const record = decodeRecord(payload)
          const block = beginningIn(record)
          // For the first block of a chain there is only the record of its birth.
          const isThere = block ? equalBytes(block.hash, resumption.hash) : record.kind === 'birth'
          if (!isThere) return false
          index = resumption.index
          begun = true
          listener.resume(block)
          return true
        },
      },
    }),
    cut: (bytes) => logger.warn('an unfinished record was cut off', { folder, bytes }),
    visit: (payload, position) => {
      const record = decodeRecord(payload)
      if (record.kind === 'birth') {
        born = true
        begin()
        if (!equalBytes(record.key, key)) throw otherChain(folder, 'manifest.json')
      } else if (record.kind === 'rewind') {
        left.push(...index.positionsAbove(record.number))
        left.splice(0, left.length - mostLeft)
        index.cut(record.number)
        listener.rewind(record.number, record.changes)
      } else if (record.kind === 'change') listener.change(record.difference)
      else if (record.kind === 'base') {
        index.add({ ...baseBlock(record.base).block, transactionHashes: [] }, position)
        listener.base?.(record.base)
      } else {
        const block = headOf(record)
        index.add(block, position)
        listener.block(block, record.difference)
      }
    },
  })
  begin()
  if (!born) await log.append(encodeRecord({ kind: 'birth', key }))
  return logOver(log, { index, left, cache: new BlockCache(options.cacheBytes) })
}

/** What is known of what a log holds. */
interface LogKnowledge {
  readonly index: BlockPlaces
  /** Where blocks lie that had left the chain. */
  readonly left: readonly LogPosition[]
  readonly cache: BlockCache
}

/** The block that a record holds, if it holds one. */
function beginningIn(record: LogRecord): BlockHead | undefined {
  if (record.kind === 'base') return baseBlock(record.base).block
  return record.kind === 'block' ? headOf(record) : undefined
}

function logOver(log: BlockLog, { index, left, cache }: LogKnowledge): ChainLog {
  const { byNumber, loggedBlock } = blockReader(log, index, cache)
  const anyOf = (number: bigint) => {
    const position = index.positionOf(number)
    return position === undefined ? undefined : decodeRecord(log.read(position))
  }
  const recordOf = (number: bigint) => {
    const record = anyOf(number)
    return record?.kind === 'block' ? record : undefined
  }
  const baseOf = (number: bigint) => {
    const record = anyOf(number)
    return record?.kind === 'base' ? record.base : undefined
  }
  const first = index.first()
  const base = first === undefined ? undefined : baseOf(first)
  return {
    async append(executed, parts) {
      const record = encodeBlockRecord(executed, parts)
      const position = await log.append(record)
      cache.keep(position, executed, record.length)
      const { block, transactionHashes } = executed
      index.add({ ...block, transactionHashes }, position)
    },
    async appendChange(difference) {
      await log.append(encodeRecord({ kind: 'change', difference }))
    },
    async rewindTo(number) {
      await log.append(encodeRecord({ kind: 'rewind', number, changes: undefined }))
      index.cut(number)
    },
    async cutTo(number, end) {
      index.cut(number)
      cache.cut(end)
      await log.cutTo(end)
    },
    byNumber,
    loggedBlock,
    left: () =>
      left.flatMap((position) => {
        const record = decodeRecord(log.read(position))
        return record.kind === 'block' ? decodeExecutedBlock(record.stored) : []
      }),
    differenceOf: (number) => recordOf(number)?.difference,
    base: () => base,
    derivedOf: (number) => recordOf(number)?.derived ?? baseOf(number)?.derived,
    proofsOf: (number) => recordOf(number)?.proofs,
    hashOf: (number) => index.hashOf(number),
    numberOf: (hash) => index.numberOf(hash),
    findTransaction(hash) {
      const place = index.placeOf(hash, (number, position) => {
        const known = byNumber(number)?.transactionHashes[position]
        return known !== undefined && equalBytes(known, hash)
      })
      const executed = place && byNumber(place.number)
      return executed && { executed, position: place.position }
    },
    positionOf: (number) => index.positionOf(number),
    end: () => log.end(),
    birthEnd: () => log.behind(firstPosition),
    encodeIndex: (number) => index.encode(number),
    close: () => log.close(),
  }
}

/** Reads blocks, those that are not in memory from the log. */
function blockReader(
  log: BlockLog,
  index: BlockPlaces,
  cache: BlockCache,
): Pick<ChainLog, 'byNumber' | 'loggedBlock'> {
  const storedAt = (position: LogPosition) => {
    const record = decodeRecord(log.read(position))
    return record.kind === 'block' ? record.stored : undefined
  }
  return {
    byNumber(number) {
      const position = index.positionOf(number)
      if (position === undefined) return undefined
      const known = cache.executed(position)
      if (known) return known
      const stored = storedAt(position)
      if (stored === undefined) return undefined
      const executed = decodeExecutedBlock(stored)
      cache.keep(position, executed, stored.length)
      return executed
    },
    loggedBlock(number, mayHold) {
      const position = index.positionOf(number)
      const hash = index.hashOf(number)
      if (position === undefined || hash === undefined) return undefined
      const known = cache.logged(position)
      if (known) return known
      const bloom = bloomOfRecord(log.peek(position, bloomBytes), hash)
      if (bloom && !mayHold(bloom)) return undefined
      const stored = storedAt(position)
      if (stored === undefined) return undefined
      const logged = decodeLoggedBlock(stored)
      // Its parts are views of the whole record.
      cache.keep(position, logged, stored.buffer.byteLength)
      return logged
    },
  }
}

/**
 * Reads all that a chain's folder has kept, oldest first, without opening the chain.
 *
 * @throws what the block log throws
 */
export async function readChainRecords(
  folder: string,
  visit: (record: LogRecord) => Promise<void>,
  cut: (bytes: number) => void,
): Promise<void> {
  const log = await openBlockLog({
    path: path.join(folder, 'blocks.log'),
    cut,
    visit: (payload) => visit(decodeRecord(payload)),
  })
  await log.close()
}
