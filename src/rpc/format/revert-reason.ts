/** Reads why a contract reverted, from the two error types that Solidity itself raises. */

import { toBigInt } from '../../base/bytes.ts'

/** What Solidity's panic codes mean, in the words that clients know. */
const panics: Readonly<Record<string, string>> = {
  0: 'generic panic',
  1: 'assert(false)',
  17: 'arithmetic underflow or overflow',
  18: 'division or modulo by zero',
  33: 'enum overflow',
  34: 'invalid encoded storage byte array accessed',
  49: 'out-of-bounds array access; popping on an empty array',
  50: 'out-of-bounds access of an array or bytesN',
  65: 'out of memory',
  81: 'uninitialized function',
}

/**
 * The text of `Error(string)` or the meaning of `Panic(uint256)`.
 *
 * @param output - revert data
 * @returns undefined when the data is neither
 */
export function revertReason(output: Uint8Array): string | undefined {
  const selector = output.subarray(0, 4).toHex()
  const body = output.subarray(4)
  if (selector === '08c379a0') return abiString(body)
  if (selector !== '4e487b71' || body.length < 32) return undefined
  const code = toBigInt(body.subarray(0, 32))
  return panics[code.toString()] ?? `unknown panic code: 0x${code.toString(16)}`
}

/** One ABI-encoded string: offset, length, UTF-8. */
function abiString(body: Uint8Array): string | undefined {
  const offset = wordAt(body, 0)
  if (offset === undefined) return undefined
  const length = wordAt(body, offset)
  if (length === undefined || offset + 32 + length > body.length) return undefined
  return new TextDecoder().decode(body.subarray(offset + 32, offset + 32 + length))
}

/** A word that must be a place within the data. */
function wordAt(body: Uint8Array, at: number): number | undefined {
  if (at + 32 > body.length) return undefined
  const value = toBigInt(body.subarray(at, at + 32))
  return value <= BigInt(body.length) ? Number(value) : undefined
}
