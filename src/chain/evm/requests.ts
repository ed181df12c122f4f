/** Collects the requests of a block to the consensus layer, and hashes them (EIP-7685). */

import { concatBytes, equalBytes, fromHex, toBigInt } from '../../base/bytes.ts'
import { sha256 } from '../../crypto/sha256.ts'
import type { LogList } from '../ledger/log-list.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

/** The public deposit contract (EIP-6110). */
export const publicDepositContract: Address = fromHex('0x00000000219ab540356cbb839cbe05303d7705fa')

/** First topic of the log that a deposit leaves. */
const depositTopic = fromHex('0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5')

/** Where the five parts of a deposit's log begin, and their bytes: key, credentials, amount, signature, number. */
const depositParts = [
  [160, 48],
  [256, 32],
  [320, 8],
  [384, 96],
  [512, 8],
] as const
const depositLogBytes = 576

/** A request is its type and its data. */
export function request(type: number, data: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(type), data)
}

/** sha-256 over the hashes of the requests, in the order of their types. */
export function requestsHash(requests: readonly Uint8Array[]): Hash {
  return sha256(concatBytes(...requests.map((one) => sha256(one))))
}

/**
 * The deposits among the logs of transactions, one after the other, 192 bytes each (EIP-6110).
 *
 * @returns `undefined` if a deposit's log has another layout, which makes the block invalid
 */
export function depositsOf(logs: readonly LogList[], contract: Address): Uint8Array | undefined {
  const deposits: Uint8Array[] = []
  for (const { topics, data } of logs.flatMap((list) => list.madeBy(contract))) {
    if (topics[0] === undefined || !equalBytes(topics[0], depositTopic)) continue
    const deposit = depositOf(data)
    if (deposit === undefined) return undefined
    deposits.push(deposit)
  }
  return concatBytes(...deposits)
}

function depositOf(data: Uint8Array): Uint8Array | undefined {
  if (data.length !== depositLogBytes) return undefined
  const word = (at: number) => toBigInt(data.subarray(at, at + 32))
  const parts: Uint8Array[] = []
  for (const [place, [start, length]] of depositParts.entries()) {
    if (word(32 * place) !== BigInt(start) || word(start) !== BigInt(length)) return undefined
    parts.push(data.subarray(start + 32, start + 32 + length))
  }
  return concatBytes(...parts)
}
