/** Reads the blocks and logs that follow the checkpoint, as one chain that holds together. */

import { AppError } from '../../base/app-error.ts'
import type { JsonRpcClient } from '../../base/json-rpc.ts'
import type { EventDecoder } from '../event-decoder.ts'
import {
  blockAt,
  blocksAt,
  type ChainLog,
  inconsistent,
  isRangeTooLarge,
  type ListenedBlock,
  logsIn,
  logsOfBlocks,
} from './chain-reader.ts'
import type { Anchor } from './kept-blocks.ts'

/** Where to read. */
export interface Reach {
  /** The block before the first one that is read, if its hash is kept. */
  readonly before: Anchor | undefined
  readonly from: number
  readonly head: number
}

/** Blocks that were read up to `to`; in the far past only those that hold logs. */
export interface ReadRange {
  readonly to: number
  /** Oldest first, the last is `to`. */
  readonly blocks: readonly ListenedBlock[]
  readonly logs: readonly ChainLog[]
}

/** Blocks next to the head whose logs are asked for by hash: there endpoints disagree most. */
const exactBlocks = 16
/** Logs of one range; with more, fewer blocks are asked for. */
const maxLogs = 10_000

/** Reads ranges whose length follows what the endpoint can answer. */
export class RangeReader {
  readonly #client: JsonRpcClient
  readonly #decoder: EventDecoder
  readonly #most: number
  readonly #window: number
  #length: number

  constructor(
    client: JsonRpcClient,
    decoder: EventDecoder,
    { maxRange, window }: { readonly maxRange: number; readonly window: number },
  ) {
    this.#client = client
    this.#decoder = decoder
    this.#most = maxRange
    this.#window = window
    this.#length = maxRange
  }

  /**
   * Reads the next blocks, one or more.
   *
   * @throws AppError `stream/inconsistent` if the answers are not those of one chain that follows `before`
   */
  async read(reach: Reach): Promise<ReadRange> {
    const { from, head, before } = reach
    const isNear = head - from < exactBlocks
    const range = isNear ? await this.#near(from, head) : await this.#far(reach)
    mustLink(range.blocks, before)
    return range
  }

  /** Every block by number, its logs by its hash. */
  async #near(from: number, head: number): Promise<ReadRange> {
    const blocks = await blocksAt(this.#client, numbers(from, head))
    const logs = await logsOfBlocks(this.#client, this.#decoder, blocks)
    return { to: head, blocks, logs }
  }

  async #far(reach: Reach): Promise<ReadRange> {
    const { from, head } = reach
    let to = Math.min(from + this.#length - 1, head - exactBlocks)
    for (;;) {
      try {
        const range = await this.#between(reach, to)
        if (to - from + 1 >= this.#length) this.#grow()
        return range
      } catch (error) {
        if (isTimeout(error)) this.#length = half(from, to)
        if (to === from || !isRangeTooLarge(error)) throw error
        this.#length = half(from, to)
        to = from + this.#length - 1
      }
    }
  }

  /**
   * Headers only where there are logs, near the head, and where it must follow what was read before; the last block
   * must be the same before and after.
   */
  async #between({ before, from, head }: Reach, to: number): Promise<ReadRange> {
    const last = await blockAt(this.#client, to)
    const logs = await logsIn(this.#client, this.#decoder, { from, to })
    if (logs.length > maxLogs && to > from) {
      const message = `more than ${maxLogs} logs in blocks ${from} to ${to}`
      throw new AppError({ code: 'json-rpc/error', message, retry: 'now' })
    }
    const wanted = new Set(logs.map(({ blockNumber }) => blockNumber))
    for (const number of numbers(Math.max(from, head - this.#window), to)) wanted.add(number)
    if (before) wanted.add(from)
    wanted.delete(to)
    const sorted = [...wanted].sort((a, b) => a - b)
    const blocks = [...(await blocksAt(this.#client, sorted)), await blockAt(this.#client, to)]
    if (blocks.at(-1)?.hash !== last.hash) throw inconsistent(`block ${to} changed meanwhile`)
    return { to, blocks, logs }
  }

  #grow(): void {
    this.#length = Math.min(this.#most, Math.ceil(this.#length * 1.25))
  }
}

function half(from: number, to: number): number {
  return Math.max(1, Math.floor((to - from + 1) / 2))
}

function isTimeout(error: unknown): boolean {
  return error instanceof AppError && error.data.reason === 'timeout'
}

function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
}

/** Each block must name the one before it, where that was read too. */
function mustLink(blocks: readonly ListenedBlock[], first: Anchor | undefined): void {
  let before = first
  for (const block of blocks) {
    if (before?.number === block.number - 1 && before.hash !== block.parentHash) {
      throw inconsistent(`block ${block.number} has another parent`)
    }
    before = block
  }
}
