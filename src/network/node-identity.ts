/** Names a node by its key, and proves over a link who it is. */

import { concatBytes, fromHex, readHex, toHex } from '../base/bytes.ts'
import {
  isSignature,
  keyHash,
  type PublicKey,
  type SigningKey,
  signingKey,
} from '../crypto/signatures.ts'
import type { PeerId } from './network.ts'

/** Who a node is; the private part stays inside. */
export interface NodeIdentity {
  readonly id: PeerId
  readonly key: SigningKey
}

/** Which end of a link: the one that opened it, or the one that listened. */
export type Role = 'dialler' | 'listener'

/**
 * The identity of a seed of 32 bytes.
 *
 * @throws AppError `crypto/bad-key`
 */
export function nodeIdentity(scheme: 'ed25519' | 'ml-dsa-65', seed: Uint8Array): NodeIdentity {
  const key = signingKey(scheme, seed)
  return { id: peerIdOf(key), key }
}

/** The name of a key. */
export function peerIdOf(key: PublicKey): PeerId {
  return toHex(keyHash(key)).slice(2)
}

/** The hash that a name stands for, 32 bytes. */
export function peerIdBytes(id: PeerId): Uint8Array {
  return fromHex(`0x${id}`)
}

/** Whether a text is the name of a peer. */
export function isPeerId(text: string): boolean {
  return text === text.toLowerCase() && readHex(`0x${text}`)?.length === 32
}

const tag = (text: string) => new TextEncoder().encode(text)
const linkTag = tag('QS/n/hello/1')
const chainTag = tag('QS/c/hello/1')

/**
 * What a node signs to prove on a link who it is: tag (12) ‖ role (1) ‖ exporter value (32) ‖ key hash (32). The role
 * keeps it from being sent back to its signer.
 */
export function linkHello(role: Role, exporter: Uint8Array, id: PeerId): Uint8Array {
  return concatBytes(linkTag, Uint8Array.of(role === 'dialler' ? 0 : 1), exporter, peerIdBytes(id))
}

/** What a validator signs to prove the same: tag (12) ‖ chain key ‖ exporter value ‖ hash of its node's key (section 3.3). */
export function chainHello(chainKey: Uint8Array, exporter: Uint8Array, id: PeerId): Uint8Array {
  return concatBytes(chainTag, chainKey, exporter, peerIdBytes(id))
}

/** Whether a node of this name signed the hello. */
export function isLinkHello(
  key: PublicKey,
  signature: Uint8Array,
  { role, exporter }: { readonly role: Role; readonly exporter: Uint8Array },
): boolean {
  return isSignature(key, linkHello(role, exporter, peerIdOf(key)), signature)
}
