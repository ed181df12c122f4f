/** Writes many logs as JSON text at once, byte by byte into one piece of memory. */

import { toHex } from '../../base/bytes.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { toQuantity } from './quantity.ts'
import type { PlacedLog } from './receipt-json.ts'

/** A log of a block. */
export interface FoundLog {
  readonly executed: ExecutedBlock
  readonly placed: PlacedLog
}

const ascii = (text: string) => Buffer.from(text, 'latin1')
const [begin, topicsBegin, between] = ['{"address":"0x', '","topics":[', ','].map(ascii)
const [topicBegin, topicEnd, dataBegin] = ['"0x', '"', '],"data":"0x'].map(ascii)
const end = ascii('","removed":false}')
/** The two digits of each byte. */
const digits = ascii(Uint8Array.from({ length: 256 }, (_, byte) => byte).toHex())
/** More than the fixed parts of a log, its address and its index take. */
const [fixedLength, topicLength] = [140, 70]

/** The text of the list that `logJson` would give, in the same order of fields. */
export function logsText(found: readonly FoundLog[]): string {
  const places = placesOf(found)
  const length = found.reduce((sum, { placed: { log } }, at) => {
    const own = topicLength * log.topics.length + 2 * log.data.length
    return sum + fixedLength + own + (places[at]?.length ?? 0)
  }, 2)
  const text = new AsciiText(length)
  text.put(ascii('['))
  for (const [at, { placed }] of found.entries()) {
    if (at > 0) text.put(between)
    putLog(text, placed, places[at])
  }
  text.put(ascii(']'))
  return text.toString()
}

function putLog(
  text: AsciiText,
  { log, logIndex }: PlacedLog,
  place: Uint8Array | undefined,
): void {
  text.put(begin)
  text.hex(log.address)
  text.put(topicsBegin)
  for (const [at, topic] of log.topics.entries()) {
    if (at > 0) text.put(between)
    text.put(topicBegin)
    text.hex(topic)
    text.put(topicEnd)
  }
  text.put(dataBegin)
  text.hex(log.data)
  text.put(place)
  text.put(ascii(logIndex.toString(16)))
  text.put(end)
}

/** What the logs of a transaction have alike, made once for each. */
function placesOf(found: readonly FoundLog[]): readonly Uint8Array[] {
  let last: FoundLog | undefined
  let place: Uint8Array = new Uint8Array()
  return found.map((one) => {
    const isSame = one.executed === last?.executed && one.placed.position === last.placed.position
    if (!isSame) place = ascii(placeText(one))
    last = one
    return place
  })
}

function placeText({ executed, placed }: FoundLog): string {
  const { block, transactionHashes } = executed
  const hash = transactionHashes[placed.position]
  const fields = JSON.stringify({
    blockNumber: toQuantity(block.header.number),
    transactionHash: hash ? toHex(hash) : null,
    transactionIndex: toQuantity(placed.position),
    blockHash: toHex(block.hash),
    blockTimestamp: toQuantity(block.header.timestamp),
  })
  return `",${fields.slice(1, -1)},"logIndex":"0x`
}

/** Text of ASCII characters that is written from its beginning to its end. */
class AsciiText {
  readonly #bytes: Buffer
  #at = 0

  constructor(length: number) {
    this.#bytes = Buffer.allocUnsafe(length)
  }

  put(text: Uint8Array | undefined): void {
    if (!text) return
    const { length } = text
    // A loop is faster than a copy where there is little to copy.
    if (length > 64) this.#bytes.set(text, this.#at)
    else for (let from = 0; from < length; from += 1) this.#bytes[this.#at + from] = text[from] ?? 0
    this.#at += length
  }

  hex(value: Uint8Array): void {
    const bytes = this.#bytes
    let at = this.#at
    for (const byte of value) {
      bytes[at] = digits[2 * byte] ?? 0
      bytes[at + 1] = digits[2 * byte + 1] ?? 0
      at += 2
    }
    this.#at = at
  }

  toString(): string {
    return this.#bytes.toString('latin1', 0, this.#at)
  }
}
