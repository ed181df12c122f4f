/** Reads which block a request speaks of: a tag, a number, or an object of EIP-1898. */

import type { Hash } from '../../chain/ledger/transaction.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { optional, type Parser, record, unexpected } from './parser.ts'
import { flag, hash, quantity64 } from './values.ts'

const tags = ['latest', 'safe', 'finalized', 'earliest', 'pending'] as const

/** A block by its role in the chain. */
export type BlockTag = (typeof tags)[number]

/** A block by tag or number. */
export type NumberedBlock =
  | { readonly kind: 'tag'; readonly tag: BlockTag }
  | { readonly kind: 'number'; readonly number: bigint }

/** A block by tag, number or hash. */
export type BlockReference = NumberedBlock | { readonly kind: 'hash'; readonly hash: Hash }

/** The block of the head. */
export const latest: NumberedBlock = { kind: 'tag', tag: 'latest' }

/** A tag or a number. */
export const blockNumber: Parser<NumberedBlock> = (value, path) => {
  const tag = tags.find((one) => one === value)
  if (tag !== undefined) return { kind: 'tag', tag }
  if (typeof value !== 'string' || !value.startsWith('0x'))
    throw unexpected(value, path, `a block number in hex or one of ${tags.join(', ')}`)
  return { kind: 'number', number: quantity64(value, path) }
}

/** A tag, a number, a hash, or `{blockNumber}` or `{blockHash, requireCanonical}` (EIP-1898). */
export const blockReference: Parser<BlockReference> = (value, path) => {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value))
    return { kind: 'hash', hash: hash(value, path) }
  if (typeof value !== 'object' || value === null) return blockNumber(value, path)
  const { blockNumber: named, blockHash, requireCanonical } = record(value, path)
  // Only blocks of the head's chain are kept, so requireCanonical changes nothing.
  optional(flag)(requireCanonical, `${path}.requireCanonical`)
  if (named !== undefined && blockHash !== undefined)
    throw invalidParams(`${path}: give either blockNumber or blockHash, not both`)
  if (blockHash !== undefined) return { kind: 'hash', hash: hash(blockHash, `${path}.blockHash`) }
  return blockNumber(named, `${path}.blockNumber`)
}
