/** Lays out batches of signatures in memory that threads share. */

import { recoverCompact } from '../../../crypto/secp256k1.ts'
import type { Address } from '../../ledger/transaction.ts'
import type { SignedMessage } from '../../ledger/transaction-codec.ts'

/** Most signatures of a batch. */
export const batchSize = 64
/** Batches that a thread may have before it at a time. */
export const batchesPerThread = 4

/** A signature: hash, r and s, parity; and after it the answer: whether somebody signed, and who. */
const hashAt = 0
const compactAt = 32
const parityAt = 96
const foundAt = 97
const addressAt = 98
const jobBytes = 120

/** Memory for the batches of one thread. */
export function batchMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(batchesPerThread * batchSize * jobBytes)
}

/** One batch of the memory. */
export class Batch {
  readonly #bytes: Uint8Array

  constructor(memory: SharedArrayBuffer, place: number) {
    const length = batchSize * jobBytes
    this.#bytes = new Uint8Array(memory, place * length, length)
  }

  write(at: number, { hash, compact, yParity }: SignedMessage): void {
    const start = at * jobBytes
    this.#bytes.set(hash, start + hashAt)
    this.#bytes.set(compact, start + compactAt)
    this.#bytes[start + parityAt] = yParity
  }

  /** Finds the signers of the first `count`. */
  recover(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const start = at * jobBytes
      const hash = this.#bytes.slice(start + hashAt, start + compactAt)
      const compact = this.#bytes.slice(start + compactAt, start + parityAt)
      const address = recoverCompact(hash, compact, this.#bytes[start + parityAt] ?? 0)
      this.#bytes[start + foundAt] = address ? 1 : 0
      if (address) this.#bytes.set(address, start + addressAt)
    }
  }

  signer(at: number): Address | undefined {
    const start = at * jobBytes
    if (this.#bytes[start + foundAt] !== 1) return undefined
    return new Uint8Array(this.#bytes.subarray(start + addressAt, start + addressAt + 20))
  }
}
