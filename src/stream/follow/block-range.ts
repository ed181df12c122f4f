/** Reads the blocks and events that follow a block, as one chain that holds together. */

import { AppError } from '../../base/app-error.ts'
import {
  type Discovery,
  type FoundEvents,
  inconsistent,
  numbersOf,
  type Source,
  type SourceBlock,
  type SourceEvent,
} from '../source.ts'
import type { Anchor } from './kept-blocks.ts'

/** Where to read. */
export interface Reach {
  /** The block before the first one that is read, if its hash is known. */
  readonly before: Anchor | undefined
  readonly from: number
  /** The last block that may be read now. */
  readonly end: number
  readonly head: number
}

/** Blocks that were read up to `to`; in the far past only those that hold events, unless all are checked. */
export interface ReadRange {
  readonly to: number
  /** Oldest first, the last is `to`. */
  readonly blocks: readonly SourceBlock[]
  readonly events: readonly SourceEvent[]
  readonly discovered: readonly Discovery[]
}

/** Blocks next to the head whose events are asked for by hash: there endpoints disagree most. */
const exactBlocks = 16
/** Events of one range that are aimed at: more at once only take memory. */
const aimedEvents = 4_000

/** Reads ranges whose length follows what the endpoint can answer, the next one while the last is stored. */
export class RangeReader {
  readonly #source: Source
  readonly #most: number
  readonly #window: number
  #length: number
  #ahead: { readonly from: number; readonly range: Promise<ReadRange> } | undefined

  constructor(
    source: Source,
    { maxRange, window }: { readonly maxRange: number; readonly window: number },
  ) {
    this.#source = source
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
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead?.from === reach.from) return ahead.range
    await ahead?.range.catch(() => {})
    return this.#read(reach)
  }

  /** Begins to read what comes after a range. */
  prefetch({ to, blocks }: ReadRange, { end, head }: Pick<Reach, 'end' | 'head'>): void {
    if (to >= end) return
    const reach = { from: to + 1, end, head, before: blocks.at(-1) }
    const range = this.#read(reach)
    range.catch(() => {})
    this.#ahead = { from: reach.from, range }
  }

  /** Forgets what was read ahead, and waits until nothing is under way. */
  async forget(): Promise<void> {
    const ahead = this.#ahead
    this.#ahead = undefined
    await ahead?.range.catch(() => {})
  }

  async #read(reach: Reach): Promise<ReadRange> {
    const { from, end, head } = reach
    const isNear = head - from < exactBlocks
    const range = isNear ? await this.#near(from, end) : await this.#far(reach)
    mustLink(range.blocks, reach.before)
    mustFit(range)
    return range
  }

  /** Every block by number, its events by its hash. */
  async #near(from: number, end: number): Promise<ReadRange> {
    const blocks = await this.#source.blocksAt(numbersOf({ from, to: end }))
    return this.#proven(end, blocks, await this.#source.eventsOf(blocks))
  }

  async #far(reach: Reach): Promise<ReadRange> {
    const { from, head, end } = reach
    const last = Math.min(end, head - exactBlocks)
    let to = Math.min(from + this.#length - 1, last)
    for (;;) {
      try {
        const range = await this.#between(reach, to)
        this.#fit(to - from + 1, range.events.length)
        return range
      } catch (error) {
        if (isTimeout(error)) this.#length = half(from, to)
        if (to === from || !isTooLarge(error)) throw error
        const suggested = Number(error.data.to)
        to = suggested >= from && suggested < to ? suggested : from + half(from, to) - 1
        this.#length = to - from + 1
      }
    }
  }

  /**
   * Headers only where there are events, near the head, where it must follow what was read before, and where the source
   * checks all; the last block must be the same before and after.
   */
  async #between({ before, from, head }: Reach, to: number): Promise<ReadRange> {
    const source = this.#source
    const [last] = await source.blocksAt([to])
    const found = await source.eventsIn({ from, to })
    const wanted = new Set(found.events.map(({ blockNumber }) => blockNumber))
    const first = source.wantsHeaders ? from : Math.max(from, head - this.#window)
    for (const number of numbersOf({ from: first, to })) wanted.add(number)
    if (before) wanted.add(from)
    wanted.delete(to)
    const sorted = [...wanted].sort((a, b) => a - b)
    const blocks = [...(await source.blocksAt(sorted)), ...(await source.blocksAt([to]))]
    if (blocks.at(-1)?.hash !== last?.hash) throw inconsistent(`block ${to} changed meanwhile`)
    return this.#proven(to, blocks, found)
  }

  async #proven(
    to: number,
    blocks: readonly SourceBlock[],
    found: FoundEvents,
  ): Promise<ReadRange> {
    mustFit({ blocks, events: found.events })
    return { to, blocks, ...(await this.#source.proven(blocks, found)) }
  }

  /** Longer after success, as far as the answers stay small enough. */
  #fit(blocks: number, events: number): void {
    const aimed = Math.max(1, Math.floor((blocks * aimedEvents) / Math.max(1, events)))
    const grown = blocks >= this.#length ? Math.ceil(this.#length * 1.25) : this.#length
    this.#length = Math.min(this.#most, grown, aimed)
  }
}

function half(from: number, to: number): number {
  return Math.max(1, Math.floor((to - from + 1) / 2))
}

function isTimeout(error: unknown): boolean {
  return error instanceof AppError && error.data.reason === 'timeout'
}

function isTooLarge(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'stream/range-too-large'
}

/** Each block must name the one before it, where that was read too. */
function mustLink(blocks: readonly SourceBlock[], first: Anchor | undefined): void {
  let before = first
  for (const block of blocks) {
    if (before?.number === block.number - 1 && before.hash !== block.parentHash) {
      throw inconsistent(`block ${block.number} has another parent`)
    }
    before = block
  }
}

/** Each event must be in one of the blocks. */
function mustFit({ blocks, events }: Pick<ReadRange, 'blocks' | 'events'>): void {
  const hashes = new Map(blocks.map(({ number, hash }) => [number, hash]))
  for (const { blockNumber, blockHash } of events) {
    if (hashes.get(blockNumber) === blockHash) continue
    throw inconsistent(`a log names another block ${blockNumber}`)
  }
}
