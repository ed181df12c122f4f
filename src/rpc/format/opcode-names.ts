/** Names opcodes as geth's traces name them. */

const rows: Readonly<Record<number, string>> = {
  0: 'STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND',
  16: 'LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ',
  32: 'KECCAK256',
  48: 'ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY',
  58: 'GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH',
  64: 'BLOCKHASH COINBASE TIMESTAMP NUMBER DIFFICULTY GASLIMIT CHAINID SELFBALANCE BASEFEE',
  73: 'BLOBHASH BLOBBASEFEE',
  80: 'POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY',
  95: 'PUSH0',
  160: 'LOG0 LOG1 LOG2 LOG3 LOG4',
  240: 'CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2',
  250: 'STATICCALL',
  253: 'REVERT INVALID SELFDESTRUCT',
}

const numbered = (name: string, first: number, count: number, from: number) =>
  Array.from({ length: count }, (_, at) => [first + at, `${name}${from + at}`] as const)

const names = new Map<number, string>([
  ...Object.entries(rows).flatMap(([first, row]) =>
    row.split(' ').map((name, at) => [Number(first) + at, name] as const),
  ),
  ...numbered('PUSH', 0x60, 32, 1),
  ...numbered('DUP', 0x80, 16, 1),
  ...numbered('SWAP', 0x90, 16, 1),
])

/** The name of an opcode, or that there is none. */
export function opcodeName(op: number): string {
  return names.get(op) ?? `opcode 0x${op.toString(16)} not defined`
}
