/** Describes the block that a joined chain begins on: what was before it is not here, and was proven to be final. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { readPieces } from '../store/piece-file.ts'
import type { ExecutedBlock } from './ledger/block.ts'
import { decodeHeader } from './ledger/block-codec.ts'
import { decodeRlp, encodeRlp } from './ledger/rlp.ts'
import { anyBytes, fields } from './ledger/rlp-shape.ts'
import type { Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import { openCheckpoint } from './state/trie-state.ts'

/** What is kept of the block and of what was before it. */
export interface ChainBase {
  /** RLP, as all that follows; the body is not here. */
  readonly header: Uint8Array
  readonly record: Uint8Array
  /** What follows from the chain up to the block, and up to its parent. */
  readonly derived: Uint8Array
  readonly parentDerived: Uint8Array
  /** That the block was decided. */
  readonly certificate: Uint8Array
  /** Of the blocks before it that code can ask for, oldest first, 32 bytes each; the parent's is the last. */
  readonly hashes: Uint8Array
  /** How it was proven, for others that trust the block which that begins with. */
  readonly proof: Uint8Array
}

/** Hashes of blocks that code can ask for (BLOCKHASH). */
export const hashesBefore = 256

const any = anyBytes(() => true)
const shape = fields<ChainBase>({
  ...{ header: any, record: any, derived: any, parentDerived: any, certificate: any },
  ...{ hashes: anyBytes((length) => length % 32 === 0), proof: any },
})

const remedy = 'remove the chain and join it again'

/** The file with the state after the block. */
export const baseFile = (folder: string) => path.join(folder, 'base.state')

/** The base in RLP. */
export function encodeBase(base: ChainBase): Uint8Array {
  return encodeRlp(shape.encode(base))
}

/** The opposite; @throws AppError `ledger/bad-rlp` */
export function decodeBase(bytes: Uint8Array): ChainBase {
  return shape.decode(decodeRlp(bytes, 16), 'the base of the chain')
}

/** The block, without its transactions and receipts. @throws AppError `ledger/bad-rlp` */
export function baseBlock({ header: encoded, record }: ChainBase): ExecutedBlock {
  const block = {
    ...{ header: decodeHeader(encoded), hash: keccak256(encoded), record },
    ...{ transactions: [], ommers: [], withdrawals: [] },
  }
  return { block, receipts: [], senders: [], transactionHashes: [] }
}

/** The hash of a block before the base, if it is kept. */
export function hashBefore(
  base: Pick<ChainBase, 'header' | 'hashes'>,
  number: bigint,
): Hash | undefined {
  const above = decodeHeader(base.header).number - number
  const at = base.hashes.length - 32 * Number(above)
  return above > 0n && at >= 0 ? base.hashes.slice(at, at + 32) : undefined
}

/** The state after the base. @throws AppError `chain/damaged-base` */
export function openBaseState(folder: string, root: Hash): State {
  const file = baseFile(folder)
  try {
    const source = readPieces(file, remedy)
    if (source === undefined) throw damaged(file, 'is missing')
    const { state } = openCheckpoint(source)
    if (equalBytes(state.root, root)) return state
    source.close()
    throw damaged(file, 'holds another state than the chain began with')
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'chain/damaged-base') throw error
    throw damaged(file, 'cannot be read', error)
  }
}

function damaged(file: string, reason: string, cause?: unknown): AppError {
  return new AppError({
    code: 'chain/damaged-base',
    message: `${file} ${reason}: ${remedy}`,
    cause,
  })
}
