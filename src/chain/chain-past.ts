/** Keeps the head of a chain and the states after its last blocks. */

import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import type { BlockHead } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'

/** A block, the state it left, and those that changes by hand made of it. */
export interface KeptBlock {
  readonly block: BlockHead
  readonly states: readonly [State, ...State[]]
}

/** The head and the last states of a chain. */
export class ChainPast {
  readonly #most: number
  #kept: KeptBlock[] = []

  constructor(most: number) {
    this.#most = most
  }

  get head(): BlockHead {
    return this.#last().block
  }

  get state(): State {
    return newest(this.#last().states)
  }

  /** How often the state after the head was changed by hand. */
  get changes(): number {
    return this.#last().states.length - 1
  }

  add({ header, hash }: BlockHead, state: State): void {
    this.#kept.push({ block: { header, hash }, states: [state] })
    if (this.#kept.length <= this.#most) return
    for (const one of this.#kept.shift()?.states ?? []) one.release()
  }

  /** The state after the head is another one. */
  change(state: State): void {
    const { block, states } = this.#last()
    this.#kept.splice(-1, 1, { block, states: [...states, state] })
  }

  /** The head with its states, which are kept until the caller releases them. */
  hold(): KeptBlock {
    const { block, states } = this.#last()
    const [first, ...others] = states
    return { block, states: [first.hold(), ...others.map((state) => state.hold())] }
  }

  /** The oldest kept block whose number is accepted, or the head. */
  oldestSince(accepts: (number: bigint) => boolean) {
    return this.#kept.find(({ block }) => accepts(block.header.number)) ?? this.#last()
  }

  stateAt(hash: Hash): State | undefined {
    const kept = this.#kept.findLast(({ block }) => equalBytes(block.hash, hash))
    return kept && newest(kept.states)
  }

  /**
   * Goes back to a block that is still kept, with the first changes by hand of the state after it.
   *
   * @throws AppError `chain/too-far-back`
   */
  rewindTo(number: bigint, changes = Number.POSITIVE_INFINITY): void {
    if (!this.#kept.some(({ block }) => block.header.number === number)) {
      const message = `cannot go back to block ${number}: only the last ${this.#most} states are kept`
      throw new AppError({ code: 'chain/too-far-back', message })
    }
    while (this.head.header.number > number) this.#kept.pop()
    const { block, states } = this.#last()
    const [first, ...others] = states
    this.#kept.splice(-1, 1, { block, states: [first, ...others.slice(0, changes)] })
  }

  /** Goes back to a block of any age whose states somebody held. */
  returnTo(held: KeptBlock): void {
    const { number } = held.block.header
    this.#kept = this.#kept.filter(({ block }) => block.header.number < number)
    this.#kept.push(held)
  }

  /** Compares the state with the head's root; @throws AppError `chain/root-differs` */
  check(name: string): void {
    const { header } = this.head
    if (equalBytes(this.#last().states[0].root, header.stateRoot)) return
    const message = `the stored state of chain "${name}" is not that of its head, block ${header.number}; restore its folder from a backup, or remove it to begin anew`
    throw new AppError({ code: 'chain/root-differs', message })
  }

  #last() {
    const last = this.#kept.at(-1)
    if (last === undefined) throw new Error('a chain has at least its first block')
    return last
  }
}

function newest(states: readonly [State, ...State[]]): State {
  return states.at(-1) ?? states[0]
}
