/** Keeps the head of a chain and the states after its last blocks. */

import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'

/** The head and the last states of a chain. */
export class ChainPast {
  readonly #most: number
  readonly #kept: { readonly block: Block; readonly state: State }[] = []

  constructor(most: number) {
    this.#most = most
  }

  get head(): Block {
    return this.#last().block
  }

  get state(): State {
    return this.#last().state
  }

  add({ block }: ExecutedBlock, state: State): void {
    this.#kept.push({ block, state })
    if (this.#kept.length > this.#most) this.#kept.shift()
  }

  stateAt(hash: Hash): State | undefined {
    return this.#kept.findLast(({ block }) => equalBytes(block.hash, hash))?.state
  }

  /** Goes back to a block that is still kept; @throws AppError `chain/too-far-back` */
  rewindTo(number: bigint): void {
    if (!this.#kept.some(({ block }) => block.header.number === number)) {
      const message = `cannot go back to block ${number}: only the last ${this.#most} states are kept`
      throw new AppError({ code: 'chain/too-far-back', message })
    }
    while (this.head.header.number > number) this.#kept.pop()
  }

  /** Compares the state with the head's root; @throws AppError `chain/root-differs` */
  check(name: string): void {
    const { header } = this.head
    if (equalBytes(this.state.root, header.stateRoot)) return
    const message = `the stored state of chain "${name}" is not that of its head, block ${header.number}; restore its folder from a backup, or remove it to begin anew`
    throw new AppError({ code: 'chain/root-differs', message })
  }

  #last() {
    const last = this.#kept.at(-1)
    if (last === undefined) throw new Error('a chain has at least its first block')
    return last
  }
}
