/** Computes the roots over lists that a header commits to: transactions, receipts, withdrawals. */

import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
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

/** Root of a trie without keys: keccak-256 of the empty string's RLP. */
export const emptyRoot: Hash = sortedRoot([])

/** The root over a list: keys are the RLP of the places (Yellow Paper, section 4.3.2). */
export function orderedRoot(items: readonly Uint8Array[]): Hash {
  if (items.length === 0) return emptyRoot
  const entries = items.map((item, place) => [encodeRlp(rlpInteger(place)), item] as const)
  // Sorted: 1 to 127 are a byte of their own, 0 is 0x80, and greater ones begin with their length.
  const [first, ...rest] = entries
  if (first !== undefined) rest.splice(Math.min(rest.length, 127), 0, first)
  return sortedRoot(rest)
}

/** The root over keys and values, sorted by key; no value is empty, no key is there twice. */
export function sortedRoot(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Hash {
  let bytes = entries.length * entryBytes
  for (const [key, value] of entries) bytes += key.length + value.length
  const used = bytes > keptBytes ? ownKernel() : kernel
  const start = used.room(bytes)
  const memory = new Uint8Array(used.memory.buffer)
  const view = new DataView(used.memory.buffer)
  let at = start + entries.length * entryBytes
  for (const [place, [key, value]] of entries.entries()) {
    const entry = start + place * entryBytes
    memory.set(key, at)
    memory.set(value, at + key.length)
    view.setUint32(entry, at, true)
    view.setUint32(entry + 4, key.length, true)
    view.setUint32(entry + 8, at + key.length, true)
    view.setUint32(entry + 12, value.length, true)
    at += key.length + value.length
  }
  used.root(entries.length)
  return memory.slice(used.HASH.value, used.HASH.value + 32)
}

function ownKernel(): Kernel {
  return new WebAssembly.Instance(module).exports as unknown as Kernel
}
