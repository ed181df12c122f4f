/** Says why code stopped, in geth's words. */

import type { Halt } from '../../chain/evm/halt.ts'

const texts: Readonly<Record<Halt, string>> = {
  revert: 'execution reverted',
  'out-of-gas': 'out of gas',
  'too-long': 'execution aborted (timeout)',
  'stack-underflow': 'stack underflow',
  'stack-overflow': 'stack limit reached 1024 (1023)',
  'invalid-jump': 'invalid jump destination',
  'invalid-opcode': 'invalid opcode',
  'write-protection': 'write protection',
  'return-data-bounds': 'return data out of bounds',
  'code-size': 'max code size exceeded',
  'init-code-size': 'max initcode size exceeded',
  'invalid-code': 'invalid code: must not begin with 0xef',
  collision: 'contract address collision',
  depth: 'max call depth exceeded',
  balance: 'insufficient balance for transfer',
  nonce: 'nonce uint64 overflow',
  precompile: 'precompiled contract failed',
  'code-deposit': 'contract creation code storage out of gas',
}

/** The text of a halt. */
export function haltText(halt: Halt): string {
  return texts[halt]
}
