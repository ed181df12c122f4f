/** Computes RIPEMD-160. */

import { ripemd160 as portableRipemd160 } from '@noble/hashes/legacy.js'

/** 20 bytes. */
export function ripemd160(bytes: Uint8Array): Uint8Array {
  return portableRipemd160(bytes)
}
