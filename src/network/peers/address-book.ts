/** Keeps the addresses of peers that were learned, within bounds. */

import { toHex } from '../../base/bytes.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList, rlpNumber } from '../../chain/ledger/rlp.ts'
import type { Ban, PeerId } from '../network.ts'
import { peerIdBytes } from '../node-identity.ts'
import { type AddressRecord, readRecord } from './address-record.ts'

/** What is known of a peer that is not linked, or was. */
export interface BookEntry {
  readonly record: AddressRecord
  /** Who told it; absent for itself. */
  readonly source?: PeerId | undefined
  /** When it was last linked, in ms; 0 for never. */
  readonly linkedMs: number
  /** Attempts in a row that led nowhere. */
  readonly failures: number
}

const mostEntries = 1_024
/** Entries that one peer may have told, so that none fills the book with its own. */
const mostOfSource = 64

export class AddressBook {
  readonly #entries = new Map<PeerId, BookEntry>()

  get size(): number {
    return this.#entries.size
  }

  get(id: PeerId): BookEntry | undefined {
    return this.#entries.get(id)
  }

  entries(): Iterable<BookEntry> {
    return this.#entries.values()
  }

  /** Puts a record in, unless a newer one is there or there is no room for it; says whether it is news. */
  learn(record: AddressRecord, source?: PeerId): boolean {
    const known = this.#entries.get(record.id)
    if (known !== undefined) {
      if (known.record.sequence >= record.sequence) return false
      this.#entries.set(record.id, { ...known, record, failures: 0 })
      return true
    }
    if (source !== undefined && this.#toldBy(source) >= mostOfSource) return false
    if (this.#entries.size >= mostEntries && !this.#makeRoom()) return false
    this.#entries.set(record.id, { record, source, linkedMs: 0, failures: 0 })
    return true
  }

  /** Notes that a peer was linked. */
  linked(id: PeerId, nowMs: number): void {
    this.#change(id, { linkedMs: nowMs, failures: 0 })
  }

  /** Notes an attempt that led nowhere. */
  failed(id: PeerId): void {
    this.#change(id, { failures: (this.#entries.get(id)?.failures ?? 0) + 1 })
  }

  forget(id: PeerId): void {
    this.#entries.delete(id)
  }

  /** Records of peers that were linked once, at most `count`, beginning anywhere. */
  sample(count: number, chance: number): readonly AddressRecord[] {
    const linked = [...this.#entries.values()].filter(({ linkedMs }) => linkedMs > 0)
    const start = Math.floor(chance * linked.length)
    return [...linked.slice(start), ...linked.slice(0, start)]
      .slice(0, count)
      .map(({ record }) => record)
  }

  #change(id: PeerId, change: Partial<BookEntry>): void {
    const entry = this.#entries.get(id)
    if (entry) this.#entries.set(id, { ...entry, ...change })
  }

  #toldBy(source: PeerId): number {
    return [...this.#entries.values()].filter((entry) => entry.source === source).length
  }

  /** Forgets who failed most often, if anybody failed. */
  #makeRoom(): boolean {
    const [worst] = [...this.#entries.values()].sort(
      (a, b) => b.failures - a.failures || a.linkedMs - b.linkedMs,
    )
    return worst !== undefined && worst.failures > 0 && this.#entries.delete(worst.record.id)
  }
}

/** RLP [[[record, linked], …], [[id, until, reason], …]]. */
export function encodeBook(book: AddressBook, bans: readonly Ban[]): Uint8Array {
  const entries = [...book.entries()].map(({ record, linkedMs }) => [record.bytes, linkedMs])
  const words = new TextEncoder()
  const away = bans.map(({ id, untilMs, reason }) => [
    ...[peerIdBytes(id), Math.ceil(untilMs), words.encode(reason)],
  ])
  return encodeRlp([entries, away])
}

/** @throws AppError `ledger/bad-rlp`, `network/bad-record` */
export function decodeBook(bytes: Uint8Array): { book: AddressBook; bans: readonly Ban[] } {
  const [entries, away] = rlpList(decodeRlp(bytes, 100_000), 'book', 2)
  const book = new AddressBook()
  for (const one of rlpList(entries, 'entries')) {
    const [record, linkedMs] = rlpList(one, 'entry', 2)
    const read = readRecord(rlpBytes(record, 'record'))
    book.learn(read)
    const linked = Number(rlpNumber(linkedMs, 'linked', 48))
    if (linked > 0) book.linked(read.id, linked)
  }
  const bans = rlpList(away, 'bans').map((one) => {
    const [id, untilMs, reason] = rlpList(one, 'ban', 3)
    return {
      id: toHex(rlpBytes(id, 'id', 32)).slice(2),
      untilMs: Number(rlpNumber(untilMs, 'until', 48)),
      reason: new TextDecoder().decode(rlpBytes(reason, 'reason')),
    }
  })
  return { book, bans }
}
