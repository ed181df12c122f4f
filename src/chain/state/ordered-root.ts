/** Computes the roots over lists that a header commits to: transactions, receipts, withdrawals. */

import type { Hash } from '../ledger/transaction.ts'
import { kernelWasmBase64 } from './list-root-wasm.gen.ts'

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly HASH: { readonly value: number }
  room(bytes: number): number
  root(count: number): void
}

const module = new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))
const kernel = new WebAssembly.Instance(module).exports as unknown as Kernel

const entryBytes = 16
/** Memory of a kernel does not shrink; above this much, a list gets one of its own. */
const keptBytes = 32 * 1024 * 1024

/** The root over a list: keys are the RLP of the places (Yellow Paper, section 4.3.2). */
export function orderedRoot(items: readonly Uint8Array[]): Hash {
  const { length } = items
  if (length === 0) return emptyRoot
  const filling = new Filling(
    length,
    items.reduce((sum, item) => sum + item.length + mostKeyBytes, 0),
  )
  const key = new Uint8Array(mostKeyBytes)
  const add = (place: number) => filling.add(key, writeKey(key, place), items[place] as Uint8Array)
  // Sorted: 1 to 127 are a byte of their own, 0 is 0x80, and greater ones begin with their length.
  for (let place = 1; place < Math.min(length, 128); place += 1) add(place)
  add(0)
  for (let place = 128; place < length; place += 1) add(place)
  return filling.root()
}

/** The root over keys and values, sorted by key; no value is empty, no key is there twice. */
export function sortedRoot(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Hash {
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  const filling = new Filling(entries.length, bytes)
  for (const [key, value] of entries) filling.add(key, key.length, value)
  return filling.root()
}

/** The longest key of a list: a length, and a place below 2^32. */
const mostKeyBytes = 5

/** Writes the RLP of a place, and gives its length. */
function writeKey(key: Uint8Array, place: number): number {
  if (place < 128) {
    key[0] = place === 0 ? 0x80 : place
    return 1
  }
  const size = place < 0x100 ? 1 : place < 0x10000 ? 2 : place < 0x1000000 ? 3 : 4
  key[0] = 0x80 + size
  for (let at = 0; at < size; at += 1) key[1 + at] = place >>> (8 * (size - 1 - at))
  return 1 + size
}

/** Puts keys and values where the kernel reads them. */
class Filling {
  readonly #kernel: Kernel
  readonly #count: number
  readonly #memory: Uint8Array
  readonly #view: DataView
  #entry: number
  #end: number

  /** @param bytes - of all keys and values, at most */
  constructor(count: number, bytes: number) {
    const room = count * entryBytes + bytes
    this.#kernel = room > keptBytes ? ownKernel() : kernel
    this.#count = count
    this.#entry = this.#kernel.room(room)
    this.#end = this.#entry + count * entryBytes
    const { buffer } = this.#kernel.memory
    this.#memory = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
  }

  add(key: Uint8Array, keyLength: number, value: Uint8Array): void {
    const [at, valueAt] = [this.#end, this.#end + keyLength]
    for (let byte = 0; byte < keyLength; byte += 1) this.#memory[at + byte] = key[byte] as number
    this.#memory.set(value, valueAt)
    this.#view.setUint32(this.#entry, at, true)
    this.#view.setUint32(this.#entry + 4, keyLength, true)
    this.#view.setUint32(this.#entry + 8, valueAt, true)
    this.#view.setUint32(this.#entry + 12, value.length, true)
    this.#entry += entryBytes
    this.#end = valueAt + value.length
  }

  root(): Hash {
    this.#kernel.root(this.#count)
    const { value } = this.#kernel.HASH
    return this.#memory.slice(value, value + 32)
  }
}

/** Root of a trie without keys: keccak-256 of the empty string's RLP. */
export const emptyRoot: Hash = sortedRoot([])

function ownKernel(): Kernel {
  return new WebAssembly.Instance(module).exports as unknown as Kernel
}
