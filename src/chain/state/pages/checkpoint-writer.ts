/** Writes a version of the state as pages of a file, and then lets memory do without them. */

import type { Hash } from '../../ledger/transaction.ts'
import type { PieceSource, StateCheckpoint } from '../state.ts'
import { type Node, nodeKinds, type Subtree, type TrieKernel } from '../versions/trie-kernel.ts'
import type { Version } from '../versions/version.ts'
import { encodeTables } from './checkpoint-tables.ts'
import type { CodeBook, CodePositions } from './code-book.ts'
import { accountRecordBytes, type PageBook, pageEntryBytes, pageHeadBytes } from './page-book.ts'

/** What a state keeps in memory and in files. */
export interface StateParts {
  readonly kernel: TrieKernel
  readonly pages: PageBook
  readonly codes: CodeBook
}

/** A page in the file that is written. */
interface WrittenPage extends Subtree {
  readonly entry: Uint8Array
  /** Where its subtree begins in memory; 0 if it does not. */
  readonly node: Node
  /** Its number in the file before. */
  readonly before: number | undefined
}

/** Leaves of a subtree that fit a page. */
interface Found extends Subtree {
  readonly node: Node
  readonly head: Uint8Array
  readonly records: Uint8Array
  readonly before: number | undefined
}

type Append = (piece: Uint8Array) => number

/** Begins a checkpoint of a version, which must not be dropped before `end`. */
export function beginCheckpoint(
  parts: StateParts,
  version: Version,
  { root, end }: { root: Hash; end: () => void },
): StateCheckpoint {
  const writer = new Writer(parts, version)
  return {
    steps: (append) => writer.steps(append),
    last: (appendix) => encodeTables({ root, ...writer.tables(), appendix }),
    adopt: (source, evict) => writer.adopt(source, evict),
    end,
  }
}

class Writer {
  readonly #parts: StateParts
  readonly #version: Version
  readonly #slots: WrittenPage[] = []
  readonly #accounts: WrittenPage[] = []
  #codes: CodePositions = new Map()

  constructor(parts: StateParts, version: Version) {
    this.#parts = parts
    this.#version = version
  }

  *steps(append: Append): Generator<number> {
    for (const found of this.#found(this.#version.root, { key: new Uint8Array(), depth: 0 })) {
      const records = found.records.slice()
      const view = new DataView(records.buffer)
      // Hashed addresses are spread evenly, and come in their order.
      const portion = view.getUint32(0) / 2 ** 32
      for (let at = 0; at < records.length; at += accountRecordBytes) {
        const first = this.#slots.length
        const owner = records.slice(at, at + 32)
        const storage = view.getUint32(at + 32, true)
        const pages =
          found.before === undefined
            ? this.#found(storage, { key: owner, depth: 0, owner })
            : this.#copied(storage, view.getUint32(at + 36, true), owner)
        for (const page of pages) {
          this.#slots.push(written(page, append(page.records)))
          yield portion
        }
        const count = this.#slots.length - first
        view.setUint32(at + 32, count > 0 ? first : 0, true)
        view.setUint32(at + 36, count, true)
      }
      this.#accounts.push(written(found, append(records)))
      yield portion
    }
    this.#codes = yield* this.#parts.codes.write(append)
  }

  tables() {
    return {
      slotPages: this.#slots.length,
      pages: concatEntries([...this.#slots, ...this.#accounts]),
      codes: this.#codes,
    }
  }

  adopt(source: PieceSource, evict: boolean): void {
    const { kernel, pages, codes } = this.#parts
    const { slotPages, pages: entries } = this.tables()
    const { first, moved } = pages.open({ source, entries, slotPages }, () => {
      // States from before this one name pages of older files, those that came from it do not.
      return this.#version.parent !== undefined
    })
    codes.open(source, this.#codes)
    const all = [...this.#slots, ...this.#accounts]
    for (const [place, { node, before }] of all.entries()) {
      if (before === undefined) continue
      for (const alias of [...pages.movedSince(before)]) moved.set(alias, first + place)
      moved.set(before, first + place)
      if (node !== 0) kernel.setPage(node, first + place)
    }
    const oldest = oldestOf(this.#version)
    kernel.movePages([oldest, ...laterVersions(oldest)], moved)
    if (evict) this.#evict(all, first)
  }

  /** What no kept version has changed leaves memory. */
  #evict(all: readonly WrittenPage[], first: number): void {
    const { kernel } = this.#parts
    const oldest = oldestOf(this.#version)
    const newest = [...laterVersions(oldest), oldest].filter(({ children }) => children.size === 0)
    for (const [place, page] of all.entries()) {
      const { node, before } = page
      if (node === 0 || before !== undefined || kernel.bornOf(node) > oldest.number) continue
      const isShared = newest.every(({ root }) => kernel.nodeAt(root, page) === node)
      if (isShared) kernel.evict(node, page, first + place)
    }
  }

  /** The pages that a subtree is cut into, in order of their keys. */
  *#found(node: Node, { depth, owner }: Subtree): Generator<Found> {
    const { kernel } = this.#parts
    if (node === 0) return
    const kind = kernel.kindOf(node)
    if (kind === nodeKinds.accountPage || kind === nodeKinds.slotPage) {
      const before = kernel.pageOf(node)
      yield this.#copy(before, { node, owner })
      return
    }
    const records = kernel.collect(node)
    if (records) {
      const key = records.subarray(0, 32)
      const head = headOf(key, depth, kernel.referenceOf(node))
      yield { node, key, depth, owner, head, records, before: undefined }
      return
    }
    const below = kind === nodeKinds.extension ? kernel.depthOf(node) : depth + 1
    for (const child of kernel.childrenOf(node)) {
      yield* this.#found(child, { key: new Uint8Array(), depth: below, owner })
    }
  }

  /** Pages of storage that no node stands for. */
  *#copied(first: number, count: number, owner: Uint8Array): Generator<Found> {
    for (let page = first; page < first + count; page += 1) {
      yield this.#copy(page, { node: 0, owner })
    }
  }

  #copy(page: number, { node, owner }: { node: Node; owner: Uint8Array | undefined }): Found {
    const { pages } = this.#parts
    const head = pages.head(page)
    const depth = new DataView(head.buffer, head.byteOffset).getUint32(32, true)
    const records = pages.read(page)
    return { node, key: head.subarray(0, 32), depth, owner, head, records, before: page }
  }
}

function headOf(key: Uint8Array, depth: number, reference: Uint8Array): Uint8Array {
  const head = new Uint8Array(pageHeadBytes)
  head.set(key)
  new DataView(head.buffer).setUint32(32, depth, true)
  head.set(reference, 36)
  return head
}

function written({ node, key, depth, owner, head, before }: Found, position: number): WrittenPage {
  const entry = new Uint8Array(pageEntryBytes)
  entry.set(head)
  new DataView(entry.buffer).setFloat64(pageHeadBytes, position, true)
  return { node, key, depth, owner, before, entry }
}

function concatEntries(pages: readonly WrittenPage[]): Uint8Array {
  const bytes = new Uint8Array(pages.length * pageEntryBytes)
  for (const [place, { entry }] of pages.entries()) bytes.set(entry, place * pageEntryBytes)
  return bytes
}

/** The oldest version that is kept. */
function oldestOf(version: Version): Version {
  let oldest = version
  while (oldest.parent) oldest = oldest.parent
  return oldest
}

/** All versions that came from one. */
function laterVersions(version: Version): Version[] {
  const found: Version[] = [...version.children]
  for (const one of found) found.push(...one.children)
  return found
}
