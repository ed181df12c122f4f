/** Keeps blocks that cannot be taken yet: those whose parent is not known, and those whose time has not come. */

import type { Block } from './ledger/block.ts'
import { blockSize } from './ledger/block-codec.ts'
import type { Hash } from './ledger/transaction.ts'

/** Blocks, bytes of them, and how long one waits; the oldest is forgotten first. */
const [mostBlocks, mostBytes, mostMs] = [64, 32 * 1024 * 1024, 600_000]

interface WaitingBlock {
  readonly block: Block
  readonly bytes: number
  readonly sinceMs: number
  /** When its time comes, if that is what it waits for. */
  readonly dueMs: number | undefined
}

/** Blocks by hash. None of them was checked: only their number and size are bounded. */
export class WaitingBlocks {
  readonly #blocks = new Map<string, WaitingBlock>()
  #bytes = 0

  /** Whether all that wait are within their bounds. */
  get size(): number {
    return this.#blocks.size
  }

  /** @param dueMs - when its time comes; without it, its parent is waited for */
  add(block: Block, nowMs: number, dueMs?: number): void {
    const key = block.hash.toHex()
    this.#remove(key)
    const bytes = blockSize(block)
    if (bytes > mostBytes) return
    this.#blocks.set(key, { block, bytes, sinceMs: nowMs, dueMs })
    this.#bytes += bytes
    for (const [oldest, { sinceMs }] of this.#blocks) {
      const isOver = this.#blocks.size > mostBlocks || this.#bytes > mostBytes
      if (!isOver && sinceMs + mostMs > nowMs) return
      this.#remove(oldest)
    }
  }

  /** Takes out those that waited for this block. */
  childrenOf(parent: Hash): readonly Block[] {
    const wanted = parent.toHex()
    return this.#takeOut(
      ({ block, dueMs }) => dueMs === undefined && block.header.parentHash.toHex() === wanted,
    )
  }

  /** Takes out those whose time has come. */
  due(nowMs: number): readonly Block[] {
    return this.#takeOut(({ dueMs }) => dueMs !== undefined && dueMs <= nowMs)
  }

  /** When the time of the next one comes. */
  nextDueMs(): number | undefined {
    const times = [...this.#blocks.values()].flatMap(({ dueMs }) => dueMs ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #takeOut(fits: (one: WaitingBlock) => boolean): readonly Block[] {
    const found = [...this.#blocks].filter(([, one]) => fits(one))
    for (const [key] of found) this.#remove(key)
    return found.map(([, { block }]) => block)
  }

  #remove(key: string): void {
    this.#bytes -= this.#blocks.get(key)?.bytes ?? 0
    this.#blocks.delete(key)
  }
}
