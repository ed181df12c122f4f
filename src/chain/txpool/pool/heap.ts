/** Keeps items by rank with the foremost at hand, and moves an item whose rank has changed. */

/** A binary heap that knows where its items are. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #places = new Map<T, number>()
  readonly #precedes: (a: T, b: T) => boolean

  /** @param precedes - whether `a` stands before `b` */
  constructor(precedes: (a: T, b: T) => boolean) {
    this.#precedes = precedes
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  /** Puts an item in, or to its new place if it is there already. */
  set(item: T): void {
    const place = this.#places.get(item) ?? this.#items.length
    this.#put(item, place)
    this.#sink(item, this.#rise(item, place))
  }

  delete(item: T): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#put(last, place)
    this.#sink(last, this.#rise(last, place))
  }

  /** Takes the foremost item out. */
  shift(): T | undefined {
    const item = this.first
    if (item !== undefined) this.delete(item)
    return item
  }

  /** All items as they are now, foremost first; looks only at as many as are asked for. */
  *inOrder(): Generator<T, undefined> {
    const items = this.#items.slice()
    const precedes = (a: number, b: number) => this.#precedes(items[a] as T, items[b] as T)
    const edge = new Heap<number>(precedes)
    if (items.length > 0) edge.set(0)
    for (let place = edge.shift(); place !== undefined; place = edge.shift()) {
      yield items[place] as T
      for (const child of [2 * place + 1, 2 * place + 2]) if (child < items.length) edge.set(child)
    }
    return undefined
  }

  #put(item: T, place: number): void {
    this.#items[place] = item
    this.#places.set(item, place)
  }

  #rise(item: T, from: number): number {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#items[parent] as T
      if (!this.#precedes(item, above)) break
      this.#put(above, place)
      place = parent
    }
    if (place !== from) this.#put(item, place)
    return place
  }

  #sink(item: T, from: number): void {
    const { length } = this.#items
    let place = from
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2]
      if (left >= length) break
      const isRight =
        right < length && this.#precedes(this.#items[right] as T, this.#items[left] as T)
      const child = isRight ? right : left
      const below = this.#items[child] as T
      if (!this.#precedes(below, item)) break
      this.#put(below, place)
      place = child
    }
    if (place !== from) this.#put(item, place)
  }
}
