/** Encodes what two nodes tell each other first. */

import { AppError } from '../../base/app-error.ts'
import {
  decodeRlp,
  encodeRlp,
  type RlpSource,
  type RlpValue,
  rlpBytes,
  rlpList,
  rlpNumber,
} from '../../chain/ledger/rlp.ts'
import { type PublicKey, schemeFacts, schemeOfByte } from '../../crypto/signatures.ts'

/** A signature by a key that comes with it. */
export interface Proof extends PublicKey {
  readonly signature: Uint8Array
}

/** That a node takes part in a chain, and as which validator. */
export interface ChainEntry {
  /** Number by which the node wants to get the chain's messages. */
  readonly channel: number
  readonly chainKey: Uint8Array
  readonly validator?: Proof | undefined
}

/** What a node says of itself. */
export interface Hello {
  readonly node: Proof
  /** Name and version of the program. */
  readonly agent: string
  /** Where it listens at the address it is seen under; 0 if it does not. */
  readonly port: number
  /** Its signed address record, or nothing. */
  readonly record: Uint8Array
  /** The first of its chains; others follow one by one. */
  readonly chains: readonly ChainEntry[]
}

/** Longest hello; keys and signatures of ML-DSA-65 have 5.3 kB. */
export const maxHelloBytes = 128 * 1024
/** Chains that a hello may name. */
export const maxHelloChains = 16
/** Longest entry of a chain. */
export const maxEntryBytes = 6 * 1024
const maxAgentBytes = 64
const maxRecordBytes = 8 * 1024
const version = 1

/** RLP [version, node, agent, port, record, [chain, …]], a proof is [scheme byte, public key, signature]. */
export function encodeHello({ node, agent, port, record, chains }: Hello): Uint8Array {
  const words = new TextEncoder().encode(agent)
  return encodeRlp([version, proofList(node), words, port, record, chains.map(entryList)])
}

/**
 * @throws AppError `ledger/bad-rlp`, `network/bad-hello` for anything but the canonical encoding of a
 * hello within its bounds
 */
export function decodeHello(bytes: Uint8Array): Hello {
  const [first, node, agent, port, record, chains] = rlpList(decodeRlp(bytes, 500), 'hello', 6)
  if (rlpNumber(first, 'version', 32) !== BigInt(version)) {
    throw bad('it has another version; both nodes need programs that know each other')
  }
  const [words, signed] = [rlpBytes(agent, 'agent'), rlpBytes(record, 'record')]
  const entries = rlpList(chains, 'chains')
  if (words.length > maxAgentBytes) throw bad('the name of its program is too long')
  if (signed.length > maxRecordBytes) throw bad('its address record is too long')
  if (entries.length > maxHelloChains) throw bad('it names too many chains')
  return {
    node: readProof(node),
    // Printed on terminals: nothing but visible ASCII.
    agent: String.fromCharCode(...words.filter((byte) => byte > 31 && byte < 127)),
    port: Number(rlpNumber(port, 'port', 16)),
    record: signed,
    chains: entries.map(readEntry),
  }
}

/** RLP [channel, chain key, [] or proof]. */
export function encodeEntry(entry: ChainEntry): Uint8Array {
  return encodeRlp(entryList(entry))
}

/** @throws AppError `ledger/bad-rlp`, `network/bad-hello` */
export function decodeEntry(bytes: Uint8Array): ChainEntry {
  return readEntry(decodeRlp(bytes, 20))
}

function entryList({ channel, chainKey, validator }: ChainEntry): RlpSource {
  return [channel, chainKey, validator ? proofList(validator) : []]
}

function readEntry(value: RlpValue): ChainEntry {
  const [number, key, proof] = rlpList(value, 'chain', 3)
  const channel = Number(rlpNumber(number, 'channel', 16))
  if (channel === 0) throw bad('a chain has the number of the link itself')
  const isFollower = rlpList(proof, 'validator').length === 0
  return {
    channel,
    chainKey: rlpBytes(key, 'chain key', 32),
    validator: isFollower ? undefined : readProof(proof),
  }
}

function proofList({ scheme, publicKey, signature }: Proof): RlpSource {
  return [schemeFacts[scheme].byte, publicKey, signature]
}

function readProof(value: RlpValue | undefined): Proof {
  const [byte, publicKey, signature] = rlpList(value, 'proof', 3)
  const scheme = schemeOfByte(Number(rlpNumber(byte, 'scheme', 8)))
  if (scheme === undefined) throw bad('it signs by a scheme that is not known here')
  const { publicKeyBytes, signatureBytes } = schemeFacts[scheme]
  return {
    scheme,
    publicKey: rlpBytes(publicKey, 'public key', publicKeyBytes),
    signature: rlpBytes(signature, 'signature', signatureBytes),
  }
}

function bad(reason: string): AppError {
  return new AppError({ code: 'network/bad-hello', message: `not a hello: ${reason}` })
}
