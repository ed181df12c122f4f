/** Reads where the start of a chain can go on from: the state and the places of blocks that a checkpoint holds. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import type { Logger } from '../base/logger.ts'
import type { LogPosition } from '../store/block-log.ts'
import { type PieceReader, readPieces } from '../store/piece-file.ts'
import { BlockPlaces } from './block-places.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpInteger, rlpList, rlpNumber } from './ledger/rlp.ts'
import type { Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import { openCheckpoint } from './state/trie-state.ts'

/** Where a start goes on from. */
export interface Resumption {
  readonly number: bigint
  readonly hash: Hash
  /** State after the block. */
  readonly state: State
  readonly genesisRoot: Hash
  /** Place of the block's record in the log. */
  readonly position: LogPosition
  readonly index: BlockPlaces
  /** Size of the file. */
  readonly bytes: number
}

/** The file of a chain's folder that holds its checkpoint. */
export const checkpointFile = (folder: string) => path.join(folder, 'state.checkpoint')

/** A checkpoint's file; a damaged one is as good as none. */
export function readCheckpoint(file: string, logger: Logger): Resumption | undefined {
  let source: PieceReader | undefined
  try {
    source = readPieces(file)
    if (source === undefined) return undefined
    const { state, appendix } = openCheckpoint(source)
    const fields = rlpList(decodeRlp(appendix), 'the appendix', 5)
    const [number, hash, genesisRoot, position, index] = fields
    return {
      number: rlpNumber(number, 'number'),
      hash: rlpBytes(hash, 'hash', 32),
      genesisRoot: rlpBytes(genesisRoot, 'root', 32),
      position: Number(rlpNumber(position, 'position')),
      index: BlockPlaces.decode(rlpBytes(index, 'index')),
      ...{ state, bytes: source.bytes },
    }
  } catch (error) {
    source?.close()
    if (!(error instanceof AppError)) throw error
    logger.warn('the checkpoint of the state is left aside; the log is replayed', {
      ...{ file, error: error.message },
    })
    return undefined
  }
}

/** What a checkpoint's file holds of the chain. */
export function encodeResumption(
  { number, hash, genesisRoot, position }: Omit<Resumption, 'state' | 'index' | 'bytes'>,
  index: Uint8Array,
): Uint8Array {
  return encodeRlp([rlpInteger(number), hash, genesisRoot, rlpInteger(position), index])
}
