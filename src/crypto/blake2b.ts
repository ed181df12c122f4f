/** Computes the compression function F of BLAKE2b (RFC 7693, section 3.2) with any number of rounds. */

import { kernelWasmBase64 } from './blake2b-wasm.gen.ts'

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly BLOCK: { readonly value: number }
  compress(rounds: number, isLast: boolean): void
}

const module = new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))
const kernel = new WebAssembly.Instance(module).exports as unknown as Kernel
const block = new Uint8Array(kernel.memory.buffer, kernel.BLOCK.value, 208)

/**
 * The state after a block, 64 bytes.
 *
 * @param input - state (64 bytes), message (128 bytes) and number of bytes so far (16 bytes, little-endian)
 * @param rounds - below 2^32; BLAKE2b itself has 12
 */
export function compressBlake2b(input: Uint8Array, rounds: number, isLast: boolean): Uint8Array {
  block.set(input)
  kernel.compress(rounds, isLast)
  return block.slice(0, 64)
}
