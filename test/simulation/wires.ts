/** Carries what nodes send: late, twice, spoilt or not at all, until the network is what it promises to be. */

import type { Chance } from '../fuzz/chance.ts'
import type { EventQueue } from './event-queue.ts'
import type { Fault, Plan } from './plan.ts'

/** Something on its way; the sender −1 is the liar. */
export interface Packet<M> {
  readonly from: number
  readonly to: number
  readonly message: M
  readonly isSpoilt: boolean
}

/** Where wires are laid. */
export interface WirePlace<M> {
  readonly queue: EventQueue
  readonly chance: Chance
  /** The message with a byte changed, if that is a message at all. */
  readonly spoilt: (message: M) => M | undefined
  readonly bring: (packet: Packet<M>) => void
}

/** The links between all nodes of a run. */
export class Wires<M> {
  readonly #plan: Plan
  readonly #place: WirePlace<M>
  readonly #partitions: readonly Extract<Fault, { kind: 'partition' }>[]

  constructor(plan: Plan, place: WirePlace<M>) {
    this.#plan = plan
    this.#place = place
    this.#partitions = plan.faults.filter((fault) => fault.kind === 'partition')
  }

  send(from: number, to: number, message: M): void {
    const plan = this.#plan
    const { chance, queue, spoilt } = this.#place
    if (queue.nowMs >= plan.calmFromMs) {
      const afterMs = 1 + chance.below(plan.deltaMs)
      this.#bring({ from, to, message, isSpoilt: false }, afterMs)
      return
    }
    if (!this.#hears(from, to) || chance.below(100) < plan.lossPercent) return
    const copies = chance.below(100) < plan.doublePercent ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      const isSlow = chance.oneIn(8)
      const afterMs = 1 + chance.below(isSlow ? plan.longestDelayMs : plan.delayMs)
      const isSpoilt = chance.below(100) < plan.spoilPercent
      const brought = isSpoilt ? spoilt(message) : message
      if (brought) this.#bring({ from, to, message: brought, isSpoilt }, afterMs)
    }
  }

  /** Nothing takes longer than promised once the network is calm, whenever it was sent. */
  #bring(packet: Packet<M>, afterMs: number): void {
    const { queue, bring } = this.#place
    const latestMs = Math.max(queue.nowMs, this.#plan.calmFromMs) + this.#plan.deltaMs
    queue.at(Math.min(queue.nowMs + afterMs, latestMs), () => bring(packet))
  }

  #hears(from: number, to: number): boolean {
    const { nowMs } = this.#place.queue
    return this.#partitions.every(({ fromMs, toMs, groups, isOneWay }) => {
      if (nowMs < fromMs || nowMs >= toMs) return true
      const [there, here] = [groups[from] ?? -1, groups[to] ?? -1]
      if (there === here || there < 0 || here < 0) return true
      return isOneWay && here === 0
    })
  }
}
