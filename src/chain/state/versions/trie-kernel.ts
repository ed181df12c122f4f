/** Calls the trie kernel: keys and values go through fixed places of its memory. */

import type { Address, Hash } from '../../ledger/transaction.ts'
import type { Account } from '../state.ts'
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
  startVersion(): number
  takeRetired(): number
  usedBytes(): number
  putAccount(root: Node): Node
  isAccount(root: Node): number
  wipeStorage(): void
  putSlot(): void
  removeAccount(root: Node): Node
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
}

const module = new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))

/** One kernel with its memory, which holds all versions of one state. */
export class TrieKernel {
  readonly #exports: Exports
  #view: DataView
  #bytes: Uint8Array

  constructor() {
    const missing = () => {
      throw new Error('this state has no pages')
    }
    const host = { readPage: missing, readPageHead: missing, pageOf: missing }
    this.#exports = new WebAssembly.Instance(module, { host }).exports as unknown as Exports
    this.#view = new DataView(this.#exports.memory.buffer)
    this.#bytes = new Uint8Array(this.#exports.memory.buffer)
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

  /** Sets an account and gives the new root; its slots can be put next. */
  putAccount(root: Node, address: Address, account: Account): Node {
    this.#writeAddress(address)
    this.#writeFields(account)
    return this.#exports.putAccount(root)
  }

  /** Whether an account is as given. */
  isAccount(root: Node, address: Address, account: Account): boolean {
    this.#writeAddress(address)
    this.#writeFields(account)
    return this.#exports.isAccount(root) !== 0
  }

  /** Removes an account and its storage and gives the new root. */
  removeAccount(root: Node, address: Address): Node {
    this.#writeAddress(address)
    return this.#exports.removeAccount(root)
  }

  /** Zeroes all slots of the account that was put. */
  wipeStorage(): void {
    this.#exports.wipeStorage()
  }

  /** Sets a slot of the account that was put. */
  putSlot(slot: bigint, value: bigint): void {
    this.#writeKey(slot)
    this.#writeNumber(this.#exports.VALUE.value, value)
    this.#exports.putSlot()
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

  #writeFields({ nonce, balance, codeHash }: Account): void {
    const at = this.#exports.FIELDS.value
    this.#fresh().setBigUint64(at, nonce, true)
    this.#writeNumber(at + 8, balance)
    this.#bytes.set(codeHash, at + 40)
  }

  #writeNumber(at: number, value: bigint): void {
    const view = this.#fresh()
    view.setBigUint64(at, value, true)
    view.setBigUint64(at + 8, value >> 64n, true)
    view.setBigUint64(at + 16, value >> 128n, true)
    view.setBigUint64(at + 24, value >> 192n, true)
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
    }
    return this.#view
  }
}
