/** Reads the plain values of Ethereum JSON-RPC: hex bytes, quantities, addresses, hashes. */

import { fromHex, readHex, toBigInt } from '../../base/bytes.ts'
import type { Address, Hash } from '../../chain/ledger/transaction.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { type Parser, unexpected } from './parser.ts'

/** Bytes of any length. */
export const bytes: Parser<Uint8Array> = (value, path) => {
  const read = typeof value === 'string' ? readHex(value) : undefined
  if (read) return read
  throw unexpected(value, path, 'bytes in hex with 0x and an even number of digits')
}

/** 20 bytes. */
export const address: Parser<Address> = fixed(20, 'an address of 20 bytes')

/** 32 bytes. */
export const hash: Parser<Hash> = fixed(32, 'a hash of 32 bytes')

/** 8 bytes. */
export const nonce: Parser<Uint8Array> = fixed(8, 'a nonce of 8 bytes')

/** A word of 32 bytes, as an integer. */
export const word: Parser<bigint> = (value, path) =>
  toBigInt(fixed(32, 'a word of 32 bytes')(value, path))

/** An unsigned integer of at most 256 bits: hex without leading zeros, 0 is `0x0`. */
export const quantity: Parser<bigint> = (value, path) => {
  if (typeof value !== 'string' || !/^0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})$/.test(value))
    throw unexpected(value, path, 'a quantity in hex without leading zeros')
  return BigInt(value)
}

/** A quantity of at most 64 bits. */
export const quantity64: Parser<bigint> = (value, path) => {
  const parsed = quantity(value, path)
  if (parsed >> 64n) throw unexpected(value, path, 'a quantity of at most 64 bits')
  return parsed
}

/** A quantity, or a whole JSON number, as development tools send it. */
export const looseQuantity: Parser<bigint> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  return quantity64(value, path)
}

/** A storage slot: up to 32 bytes in hex, with or without leading zeros. */
export const slot: Parser<bigint> = (value, path) => {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]*$/.test(value))
    throw unexpected(value, path, 'a storage key in hex')
  if (value.length > 66) {
    throw invalidParams(
      `${path}: storage key too long (want at most 32 bytes, got ${value.length - 2} hex digits)`,
    )
  }
  return value === '0x' ? 0n : BigInt(value)
}

/** `true` or `false`. */
export const flag: Parser<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw unexpected(value, path, 'true or false')
  return value
}

/** A JSON number. */
export const number: Parser<number> = (value, path) => {
  if (typeof value !== 'number') throw unexpected(value, path, 'a number')
  return value
}

/** Text. */
export const text: Parser<string> = (value, path) => {
  if (typeof value !== 'string') throw unexpected(value, path, 'a string')
  return value
}

function fixed(length: number, expected: string): Parser<Uint8Array> {
  return (value, path) => {
    const fits = typeof value === 'string' && value.length === 2 + 2 * length
    if (!fits || !/^0x[0-9a-fA-F]*$/.test(value)) throw unexpected(value, path, expected)
    return fromHex(value)
  }
}
