/** Tells of ether that moves as if a token moved, for blocks that are only imagined (eth_simulateV1). */

import { fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Log } from '../ledger/log-list.ts'
import { transferTeller } from './evm.ts'
import type { Kernel, Tracer } from './kernel/kernel.ts'

/** ERC-20's Transfer. */
const transferTopic = keccak256(new TextEncoder().encode('Transfer(address,address,uint256)'))
const delegateCall = 0xf4

/** Collects the transfers of one transaction after the other. */
export class TransferTracer implements Tracer {
  readonly steps = false
  readonly #kernel: Kernel
  #everTold = 0
  /** Transfers, each with the number of logs before it. */
  #told: { readonly log: Log; readonly after: number }[] = []
  /** Transfers before each frame that is open. */
  #marks: number[] = []

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Forgets the transaction before. */
  begin(): void {
    this.#told = []
    this.#marks = []
    this.#everTold = 0
  }

  /** Transfers of the transaction, those that a failure took back included. */
  get everTold(): number {
    return this.#everTold
  }

  /** The transfers between the logs, in order. */
  with(logs: readonly Log[]): Log[] {
    const all: Log[] = []
    let next = 0
    for (const { log, after } of this.#told) {
      while (next < Math.min(after, logs.length)) all.push(logs[next++] as Log)
      all.push(log)
    }
    return [...all, ...logs.slice(next)]
  }

  step(): void {}

  enter(frame: number): void {
    this.#marks.push(this.#told.length)
    const kernel = this.#kernel
    const kind = kernel.numbers[(frame + kernel.at.FRAME_KIND) / 4]
    const value = kernel.word(frame + kernel.at.FRAME_VALUE)
    if (value === 0n || kind === delegateCall) return
    const { FRAME_CALLER, FRAME_ADDRESS } = kernel.at
    const [from, to] = [FRAME_CALLER, FRAME_ADDRESS].map((field) =>
      padStart(kernel.address(frame + field), 32),
    )
    const topics = [transferTopic, from as Uint8Array, to as Uint8Array]
    const log = { address: transferTeller, topics, data: padStart(fromBigInt(value), 32) }
    this.#everTold += 1
    this.#told.push({ log, after: kernel.wasm.logCount.value })
  }

  leave(status: number): void {
    const mark = this.#marks.pop() ?? 0
    if (status !== this.#kernel.at.OK) this.#told.length = mark
  }
}
