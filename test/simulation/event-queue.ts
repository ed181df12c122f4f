/** Orders what is to happen by virtual time, and among the same moment by who asked first. */

interface Entry {
  readonly atMs: number
  readonly number: number
  readonly run: () => void
}

/** A heap of events, and the time of the one that happens. */
export class EventQueue {
  readonly #heap: Entry[] = []
  #asked = 0
  nowMs = 0

  get size(): number {
    return this.#heap.length
  }

  /** Lets something happen later; never in the past. */
  at(atMs: number, run: () => void): void {
    this.#asked += 1
    const entry = { atMs: Math.max(atMs, this.nowMs), number: this.#asked, run }
    let place = this.#heap.length
    this.#heap.push(entry)
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!isBefore(entry, this.#heap[above] as Entry)) break
      this.#heap[place] = this.#heap[above] as Entry
      place = above
    }
    this.#heap[place] = entry
  }

  /** Lets the next event happen; false when there is none. */
  next(): boolean {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined) return false
    if (this.#heap.length > 0) this.#sink(last)
    this.nowMs = first.atMs
    first.run()
    return true
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      const other = heap[below + 1]
      if (other && isBefore(other, heap[below] as Entry)) below += 1
      if (!isBefore(heap[below] as Entry, entry)) break
      heap[place] = heap[below] as Entry
      place = below
    }
    heap[place] = entry
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number)
}
