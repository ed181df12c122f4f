/** Reads names out of memory; one that was read lately is the same object again. */

const most = 4_096

/** Addresses and topics of logs, which come again and again: a copy for each log would be most of what a receipt holds. */
export class SeenNames {
  readonly #seen: (Uint8Array | undefined)[] = Array.from({ length: most })
  readonly #turned = new Uint8Array(20)

  /** The bytes at a place; nobody may write to them. */
  read(bytes: Uint8Array, at: number, length: number): Uint8Array {
    const last = at + length
    const tail = byteOf(bytes, last - 1) | (byteOf(bytes, last - 2) << 8)
    const place = (tail ^ byteOf(bytes, last - 3) ^ (byteOf(bytes, at) << 4)) & (most - 1)
    const seen = this.#seen[place]
    if (seen?.length === length && isAt(seen, bytes, at)) return seen
    const fresh = bytes.slice(at, last)
    this.#seen[place] = fresh
    return fresh
  }

  /** The 20 bytes of an address that lies there as a word. */
  readAddress(bytes: Uint8Array, at: number): Uint8Array {
    for (let to = 0; to < 20; to += 1) this.#turned[to] = byteOf(bytes, at + 19 - to)
    return this.read(this.#turned, 0, 20)
  }
}

function isAt(name: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let place = name.length - 1; place >= 0; place -= 1) {
    if (name[place] !== bytes[at + place]) return false
  }
  return true
}

function byteOf(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}
