/** Keeps the pieces of files that were read last, up to some bytes. */

/** A bounded memory of pieces; what was not asked for since about half of the bytes went through is forgotten. */
export class PieceCache<Key> {
  readonly #maxBytes: number
  #young = new Map<Key, Uint8Array>()
  #old = new Map<Key, Uint8Array>()
  #youngBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: Key): Uint8Array | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) this.set(key, old)
    return old
  }

  set(key: Key, bytes: Uint8Array): void {
    if (this.#youngBytes + bytes.length > this.#maxBytes / 2) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, bytes)
    this.#youngBytes += bytes.length
  }
}
