/** Lists every instruction with stack, memory and storage, as geth's default tracer does. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { FrameEnd, Step } from '../../chain/evm/watcher.ts'
import type { StateReader } from '../../chain/state/state.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import { haltText } from '../format/halt-text.ts'
import { opcodeName } from '../format/opcode-names.ts'
import { toQuantity, toWord } from '../format/quantity.ts'
import type { TracedEnd, Tracer } from './tracer.ts'

/** What of each instruction is shown. */
export interface StructOptions {
  readonly stack: boolean
  readonly memory: boolean
  readonly storage: boolean
  readonly returnData: boolean
  /** Most instructions; 0 for all. */
  readonly limit: number
  /** About as many characters as an answer may have. */
  readonly length: number
}

const [sload, sstore] = [0x54, 0x55]
/** Characters of an instruction without what can be left out. */
const plainLength = 80

/** Faults that stop an instruction before it has begun. */
const before: readonly unknown[] = [
  ...['out-of-gas', 'gas-overflow', 'memory-overflow', 'sentry', 'init-code-size'],
  ...['stack-underflow', 'stack-overflow'],
]

type Line = Record<string, Json>

/** One for each transaction. */
export class StructLogger implements Tracer {
  readonly steps = true
  readonly #options: StructOptions
  readonly #lines: Line[] = []
  /** The last line of each frame that is open. */
  readonly #lastOf: (Line | undefined)[] = []
  readonly #storage = new Map<string, Record<string, Json>>()
  #last: Line | undefined
  #length = 0
  #state: StateReader | undefined
  #output: Uint8Array = new Uint8Array()

  constructor(options: StructOptions) {
    this.#options = options
  }

  begin(state: StateReader): void {
    this.#state = state
  }

  step(step: Step): void {
    this.#last = undefined
    const { limit, length } = this.#options
    if (this.#length > length || (limit > 0 && this.#lines.length >= limit)) return
    const line: Line = {
      ...{ pc: step.pc, op: opcodeName(step.op), gas: Number(step.gas), gasCost: 0 },
      depth: step.depth,
      ...(step.refund > 0n && { refund: Number(step.refund) }),
      ...this.#details(step),
    }
    this.#lines.push(line)
    this.#last = line
    this.#lastOf[this.#lastOf.length - 1] = line
  }

  cost(gas: bigint): void {
    if (this.#last) this.#last.gasCost = Number(gas)
  }

  enter(): void {
    this.#lastOf.push(undefined)
  }

  leave(end: FrameEnd): void {
    const line = this.#lastOf.pop()
    if (line && before.includes(end.halt)) line.error = haltText(end)
    this.#output = end.output
  }

  result({ halt, gasUsed, output }: TracedEnd): Json {
    if (this.#length > this.#options.length) {
      throw rpcError(
        errorCodes.responseTooLarge,
        'the trace is too long: set a limit, leave out stack, memory or storage, or choose another tracer',
      )
    }
    const told = this.#output.length > 0 ? this.#output : output
    return {
      gas: Number(gasUsed),
      failed: halt !== undefined,
      returnValue: halt === undefined || halt === 'revert' ? toHex(told) : '0x',
      structLogs: this.#lines,
    }
  }

  #details(step: Step): Line {
    const options = this.#options
    const details: Line = {}
    this.#length += plainLength
    if (options.stack) {
      details.stack = Array.from({ length: step.words }, (_, at) =>
        toQuantity(step.word(step.words - 1 - at)),
      )
      this.#length += 12 * step.words
    }
    if (options.memory) {
      const words = toHex(step.memory()).slice(2).match(/.{64}/g) ?? []
      if (words.length > 0) details.memory = words.map((word) => `0x${word}`)
      this.#length += 70 * words.length
    }
    const returned = options.returnData ? step.returnData() : undefined
    if (returned && returned.length > 0) {
      details.returnData = toHex(returned)
      this.#length += 2 * returned.length
    }
    const storage = options.storage ? this.#slots(step) : undefined
    return storage ? { ...details, storage } : details
  }

  /** All slots of the contract that were read or written by now. */
  #slots({ op, address, words, word }: Step): Record<string, Json> | undefined {
    const isRead = op === sload && words > 0
    const isWrite = op === sstore && words > 1
    if (!isRead && !isWrite) return undefined
    const name = address.toHex()
    const slots = this.#storage.get(name) ?? {}
    this.#storage.set(name, slots)
    const key = word(0)
    slots[toWord(key)] = toWord(isRead ? (this.#state?.storage(address, key) ?? 0n) : word(1))
    this.#length += 140 * Object.keys(slots).length
    return { ...slots }
  }
}
