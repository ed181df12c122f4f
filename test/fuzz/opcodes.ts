/** Lists the opcodes that random programs are made of, by what they take and since when they exist. */

import { type Hardfork, isAtLeast } from '../../src/chain/ledger/fork-rules.ts'

/** Opcodes that take so many words and give one, nothing else. */
const plain: readonly (readonly [words: number, codes: readonly number[], since?: Hardfork])[] = [
  [2, [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b]],
  [3, [0x08, 0x09]],
  [2, [0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a]],
  [1, [0x15, 0x19]],
  [2, [0x1b, 0x1c, 0x1d], 'constantinople'],
  [1, [0x1e], 'osaka'],
]

/** Opcodes that take nothing and tell something of the place. */
const telling: readonly (readonly [codes: readonly number[], since?: Hardfork])[] = [
  [
    [
      0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x58, 0x59, 0x5a,
      0x5a,
    ],
  ],
  [[0x3d], 'byzantium'],
  [[0x46, 0x47], 'istanbul'],
  [[0x48], 'london'],
  [[0x4a], 'cancun'],
]

/** What a fork has. */
export interface Opcodes {
  /** Code and how many words it takes. */
  readonly plain: readonly (readonly [code: number, words: number])[]
  readonly telling: readonly number[]
  has(fork: Hardfork): boolean
}

const known = new Map<Hardfork, Opcodes>()

/** The opcodes of a fork. */
export function opcodesOf(fork: Hardfork): Opcodes {
  const before = known.get(fork)
  if (before) return before
  const has = (since: Hardfork = 'frontier') => isAtLeast(fork, since)
  const opcodes = {
    has,
    plain: plain.flatMap(([words, codes, since]) =>
      has(since) ? codes.map((code) => [code, words] as const) : [],
    ),
    telling: telling.flatMap(([codes, since]) => (has(since) ? codes : [])),
  }
  known.set(fork, opcodes)
  return opcodes
}

const names: Readonly<Record<number, string>> = {
  ...named(0x00, 'STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND'),
  ...named(0x10, 'LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ'),
  ...named(0x20, 'KECCAK256'),
  ...named(0x30, 'ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY'),
  ...named(0x38, 'CODESIZE CODECOPY GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE'),
  ...named(0x3e, 'RETURNDATACOPY EXTCODEHASH BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO'),
  ...named(0x45, 'GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE'),
  ...named(0x50, 'POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST'),
  ...named(0x5c, 'TLOAD TSTORE MCOPY'),
  ...numbered(0x5f, 'PUSH', 0, 33),
  ...numbered(0x80, 'DUP', 1, 16),
  ...numbered(0x90, 'SWAP', 1, 16),
  ...numbered(0xa0, 'LOG', 0, 5),
  ...named(0xf0, 'CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2'),
  ...{ 250: 'STATICCALL', 253: 'REVERT', 254: 'INVALID', 255: 'SELFDESTRUCT' },
}

function named(first: number, list: string): Record<number, string> {
  return Object.fromEntries(list.split(' ').map((name, at) => [first + at, name]))
}

function numbered(first: number, name: string, from: number, count: number) {
  return Object.fromEntries(
    [...Array(count).keys()].map((at) => [first + at, `${name}${from + at}`]),
  )
}

/** Every opcode through Osaka by its name. */
export const opcodeNames: readonly string[] = Object.values(names)

/** Code as text, one opcode after the other, with what is pushed. */
export function disassemble(code: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < code.length; at += 1) {
    const byte = code[at] ?? 0
    const name = names[byte] ?? `0x${byte.toString(16).padStart(2, '0')}`
    if (byte <= 0x5f || byte > 0x7f) parts.push(name)
    else {
      parts.push(`${name} ${code.subarray(at + 1, at + byte - 0x5e).toHex()}`)
      at += byte - 0x5f
    }
  }
  return parts.join(' ')
}
