/** Computes the hash of a block from the fields of its header, which binds its bloom filter and roots to it. */

import { toRlp } from 'viem'
import { AppError } from '../../base/app-error.ts'
import { fromHex, type Hex, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { bytesOf, type Fields, integerOf } from './evm-answers.ts'

/** Fields in their order; those after `nonce` came with later forks, each only with all before it. */
const byteFields = new Set([
  ...['parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot'],
  ...['logsBloom', 'extraData', 'mixHash', 'nonce', 'withdrawalsRoot', 'parentBeaconBlockRoot'],
  ...['requestsHash', 'blockAccessListHash'],
])
const first = [
  ...['parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot'],
  ...['logsBloom', 'difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'extraData'],
  ...['mixHash', 'nonce'],
]
const later = [
  ...['baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas'],
  ...['parentBeaconBlockRoot', 'requestsHash', 'blockAccessListHash'],
]

/**
 * Hash of a header as JSON-RPC gives it.
 *
 * @throws AppError `stream/bad-answer` for fields that are missing or malformed
 * @see Yellow Paper 4.4; EIP-1559, 4895, 4844, 4788, 7685
 */
function headerHash(header: Fields): Hex {
  const there = later.filter((name) => header[name] !== undefined && header[name] !== null)
  const items = [...first, ...there].map((name) => itemOf(header, name))
  return toHex(keccak256(toRlp(items, 'bytes')))
}

/** Whether a header is the one of its hash; one that lacks usual fields is not. */
export function isBound(header: Fields, hash: unknown): boolean {
  try {
    return headerHash(header) === hash
  } catch (error) {
    if (error instanceof AppError && error.code === 'stream/bad-answer') return false
    throw error
  }
}

function itemOf(header: Fields, name: string): Uint8Array {
  const method = 'eth_getBlockByNumber'
  const value = header[name]
  return byteFields.has(name) ? fromHex(bytesOf(value, method)) : integerOf(value, method, name)
}
