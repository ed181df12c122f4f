/** Writes the file of a state as one stream of bytes that is the same whoever writes it, for nodes that join. */

import { concatBytes } from '../../base/bytes.ts'
import { accountPages, decodeTables } from './pages/checkpoint-tables.ts'
import { pageEntryBytes, pageHeadBytes } from './pages/page-book.ts'
import {
  accountBytes,
  codeHashOf,
  flags,
  mostAccountBytes,
  mostSlotBytes,
  slotBytes,
  writeAccount,
  writeSlot,
} from './snapshot/leaf-form.ts'
import type { PieceSource } from './state.ts'
import { emptyCodeHash } from './trie-state.ts'

/**
 * The stream, in pieces of any length: accounts by their hashed addresses, each with its slots by theirs, then the codes by
 * their hashes.
 */
export function* snapshotStream(source: PieceSource): Generator<Uint8Array> {
  const tables = decodeTables(source.last)
  const { pages: entries, slotPages, codes } = tables
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length)
  const pageAt = (page: number) =>
    source.read(view.getFloat64(page * pageEntryBytes + pageHeadBytes, true))
  const empty = emptyCodeHash.toHex()
  const named = new Set<string>()
  for (let page = slotPages; page < slotPages + accountPages(tables); page += 1) {
    const records = pageAt(page)
    const fields = new DataView(records.buffer, records.byteOffset, records.length)
    for (let at = 0; at < records.length; at += accountBytes) {
      const account = records.subarray(at, at + accountBytes)
      const [first, count] = [fields.getUint32(at + 32, true), fields.getUint32(at + 36, true)]
      const code = codeHashOf(account).toHex()
      if (code !== empty) named.add(code)
      yield accountPiece(account, { hasCode: code !== empty, hasSlots: count > 0 })
      for (let slots = first; slots < first + count; slots += 1) yield slotsPiece(pageAt(slots))
      if (count > 0) yield Uint8Array.of(0)
    }
  }
  yield Uint8Array.of(flags.end)
  for (const hash of [...named].sort()) {
    const position = codes.get(hash)
    if (position === undefined) throw new Error(`the file has no code ${hash}`)
    const code = source.read(position)
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, code.length)
    yield concatBytes(length, code)
  }
}

function accountPiece(
  account: Uint8Array,
  has: { readonly hasCode: boolean; readonly hasSlots: boolean },
): Uint8Array {
  const piece = new Uint8Array(mostAccountBytes)
  return piece.subarray(0, writeAccount(account, piece, { at: 0, ...has }))
}

function slotsPiece(records: Uint8Array): Uint8Array {
  const piece = new Uint8Array((records.length / slotBytes) * mostSlotBytes)
  let end = 0
  for (let at = 0; at < records.length; at += slotBytes) {
    end = writeSlot(records.subarray(at, at + slotBytes), piece, end)
  }
  return piece.subarray(0, end)
}
