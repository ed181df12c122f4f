/** Writes text of ASCII characters into a piece of memory. */

const digits = new TextEncoder().encode(Uint8Array.from({ length: 256 }, (_, byte) => byte).toHex())
/** The two digits of each byte as one number. */
const pairs = Uint16Array.from({ length: 256 }, (_, byte) =>
  new DataView(digits.buffer).getUint16(2 * byte),
)

/** Text that is written from its beginning to its end, and taken when the room is full. */
export class AsciiText {
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  constructor(room: number) {
    this.#bytes = new Uint8Array(room)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Characters that can still be put. */
  get room(): number {
    return this.#bytes.length - this.#at
  }

  put(text: Uint8Array | undefined): void {
    if (!text) return
    const { length } = text
    // A loop is faster than a copy where there is little to copy.
    if (length > 64) this.#bytes.set(text, this.#at)
    else for (let from = 0; from < length; from += 1) this.#bytes[this.#at + from] = text[from] ?? 0
    this.#at += length
  }

  /** Two digits for each byte of a range. */
  hex(bytes: Uint8Array, from: number, to: number): void {
    const view = this.#view
    let at = this.#at
    for (let place = from; place < to; place += 1) {
      view.setUint16(at, pairs[bytes[place] as number] as number)
      at += 2
    }
    this.#at = at
  }

  /** What was put so far, good until more is put; then there is room for at least `room` characters. */
  take(room: number): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#at)
    this.#at = 0
    if (room > this.#bytes.length) {
      this.#bytes = new Uint8Array(room)
      this.#view = new DataView(this.#bytes.buffer)
    }
    return taken
  }
}
