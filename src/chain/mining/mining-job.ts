/** Describes what the threads of a miner are told, and what they share. */

import type { SealAlgorithm } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'

/** One search, as a thread gets it. */
export interface MiningJob {
  /** Which search; one that is no longer the current one is left. */
  readonly job: number
  readonly seal: SealAlgorithm
  readonly chainKey: Hash
  readonly sealHash: Hash
  /** Highest digest, as 32 bytes. */
  readonly highest: Uint8Array
  /** The first nonce of this thread; it counts up from there. */
  readonly from: bigint
}

/** The first nonce of each of some threads; together they have all nonces of 64 bits, and none has another's. */
export function firstNonces(threads: number): readonly bigint[] {
  const step = threads === 0 ? 0n : 2n ** 64n / BigInt(threads)
  return Array.from({ length: threads }, (_, place) => step * BigInt(place))
}

/** What a thread found. */
export interface FoundNonce {
  readonly job: number
  readonly nonce: bigint
}

/** Memory that the miner and its threads share. */
export class MiningBoard {
  /** To be handed to a thread. */
  readonly memory: SharedArrayBuffer
  readonly #job: Int32Array
  readonly #hashes: BigUint64Array

  constructor(memory = new SharedArrayBuffer(16)) {
    this.memory = memory
    this.#job = new Int32Array(memory, 0, 1)
    this.#hashes = new BigUint64Array(memory, 8, 1)
  }

  /** The search that is on; 0 for none. */
  get job(): number {
    return Atomics.load(this.#job, 0)
  }

  set job(job: number) {
    Atomics.store(this.#job, 0, job)
  }

  /** Digests that were computed since the beginning, by all threads. */
  get hashes(): bigint {
    return Atomics.load(this.#hashes, 0)
  }

  count(hashes: number): void {
    Atomics.add(this.#hashes, 0, BigInt(hashes))
  }
}
