/** Knows where the blocks of a chain and their transactions lie in its log. */

import { concatBytes, equalBytes } from '../base/bytes.ts'
import type { LogPosition } from '../store/block-log.ts'
import { HashPlaces } from './hash-places.ts'
import type { BlockHead, ExecutedBlock } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'

/** More transactions than the bytes of a block can hold. */
const mostInBlock = 2 ** 20

/** Blocks of the chain by number and hash, and transactions by hash. */
export class BlockPlaces {
  /** One more than the highest number. */
  #length = 0
  #positions = new Float64Array(1_024)
  #hashes = new Uint8Array(1_024 * 32)
  readonly #numbers = new HashPlaces()
  /** Block and position of each transaction in one number. */
  readonly #transactions = new HashPlaces()

  add(
    { header, hash, transactionHashes }: BlockHead & Pick<ExecutedBlock, 'transactionHashes'>,
    position: LogPosition,
  ): void {
    const at = Number(header.number)
    this.#makeRoom(at + 1)
    this.#length = at + 1
    this.#positions[at] = position
    this.#hashes.set(hash, at * 32)
    this.#numbers.add(hash, at)
    for (const [place, one] of transactionHashes.entries()) {
      this.#transactions.add(one, at * mostInBlock + place)
    }
  }

  /** Where the blocks above a number lie. */
  positionsAbove(number: bigint): readonly LogPosition[] {
    const from = Number(number) + 1
    return from < this.#length ? [...this.#positions.subarray(from, this.#length)] : []
  }

  /** Forgets the blocks above a number. */
  cut(number: bigint): void {
    this.#length = Math.min(this.#length, Number(number) + 1)
  }

  /** The lowest block that is here. */
  first(): bigint | undefined {
    const at = this.#positions.subarray(0, this.#length).findIndex((position) => position > 0)
    return at < 0 ? undefined : BigInt(at)
  }

  hashOf(number: bigint): Hash | undefined {
    const at = this.#known(number)
    return at === undefined ? undefined : this.#hashes.slice(at * 32, at * 32 + 32)
  }

  positionOf(number: bigint): LogPosition | undefined {
    const at = this.#known(number)
    return at === undefined ? undefined : this.#positions[at]
  }

  numberOf(hash: Hash): bigint | undefined {
    const isIts = (at: number) => {
      const known = this.hashOf(BigInt(at))
      return known !== undefined && equalBytes(known, hash)
    }
    const at = this.#numbers.find(hash, isIts)
    return at === undefined ? undefined : BigInt(at)
  }

  /** Where a transaction stands; `isThere` checks a place. */
  placeOf(
    transaction: Hash,
    isThere: (number: bigint, position: number) => boolean,
  ): { readonly number: bigint; readonly position: number } | undefined {
    const split = (place: number) =>
      [BigInt(Math.floor(place / mostInBlock)), place % mostInBlock] as const
    const found = this.#transactions.find(transaction, (place) => isThere(...split(place)))
    if (found === undefined) return undefined
    const [number, position] = split(found)
    return { number, position }
  }

  /** The index up to a block, to be read again by `decode`. */
  encode(number: bigint): Uint8Array {
    const length = Math.min(this.#length, Number(number) + 1)
    const head = new Uint8Array(16 + length * 8)
    const view = new DataView(head.buffer)
    const numbers = this.#numbers.encode()
    view.setFloat64(0, length)
    view.setFloat64(8, numbers.length)
    for (let at = 0; at < length; at += 1) view.setFloat64(16 + at * 8, this.#positions[at] ?? 0)
    const hashes = this.#hashes.subarray(0, length * 32)
    return concatBytes(head, hashes, numbers, this.#transactions.encode())
  }

  static decode(bytes: Uint8Array): BlockPlaces {
    const index = new BlockPlaces()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const length = view.getFloat64(0)
    index.#makeRoom(length)
    index.#length = length
    for (let at = 0; at < length; at += 1) index.#positions[at] = view.getFloat64(16 + at * 8)
    const hashesEnd = 16 + length * 40
    index.#hashes.set(bytes.subarray(16 + length * 8, hashesEnd))
    const numbersEnd = hashesEnd + view.getFloat64(8)
    index.#numbers.addAll(bytes.subarray(hashesEnd, numbersEnd))
    index.#transactions.addAll(bytes.subarray(numbersEnd))
    return index
  }

  /** Blocks of the log have a position above 0; the first block of a chain is not in it. */
  #known(number: bigint): number | undefined {
    const at = Number(number)
    return at < this.#length && this.#positions[at] ? at : undefined
  }

  #makeRoom(length: number): void {
    if (length <= this.#positions.length) return
    const room = Math.max(length, this.#positions.length * 2)
    const [positions, hashes] = [this.#positions, this.#hashes]
    this.#positions = new Float64Array(room)
    this.#positions.set(positions)
    this.#hashes = new Uint8Array(room * 32)
    this.#hashes.set(hashes)
  }
}
