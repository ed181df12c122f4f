/** Computes keccak-256, the hash of Ethereum, in a kernel of its own. */

import { kernelWasmBase64 } from './keccak-wasm.gen.ts'

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly INPUT: { readonly value: number }
  readonly INPUT_BYTES: { readonly value: number }
  readonly OUTPUT: { readonly value: number }
  readonly TARGET: { readonly value: number }
  search(length: number, nonce: bigint, count: number): number
  hash(length: number): void
  begin(): void
  more(): void
  end(length: number): void
}

const module = new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))
const kernel = new WebAssembly.Instance(module).exports as unknown as Kernel
const roomBytes = kernel.INPUT_BYTES.value
const input = new Uint8Array(kernel.memory.buffer, kernel.INPUT.value, roomBytes)
const output = new Uint8Array(kernel.memory.buffer, kernel.OUTPUT.value, 32)
const target = new Uint8Array(kernel.memory.buffer, kernel.TARGET.value, 32)

/** 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  if (bytes.length > roomBytes) hashLong(bytes)
  else {
    input.set(bytes)
    kernel.hash(bytes.length)
  }
  return output.slice()
}

function hashLong(bytes: Uint8Array): void {
  kernel.begin()
  let at = 0
  for (; bytes.length - at > roomBytes; at += roomBytes) {
    input.set(bytes.subarray(at, at + roomBytes))
    kernel.more()
  }
  input.set(bytes.subarray(at))
  kernel.end(bytes.length - at)
}

/** What a nonce is searched for. */
export interface NonceSearch {
  /** Stands before the nonce. */
  readonly prefix: Uint8Array
  /** The highest hash that will do, as 32 bytes. */
  readonly highest: Uint8Array
  /** The first nonce, and how many are tried; after the highest comes 0. */
  readonly from: bigint
  readonly count: number
}

/** The first nonce of 64 bits that has a low enough hash when it stands, big-endian, behind the prefix. */
export function findNonce({ prefix, highest, from, count }: NonceSearch): bigint | undefined {
  input.set(prefix)
  target.set(highest)
  const passed = kernel.search(prefix.length + 8, from, count)
  return passed < 0 ? undefined : BigInt.asUintN(64, from + BigInt(passed))
}
