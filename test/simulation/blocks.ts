/** Makes blocks for runs: a few bytes that say whether they are valid, and the round they were made in. */

import { partsOf } from '../../src/chain/consensus/parts.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'

/** A block as nodes of a run hold it. */
export interface SimulatedBlock {
  readonly bytes: Uint8Array
  readonly value: Uint8Array
  readonly partsRoot: Uint8Array
  readonly isValid: boolean
  readonly bornRound: number
}

/** A new block; the number makes it another one than all before. */
export function makeBlock(number: number, bornRound: number, isValid = true): SimulatedBlock {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, isValid ? 1 : 0)
  view.setUint32(1, bornRound)
  view.setFloat64(8, number)
  return readBlock(bytes)
}

/** What the bytes are; any are a block, if not a valid one. */
export function readBlock(bytes: Uint8Array): SimulatedBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const isWhole = bytes.length === 16
  return {
    bytes,
    value: keccak256(bytes),
    partsRoot: partsOf(bytes).root,
    isValid: isWhole && view.getUint8(0) === 1,
    bornRound: isWhole ? view.getUint32(1) : 0,
  }
}
