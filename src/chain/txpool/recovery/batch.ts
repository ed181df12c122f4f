/** Lays out batches of signatures in memory that threads share. */

import { recoverCompact } from '../../../crypto/secp256k1.ts'
import type { Address } from '../../ledger/transaction.ts'
import type { SignedMessage } from '../../ledger/transaction-codec.ts'

/** Most signatures of a batch. */
export const batchSize = 64
/** Batches that a thread may have before it at a time. */
export const batchesPerThread = 4

/** Signatures that are taken out of a batch at a time. */
const chunkSize = 4

/** A batch begins with two counts: of the signatures that nobody has taken yet, and of those that are recovered. */
const [leftAt, doneAt, headBytes] = [0, 1, 8]
/** A signature: hash, r and s, parity; and after it the answer: whether somebody signed, and who. */
const hashAt = 0
const compactAt = 32
const parityAt = 96
const foundAt = 97
const addressAt = 98
const jobBytes = 120

const batchBytes = headBytes + batchSize * jobBytes

/** Memory for the batches of one thread. */
export function batchMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(batchesPerThread * batchBytes)
}

/** One batch of the memory. Several threads may work on it at a time: each takes what no other has taken. */
export class Batch {
  readonly #counts: Int32Array
  readonly #bytes: Uint8Array

  constructor(memory: SharedArrayBuffer, place: number) {
    const start = place * batchBytes
    this.#counts = new Int32Array(memory, start, headBytes / 4)
    this.#bytes = new Uint8Array(memory, start + headBytes, batchSize * jobBytes)
  }

  /** Fills it, and gives it free: all that it held before is recovered. */
  fill(messages: readonly SignedMessage[]): void {
    for (const [at, { hash, compact, yParity }] of messages.entries()) {
      const start = at * jobBytes
      this.#bytes.set(hash, start + hashAt)
      this.#bytes.set(compact, start + compactAt)
      this.#bytes[start + parityAt] = yParity
    }
    Atomics.store(this.#counts, doneAt, 0)
    // Last of all: a thread that still looks whether something is left begins at once.
    Atomics.store(this.#counts, leftAt, messages.length)
  }

  /** Finds a few of the signers; false if there are none left to take. */
  recoverSome(): boolean {
    const end = Atomics.sub(this.#counts, leftAt, chunkSize)
    if (end <= 0) return false
    const start = Math.max(end - chunkSize, 0)
    for (let at = start; at < end; at += 1) this.#recover(at * jobBytes)
    Atomics.add(this.#counts, doneAt, end - start)
    return true
  }

  /** Whether so many signers have been looked for. */
  isDone(count: number): boolean {
    return Atomics.load(this.#counts, doneAt) === count
  }

  signer(at: number): Address | undefined {
    const start = at * jobBytes
    if (this.#bytes[start + foundAt] !== 1) return undefined
    return new Uint8Array(this.#bytes.subarray(start + addressAt, start + addressAt + 20))
  }

  #recover(start: number): void {
    const hash = this.#bytes.slice(start + hashAt, start + compactAt)
    const compact = this.#bytes.slice(start + compactAt, start + parityAt)
    const address = recoverCompact(hash, compact, this.#bytes[start + parityAt] ?? 0)
    this.#bytes[start + foundAt] = address ? 1 : 0
    if (address) this.#bytes.set(address, start + addressAt)
  }
}
