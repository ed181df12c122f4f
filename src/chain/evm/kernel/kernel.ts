/** Holds one instance of the kernel, writes to it what it runs by, and answers what it asks for. */

import { AppError } from '../../../base/app-error.ts'
import { toBigInt } from '../../../base/bytes.ts'
import { blobBaseFee } from '../../ledger/blobs.ts'
import type { ChainRules, Rules } from '../../ledger/fork-rules.ts'
import type { Address, Hash } from '../../ledger/transaction.ts'
import type { StateReader } from '../../state/state.ts'
import { emptyState } from '../../state/trie-state.ts'
import type { BlockContext, MovedPrecompile } from '../evm.ts'
import { precompilesOf } from '../precompiles.ts'
import {
  constantOf,
  constantsOf,
  type KernelConstants,
  type KernelExports,
  startKernel,
} from './kernel-module.ts'
import { opcodesOf } from './opcodes.ts'

/** Told of what runs, when asked for; see `KernelHost`. */
export interface Tracer {
  /** Whether single instructions are wanted too. */
  readonly steps: boolean
  step(pc: number, op: number, gas: number, sp: number): void
  enter(frame: number): void
  leave(status: number, gas: number, output: number, size: number): void
}

/** The message ran until it was late, or would have; the kernel is to go back to before it. */
export class TooLong extends Error {}

/** Bytes that a kernel may have grown by and be used again. */
const growthKept = 2 ** 26

/** Blocks whose hashes code can ask for (Yellow Paper, section 9.4, BLOCKHASH). */
const hashesInReach = 256n

/** What the opcodes say of a transaction, and who is told of it. */
export interface Beginning {
  readonly origin: Address
  /** Wei per gas. */
  readonly gasPrice: bigint
  readonly blobHashes?: readonly Hash[]
  /** Told of every instruction, code runs much slower. */
  readonly tracer?: Tracer | undefined
}

/** What the kernel reads of a state, and which block and rules it runs by. */
export class Kernel {
  readonly wasm: KernelExports
  readonly at: KernelConstants
  /** Code that was made since the state was set, by its hash in hex. */
  readonly newCodes = new Map<string, Uint8Array>()
  #bytes: Uint8Array
  #limbs: BigUint64Array
  #numbers: Uint32Array
  #state: StateReader = emptyState()
  #rules: Rules | undefined
  #chain: ChainRules
  #blockHash: BlockContext['blockHash'] = () => undefined
  #precompiles: ReturnType<typeof precompilesOf> = new Map()
  #tracer: Tracer | undefined
  readonly #bytesAtFirst: number
  /** Gas that one call of a precompile may cost, since nothing can interrupt it. */
  mostAtOnce = Number.POSITIVE_INFINITY
  /** Scratch for one word, and where the next bytes of an exchange go. */
  readonly scratch: number

  /** `seed` is 64 bits of chance, which an attacker may not know. */
  constructor(chain: ChainRules, seed: bigint) {
    this.#chain = chain
    this.wasm = startKernel(this.#host())
    this.at = constantsOf(this.wasm)
    const { buffer } = this.wasm.memory
    this.#bytesAtFirst = buffer.byteLength
    this.#bytes = new Uint8Array(buffer)
    this.#limbs = new BigUint64Array(buffer)
    this.#numbers = new Uint32Array(buffer)
    this.scratch = this.at.EXCHANGE
    this.limbs[this.at.SEED / 8] = seed
    this.wasm.reset()
  }

  get bytes(): Uint8Array {
    // Memory that grows leaves views behind that are empty.
    if (this.#bytes.length === 0) this.#look()
    return this.#bytes
  }

  get limbs(): BigUint64Array {
    // Memory that grows leaves views behind that are empty.
    if (this.#limbs.length === 0) this.#look()
    return this.#limbs
  }

  get numbers(): Uint32Array {
    // Memory that grows leaves views behind that are empty.
    if (this.#numbers.length === 0) this.#look()
    return this.#numbers
  }

  /** The state that the kernel's tables are of, to compare with. */
  get state(): StateReader {
    return this.#state
  }

  /** The rules that it runs by, once a block was set. */
  get rules(): Rules | undefined {
    return this.#rules
  }

  /** Reads another state from here on. */
  useState(state: StateReader): void {
    this.#state = state
    this.newCodes.clear()
    this.wasm.reset()
  }

  /** Takes back what the transaction did that has begun. */
  undo(): void {
    this.wasm.revertTo(this.at.JOURNAL)
    this.followTo(this.#state)
  }

  /** Says that the changes of a block have led to this state, so that the tables stay right. */
  followTo(state: StateReader): void {
    this.#state = state
    this.newCodes.clear()
    this.wasm.beginBlock()
  }

  /** Whether code made its memory grow much, which never gets smaller. */
  get isLarge(): boolean {
    return this.wasm.memory.buffer.byteLength > this.#bytesAtFirst + growthKept
  }

  /** Whether its tables are better made anew before the next block. */
  isCrowded(): boolean {
    const { ACCOUNTS, ACCOUNTS_END, SLOTS, SLOTS_END } = this.at
    const accounts = (this.wasm.accountsEnd.value - ACCOUNTS) / (ACCOUNTS_END - ACCOUNTS)
    const slots = (this.wasm.slotsEnd.value - SLOTS) / (SLOTS_END - SLOTS)
    return accounts > 0.6 || slots > 0.6
  }

  /** Takes precompiles away from where they were, until the state is set the next time. */
  movePrecompiles(moved: readonly MovedPrecompile[]): void {
    for (const { from, to } of moved) {
      this.wasm.setPrecompile(this.account(from), this.at.NO_PRECOMPILE)
      if (to) this.wasm.setPrecompile(this.account(to), Number(toBigInt(from)))
    }
  }

  /** Rules and block for the next transactions. */
  useBlock(block: BlockContext, own: { readonly blobFee?: bigint | undefined } = {}): Rules {
    const rules = this.#chain.rulesAt(block)
    if (rules !== this.#rules) this.#useRules(rules)
    this.#blockHash = (number) =>
      number < block.number && number + hashesInReach >= block.number
        ? block.blockHash(number)
        : undefined
    this.setAddress(this.at.BENEFICIARY, block.beneficiary)
    this.setWord(this.at.TIMESTAMP, block.timestamp)
    this.setWord(this.at.NUMBER, block.number)
    if (block.difficulty > 0n) this.setWord(this.at.RANDOM, block.difficulty)
    else this.setHashWord(this.at.RANDOM, block.mixHash)
    this.setWord(this.at.GAS_LIMIT, block.gasLimit)
    this.setWord(this.at.CHAIN_ID, this.#chain.chainId)
    this.setWord(this.at.BASE_FEE, block.baseFeePerGas)
    const blobFee =
      own.blobFee ?? (rules.blobs ? blobBaseFee(block.excessBlobGas, rules.blobs) : 0n)
    this.setWord(this.at.BLOB_FEE, blobFee)
    return rules
  }

  /** Begins a transaction: nothing is warm, nothing can be undone, and only its own tracer is told. */
  beginTransaction({ origin, gasPrice, blobHashes = [], tracer }: Beginning): void {
    this.#watch(tracer)
    this.setAddress(this.at.ORIGIN, origin)
    this.setWord(this.at.GAS_PRICE, gasPrice)
    this.numbers[this.at.BLOB_COUNT / 4] = blobHashes.length
    for (const [at, hash] of blobHashes.entries()) {
      this.setHashWord(this.at.BLOB_HASHES + 32 * at, hash)
    }
    this.wasm.beginTransaction()
  }

  /** Number of the account at an address in the kernel's memory. */
  account(address: Address): number {
    this.setAddress(this.scratch, address)
    return this.wasm.accountAt(this.scratch)
  }

  slot(account: number, key: bigint): number {
    this.setWord(this.scratch, key)
    return this.wasm.slotAt(account, this.scratch)
  }

  /** Copies bytes to where the kernel reads input, behind the scratch. @throws AppError `evm/capacity` */
  exchange(bytes: Uint8Array): number {
    const place = this.at.EXCHANGE + 64
    if (place + bytes.length > this.at.EXCHANGE_END) throw tooLarge('input')
    this.bytes.set(bytes, place)
    return place
  }

  setWord(at: number, value: bigint): void {
    const { limbs } = this
    const first = at / 8
    limbs[first] = value
    if (value >> 64n === 0n) {
      limbs[first + 1] = limbs[first + 2] = limbs[first + 3] = 0n
      return
    }
    limbs[first + 1] = value >> 64n
    limbs[first + 2] = value >> 128n
    limbs[first + 3] = value >> 192n
  }

  word(at: number): bigint {
    const { limbs } = this
    const first = at / 8
    const low = limbs[first] ?? 0n
    const second = limbs[first + 1] ?? 0n
    const high = ((limbs[first + 3] ?? 0n) << 64n) | (limbs[first + 2] ?? 0n)
    if (high === 0n) return second === 0n ? low : (second << 64n) | low
    return (high << 128n) | (second << 64n) | low
  }

  /** Writes 20 bytes as a word. */
  setAddress(at: number, address: Address): void {
    const { bytes } = this
    for (let index = 0; index < 20; index += 1) bytes[at + index] = address[19 - index] ?? 0
    bytes.fill(0, at + 20, at + 32)
  }

  address(at: number): Address {
    return this.bytes.slice(at, at + 20).reverse()
  }

  /** Writes 32 bytes as a word. */
  setHashWord(at: number, hash: Hash): void {
    const { bytes } = this
    for (let index = 0; index < 32; index += 1) bytes[at + index] = hash[31 - index] ?? 0
  }

  /** Code by its hash. */
  code(hash: Hash): Uint8Array {
    return this.newCodes.get(hash.toHex()) ?? this.#state.code(hash)
  }

  #watch(tracer: Tracer | undefined): void {
    this.#tracer = tracer
    const place = this.at.TRACE / 4
    const before = this.numbers[place] ?? 0
    const wanted = tracer ? (tracer.steps ? 3 : 1) : 0
    this.numbers[place] = wanted
    // Code is decoded otherwise when steps are told.
    if ((before ^ wanted) & 2) this.wasm.dropCodes()
  }

  #look(): void {
    const { buffer } = this.wasm.memory
    this.#bytes = new Uint8Array(buffer)
    this.#limbs = new BigUint64Array(buffer)
    this.#numbers = new Uint32Array(buffer)
  }

  #useRules(rules: Rules): void {
    this.#rules = rules
    const { numbers: own } = rules
    const values: Record<string, number> = {
      ...own,
      coldAccountExtra: own.coldAccount - own.warm,
      coldSlotExtra: own.coldSlot - own.warm,
      selfDestructCold: own.coldAccount,
      sstoreColdExtra: own.coldSlot,
      warmAccount: own.warm,
    }
    for (const name of Object.keys(this.wasm)) {
      if (!name.startsWith('rule_')) continue
      const value = values[name.slice('rule_'.length)]
      if (value === undefined) throw new Error(`no rule is called ${name}`)
      this.limbs[constantOf(this.wasm, name) / 8] = BigInt(value)
    }
    const [table, width] = [this.at.OPCODES, this.at.OPCODE_BYTES]
    this.bytes.fill(0, table, table + 256 * width)
    for (const [code, { gas, pops, pushes }] of opcodesOf(rules)) {
      const row = table + code * width
      this.numbers[row / 4] = gas
      this.bytes.set([pops, pushes, 1], row + 4)
    }
    this.#precompiles = precompilesOf(rules)
    const bits = [0, 0]
    for (const id of this.#precompiles.keys()) {
      if (id < 32) bits[0] = (bits[0] ?? 0) | (1 << id)
      else bits[1] = (bits[1] ?? 0) | (1 << (id - 0x100))
    }
    this.numbers.set(bits, this.at.PRECOMPILES / 4)
    this.useState(this.#state)
    this.wasm.dropCodes()
  }

  #host() {
    return {
      account: (entry: number) => this.#readAccount(entry),
      slot: (account: number, slot: number) => {
        if (this.#state.slotTo) return this.#state.slotTo(this, account, slot)
        const value = this.#state.storage(this.address(account), this.word(slot))
        this.setWord(slot + 32, value)
      },
      hasStorage: (account: number) => Number(this.#state.hasStorage(this.address(account))),
      codeSize: (hash: number) => this.code(this.bytes.slice(hash, hash + 32)).length,
      code: (hash: number, at: number) => {
        const code = this.code(this.bytes.slice(hash, hash + 32))
        this.bytes.set(code, at)
      },
      newCode: (hash: number, code: number, length: number) => {
        const { bytes } = this
        this.newCodes.set(bytes.slice(hash, hash + 32).toHex(), bytes.slice(code, code + length))
      },
      precompile: (id: number, input: number, length: number, gas: number, out: number) => {
        const bytes = this.bytes.subarray(input, input + length)
        const precompile = this.#precompiles.get(id)
        const cost = precompile?.gas(bytes) ?? Number.POSITIVE_INFINITY
        if (cost > gas) return -1
        if (cost > this.mostAtOnce) throw new TooLong('a precompile would run for too long')
        const output = precompile?.run(bytes)
        if (!output) return -1
        if (out + output.length > this.at.RETURN_END) throw tooLarge('return data')
        this.bytes.set(output, out)
        this.numbers[this.at.PRECOMPILE_LENGTH / 4] = output.length
        return cost
      },
      blockHash: (number: number, out: number) => {
        const hash = this.#blockHash(BigInt(number))
        if (hash) this.bytes.set(hash, out)
        return hash ? 1 : 0
      },
      step: (pc: number, op: number, gas: number, sp: number) =>
        this.#tracer?.step(pc, op, gas, sp),
      enter: (frame: number) => this.#tracer?.enter(frame),
      leave: (status: number, gas: number, output: number, size: number) =>
        this.#tracer?.leave(status, gas, output, size),
    }
  }

  #readAccount(entry: number): number {
    const fields = entry + this.at.ACCOUNT_NONCE
    if (this.#state.accountTo) return Number(this.#state.accountTo(this, entry, fields))
    const account = this.#state.account(this.address(entry))
    if (!account) return 0
    const { ACCOUNT_NONCE, ACCOUNT_BALANCE, ACCOUNT_CODE_HASH } = this.at
    this.limbs[(entry + ACCOUNT_NONCE) / 8] = account.nonce
    this.setWord(entry + ACCOUNT_BALANCE, account.balance)
    this.bytes.set(account.codeHash, entry + ACCOUNT_CODE_HASH)
    return 1
  }
}

/** The kernel has no room for what it was asked to do. */
export function tooLarge(what: string): AppError {
  const message = `the machine's room for ${what} is full: give the call less gas`
  return new AppError({ code: 'evm/capacity', message })
}
