/** Remembers the last of what comes in without end. */

/**
 * A memory of what was put in last: half of what it may hold at least, and never more than all. What it holds lies in two
 * generations, and the older one goes as a whole: letting go one by one takes a `Map` longer the more it has let go.
 */
export class Recent<Key, Value> {
  readonly #half: number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()

  /** @param most - values that it may hold, at least 2 */
  constructor(most: number) {
    this.#half = Math.floor(most / 2)
  }

  has(key: Key): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  get(key: Key): Value | undefined {
    return this.#young.has(key) ? this.#young.get(key) : this.#old.get(key)
  }

  /** Puts a value in as the newest. */
  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
