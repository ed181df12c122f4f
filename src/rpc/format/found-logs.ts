/** Collects logs as bytes, and writes them as JSON text, piece by piece. */

import { toHex } from '../../base/bytes.ts'
import type { LoggedBlock } from '../../chain/ledger/block.ts'
import { LogCursor } from '../../chain/ledger/log-list.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { WrittenJson } from '../envelope/written-text.ts'
import { AsciiText } from './ascii-text.ts'
import { toQuantity } from './quantity.ts'

/** Texts that the logs of a block have in common: before and after the hash of the transaction and its position. */
interface BlockText {
  readonly of: LoggedBlock['block']
  readonly beforeHash: string
  readonly afterPosition: string
}

/** Logs of one transaction, one after the other. */
interface Group {
  readonly block: BlockText
  readonly position: number
  readonly hash: Hash | undefined
  count: number
}

/** Encodings of logs, one after the other. */
interface Chunk {
  readonly bytes: Uint8Array
  used: number
}

const ascii = (text: string) => Buffer.from(text, 'latin1')
const [begin, topicsBegin, between] = ['{"address":"0x', '","topics":[', ','].map(ascii)
const [topicBegin, topicEnd, dataBegin] = ['"0x', '"', '],"data":"0x'].map(ascii)
const [listBegin, end, listEnd] = ['[', '","removed":false}', ']'].map(ascii)
/** Characters of a log without topics and data, and without what is alike in a transaction. */
const bareLength = [begin, topicsBegin, dataBegin, end].reduce(
  (sum, part) => sum + (part?.length ?? 0),
  40,
)
const positionBegin = '","transactionIndex":"0x'
/** Characters of a topic with the comma before it, and of the hash of a transaction. */
const [topicLength, hashLength] = [69, 66]
/** Bytes of the first chunk and of the largest. */
const [firstChunk, mostChunk] = [16 * 1024, 1024 * 1024]
/** Characters of a piece, and more than a log can have less than it is taken to have. */
const [pieceLength, slack] = [256 * 1024, 512]

/** Logs in the order in which they were found: a list of what `logJson` gives, as text. */
export class FoundLogs extends WrittenJson {
  readonly #chunks: Chunk[] = []
  readonly #groups: Group[] = []
  readonly #logIndexes: number[] = []
  #length = 2
  /** Characters of all data. */
  #dataLength = 0

  override get length(): number {
    return this.#length
  }

  get count(): number {
    return this.#logIndexes.length
  }

  get dataLength(): number {
    return this.#dataLength
  }

  /** Takes the log on which the cursor stands, of the transaction at a position. */
  add(from: LoggedBlock, position: number, cursor: LogCursor, logIndex: number): void {
    const group = this.#groupOf(from, position)
    const { beforeHash, afterPosition } = group.block
    this.#length += bareLength + topicLength * cursor.topicCount + 2 * cursor.dataLength
    if (cursor.topicCount > 0) this.#length -= 1
    this.#length += beforeHash.length + hashLength + positionBegin.length + afterPosition.length
    this.#length += hexDigits(position) + hexDigits(logIndex)
    if (this.count > 0) this.#length += 1
    this.#dataLength += 2 * cursor.dataLength
    group.count += 1
    this.#logIndexes.push(logIndex)
    const { bytes, start, end: last } = cursor
    const chunk = this.#roomFor(last - start)
    chunk.bytes.set(bytes.subarray(start, last), chunk.used)
    chunk.used += last - start
  }

  override *pieces(): Generator<Uint8Array> {
    const text = new AsciiText(Math.min(pieceLength, this.#length + slack))
    text.put(listBegin)
    const logs = this.#stored()
    let written = 0
    for (const group of this.#groups) {
      const place = ascii(placeText(group))
      for (let left = group.count; left > 0; left -= 1) {
        const cursor = logs.next().value
        if (!cursor) return
        const most = bareLength + topicLength * 4 + 2 * cursor.dataLength + place.length + 16
        if (most > text.room) yield text.take(most)
        if (written > 0) text.put(between)
        putLog(text, cursor, place)
        text.put(ascii((this.#logIndexes[written] ?? 0).toString(16)))
        text.put(end)
        written += 1
      }
    }
    text.put(listEnd)
    yield text.take(0)
  }

  /** Stands on each log that was taken. */
  *#stored(): Generator<LogCursor, undefined> {
    const cursor = new LogCursor()
    for (const { bytes, used } of this.#chunks) {
      cursor.walk(bytes, 0, used)
      while (cursor.next()) yield cursor
    }
  }

  #groupOf({ block, transactionHashes }: LoggedBlock, position: number): Group {
    const last = this.#groups.at(-1)
    const isSameBlock = last?.block.of === block
    if (isSameBlock && last.position === position) return last
    // A copy: what was read of a block may be a view of all of it.
    const hash = transactionHashes[position]?.slice()
    const shared = isSameBlock ? last.block : blockText(block)
    const group = { block: shared, position, hash, count: 0 }
    this.#groups.push(group)
    return group
  }

  #roomFor(length: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last && last.bytes.length - last.used >= length) return last
    const usual = last ? Math.min(mostChunk, 2 * last.bytes.length) : firstChunk
    const chunk = { bytes: new Uint8Array(Math.max(length, usual)), used: 0 }
    this.#chunks.push(chunk)
    return chunk
  }
}

function putLog(text: AsciiText, cursor: LogCursor, place: Uint8Array): void {
  const { bytes, address, topicCount, data } = cursor
  text.put(begin)
  text.hex(bytes, address, address + 20)
  text.put(topicsBegin)
  for (let at = 0; at < topicCount; at += 1) {
    if (at > 0) text.put(between)
    text.put(topicBegin)
    const topic = cursor.topic(at)
    text.hex(bytes, topic, topic + 32)
    text.put(topicEnd)
  }
  text.put(dataBegin)
  text.hex(bytes, data, cursor.end)
  text.put(place)
}

function blockText(block: LoggedBlock['block']): BlockText {
  const { number, timestamp } = block.header
  const later = JSON.stringify({
    blockHash: toHex(block.hash),
    blockTimestamp: toQuantity(timestamp),
  }).slice(1, -1)
  return {
    of: block,
    beforeHash: `","blockNumber":"${toQuantity(number)}","transactionHash":"`,
    afterPosition: `",${later},"logIndex":"0x`,
  }
}

/** What the logs of a transaction have alike, between data and index. */
function placeText({ block, position, hash }: Group): string {
  const shown = toHex(hash ?? new Uint8Array(32))
  return `${block.beforeHash}${shown}${positionBegin}${position.toString(16)}${block.afterPosition}`
}

function hexDigits(value: number): number {
  return value === 0 ? 1 : (35 - Math.clz32(value)) >> 2
}
