/** Calls the trie kernel: keys and values go through fixed places of its memory. */

import type { Address, Hash } from '../../ledger/transaction.ts'
import type { PageBook } from '../pages/page-book.ts'
import type { Account, MachineMemory } from '../state.ts'
import { kernelWasmBase64 } from '../trie-wasm.gen.ts'

/** Where a record begins in the kernel's memory; 0 is none. */
export type Node = number

interface Place {
  readonly value: number
}

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly ADDRESS: Place
  readonly KEY: Place
  readonly FIELDS: Place
  readonly VALUE: Place
  readonly HASH: Place
  readonly PROOF: Place
  readonly PAGE: Place
  readonly PAGE_HEAD: Place
  startVersion(): number
  takeRetired(): number
  usedBytes(): number
  limitMemory(bytes: number): void
  differenceRoom(bytes: number): number
  applyDifference(root: Node, bytes: number): number
  appliedRoot(): Node
  readAccount(root: Node): number
  readSlot(root: Node): number
  hasStorage(root: Node): number
  rootHash(root: Node): void
  proveAccount(root: Node): Node
  proveSlot(leaf: Node): number
  proofLength(): number
  endProof(): void
  dropOldest(retiredByNext: number): void
  dropNewest(root: Node, version: number, retired: number): void
  openPages(kind: number, first: number, count: number): Node
  fitsPage(node: Node): number
  collectPage(node: Node): number
  referPage(isAccounts: number, bytes: number, depth: number): void
  accountNode(root: Node, depth: number): Node
  slotNode(root: Node, depth: number): Node
  evict(node: Node, depth: number, kind: number, page: number): void
  movePages(root: Node, version: number): void
}

/** Kinds of nodes, as in the kernel. */
export const nodeKinds = { branch: 3, extension: 4, accountPage: 5, slotPage: 6 } as const

/** Where a subtree lies: a hashed key below it, and the depth at which it begins. */
export interface Subtree {
  readonly key: Uint8Array
  readonly depth: number
  /** Hashed address of the account whose storage it belongs to; absent among accounts. */
  readonly owner?: Uint8Array | undefined
}

/** Bytes that go from one memory to another; places of numbers are multiples of four. */
interface Copy {
  readonly from: number
  readonly to: number
  readonly length: number
}

const module = new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))

/** One kernel with its memory, which holds all versions of one state. */
export class TrieKernel {
  readonly #exports: Exports
  #view: DataView
  #bytes: Uint8Array
  #numbers: Uint32Array

  /** Numbers of pages in the newest file by those in the one before, while nodes are told of them. */
  #moved: ReadonlyMap<number, number> = new Map()

  /** @param mostBytes - at most 4 GiB, which is the default */
  constructor(pages: Pick<PageBook, 'read' | 'head' | 'pageOf'>, mostBytes?: number) {
    const host = {
      readPage: (page: number) => {
        const bytes = pages.read(page)
        this.#fresh()
        this.#bytes.set(bytes, this.#exports.PAGE.value)
        return bytes.length
      },
      readPageHead: (page: number) => {
        this.#fresh()
        this.#bytes.set(pages.head(page), this.#exports.PAGE_HEAD.value)
      },
      pageOf: (first: number, count: number, key: number) => {
        this.#fresh()
        return pages.pageOf(first, count, this.#bytes.subarray(key, key + 32))
      },
      movedPage: (page: number) => this.#moved.get(page) ?? page,
    }
    this.#exports = new WebAssembly.Instance(module, { host }).exports as unknown as Exports
    if (mostBytes !== undefined) this.#exports.limitMemory(mostBytes)
    this.#view = new DataView(this.#exports.memory.buffer)
    this.#bytes = new Uint8Array(this.#exports.memory.buffer)
    this.#numbers = new Uint32Array(this.#exports.memory.buffer)
  }

  /** Bytes of all nodes. */
  get usedBytes(): number {
    return this.#exports.usedBytes()
  }

  /** Begins a version and gives its number; all changes belong to it until the next one begins. */
  startVersion(): number {
    return this.#exports.startVersion()
  }

  /** Ends a version: gives the list of what it replaced. */
  takeRetired(): number {
    return this.#exports.takeRetired()
  }

  /**
   * Applies a list of changed accounts to a trie (RLP, as in a difference) and gives the new root. With a fault, which
   * is that the list is none or that memory is full, the version is to be dropped.
   */
  apply(
    root: Node,
    changes: Uint8Array,
  ): { readonly root: Node; readonly fault: 'bad' | 'full' | undefined } {
    try {
      const place = this.#exports.differenceRoom(changes.length)
      this.#fresh()
      this.#bytes.set(changes, place)
      const isSound = this.#exports.applyDifference(root, changes.length) !== 0
      return { root: this.#exports.appliedRoot(), fault: isSound ? undefined : 'bad' }
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
      return { root: this.#exports.appliedRoot(), fault: 'full' }
    }
  }

  account(root: Node, address: Address): Account | undefined {
    this.#writeAddress(address)
    if (!this.#exports.readAccount(root)) return undefined
    const at = this.#exports.FIELDS.value
    return {
      nonce: this.#fresh().getBigUint64(at, true),
      balance: this.#readNumber(at + 8),
      codeHash: this.#bytes.slice(at + 40, at + 72),
    }
  }

  /** Writes the fields of an account to another memory, where its address lies; false if there is none. */
  accountTo(
    root: Node,
    place: { readonly memory: MachineMemory; readonly address: number; readonly to: number },
  ): boolean {
    const { memory, address, to } = place
    this.#takeReversed(memory, { from: address, to: this.#exports.ADDRESS.value, length: 20 })
    if (this.#exports.readAccount(root) === 0) return false
    this.#give(memory, { from: this.#exports.FIELDS.value, to, length: 72 })
    return true
  }

  /** Writes the value of a slot behind it, in another memory. */
  slotTo(
    root: Node,
    place: { readonly memory: MachineMemory; readonly address: number; readonly slot: number },
  ): void {
    const { memory, address, slot } = place
    this.#takeReversed(memory, { from: address, to: this.#exports.ADDRESS.value, length: 20 })
    this.#takeReversed(memory, { from: slot, to: this.#exports.KEY.value, length: 32 })
    if (this.#exports.readSlot(root) === 0) memory.numbers.fill(0, (slot + 32) / 4, (slot + 64) / 4)
    else this.#give(memory, { from: this.#exports.VALUE.value, to: slot + 32, length: 32 })
  }

  storage(root: Node, address: Address, slot: bigint): bigint {
    this.#writeAddress(address)
    this.#writeKey(slot)
    return this.#exports.readSlot(root) ? this.#readNumber(this.#exports.VALUE.value) : 0n
  }

  hasStorage(root: Node, address: Address): boolean {
    this.#writeAddress(address)
    return this.#exports.hasStorage(root) !== 0
  }

  rootHash(root: Node): Hash {
    this.#exports.rootHash(root)
    return this.#hash()
  }

  /** The proof of an account, the root of its storage, and the proofs of slots. */
  prove(root: Node, address: Address, slots: readonly bigint[]) {
    this.#writeAddress(address)
    const leaf = this.#exports.proveAccount(root)
    try {
      const storageRoot = this.#hash()
      const accountProof = this.#proof(this.#exports.proofLength())
      const slotProofs = slots.map((slot) => {
        this.#writeKey(slot)
        return this.#proof(this.#exports.proveSlot(leaf))
      })
      return { storageRoot, accountProof, slotProofs }
    } finally {
      this.#exports.endProof()
    }
  }

  /** Forgets the oldest version, given the list of what the next one replaced. */
  dropOldest(retiredByNext: number): void {
    this.#exports.dropOldest(retiredByNext)
  }

  /** Forgets a version that no other follows; version 0 stands for all that its root reaches. */
  dropNewest(root: Node, version: number, retired: number): void {
    this.#exports.dropNewest(root, version, retired)
  }

  /** The root of a trie of accounts that lies in pages; part of the version that is being made. */
  openPages(first: number, count: number): Node {
    return this.#exports.openPages(nodeKinds.accountPage, first, count)
  }

  /** What a node is, and what lies below it if it is no leaf. */
  kindOf(node: Node): number {
    return this.#fresh().getUint8(node)
  }

  /** Nodes right below a branch or an extension. */
  childrenOf(node: Node): Node[] {
    const view = this.#fresh()
    if (view.getUint8(node) === nodeKinds.extension) return [view.getUint32(node + 76, true)]
    const children: Node[] = []
    for (let at = node + 40; at < node + 104; at += 4) {
      const child = view.getUint32(at, true)
      if (child !== 0) children.push(child)
    }
    return children
  }

  /** Depth at which an extension ends. */
  depthOf(extension: Node): number {
    return this.#fresh().getUint32(extension + 72, true)
  }

  /** Which version made a node. */
  bornOf(node: Node): number {
    return this.#fresh().getUint32(node + 4, true)
  }

  /** A node's reference behind its length u32, as a page's head has it. */
  referenceOf(node: Node): Uint8Array {
    const reference = new Uint8Array(36)
    this.#fresh()
    reference[0] = this.#bytes[node + 2] ?? 0
    reference.set(this.#bytes.subarray(node + 8, node + 40), 4)
    return reference
  }

  /** Number of the page that a node stands for. */
  pageOf(node: Node): number {
    return this.#fresh().getUint32(node + 76, true)
  }

  setPage(node: Node, page: number): void {
    this.#fresh().setUint32(node + 76, page, true)
  }

  /** The records of a subtree's leaves; `undefined` when they are too many for a page. */
  collect(node: Node): Uint8Array | undefined {
    if (!this.#exports.fitsPage(node)) return undefined
    const at = this.#exports.PAGE.value
    const length = this.#exports.collectPage(node)
    this.#fresh()
    return this.#bytes.slice(at, at + length)
  }

  /**
   * The reference of a subtree behind its length u32, as a page's head has it, from the records of its leaves.
   *
   * @param depth - at which the subtree begins
   */
  referenceOfRecords(records: Uint8Array, place: Pick<Subtree, 'depth' | 'owner'>): Uint8Array {
    this.#fresh()
    this.#bytes.set(records, this.#exports.PAGE.value)
    this.#exports.referPage(place.owner === undefined ? 1 : 0, records.length, place.depth)
    this.#fresh()
    const at = this.#exports.PAGE_HEAD.value + 36
    return this.#bytes.slice(at, at + 36)
  }

  /** The node at which a subtree begins, or 0. */
  nodeAt(root: Node, { key, depth, owner }: Subtree): Node {
    this.#fresh()
    this.#bytes.set(key, this.#exports.KEY.value)
    if (owner === undefined) return this.#exports.accountNode(root, depth)
    this.#bytes.set(owner, this.#exports.HASH.value)
    return this.#exports.slotNode(root, depth)
  }

  /** Frees an unchanged subtree that lies in a page. */
  evict(node: Node, { key, depth, owner }: Subtree, page: number): void {
    this.#fresh()
    this.#bytes.set(key, this.#exports.KEY.value)
    const kind = owner === undefined ? nodeKinds.accountPage : nodeKinds.slotPage
    this.#exports.evict(node, depth, kind, page)
  }

  /** Makes the nodes of some versions name the pages of the newest file. */
  movePages(
    versions: Iterable<{ readonly root: Node; readonly number: number }>,
    moved: ReadonlyMap<number, number>,
  ): void {
    this.#moved = moved
    for (const { root, number } of versions) this.#exports.movePages(root, number)
    this.#moved = new Map()
  }

  #proof(length: number): Uint8Array[] {
    const view = this.#fresh()
    const nodes: Uint8Array[] = []
    let at = this.#exports.PROOF.value
    for (const end = at + length; at < end; ) {
      const bytes = view.getUint32(at, true)
      nodes.push(this.#bytes.slice(at + 4, at + 4 + bytes))
      at += 4 + bytes
    }
    return nodes
  }

  #hash(): Hash {
    this.#fresh()
    const at = this.#exports.HASH.value
    return this.#bytes.slice(at, at + 32)
  }

  #writeAddress(address: Address): void {
    this.#fresh()
    this.#bytes.set(address, this.#exports.ADDRESS.value)
  }

  #writeKey(slot: bigint): void {
    const view = this.#fresh()
    const at = this.#exports.KEY.value
    view.setBigUint64(at, slot >> 192n)
    view.setBigUint64(at + 8, slot >> 128n)
    view.setBigUint64(at + 16, slot >> 64n)
    view.setBigUint64(at + 24, slot)
  }

  /** Copies bytes from another memory, the last one first. */
  #takeReversed({ bytes }: MachineMemory, { from, to, length }: Copy): void {
    this.#fresh()
    const own = this.#bytes
    for (let at = 0; at < length; at += 1) own[to + at] = bytes[from + length - 1 - at] as number
  }

  /** Copies to another memory. */
  #give({ numbers }: MachineMemory, { from, to, length }: Copy): void {
    this.#fresh()
    const own = this.#numbers
    for (let at = 0; at < length / 4; at += 1) numbers[to / 4 + at] = own[from / 4 + at] as number
  }

  #readNumber(at: number): bigint {
    const view = this.#fresh()
    const low = view.getBigUint64(at, true)
    const rest =
      view.getBigUint64(at + 8, true) |
      (view.getBigUint64(at + 16, true) << 64n) |
      (view.getBigUint64(at + 24, true) << 128n)
    return rest === 0n ? low : (rest << 64n) | low
  }

  /** The memory, which is another buffer after it grew. */
  #fresh(): DataView {
    if (this.#bytes.length === 0) {
      this.#view = new DataView(this.#exports.memory.buffer)
      this.#bytes = new Uint8Array(this.#exports.memory.buffer)
      this.#numbers = new Uint32Array(this.#exports.memory.buffer)
    }
    return this.#view
  }
}
