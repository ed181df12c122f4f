/** Gathers what comes in pieces: very small ones would take a hundred times their bytes. */

/** Small pieces that are made one. */
const most = 1_024

/** Bytes that come, as the body of an answer. */
export class GatheredBytes {
  #size = 0
  #pieces: Uint8Array[] = []
  #made: Buffer[] = []

  /** In bytes. */
  get size(): number {
    return this.#size
  }

  /** Buffers that are held. */
  get pieces(): number {
    return this.#made.length + this.#pieces.length
  }

  /** Adds what came next; it must not change afterwards. */
  add(piece: Uint8Array): void {
    this.#size += piece.length
    this.#pieces.push(piece)
    if (this.#pieces.length < most) return
    this.#made.push(Buffer.concat(this.#pieces))
    this.#pieces = []
  }

  /** All that has come. */
  whole(): Buffer {
    const all = [...this.#made, ...this.#pieces]
    const [only] = all
    return all.length === 1 && Buffer.isBuffer(only) ? only : Buffer.concat(all, this.#size)
  }
}
