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
  readonly faultOp: Global
  readonly faultWords: Global
  readonly faultNeed: Global
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
  revertTo(mark: number): void
}

let compiled: WebAssembly.Module | undefined

/** Starts a kernel; its module is compiled once. */
export function startKernel(host: KernelHost): KernelExports {
  compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))
  return new WebAssembly.Instance(compiled, { host: { ...host } })
    .exports as unknown as KernelExports
}

const constantNames = [
  ...(['ACCOUNTS', 'ACCOUNTS_END', 'SLOTS', 'SLOTS_END', 'JOURNAL', 'LOGS', 'FRAMES'] as const),
  ...(['EXCHANGE', 'EXCHANGE_END', 'RETURN', 'RETURN_END', 'OPCODES', 'OPCODE_BYTES'] as const),
  ...(['SEED', 'TRACE', 'PRECOMPILES', 'PRECOMPILE_LENGTH', 'NO_PRECOMPILE'] as const),
  ...(['BENEFICIARY', 'TIMESTAMP', 'NUMBER', 'RANDOM', 'GAS_LIMIT', 'CHAIN_ID'] as const),
  ...(['BASE_FEE', 'BLOB_FEE', 'BLOB_COUNT', 'BLOB_HASHES', 'ORIGIN', 'GAS_PRICE'] as const),
  ...(['ACCOUNT_FLAGS', 'ACCOUNT_NONCE', 'ACCOUNT_BALANCE', 'ACCOUNT_CODE_HASH'] as const),
  ...(['ACCOUNT_INCARNATION', 'ACCOUNT_DIRTY_NEXT'] as const),
  ...(['FLAG_EXISTS', 'FLAG_WIPED', 'FLAG_WIPED_IN_BLOCK'] as const),
  ...(['SLOT_VALUE', 'SLOT_ACCOUNT', 'SLOT_INCARNATION', 'SLOT_DIRTY_NEXT'] as const),
  ...(['FRAME_BYTES', 'FRAME_KIND', 'FRAME_GAS', 'FRAME_STACK', 'FRAME_VALUE'] as const),
  ...([
    'FRAME_CALLER',
    'FRAME_ADDRESS',
    'FRAME_TARGET',
    'FRAME_INPUT',
    'FRAME_INPUT_SIZE',
  ] as const),
  ...(['FRAME_MEMORY', 'FRAME_MEMORY_SIZE', 'LOG_ADDRESS', 'LOG_BODY'] as const),
  ...(['OK', 'REVERTED', 'PAUSED'] as const),
] as const

/** Where things lie in a kernel, and its other constants, by the names they have there. */
export type KernelConstants = Readonly<Record<(typeof constantNames)[number], number>>

/** Reads the constants of a kernel, which are the same for all of them. */
export function constantsOf(kernel: KernelExports): KernelConstants {
  return Object.fromEntries(
    constantNames.map((name) => [name, constantOf(kernel, name)]),
  ) as KernelConstants
}

/** One constant. */
export function constantOf(kernel: KernelExports, name: string): number {
  const found = (kernel as unknown as Record<string, Global>)[name]
  if (typeof found?.value !== 'number') throw new Error(`the kernel has no constant ${name}`)
  return found.value
}
