/** Makes randomness of hash chains: who proposes reveals the hash before the one that it is committed to. */

import { concatBytes, equalBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

const tag = new TextEncoder().encode('QS/mix/pos/1')
const zero: Hash = new Uint8Array(32)

/** Hashes of a chain: so many blocks can be proposed with one commitment. */
export const chainHashes = 65_536

/** Hashes between those that are kept. */
const stride = 256

const [seedTag, secretTag] = ['QS/randao/seed/1', 'QS/randao/chain/1'].map((text) =>
  new TextEncoder().encode(text),
) as [Uint8Array, Uint8Array]

/** What the hash chains of a validator come from: keccak256("QS/randao/seed/1" ‖ seed of its key). */
export function revealSeed(keySeed: Uint8Array): Uint8Array {
  return keccak256(concatBytes(seedTag, keySeed))
}

/**
 * The secret of a hash chain: keccak256("QS/randao/chain/1" ‖ reveal seed ‖ u64 chain id ‖ u32 number). The chain's key cannot
 * be in it, since the manifest has the commitments of the first validators.
 *
 * @param number - from 0: a validator takes the next one when it has used one up
 */
export function hashChainSecret(
  seed: Uint8Array,
  { chainId, number }: { readonly chainId: bigint; readonly number: number },
): Uint8Array {
  const place = [padStart(fromBigInt(chainId), 8), padStart(fromBigInt(BigInt(number)), 4)]
  return keccak256(concatBytes(secretTag, seed, ...place))
}

/** Knows what this node's validators have to reveal. */
export interface RevealSource {
  /** What hashes to what a validator is committed to; `undefined` if this node does not know it. */
  before(validator: Address, commitment: Hash): Hash | undefined
}

/** A hash chain of a validator, which can reveal its hashes from the last one down. */
export interface HashChain {
  /** The last hash: what the contract is told. */
  readonly commitment: Hash
  /** What hashes to `commitment` of this chain or to any hash but the secret: what to reveal next; else `undefined`. */
  before(commitment: Hash): Hash | undefined
}

/** Hashes that are reckoned at once. */
const sliceHashes = 2_048

/**
 * The chain keccak256ⁿ(secret). It keeps every 256th hash, and finds others by hashing up from there.
 *
 * @param secret - 32 bytes that nobody else knows, and that no other chain has
 */
export function hashChain(secret: Uint8Array, hashes = chainHashes): HashChain {
  const slices = hashChainSlices(secret, hashes)
  for (;;) {
    const { done, value } = slices.next()
    if (done) return value
  }
}

/** The same a millisecond or two at a time: who reckons it can do something else in between. */
export function* hashChainSlices(
  secret: Uint8Array,
  hashes = chainHashes,
): Generator<undefined, HashChain> {
  const kept: Hash[] = [secret]
  let last = secret
  for (let done = 1; done <= hashes; done += 1) {
    last = keccak256(last)
    if (done % stride === 0) kept.push(last)
    if (done % sliceHashes === 0) yield
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
