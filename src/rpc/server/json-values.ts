/** Cuts a stream of bytes into the JSON objects and arrays that follow each other in it. */

/** What a piece of the stream completed: texts of values, and perhaps why it cannot be read on. */
export interface CutValues {
  readonly texts: readonly string[]
  readonly refusal: 'not-json' | 'too-long' | undefined
}

const [quote, backslash] = ['"', '\\'].map((one) => one.charCodeAt(0))
const opening: readonly (number | undefined)[] = ['{', '['].map((one) => one.charCodeAt(0))
const closing: readonly (number | undefined)[] = ['}', ']'].map((one) => one.charCodeAt(0))
const space: readonly number[] = [0x20, 0x09, 0x0a, 0x0d]

/** Finds where values end by their brackets alone; whether they are JSON is for the parser to say. */
export class JsonValues {
  readonly #limit: number
  #kept: Uint8Array[] = []
  #length = 0
  #depth = 0
  #inText = false
  #escaped = false

  /** @param limit - most bytes of a value */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether a value has begun and not ended. */
  get isWithin(): boolean {
    return this.#depth > 0
  }

  /** Takes the next bytes; after a refusal nothing more can be read. */
  take(bytes: Uint8Array): CutValues {
    const texts: string[] = []
    let begin = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      if (this.#depth === 0) {
        if (space.includes(byte)) continue
        if (!opening.includes(byte)) return { texts, refusal: 'not-json' }
        begin = at
      }
      if (!this.#ends(byte)) continue
      if (this.#length + at + 1 - begin > this.#limit) return { texts, refusal: 'too-long' }
      texts.push(this.#text(bytes.subarray(begin, at + 1)))
    }
    if (this.#depth > 0) {
      this.#kept.push(bytes.slice(begin))
      this.#length += bytes.length - begin
    }
    return { texts, refusal: this.#length > this.#limit ? 'too-long' : undefined }
  }

  /** Whether this byte is the last one of a value. */
  #ends(byte: number): boolean {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inText = false
      return false
    }
    if (byte === quote) this.#inText = true
    else if (opening.includes(byte)) this.#depth += 1
    else if (closing.includes(byte)) {
      this.#depth -= 1
      return this.#depth === 0
    }
    return false
  }

  #text(last: Uint8Array): string {
    const text = Buffer.concat([...this.#kept, last]).toString()
    this.#kept = []
    this.#length = 0
    return text
  }
}
