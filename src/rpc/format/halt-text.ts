/** Says why code stopped, in geth's words. */

import type { Ending, Halt } from '../../chain/evm/halt.ts'
import { opcodeName } from './opcode-names.ts'

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
  'init-code-size': 'out of gas: max initcode size exceeded',
  'invalid-code': 'invalid code: must not begin with 0xef',
  collision: 'contract address collision',
  depth: 'max call depth exceeded',
  balance: 'insufficient balance for transfer',
  nonce: 'nonce uint64 overflow',
  precompile: 'precompiled contract failed',
  'code-deposit': 'contract creation code storage out of gas',
  'gas-overflow': 'gas uint64 overflow',
  'memory-overflow': 'out of gas: gas uint64 overflow',
  sentry: 'out of gas: not enough gas for reentrancy sentry',
}

/** Why something did not end well, or a revert if that is not known. */
export function haltText({ halt = 'revert', haltDetail }: Ending): string {
  const text = texts[halt]
  if (haltDetail === undefined) return text
  const { op, words, needed } = haltDetail
  if (halt === 'invalid-opcode') return `${text}: ${opcodeName(op)}`
  if (halt === 'stack-underflow') return `${text} (${words} <=> ${needed})`
  return halt === 'init-code-size' ? `${text}: size ${needed}` : text
}
