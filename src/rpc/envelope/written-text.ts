/** Describes large answers, which are written piece by piece while they go out. */

import type { Json } from '../../base/json-rpc.ts'
import { turnTaking } from '../../chain/turn-taking.ts'

/** Text in UTF-8 whose length is known before it is written. */
export interface WrittenText {
  /** Bytes. */
  readonly length: number
  /** All of it, in order; each piece is good until the next one is asked for. */
  pieces(): Iterable<Uint8Array>
}

/** A JSON value that is written so. */
export abstract class WrittenJson implements WrittenText {
  abstract readonly length: number
  abstract pieces(): Iterable<Uint8Array>

  /** For those who want no text. */
  values(): Json {
    return JSON.parse(wholeText(this))
  }
}

/** Texts, one after the other, which together are a JSON value. */
export class JoinedText extends WrittenJson {
  override readonly length: number
  readonly #parts: readonly (Uint8Array | WrittenText)[]

  constructor(parts: readonly (string | WrittenText)[]) {
    super()
    this.#parts = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
    this.length = this.#parts.reduce((sum, { length }) => sum + length, 0)
  }

  override *pieces(): Generator<Uint8Array> {
    for (const part of this.#parts) {
      if (part instanceof Uint8Array) yield part
      else yield* part.pieces()
    }
  }
}

/** Characters after which others may have their turn, and how long they wait for it. */
const [partLength, stretchMs] = [64 * 1024, 5]

/** A list as text; others have their turn while its items are made. */
export async function writtenList(items: Iterable<Json>): Promise<WrittenJson> {
  const pause = turnTaking(stretchMs)
  const parts: string[] = []
  let text = ''
  for (const item of items) {
    text += `${parts.length === 0 && text === '' ? '[' : ','}${JSON.stringify(item)}`
    if (text.length < partLength) continue
    parts.push(text)
    text = ''
    const others = pause()
    if (others) await others
  }
  const isEmpty = parts.length === 0 && text === ''
  return new JoinedText(isEmpty ? ['[]'] : [...parts, `${text}]`])
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
