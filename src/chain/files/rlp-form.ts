/** The form of go-ethereum's `export`: RLP of blocks, one after the other, with nothing between. */

import { decodeBlock, encodeBlock } from '../ledger/block-codec.ts'
import { rlpLength } from '../ledger/rlp.ts'
import { type BlockForm, maxEntryBytes, orBad } from './block-form.ts'
import type { ByteSource } from './byte-source.ts'

/** Bytes that are enough to tell how long an RLP value is. */
const prefixBytes = 9

export const rlpForm: BlockForm = {
  async *read(source) {
    for (;;) {
      const prefix = await source.peek(prefixBytes)
      if (prefix.length === 0) return
      const at = source.position
      const bytes = await source.take(lengthOf(source, prefix))
      yield { kind: 'block', block: orBad(source, at, () => decodeBlock(bytes)) }
      yield { kind: 'whole', at: source.position }
    }
  },
  writer: () => ({
    write: ({ block }) => encodeBlock(block),
    finish: () => new Uint8Array(),
  }),
}

function lengthOf(source: ByteSource, prefix: Uint8Array): number {
  if ((prefix[0] ?? 0) < 0xc0) throw source.bad('no block begins here')
  const length = orBad(source, source.position, () => rlpLength(prefix))
  if (length === undefined) throw source.bad('the file ends within a block')
  if (length > maxEntryBytes) throw source.bad(`a block of ${length} bytes is too large`)
  return length
}
