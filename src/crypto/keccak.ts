/** Computes keccak-256, the hash of Ethereum, in a kernel of its own. */

import { kernelWasmBase64 } from './keccak-wasm.gen.ts'

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly INPUT: { readonly value: number }
  readonly INPUT_BYTES: { readonly value: number }
  readonly OUTPUT: { readonly value: number }
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
