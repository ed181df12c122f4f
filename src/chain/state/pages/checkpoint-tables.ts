/** Encodes and decodes the last piece of a checkpoint's file: where everything else lies. */

import { AppError } from '../../../base/app-error.ts'
import { concatBytes } from '../../../base/bytes.ts'
import type { Hash } from '../../ledger/transaction.ts'
import { type CodePositions, decodePositions, encodePositions } from './code-book.ts'
import { pageEntryBytes } from './page-book.ts'

/** What the last piece holds. */
export interface CheckpointTables {
  readonly root: Hash
  readonly slotPages: number
  /** Entries of all pages; those of accounts come last. */
  readonly pages: Uint8Array
  readonly codes: CodePositions
  /** What the caller added. */
  readonly appendix: Uint8Array
}

/** Version u32, root 32 bytes, then u32: pages of slots, bytes of page entries, bytes of the codes' table. */
const headBytes = 4 + 32 + 3 * 4
const version = 1

/** The last piece. */
export function encodeTables({ root, slotPages, pages, codes, appendix }: CheckpointTables) {
  const positions = encodePositions(codes)
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, version)
  head.set(root, 4)
  view.setUint32(36, slotPages)
  view.setUint32(40, pages.length)
  view.setUint32(44, positions.length)
  return concatBytes(head, pages, positions, appendix)
}

/** @throws AppError `state/newer-checkpoint` */
export function decodeTables(bytes: Uint8Array): CheckpointTables {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < headBytes || view.getUint32(0) !== version) {
    const message = 'the checkpoint of the state was written by a later version of the program'
    throw new AppError({ code: 'state/newer-checkpoint', message })
  }
  const pagesEnd = headBytes + view.getUint32(40)
  const codesEnd = pagesEnd + view.getUint32(44)
  return {
    root: bytes.slice(4, 36),
    slotPages: view.getUint32(36),
    pages: bytes.slice(headBytes, pagesEnd),
    codes: decodePositions(bytes.subarray(pagesEnd, codesEnd)),
    appendix: bytes.slice(codesEnd),
  }
}

/** How many pages of accounts there are. */
export function accountPages({ pages, slotPages }: CheckpointTables): number {
  return pages.length / pageEntryBytes - slotPages
}
