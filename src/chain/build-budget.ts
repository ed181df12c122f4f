/** Says when a block has taken what fits into the time that it has, what ends it included. */

/** An end that took longer than this beside the filling is one of a machine that had something else to do. */
const mostShare = 4
/** Fillings shorter than this say nothing of the ends that follow. */
const leastMs = 10

/** The time of one block after the other: how long the end of a block takes is learnt from those before. */
export class BuildBudget {
  /** Time that a block's end takes, for each ms in which it was filled. */
  #share = 0
  #begunMs = 0
  #filledMs = 0
  #mostMs = 0

  /** A block is begun that should be there at the deadline. */
  begin(nowMs: number, deadlineMs: number): void {
    this.#begunMs = nowMs
    this.#filledMs = nowMs
    this.#mostMs = deadlineMs - nowMs
  }

  /** Whether a block should take no more, or its roots would be late. */
  isSpent(nowMs: number): boolean {
    this.#filledMs = nowMs
    return (nowMs - this.#begunMs) * (1 + this.#share) > this.#mostMs
  }

  /** The block is there. */
  end(nowMs: number): void {
    const filling = this.#filledMs - this.#begunMs
    if (filling < leastMs) return
    const share = Math.min((nowMs - this.#filledMs) / filling, mostShare)
    this.#share = (this.#share + share) / 2
  }
}
