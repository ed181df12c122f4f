/** Names the ways in which code can stop. */

/** Why the machine stopped, if not by an ordinary end. */
export type Halt =
  | ('revert' | 'out-of-gas' | 'too-long')
  | ('stack-underflow' | 'stack-overflow' | 'invalid-jump' | 'invalid-opcode')
  | ('write-protection' | 'return-data-bounds' | 'code-size' | 'init-code-size' | 'invalid-code')
  | ('collision' | 'depth' | 'balance' | 'nonce' | 'precompile' | 'code-deposit')
  | OverflowHalt

/** Gas or memory that no 64 bits hold, and too little gas for a write to storage (EIP-2200). */
type OverflowHalt = 'gas-overflow' | 'memory-overflow' | 'sentry'

/** What more there is to say of a halt whose opcode lacked something. */
export interface HaltDetail {
  readonly op: number
  /** Words that were on the stack. */
  readonly words: number
  /** Words, or bytes of creation code. */
  readonly needed: number
}

/** How something ended. */
export interface Ending {
  readonly halt: Halt | undefined
  readonly haltDetail?: HaltDetail | undefined
}

/** Whether more gas would have helped, as geth sees it. */
export function isOutOfGas(halt: Halt | undefined): boolean {
  return halt !== undefined && wantOfGas.has(halt)
}

const wantOfGas = new Set<Halt>([
  ...(['out-of-gas', 'memory-overflow', 'sentry', 'init-code-size', 'code-deposit'] as const),
])
