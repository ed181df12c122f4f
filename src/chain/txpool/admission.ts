/** Decides whether a node takes one more transaction: by how much waits beside what blocks take, and by how late it is. */

/** Who brings a transaction: somebody who is told that it is taken later, or a peer that has it itself. */
export type Bringer = 'user' | 'peer'

/** What a node has to do. */
export interface Workload {
  /** Transactions that could be in the next block, and those whose signers are being looked for. */
  readonly waiting: number
  /** How late the program is at what was due, in ms. */
  readonly lateMs: number
}

/** What blocks took lately. */
interface Stretch {
  readonly transactions: number
  readonly ms: number
}

/** Block times by which is said what may wait, and how many may unless said. */
const [blockTimesAhead, usualLeast] = [2, 2_000]
/** Blocks whose speed counts. */
const recentBlocks = 4
/** Longest pause that is asked for. */
const mostPauseMs = 5_000
/** A program that is so late lets users bring half as much, and one that is twice as late a third. */
const halfLateMs = 500
/** How much more a peer may bring: what another node has taken comes anyhow, in a block that is to be checked at once. */
const peerFactor = 4

/**
 * The gate of a pool. What waits is bounded by what the last blocks took in the time of two, so that what is taken comes
 * into a block soon; that bound grows by itself while blocks take all that there is, and is less for users while the program
 * is late: what it does for transactions keeps votes waiting.
 */
export class Admission {
  readonly #blockTimeMs: number
  readonly #least: number
  #recent: readonly Stretch[] = []
  /** Since when there is something for a block; absent while there is nothing. */
  #busySinceMs: number | undefined

  /**
   * @param blockTimeMs - what blocks aim at
   * @param least - how many may wait however little blocks took
   */
  constructor(blockTimeMs: number, least = usualLeast) {
    this.#blockTimeMs = blockTimeMs
    this.#least = least
  }

  /** How many may wait while the program is in time. */
  get bound(): number {
    let [transactions, ms] = [0, 0]
    for (const one of this.#recent) {
      transactions += one.transactions
      ms += one.ms
    }
    const soon = (transactions / Math.max(1, ms)) * blockTimesAhead * this.#blockTimeMs
    return Math.max(this.#least, Math.round(soon))
  }

  /** It makes no difference how many wait beyond these. */
  get mostCounted(): number {
    return peerFactor * this.bound
  }

  /** In how many ms whoever brings a transaction should come again; `undefined`: it is taken now. */
  pauseMs({ waiting, lateMs }: Workload, bringer: Bringer): number | undefined {
    const factor = bringer === 'peer' ? peerFactor : 1 / (1 + lateMs / halfLateMs)
    const most = factor * this.bound
    return waiting < most ? undefined : Math.min(this.#blockTimeMs, mostPauseMs)
  }

  /** A transaction was taken. */
  took(nowMs: number): void {
    this.#busySinceMs ??= nowMs
  }

  /** A block came with so many transactions, and so many are left. */
  blockCame(transactions: number, left: number, nowMs: number): void {
    const sinceMs = this.#busySinceMs
    this.#busySinceMs = left > 0 ? nowMs : undefined
    if (sinceMs === undefined || transactions === 0) return
    const ms = Math.max(this.#blockTimeMs, nowMs - sinceMs)
    this.#recent = [...this.#recent.slice(1 - recentBlocks), { transactions, ms }]
  }
}
