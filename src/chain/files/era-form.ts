/**
 * The form of era1 files: e2store entries with header, body, receipts and total difficulty of each block, in groups of up
 * to 8,192 blocks that each end with an accumulator and an index.
 */

import { concatBytes } from '../../base/bytes.ts'
import { sha256 } from '../../crypto/sha256.ts'
import type { Block, ExecutedBlock } from '../ledger/block.ts'
import {
  decodeBlock,
  encodeBlock,
  encodeHeader,
  encodeReceipt,
  maxBlockValues,
} from '../ledger/block-codec.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpList } from '../ledger/rlp.ts'
import { type BlockForm, type BlockWriter, maxEntryBytes, orBad } from './block-form.ts'
import type { ByteSource } from './byte-source.ts'
import { unwrapFrames, wrapFrames } from './snappy-frames.ts'

/** Types of entries. */
const entry = {
  ...{ version: 0x3265, header: 0x03, body: 0x04, receipts: 0x05, totalDifficulty: 0x06 },
  ...{ accumulator: 0x07, index: 0x3266 },
} as const

/** Blocks of a group; each begins at a multiple of this. */
const groupBlocks = 8_192n
/** Type, length and two bytes that are zero. */
const headBytes = 8

export const eraForm: BlockForm = {
  async *read(source) {
    let header: RlpValue | undefined
    for (;;) {
      const head = await source.peek(headBytes)
      if (head.length === 0) return
      const at = source.position
      const { type, length } = headOf(await source.take(headBytes))
      if (length > maxEntryBytes) throw source.bad(`an entry of ${length} bytes is too large`, at)
      const content = await source.take(length)
      if (type === entry.header) header = unwrapped(source, at, content)
      else if (type === entry.body) {
        const body = unwrapped(source, at, content)
        yield { kind: 'block', block: orBad(source, at, () => blockOf(header, body)) }
        header = undefined
      } else if (type === entry.index) yield { kind: 'whole', at: source.position }
    }
  },
  writer: (at, totalDifficulty) => new EraWriter(at, totalDifficulty()),
}

/** A group that is being written. */
class EraWriter implements BlockWriter {
  #at: number
  #totalDifficulty: bigint
  #firstNumber = 0n
  /** Where each block of the group begins. */
  #places: number[] = []
  #records: Uint8Array[] = []

  constructor(at: number, totalDifficulty: bigint) {
    this.#at = at
    this.#totalDifficulty = totalDifficulty
  }

  write({ block, receipts }: ExecutedBlock): Uint8Array {
    const { header } = block
    const version = this.#places.length === 0 ? [entryOf(entry.version, new Uint8Array())] : []
    if (version.length > 0) this.#firstNumber = header.number
    this.#totalDifficulty += header.difficulty
    const difficulty = littleEndian(this.#totalDifficulty, 32)
    this.#places.push(this.#at + version.reduce((sum, { length }) => sum + length, 0))
    this.#records.push(sha256(concatBytes(block.hash, difficulty)))
    const written = concatBytes(
      ...version,
      entryOf(entry.header, wrapFrames(encodeHeader(header))),
      entryOf(entry.body, wrapFrames(encodeRlp(bodyOf(block)))),
      entryOf(entry.receipts, wrapFrames(encodeRlp(receipts.map(receiptValue)))),
      entryOf(entry.totalDifficulty, difficulty),
    )
    this.#at += written.length
    const isLast = (header.number + 1n) % groupBlocks === 0n
    return isLast ? concatBytes(written, this.finish()) : written
  }

  /** Accumulator and index of the group, if there is one. */
  finish(): Uint8Array {
    if (this.#places.length === 0) return new Uint8Array()
    const accumulator = entryOf(entry.accumulator, accumulatorOf(this.#records))
    const indexAt = this.#at + accumulator.length
    const numbers = [
      this.#firstNumber,
      ...this.#places.map((place) => BigInt(place - indexAt)),
      BigInt(this.#places.length),
    ]
    const index = numbers.map((one) => littleEndian(BigInt.asUintN(64, one), 8))
    const written = concatBytes(accumulator, entryOf(entry.index, concatBytes(...index)))
    this.#at += written.length
    this.#places = []
    this.#records = []
    return written
  }
}

function headOf(head: Uint8Array): { type: number; length: number } {
  const view = new DataView(head.buffer, head.byteOffset, headBytes)
  return { type: view.getUint16(0, true), length: view.getUint32(2, true) }
}

function entryOf(type: number, content: Uint8Array): Uint8Array {
  return concatBytes(
    littleEndian(BigInt(type), 2),
    littleEndian(BigInt(content.length), 4),
    new Uint8Array(2),
    content,
  )
}

function unwrapped(source: ByteSource, at: number, content: Uint8Array): RlpValue {
  return orBad(source, at, () => decodeRlp(unwrapFrames(content, maxEntryBytes), maxBlockValues))
}

function blockOf(header: RlpValue | undefined, body: RlpValue): Block {
  const parts = rlpList(body, 'the body')
  return decodeBlock(encodeRlp([rlpList(header, 'the header of a body'), ...parts]))
}

/** What stands behind the header in a block's encoding. */
function bodyOf(block: Block): RlpValue {
  return rlpList(decodeRlp(encodeBlock(block)), 'the block').slice(1)
}

/** A receipt in a list: a legacy one is a list itself, a typed one a string (EIP-2718). */
function receiptValue(receipt: ExecutedBlock['receipts'][number]): RlpValue {
  const bytes = encodeReceipt(receipt)
  return receipt.type === 0 ? decodeRlp(bytes) : bytes
}

/** SSZ root of a list of at most 8,192 records, of which the roots are given. */
function accumulatorOf(records: readonly Uint8Array[]): Uint8Array {
  let level = records
  let empty: Uint8Array = new Uint8Array(32)
  for (let width = Number(groupBlocks); width > 1; width /= 2) {
    const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, at) =>
      sha256(concatBytes(level[2 * at] ?? empty, level[2 * at + 1] ?? empty)),
    )
    empty = sha256(concatBytes(empty, empty))
    level = pairs
  }
  return sha256(concatBytes(level[0] ?? empty, littleEndian(BigInt(records.length), 32)))
}

function littleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let rest = value
  for (let at = 0; at < length; at += 1) {
    bytes[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}
