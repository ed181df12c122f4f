/** Finds and reads the pages of a state that lie in a checkpoint's file. */

import { AppError } from '../../../base/app-error.ts'
import type { PieceSource } from '../state.ts'
import { PieceCache } from './piece-cache.ts'

/** Key below the page 32 bytes, depth u32, length u32 of its reference, reference 32 bytes; then its position f64. */
export const pageHeadBytes = 72
export const pageEntryBytes = 80
/** A record of an account: its key, then first page u32 and count u32 of pages of its storage. */
export const accountRecordBytes = 112

/** Bytes of pages that are kept after they were read. */
const maxCachedBytes = 16 * 1024 * 1024

/** Pages of one file; those of slots come before those of accounts. */
export interface PageTable {
  readonly source: PieceSource
  readonly entries: Uint8Array
  readonly slotPages: number
}

interface OpenTable extends PageTable {
  /** Number of its first page. */
  readonly first: number
  readonly count: number
  readonly view: DataView
  readonly needsOlder: () => boolean
  /** Its pages by the numbers that they had in older files. */
  readonly moved: ReadonlyMap<number, number>
}

/** Files of older states that may be open at once; they take space on the disk. */
const maxOlderFiles = 4

/** Pages by number. Numbers go on from file to file; older files stay open while a kept state may need them. */
export class PageBook {
  /** Oldest first. */
  #tables: OpenTable[] = []
  readonly #cache = new PieceCache<number>(maxCachedBytes)

  /** Whether one more file can be open. */
  hasRoom(): boolean {
    this.#closeOlder()
    return this.#tables.length <= maxOlderFiles
  }

  /**
   * Makes a file the newest one and gives the number of its first page. The older files are closed some time after
   * `needsOlder` says that no kept state needs them. The caller fills in which pages the file has from older ones.
   */
  open(
    table: PageTable,
    needsOlder: () => boolean,
  ): { readonly first: number; readonly moved: Map<number, number> } {
    this.#closeOlder()
    forgotten.register(this, table.source)
    const { entries } = table
    const newest = this.#tables.at(-1)
    const first = newest ? newest.first + newest.count : 0
    const moved = new Map<number, number>()
    this.#tables.push({
      ...{ ...table, needsOlder, first, moved },
      count: entries.length / pageEntryBytes,
      view: new DataView(entries.buffer, entries.byteOffset, entries.length),
    })
    return { first, moved }
  }

  /** Numbers that a page of an older file has in the files after it. */
  *movedSince(page: number): Generator<number> {
    let at = page
    for (const { moved } of this.#tables) {
      const next = moved.get(at)
      if (next === undefined) continue
      yield next
      at = next
    }
  }

  /** The records of a page; storage pages of accounts have their numbers. */
  read(page: number): Uint8Array {
    const known = this.#cache.get(page)
    if (known) return known
    const table = this.#tableOf(page)
    const { source, view, first, slotPages } = table
    const place = page - first
    const bytes = source.read(view.getFloat64(place * pageEntryBytes + pageHeadBytes, true))
    if (place >= slotPages) shiftStorage(bytes, first)
    this.#cache.set(page, bytes)
    return bytes
  }

  /** What a page's node holds. */
  head(page: number): Uint8Array {
    const { entries, first } = this.#tableOf(page)
    const at = (page - first) * pageEntryBytes
    return entries.subarray(at, at + pageHeadBytes)
  }

  /** The last of some pages that does not begin after a key: the only one that may hold it. */
  pageOf(first: number, count: number, key: Uint8Array): number {
    let [low, high] = [first, first + count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.head(middle), key) <= 0) low = middle + 1
      else high = middle
    }
    return low > first ? low - 1 : first + count
  }

  #closeOlder(): void {
    const newest = this.#tables.findLastIndex(({ needsOlder }) => !needsOlder())
    if (newest <= 0) return
    for (const { source } of this.#tables.splice(0, newest)) source.close()
  }

  #tableOf(page: number): OpenTable {
    const table = this.#tables.findLast(({ first }) => page >= first)
    if (table && page < table.first + table.count) return table
    const message = 'the state of this block is not kept any more; ask for a later block'
    throw new AppError({ code: 'state/not-kept', message })
  }
}

/** Closes the files of states that nobody holds any more. */
const forgotten = new FinalizationRegistry<PieceSource>((source) => source.close())

/** In a file, pages are counted from its first. */
function shiftStorage(accounts: Uint8Array, first: number): void {
  const view = new DataView(accounts.buffer, accounts.byteOffset, accounts.length)
  for (let at = 32; at < accounts.length; at += accountRecordBytes) {
    if (view.getUint32(at + 4, true) > 0) {
      view.setUint32(at, view.getUint32(at, true) + first, true)
    }
  }
}

/** Order of the first 32 bytes. */
function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < 32; at += 1) {
    const order = (a[at] ?? 0) - (b[at] ?? 0)
    if (order !== 0) return order
  }
  return 0
}
