/** Turns what a kernel tells into what a watcher understands. */

import type { FrameKind, FrameStart, Step, Watcher } from '../watcher.ts'
import { endingOf } from './execution.ts'
import type { Kernel, Tracer } from './kernel.ts'
import { opcodesOf } from './opcodes.ts'

const kinds: Readonly<Record<number, FrameKind>> = {
  ...{ 240: 'CREATE', 241: 'CALL', 242: 'CALLCODE', 244: 'DELEGATECALL' },
  ...{ 245: 'CREATE2', 250: 'STATICCALL', 255: 'SELFDESTRUCT' },
}
const creations = new Set<FrameKind | undefined>(['CREATE', 'CREATE2'])

/** One transaction or call that is watched. */
export class KernelWatch implements Tracer {
  readonly steps: boolean
  readonly #kernel: Kernel
  readonly #watcher: Watcher
  readonly #open: { readonly gas: bigint; readonly kind: FrameKind }[] = []
  /** The instruction whose cost is not told yet. */
  #pending: { readonly op: number; readonly gas: bigint; readonly depth: number } | undefined

  constructor(kernel: Kernel, watcher: Watcher) {
    this.#kernel = kernel
    this.#watcher = watcher
    this.steps = watcher.steps
  }

  step(pc: number, op: number, gas: number, sp: number): void {
    const left = BigInt(gas)
    this.#tellCost(left)
    this.#pending = { op, gas: left, depth: this.#depth() }
    this.#watcher.step?.(this.#stepAt({ pc, op, gas: left }, sp))
  }

  enter(frame: number): void {
    const kernel = this.#kernel
    const start = this.#frameAt(frame)
    if (start.kind !== 'SELFDESTRUCT' && this.#pending) {
      const kept = this.#frameGas(kernel.wasm.frame.value)
      this.#tellCost(creations.has(start.kind) ? kept + start.gas : kept)
    }
    this.#open.push({ gas: start.gas, kind: start.kind })
    this.#watcher.enter?.(start)
  }

  leave(status: number, gas: number, output: number, size: number): void {
    const { bytes, wasm } = this.#kernel
    const ended = this.#open.pop()
    const left = BigInt(gas)
    const ending = endingOf(this.#kernel, status)
    const { halt } = ending
    if (this.#pending && ended?.kind !== 'SELFDESTRUCT') {
      if (halt !== undefined && halt !== 'revert') this.#tellStaticCost()
      else this.#tellCost(left + (creations.has(ended?.kind) ? this.#depositOf(size) : 0n))
    }
    this.#watcher.leave?.({
      ...ending,
      gasUsed: (ended?.gas ?? 0n) - left,
      output: bytes.slice(output, output + (wasm ? size : 0)),
    })
  }

  #tellCost(left: bigint): void {
    if (!this.#pending) return
    this.#watcher.cost?.(this.#pending.gas - left)
    this.#pending = undefined
  }

  #tellStaticCost(): void {
    const row = this.#kernel.rules && opcodesOf(this.#kernel.rules).get(this.#pending?.op ?? 0)
    this.#watcher.cost?.(BigInt(row?.gas ?? 0))
    this.#pending = undefined
  }

  /** Gas for keeping the code of a creation, which no instruction pays. */
  #depositOf(size: number): bigint {
    return BigInt(size * (this.#kernel.rules?.numbers.codeByte ?? 0))
  }

  #depth(): number {
    const { wasm } = this.#kernel
    return (wasm.frame.value - this.#kernel.at.FRAMES) / this.#kernel.at.FRAME_BYTES
  }

  #frameGas(frame: number): bigint {
    return this.#kernel.limbs[(frame + this.#kernel.at.FRAME_GAS) / 8] ?? 0n
  }

  #number(frame: number, field: number): number {
    return this.#kernel.numbers[(frame + field) / 4] ?? 0
  }

  #frameAt(frame: number): FrameStart {
    const kernel = this.#kernel
    const kind = kinds[this.#number(frame, this.#kernel.at.FRAME_KIND)] ?? 'CALL'
    const input = this.#number(frame, this.#kernel.at.FRAME_INPUT)
    const isBorrowed = kind === 'DELEGATECALL' || kind === 'CALLCODE'
    // Code that is borrowed runs at the caller's own address.
    const to = isBorrowed
      ? kernel.address(this.#number(frame, this.#kernel.at.FRAME_TARGET))
      : kernel.address(frame + kernel.at.FRAME_ADDRESS)
    const from = isBorrowed ? kernel.at.FRAME_ADDRESS : kernel.at.FRAME_CALLER
    return {
      kind,
      from: kernel.address(frame + from),
      to,
      value: kernel.word(frame + kernel.at.FRAME_VALUE),
      gas: this.#frameGas(frame),
      input: kernel.bytes.slice(
        input,
        input + this.#number(frame, this.#kernel.at.FRAME_INPUT_SIZE),
      ),
    }
  }

  #stepAt(place: Pick<Step, 'pc' | 'op' | 'gas'>, sp: number): Step {
    const kernel = this.#kernel
    const frame = kernel.wasm.frame.value
    const words = (sp - this.#number(frame, this.#kernel.at.FRAME_STACK)) / 32
    return {
      ...place,
      ...{ depth: this.#depth(), refund: kernel.wasm.refund.value, words },
      address: kernel.address(frame + kernel.at.FRAME_ADDRESS),
      word: (below) => (below < words ? kernel.word(sp - 32 * below) : 0n),
      memory: () => {
        const base = this.#number(frame, this.#kernel.at.FRAME_MEMORY)
        return kernel.bytes.slice(
          base,
          base + this.#number(frame, this.#kernel.at.FRAME_MEMORY_SIZE),
        )
      },
      returnData: () => {
        const from = kernel.at.RETURN
        return kernel.bytes.slice(from, from + kernel.wasm.returnSize.value)
      },
    }
  }
}
