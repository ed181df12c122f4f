/** Describes large answers, which are written piece by piece while they go out. */

import type { Json } from '../../base/json-rpc.ts'

/** Text in UTF-8 whose length is known before it is written. */
export interface WrittenText {
  /** Bytes. */
  readonly length: number
  /** All of it, in order; each piece is good until the next one is asked for. */
  pieces(): Iterable<Uint8Array>
}

/** A JSON value that is written so; its text is ASCII. */
export abstract class WrittenJson implements WrittenText {
  abstract readonly length: number
  abstract pieces(): Iterable<Uint8Array>

  /** For those who want no text. */
  values(): Json {
    return JSON.parse(wholeText(this))
  }
}

/** Texts, one after the other. */
export class JoinedText implements WrittenText {
  readonly length: number
  readonly #parts: readonly (Uint8Array | WrittenText)[]

  constructor(parts: readonly (string | WrittenText)[]) {
    this.#parts = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
    this.length = this.#parts.reduce((sum, { length }) => sum + length, 0)
  }

  *pieces(): Generator<Uint8Array> {
    for (const part of this.#parts) {
      if (part instanceof Uint8Array) yield part
      else yield* part.pieces()
    }
  }
}

/** All of a text at once. */
export function wholeText(written: WrittenText): string {
  return wholeBytes(written).toString()
}

/** The same as bytes. */
export function wholeBytes(written: WrittenText): Buffer {
  const bytes = Buffer.allocUnsafe(written.length)
  let at = 0
  for (const piece of written.pieces()) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
