/** Makes randomness of hash chains: who proposes reveals the hash before the one that it is committed to. */

import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

const tag = new TextEncoder().encode('QS/mix/pos/1')
const zero: Hash = new Uint8Array(32)

/** Hashes of a chain unless said otherwise: so many blocks can be proposed with one commitment. */
const chainHashes = 65_536

/** Hashes between those that are kept. */
const stride = 256

/** A hash chain of a validator, which can reveal its hashes from the last one down. */
export interface HashChain {
  /** The last hash: what the contract is told. */
  readonly commitment: Hash
  /** What hashes to `commitment` of this chain or to any hash but the secret: what to reveal next; else `undefined`. */
  before(commitment: Hash): Hash | undefined
}

/**
 * The chain keccak256ⁿ(secret). It keeps every 256th hash, and finds others by hashing up from there.
 *
 * @param secret - 32 bytes that nobody else knows, and that no other chain has
 */
export function hashChain(secret: Uint8Array, hashes = chainHashes): HashChain {
  const kept: Hash[] = [secret]
  let last = secret
  for (let done = 1; done <= hashes; done += 1) {
    last = keccak256(last)
    if (done % stride === 0) kept.push(last)
  }
  let near = kept.length - 1
  return {
    commitment: last,
    before(commitment) {
      // A chain is revealed from its end down, so the piece of the last time is the first to look at.
      for (let step = 0; step < kept.length; step += 1) {
        const piece = (near - step + kept.length) % kept.length
        const most = Math.min(stride, hashes - piece * stride)
        const found = beforeIn(kept[piece] as Hash, most, commitment)
        if (found === undefined) continue
        near = piece
        return found
      }
      return undefined
    },
  }
}

/** What hashes to a commitment, among so many hashes from one up. */
function beforeIn(first: Hash, most: number, commitment: Hash): Hash | undefined {
  let hash = first
  for (let done = 0; done < most; done += 1) {
    const next = keccak256(hash)
    if (equalBytes(next, commitment)) return hash
    hash = next
  }
  return undefined
}

/** What a block reveals, and what that is held against. */
export interface Reveal {
  /** The mix of the parent. */
  readonly mix: Hash
  /** What the proposer is committed to; zero if to nothing. */
  readonly commitment: Hash
  /** 32 bytes, or none. */
  readonly reveal: Uint8Array
  readonly beneficiary: Address
}

/** What follows from a reveal. */
export interface Revealed {
  readonly mix: Hash
  readonly commitment: Hash
}

/**
 * The mix and the proposer's commitment after a block. Who is committed to nothing reveals nothing, and the mix goes on
 * with its address.
 *
 * @returns `undefined` for any reveal but the one that is due
 */
export function revealed({ mix, commitment, reveal, beneficiary }: Reveal): Revealed | undefined {
  if (equalBytes(commitment, zero)) {
    if (reveal.length > 0) return undefined
    return { mix: keccak256(concatBytes(tag, mix, zero, beneficiary)), commitment }
  }
  if (reveal.length !== 32 || !equalBytes(keccak256(reveal), commitment)) return undefined
  return { mix: keccak256(concatBytes(tag, mix, reveal)), commitment: reveal }
}
