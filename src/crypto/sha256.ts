/** Computes SHA-256 (FIPS 180-4). */

import { hash } from 'node:crypto'

/** 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = hash('sha256', bytes, 'buffer')
  return new Uint8Array(buffer, byteOffset, length)
}
