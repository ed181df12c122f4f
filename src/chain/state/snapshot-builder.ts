/** Makes the file of a state from the stream of a snapshot, with little of it in memory. */

import { compareBytes, concatBytes, equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Hash } from '../ledger/transaction.ts'
import { encodeTables } from './pages/checkpoint-tables.ts'
import { pageEntryBytes, pageHeadBytes } from './pages/page-book.ts'
import { type CutPage, PageCutter } from './pages/page-cutter.ts'
import {
  accountBytes,
  accountLength,
  badSnapshot,
  codeHashOf,
  flags,
  readAccount,
  readSlot,
  slotBytes,
  slotLength,
} from './snapshot/leaf-form.ts'
import { emptyCodeHash } from './trie-state.ts'
import { TrieKernel } from './versions/trie-kernel.ts'

/** Longest code of an account, in bytes. */
const maxCodeBytes = 16 * 1024 * 1024

/** Takes a stream piece by piece; what it appends are the pieces of the file. */
export class SnapshotBuilder {
  readonly #append: (piece: Uint8Array) => number
  readonly #kernel: TrieKernel
  readonly #entries: { readonly slots: Uint8Array[]; readonly accounts: Uint8Array[] } = {
    ...{ slots: [], accounts: [] },
  }
  readonly #cutAccounts: PageCutter
  readonly #cutSlots: PageCutter
  /** The account whose slots come. */
  readonly #account = new Uint8Array(accountBytes)
  readonly #slot = new Uint8Array(slotBytes)
  #firstSlots = 0
  #next: 'account' | 'slot' | 'code' = 'account'
  /** Codes that accounts name and that have not come, and where those lie that have. */
  readonly #named = new Set<string>()
  readonly #codes = new Map<string, number>()
  #lastCode: Hash | undefined
  /** Bytes of a leaf that is not whole yet. */
  #rest: Uint8Array = new Uint8Array()

  /** @param append - takes a piece of the file and gives its position */
  constructor(append: (piece: Uint8Array) => number) {
    this.#append = append
    const head = (page: number) =>
      (this.#entries.slots[page] as Uint8Array).subarray(0, pageHeadBytes)
    const unused = (): never => {
      throw new Error('no page is read while a state is built')
    }
    this.#kernel = new TrieKernel({ head, read: unused, pageOf: unused })
    this.#kernel.startVersion()
    this.#cutAccounts = new PageCutter(accountBytes, (page) => this.#keep('accounts', page))
    this.#cutSlots = new PageCutter(slotBytes, (page) => this.#keep('slots', page))
  }

  /** @throws AppError `state/bad-snapshot` for what is no snapshot in its one form */
  take(bytes: Uint8Array): void {
    const from = this.#rest.length > 0 ? concatBytes(this.#rest, bytes) : bytes
    let at = 0
    for (let end = this.#takeOne(from, at); end > at; end = this.#takeOne(from, at)) at = end
    this.#rest = from.slice(at)
  }

  /**
   * The stream is over.
   *
   * @param appendix - what the file holds besides
   * @returns the root of the state, and the last piece of its file
   * @throws AppError `state/bad-snapshot`
   */
  finish(appendix: Uint8Array): { readonly root: Hash; readonly last: Uint8Array } {
    if (this.#next !== 'code' || this.#rest.length > 0 || this.#named.size > 0) {
      throw badSnapshot('it ends before it is whole')
    }
    const { slots, accounts } = this.#entries
    const root = this.#rootOf(accounts)
    const [slotPages, pages] = [slots.length, concatBytes(...slots, ...accounts)]
    return { root, last: encodeTables({ root, slotPages, pages, codes: this.#codes, appendix }) }
  }

  /** The trie over all pages of accounts. */
  #rootOf(accounts: readonly Uint8Array[]): Hash {
    const kernel = new TrieKernel({
      head: (page) => (accounts[page] as Uint8Array).subarray(0, pageHeadBytes),
      read: () => new Uint8Array(),
      pageOf: () => 0,
    })
    kernel.startVersion()
    return kernel.rootHash(kernel.openPages(0, accounts.length))
  }

  /** Takes what begins at a place and gives the place behind it, or the same one if it is not whole. */
  #takeOne(from: Uint8Array, at: number): number {
    const left = from.length - at
    if (left === 0) return at
    if (this.#next === 'slot') return this.#takeSlot(from, at)
    if (this.#next === 'code') return this.#takeCode(from, at)
    if (from[at] === flags.end) {
      this.#cutAccounts.end()
      this.#next = 'code'
      return at + 1
    }
    const length = left < 2 ? 2 : accountLength(from, at)
    if (left < length || left < 2) return at
    readAccount(from, at, { account: this.#account, emptyCode: emptyCodeHash })
    const head = from[at] as number
    if (head & flags.code) {
      if (equalBytes(codeHashOf(this.#account), emptyCodeHash)) {
        throw badSnapshot('an account names the code of nothing')
      }
      this.#named.add(codeHashOf(this.#account).toHex())
    }
    if (head & flags.slots) {
      this.#firstSlots = this.#entries.slots.length
      this.#next = 'slot'
    } else this.#addAccount()
    return at + length
  }

  #takeSlot(from: Uint8Array, at: number): number {
    const length = slotLength(from, at)
    if (from.length - at < length) return at
    if (length > 0) {
      readSlot(from, at, this.#slot)
      if (this.#cutSlots.add(this.#slot)) return at + length
      throw badSnapshot('slots are out of order')
    }
    this.#cutSlots.end()
    const count = this.#entries.slots.length - this.#firstSlots
    if (count === 0) throw badSnapshot('an account has no slots where it should')
    const view = new DataView(this.#account.buffer)
    view.setUint32(32, this.#firstSlots, true)
    view.setUint32(36, count, true)
    this.#addAccount()
    this.#next = 'account'
    return at + 1
  }

  #addAccount(): void {
    if (!this.#cutAccounts.add(this.#account)) throw badSnapshot('accounts are out of order')
  }

  #takeCode(from: Uint8Array, at: number): number {
    const left = from.length - at
    if (left < 4) return at
    const length = new DataView(from.buffer, from.byteOffset).getUint32(at)
    if (length > maxCodeBytes) throw badSnapshot(`a code has ${length} bytes`)
    if (left < 4 + length) return at
    const code = from.subarray(at + 4, at + 4 + length)
    const hash = keccak256(code)
    const isNext = this.#lastCode === undefined || compareBytes(this.#lastCode, hash) < 0
    if (!isNext || !this.#named.delete(hash.toHex())) throw badSnapshot('a code is not wanted')
    this.#lastCode = hash
    this.#codes.set(hash.toHex(), this.#append(code.slice()))
    return at + 4 + length
  }

  #keep(kind: 'slots' | 'accounts', { records, depth }: CutPage): void {
    const owner = kind === 'slots' ? this.#account.subarray(0, 32) : undefined
    const reference = this.#kernel.referenceOfRecords(records, { depth, owner })
    const entry = new Uint8Array(pageEntryBytes)
    const view = new DataView(entry.buffer)
    entry.set(records.subarray(0, 32))
    view.setUint32(32, depth, true)
    entry.set(reference, 36)
    view.setFloat64(pageHeadBytes, this.#append(records.slice()), true)
    this.#entries[kind].push(entry)
  }
}
