/** Writes large answers without keeping others waiting. */

import type { ServerResponse } from 'node:http'
import { turnTaking } from '../../chain/turn-taking.ts'
import { type WrittenText, wholeBytes } from '../envelope/written-text.ts'

/** Bytes of an answer that is written at once. */
const small = 256 * 1024
/** How long others wait; short, since an answer to them waits for two turns. */
const stretchMs = 5

/** The pieces of a text; others have their turn whenever it took a while to write them. */
async function* pacedPieces(text: WrittenText): AsyncGenerator<Uint8Array> {
  const pause = turnTaking(stretchMs)
  for (const piece of text.pieces()) {
    yield piece
    const others = pause()
    if (others) await others
  }
}

/** All of a text in one piece of memory. */
export async function pacedBytes(text: WrittenText): Promise<Uint8Array> {
  if (text.length <= small) return wholeBytes(text)
  const bytes = Buffer.allocUnsafe(text.length)
  let at = 0
  for await (const piece of pacedPieces(text)) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** Sends a text as the body of a response whose head says its length, no faster than the client takes it, until it is gone. */
export async function sendPieces(response: ServerResponse, text: WrittenText): Promise<void> {
  if (text.length <= small) {
    response.end(wholeBytes(text))
    return
  }
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  for await (const piece of pacedPieces(text)) {
    if (response.destroyed) return
    const taken = new Promise<void>((resolve) => response.write(piece, () => resolve()))
    await Promise.race([taken, closed])
  }
  response.end()
}
