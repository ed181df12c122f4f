/** Starts instances of the compiled kernel, and says what they offer and where things lie in them. */

import { kernelWasmBase64 } from './kernel-wasm.gen.ts'

interface Global {
  readonly value: number
}

/** What the kernel asks of its host; see `kernel/evm/host.ts`. */
export interface KernelHost {
  account(entry: number): number
  slot(account: number, slot: number): void
  hasStorage(account: number): number
  codeSize(hash: number): number
  code(hash: number, at: number): void
  newCode(hash: number, code: number, length: number): void
  precompile(id: number, input: number, length: number, gas: number, out: number): number
  blockHash(number: number, out: number): number
  step(pc: number, op: number, gas: number, sp: number): void
  enter(frame: number): void
  leave(status: number, gas: number, output: number, size: number): void
}

/** What the kernel offers; see `kernel/evm/exports.ts`. Pointers are bytes from the start of its memory. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory
  readonly fault: Global
  readonly frame: Global
  readonly fullRegion: Global
  readonly refund: { readonly value: bigint }
  readonly returnSize: Global
  readonly logCount: Global
  readonly logsMade: Global
  readonly dirtyAccounts: Global
  readonly dirtySlots: Global
  readonly accountsEnd: Global
  readonly slotsEnd: Global
  readonly transaction: Global
  reset(): void
  dropCodes(): void
  beginBlock(): void
  beginTransaction(): void
  accountAt(address: number): number
  slotAt(account: number, key: number): number
  warm(account: number): void
  warmSlot(slot: number): void
  credit(account: number, value: number): void
  debit(account: number, value: number): void
  setPrecompile(account: number, id: number): void
  setNonce(account: number, nonce: bigint): void
  setSlot(account: number, slot: number, value: number): void
  wipeStorage(account: number): void
  written(account: number, isThere: number): void
  mayDelegate(account: number): number
  delegate(account: number, address: number): void
  beginCall(
    sender: number,
    target: number,
    value: number,
    input: number,
    size: number,
    gas: bigint,
  ): number
  beginCreate(
    sender: number,
    nonce: bigint,
    value: number,
    code: number,
    size: number,
    gas: bigint,
  ): number
  run(slice: bigint): number
  commit(): void
  mark(): number
  revert(mark: number): void
}

let compiled: WebAssembly.Module | undefined

/** Starts a kernel; its module is compiled once. */
export function startKernel(host: KernelHost): KernelExports {
  compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))
  return new WebAssembly.Instance(compiled, { host: { ...host } })
    .exports as unknown as KernelExports
}

/** Where something lies in a kernel, or another of its constants, by the name it has there. */
export function constantsOf(kernel: KernelExports): (name: string) => number {
  const all = kernel as unknown as Record<string, Global>
  return (name) => {
    const found = all[name]
    if (typeof found?.value !== 'number') throw new Error(`the kernel has no constant ${name}`)
    return found.value
  }
}
