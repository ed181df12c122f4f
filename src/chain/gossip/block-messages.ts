/** Encodes what nodes of a chain without votes say and ask: what they have, headers, and blocks. */

import { keccak256 } from '../../crypto/keccak.ts'
import type { SealedHeader } from '../consensus/consensus.ts'
import type { Block } from '../ledger/block.ts'
import { decodeBlock, decodeHeader, encodeHeader } from '../ledger/block-codec.ts'
import { decodeRlp, encodeRlp } from '../ledger/rlp.ts'
import { anyBytes, count, fields, fixedBytes, listOf, natural } from '../ledger/rlp-shape.ts'
import type { Hash } from '../ledger/transaction.ts'

/** Headers and blocks of one answer at most. */
export const [mostHeaders, mostBlocks] = [512, 128]

/** What a node says to have: it proves nothing, and chooses who is asked. */
export interface PeerStatus {
  readonly head: bigint
  readonly headHash: Hash
  readonly totalWork: bigint
  readonly final: bigint
  readonly finalHash: Hash
}

/** A question for headers: their first number, and how many. */
export interface HeadersQuestion {
  readonly from: bigint
  readonly count: number
}

const [hash, number, any] = [fixedBytes(32), natural(64), anyBytes(() => true)]
const status = fields<PeerStatus>({
  ...{ head: number, headHash: hash, totalWork: natural(256), final: number, finalHash: hash },
})
const headersQuestion = fields<HeadersQuestion>({ from: number, count: count(mostHeaders) })
const headers = listOf(
  fields<{ readonly header: Uint8Array; readonly record: Uint8Array }>({
    ...{ header: any, record: any },
  }),
  mostHeaders,
)
const hashes = listOf(hash, mostBlocks)
const blocks = listOf(any, mostBlocks)

/** The bytes of a status. */
export function encodeStatus(given: PeerStatus): Uint8Array {
  return encodeRlp(status.encode(given))
}

/** The opposite; @throws AppError `ledger/bad-rlp` */
export function decodeStatus(bytes: Uint8Array): PeerStatus {
  return status.decode(decodeRlp(bytes, 16), 'the status')
}

/** The bytes of a question for headers. */
export function encodeHeadersQuestion(question: HeadersQuestion): Uint8Array {
  return encodeRlp(headersQuestion.encode(question))
}

/** The opposite; @throws AppError `ledger/bad-rlp` */
export function decodeHeadersQuestion(bytes: Uint8Array): HeadersQuestion {
  return headersQuestion.decode(decodeRlp(bytes, 8), 'the question')
}

/** One header of an answer, encoded. */
export function headerEntry({ header, record = new Uint8Array() }: Omit<SealedHeader, 'hash'>) {
  return { header: encodeHeader(header), record }
}

/** The bytes of an answer: headers with their records. */
export function encodeHeaders(entries: readonly ReturnType<typeof headerEntry>[]): Uint8Array {
  return encodeRlp(headers.encode(entries))
}

/** The opposite; @throws AppError `ledger/bad-rlp` */
export function decodeHeaders(bytes: Uint8Array): readonly SealedHeader[] {
  const entries = headers.decode(decodeRlp(bytes, 4 * mostHeaders), 'the headers')
  return entries.map(({ header, record }) => ({
    ...{ header: decodeHeader(header), hash: keccak256(header) },
    ...(record.length > 0 && { record }),
  }))
}

/** The bytes of a question for blocks. */
export function encodeHashes(given: readonly Hash[]): Uint8Array {
  return encodeRlp(hashes.encode(given))
}

/** The opposite; @throws AppError `ledger/bad-rlp` */
export function decodeHashes(bytes: Uint8Array): readonly Hash[] {
  return hashes.decode(decodeRlp(bytes, 2 * mostBlocks), 'the hashes')
}

/** The bytes of an answer: blocks in their encoding, empty where one is not known. */
export function encodeBlocks(encoded: readonly Uint8Array[]): Uint8Array {
  return encodeRlp(blocks.encode(encoded))
}

/** The opposite, with `undefined` for what is not known; @throws AppError `ledger/bad-rlp`, `ledger/bad-transaction` */
export function decodeBlocks(bytes: Uint8Array): readonly (() => Block | undefined)[] {
  const encoded = blocks.decode(decodeRlp(bytes, 2 * mostBlocks), 'the blocks')
  // Each when it is its turn: all together may take long.
  return encoded.map((one) => () => (one.length > 0 ? decodeBlock(one) : undefined))
}
