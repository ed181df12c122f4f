/** Keeps blocks that were decoded, or only their logs, within bounds. */

import type { LogPosition } from '../store/block-log.ts'
import type { ExecutedBlock, LoggedBlock } from './ledger/block.ts'

/** Most blocks, and bytes of them unless said. */
const [mostBlocks, usualBytes] = [1_024, 256 * 1024 * 1024]
/** What a transaction takes beyond its encoding, and a block. */
const [transactionBytes, blockBytes] = [2_048, 4_096]

interface Entry {
  readonly block: LoggedBlock | ExecutedBlock
  readonly bytes: number
}

/** Blocks by where they lie in the log; the oldest goes first. */
export class BlockCache {
  readonly #entries = new Map<LogPosition, Entry>()
  readonly #most: number
  #bytes = 0

  constructor(mostBytes = usualBytes) {
    this.#most = mostBytes
  }

  /** A block as far as its logs need it. */
  logged(position: LogPosition): LoggedBlock | undefined {
    return this.#entries.get(position)?.block
  }

  /** A whole block. */
  executed(position: LogPosition): ExecutedBlock | undefined {
    const block = this.logged(position)
    return block && isWhole(block) ? block : undefined
  }

  /** Keeps a block that is encoded in so many bytes. */
  keep(position: LogPosition, block: LoggedBlock | ExecutedBlock, encodedBytes: number): void {
    this.#remove(position)
    const own = isWhole(block) ? transactionBytes * block.receipts.length : 0
    const bytes = blockBytes + encodedBytes + own
    this.#entries.set(position, { block, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= mostBlocks && this.#bytes <= this.#most) return
      this.#remove(oldest)
    }
  }

  /** Forgets what lies at a place of the log and behind it. */
  cut(end: LogPosition): void {
    for (const position of this.#entries.keys()) if (position >= end) this.#remove(position)
  }

  #remove(position: LogPosition): void {
    this.#bytes -= this.#entries.get(position)?.bytes ?? 0
    this.#entries.delete(position)
  }
}

function isWhole(block: LoggedBlock | ExecutedBlock): block is ExecutedBlock {
  return 'senders' in block
}
