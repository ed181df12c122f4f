/** Names the ways in which code can stop. */

/** Why the machine stopped, if not by an ordinary end. */
export type Halt =
  | ('revert' | 'out-of-gas' | 'too-long')
  | ('stack-underflow' | 'stack-overflow' | 'invalid-jump' | 'invalid-opcode')
  | ('write-protection' | 'return-data-bounds' | 'code-size' | 'init-code-size' | 'invalid-code')
  | ('collision' | 'depth' | 'balance' | 'nonce' | 'precompile' | 'code-deposit')
