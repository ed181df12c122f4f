/** Plays a chain for tests: blocks with payments, which leave and come back, as a source for a real listener. */

import { createHash } from 'node:crypto'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type {
  BlockSpan,
  FoundEvents,
  Source,
  SourceBlock,
  SourceEvent,
} from '../../stream/source.ts'

/** The contract of all payments. */
export const vault: Hex = `0x${'11'.repeat(20)}`
export const paid = 'Paid(address from, address to, uint256 amount)'

/** One payment; each number of `id` is another transaction, wherever it stands. */
export interface Payment {
  readonly id: number
  readonly args: { readonly [name: string]: Json }
}

/** A block with its payments. */
export interface PlayedBlock extends SourceBlock {
  readonly payments: readonly Payment[]
}

const hashOf = (text: string): Hex => `0x${createHash('sha256').update(text).digest('hex')}`

/** The hash of the transaction of a payment. */
export const transactionOf = (id: number): Hex => hashOf(`payment ${id}`)

/** A payment of some amount between accounts that are named by small numbers. */
export function payment(id: number, amount: bigint, [from, to] = [1, 2]): Payment {
  const account = (n: number) => `0x${n.toString(16).padStart(40, '0')}`
  return { id, args: { from: account(from), to: account(to), amount: String(amount) } }
}

/** A chain that grows and goes back as a test says. */
export class PlayedChain implements Source {
  readonly type = 'evm.log'
  readonly wantsHeaders = false
  #blocks: readonly PlayedBlock[] = []
  #salt = 0
  #look = () => {}

  constructor() {
    this.grow()
  }

  /** Adds a block. */
  grow(...payments: readonly Payment[]): void {
    const number = this.#blocks.length
    const parentHash = this.#blocks.at(-1)?.hash ?? hashOf('birth')
    const hash = number === 0 ? hashOf('genesis') : hashOf(`${parentHash} ${this.#salt}`)
    const block = { number, hash, parentHash, timeMs: 1_000_000 * (number + 1), payments }
    this.#blocks = [...this.#blocks, block]
    this.#look()
  }

  /** Takes blocks away; those that come then are others. Block 0 stays. */
  drop(count: number): readonly Payment[] {
    const length = Math.max(1, this.#blocks.length - count)
    const gone = this.#blocks.slice(length).flatMap(({ payments }) => payments)
    this.#blocks = this.#blocks.slice(0, length)
    this.#salt += 1
    return gone
  }

  get height(): number {
    return this.#blocks.length - 1
  }

  block(number: number): PlayedBlock | undefined {
    return this.#blocks[number]
  }

  /** Hash of the last block. */
  get tip(): Hex {
    return (this.#blocks.at(-1) as PlayedBlock).hash
  }

  /** The same chain, as if it had never been another. */
  copy(): PlayedChain {
    const other = new PlayedChain()
    other.#blocks = this.#blocks
    return other
  }

  async chainId(): Promise<number> {
    return 7
  }

  async head() {
    return { number: this.height, safe: undefined, finalized: undefined }
  }

  async blocksAt(numbers: readonly number[]): Promise<readonly SourceBlock[]> {
    return numbers.map((number) => {
      const block = this.#blocks[number]
      if (block === undefined) throw new Error(`there is no block ${number}`)
      return block
    })
  }

  async blockByHash(hash: Hex): Promise<SourceBlock | undefined> {
    return this.#blocks.find((block) => block.hash === hash)
  }

  async eventsIn({ from, to }: BlockSpan): Promise<FoundEvents> {
    return found(this.#blocks.slice(from, to + 1))
  }

  async eventsOf(blocks: readonly SourceBlock[]): Promise<FoundEvents> {
    const hashes = new Set(blocks.map(({ hash }) => hash))
    return found(this.#blocks.filter(({ hash }) => hashes.has(hash)))
  }

  async proven(_: readonly SourceBlock[], events: FoundEvents): Promise<FoundEvents> {
    return events
  }

  subscribe(look: () => void): () => void {
    this.#look = look
    return () => {}
  }
}

function found(blocks: readonly PlayedBlock[]): FoundEvents {
  return { events: blocks.flatMap(eventsOf), discovered: [] }
}

function eventsOf({ number, hash, payments }: PlayedBlock): readonly SourceEvent[] {
  return payments.map(({ id, args }, logIndex) => ({
    ...{ key: `${transactionOf(id)}:0`, address: vault, name: 'Paid', args, logIndex },
    ...{ signature: 'Paid(address,address,uint256)', blockNumber: number, blockHash: hash },
    transactionHash: transactionOf(id),
  }))
}
