/** Cuts leaves that come in the order of their keys into the subtrees of a trie that fit a page. */

/** Most leaves of a page, as in the kernel. */
const pageLeaves = 64

/** A subtree that fits a page, and none around it does. */
export interface CutPage {
  /** Of its leaves, in order. */
  readonly records: Uint8Array
  /** At which it begins. */
  readonly depth: number
}

/** Takes the leaves of one trie. */
export class PageCutter {
  readonly #recordBytes: number
  readonly #emit: (page: CutPage) => void
  /** One more than fit a page. */
  readonly #waiting: Uint8Array
  #count = 0
  /** Nibbles that the first waiting leaf shares with the one before it; −1 for the first of all. */
  #shared = -1

  /** @param emit - hears of each page; its records are valid until it returns */
  constructor(recordBytes: number, emit: (page: CutPage) => void) {
    this.#recordBytes = recordBytes
    this.#emit = emit
    this.#waiting = new Uint8Array(recordBytes * (pageLeaves + 1))
  }

  /** Takes the next leaf; false if its key is not above that of the one before. */
  add(record: Uint8Array): boolean {
    const at = this.#count * this.#recordBytes
    if (this.#count > 0 && !isBelow(this.#waiting, at - this.#recordBytes, record)) return false
    this.#waiting.set(record, at)
    this.#count += 1
    if (this.#count > pageLeaves) {
      this.#cut(Math.max(this.#shared, this.#common(0, pageLeaves)) + 1)
    }
    return true
  }

  /** The trie is whole; the next leaf begins another one. */
  end(): void {
    while (this.#count > 0) this.#cut(this.#shared + 1)
    this.#shared = -1
  }

  /** Lets go of the leaves that are in the subtree of the first one at a depth. */
  #cut(depth: number): void {
    let leaves = 1
    while (leaves < this.#count && this.#common(0, leaves) >= depth) leaves += 1
    const bytes = leaves * this.#recordBytes
    this.#emit({ records: this.#waiting.subarray(0, bytes), depth })
    this.#shared = leaves < this.#count ? this.#common(leaves - 1, leaves) : -1
    this.#waiting.copyWithin(0, bytes, this.#count * this.#recordBytes)
    this.#count -= leaves
  }

  /** Nibbles that the keys of two waiting leaves share. */
  #common(one: number, other: number): number {
    const [a, b] = [one * this.#recordBytes, other * this.#recordBytes]
    let at = 0
    while (at < 32 && this.#waiting[a + at] === this.#waiting[b + at]) at += 1
    const differ = ((this.#waiting[a + at] ?? 0) ^ (this.#waiting[b + at] ?? 0)) > 15
    return at * 2 + (at < 32 && !differ ? 1 : 0)
  }
}

/** Whether the key at a place is below that of a record. */
function isBelow(bytes: Uint8Array, at: number, record: Uint8Array): boolean {
  for (let byte = 0; byte < 32; byte += 1) {
    const order = (bytes[at + byte] as number) - (record[byte] as number)
    if (order !== 0) return order < 0
  }
  return false
}
