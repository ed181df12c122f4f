/** Encodes where a node can be reached, signed by the node. */

import { isIP, isIPv4 } from 'node:net'
import { AppError } from '../../base/app-error.ts'
import { concatBytes } from '../../base/bytes.ts'
import {
  decodeRlp,
  encodeRlp,
  type RlpSource,
  rlpBytes,
  rlpList,
  rlpNumber,
} from '../../chain/ledger/rlp.ts'
import { isSignature, type PublicKey, schemeFacts, schemeOfByte } from '../../crypto/signatures.ts'
import type { Endpoint, PeerId } from '../network.ts'
import { type NodeIdentity, peerIdOf } from '../node-identity.ts'

/** Where a node says that it can be reached. */
export interface AddressRecord {
  readonly id: PeerId
  /** Of two records of a node the one with the higher number holds; milliseconds since the epoch. */
  readonly sequence: number
  /** By numeric addresses, 1 to 4. */
  readonly endpoints: readonly Endpoint[]
  /** The record as it was signed. */
  readonly bytes: Uint8Array
}

/** Where an address has a meaning. */
export type Reach = 'machine' | 'site' | 'world'

const tag = new TextEncoder().encode('QS/n/addr/1')
const maxEndpoints = 4

/** Signs a record: RLP [scheme byte, public key, sequence, [[host, port], …], signature]. */
export function signRecord(
  { key }: NodeIdentity,
  endpoints: readonly Endpoint[],
  sequence: number,
): Uint8Array {
  const content = contentOf(key, endpoints.slice(0, maxEndpoints), sequence)
  return encodeRlp([...content, key.sign(concatBytes(tag, encodeRlp(content)))])
}

/** @throws AppError `ledger/bad-rlp`, `network/bad-record` for one that is malformed, or not signed by its node */
export function readRecord(bytes: Uint8Array): AddressRecord {
  const [byte, publicKey, number, list, signature] = rlpList(decodeRlp(bytes, 30), 'record', 5)
  const scheme = schemeOfByte(Number(rlpNumber(byte, 'scheme', 8)))
  if (scheme === undefined) throw bad('its scheme is not known here')
  const { publicKeyBytes, signatureBytes } = schemeFacts[scheme]
  const key = { scheme, publicKey: rlpBytes(publicKey, 'public key', publicKeyBytes) }
  const sequence = Number(rlpNumber(number, 'sequence', 48))
  const endpoints = rlpList(list, 'endpoints').map((one) => {
    const [host, port] = rlpList(one, 'endpoint', 2)
    const words = new TextDecoder().decode(rlpBytes(host, 'host'))
    if (isIP(words) === 0) throw bad('a host is not a numeric address')
    return { host: words, port: Number(rlpNumber(port, 'port', 16)) }
  })
  if (endpoints.length === 0 || endpoints.length > maxEndpoints)
    throw bad('it has 1 to 4 endpoints')
  const signed = concatBytes(tag, encodeRlp(contentOf(key, endpoints, sequence)))
  if (!isSignature(key, signed, rlpBytes(signature, 'signature', signatureBytes))) {
    throw bad('its node did not sign it')
  }
  return { id: peerIdOf(key), sequence, endpoints, bytes }
}

/** How far an address reaches: what is said at a distance must not lead into this machine or site. */
export function reachOf(host: string): Reach {
  const plain = host.toLowerCase().replace(/^::ffff:/, '')
  if (plain === '::1' || plain.startsWith('127.')) return 'machine'
  if (isIPv4(plain)) {
    const isSite =
      /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/
    return isSite.test(plain) ? 'site' : 'world'
  }
  // Unique local and link-local addresses: RFC 4193, RFC 4291.
  return /^f([cd]|e[89ab])/.test(plain) ? 'site' : 'world'
}

/** Whether an address that was heard over a link to a host of some reach may be used. */
export function mayFollow(host: string, heardFrom: Reach): boolean {
  const order: readonly Reach[] = ['machine', 'site', 'world']
  return order.indexOf(reachOf(host)) >= order.indexOf(heardFrom)
}

function contentOf(
  { scheme, publicKey }: PublicKey,
  endpoints: readonly Endpoint[],
  sequence: number,
): readonly RlpSource[] {
  const places = endpoints.map(({ host, port }) => [new TextEncoder().encode(host), port])
  return [schemeFacts[scheme].byte, publicKey, sequence, places]
}

function bad(reason: string): AppError {
  return new AppError({ code: 'network/bad-record', message: `not an address record: ${reason}` })
}
