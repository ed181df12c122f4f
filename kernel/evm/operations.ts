/** Names the operations of decoded code: the opcodes by their numbers, and from 256 on what only the decoder makes. */

export const STOP: u32 = 0x00
export const ADD: u32 = 0x01
export const MUL: u32 = 0x02
export const SUB: u32 = 0x03
export const DIV: u32 = 0x04
export const SDIV: u32 = 0x05
export const MOD: u32 = 0x06
export const SMOD: u32 = 0x07
export const ADDMOD: u32 = 0x08
export const MULMOD: u32 = 0x09
export const EXP: u32 = 0x0a
export const SIGNEXTEND: u32 = 0x0b
export const LT: u32 = 0x10
export const GT: u32 = 0x11
export const SLT: u32 = 0x12
export const SGT: u32 = 0x13
export const EQ: u32 = 0x14
export const ISZERO: u32 = 0x15
export const AND: u32 = 0x16
export const OR: u32 = 0x17
export const XOR: u32 = 0x18
export const NOT: u32 = 0x19
export const BYTE: u32 = 0x1a
export const SHL: u32 = 0x1b
export const SHR: u32 = 0x1c
export const SAR: u32 = 0x1d
export const CLZ: u32 = 0x1e
export const KECCAK256: u32 = 0x20
export const ADDRESS: u32 = 0x30
export const BALANCE: u32 = 0x31
export const ORIGIN_OP: u32 = 0x32
export const CALLER: u32 = 0x33
export const CALLVALUE: u32 = 0x34
export const CALLDATALOAD: u32 = 0x35
export const CALLDATASIZE: u32 = 0x36
export const CALLDATACOPY: u32 = 0x37
export const CODESIZE: u32 = 0x38
export const CODECOPY: u32 = 0x39
export const GASPRICE: u32 = 0x3a
export const EXTCODESIZE: u32 = 0x3b
export const EXTCODECOPY: u32 = 0x3c
export const RETURNDATASIZE: u32 = 0x3d
export const RETURNDATACOPY: u32 = 0x3e
export const EXTCODEHASH: u32 = 0x3f
export const BLOCKHASH: u32 = 0x40
export const COINBASE: u32 = 0x41
export const TIMESTAMP_OP: u32 = 0x42
export const NUMBER_OP: u32 = 0x43
export const PREVRANDAO: u32 = 0x44
export const GASLIMIT: u32 = 0x45
export const CHAINID: u32 = 0x46
export const SELFBALANCE: u32 = 0x47
export const BASEFEE: u32 = 0x48
export const BLOBHASH: u32 = 0x49
export const BLOBBASEFEE: u32 = 0x4a
export const POP: u32 = 0x50
export const MLOAD: u32 = 0x51
export const MSTORE: u32 = 0x52
export const MSTORE8: u32 = 0x53
export const SLOAD: u32 = 0x54
export const SSTORE: u32 = 0x55
export const JUMP: u32 = 0x56
export const JUMPI: u32 = 0x57
export const PC: u32 = 0x58
export const MSIZE: u32 = 0x59
export const GAS: u32 = 0x5a
export const JUMPDEST: u32 = 0x5b
export const TLOAD: u32 = 0x5c
export const TSTORE: u32 = 0x5d
export const MCOPY: u32 = 0x5e
export const PUSH0: u32 = 0x5f
export const PUSH1: u32 = 0x60
export const PUSH32: u32 = 0x7f
export const DUP1: u32 = 0x80
export const SWAP1: u32 = 0x90
export const LOG0: u32 = 0xa0
export const CREATE: u32 = 0xf0
export const CALL: u32 = 0xf1
export const CALLCODE: u32 = 0xf2
export const RETURN_OP: u32 = 0xf3
export const DELEGATECALL: u32 = 0xf4
export const CREATE2: u32 = 0xf5
export const STATICCALL: u32 = 0xfa
export const REVERT: u32 = 0xfd
export const INVALID: u32 = 0xfe
export const SELFDESTRUCT: u32 = 0xff

/** Begins a block: takes its gas and looks at the stack once. */
export const BLOCK: u32 = 256
/** Pushes a number below 2^64, or the word at an address. */
export const PUSH_SMALL: u32 = 257
export const PUSH_WORD: u32 = 258
/** Jumps to a place known when decoded. */
export const JUMP_TO: u32 = 259
export const JUMPI_TO: u32 = 260
/** On condition: the top is zero, is not zero but stays, is a number but stays, compares (or not) with the next. */
export const JUMP_IF_ZERO: u32 = 264
export const JUMP_IF_TOP: u32 = 265
export const JUMP_IF_TOP_IS: u32 = 266
export const JUMP_IF: u32 = 267
export const JUMP_UNLESS: u32 = 268
/** With the constant that was pushed before them. */
export const ADD_SMALL: u32 = 269
export const SUB_SMALL: u32 = 270
export const MUL_SMALL: u32 = 271
export const AND_SMALL: u32 = 272
export const AND_WORD: u32 = 273
export const SHL_SMALL: u32 = 274
export const SHR_SMALL: u32 = 275
export const MLOAD_AT: u32 = 276
export const MSTORE_AT: u32 = 277
/** DUPn ADD; SWAP1 SUB; SWAPn POP; POP POP. */
export const DUP_ADD: u32 = 278
export const SUBTRACT_FROM_NEXT: u32 = 279
export const SWAP_POP: u32 = 280
export const POP_TWO: u32 = 281
/** Fails: an opcode that is not defined; a jump to where none may go. */
export const UNDEFINED: u32 = 261
export const BAD_JUMP: u32 = 262
/** Tells the host of the instruction that comes next (only when traced). */
export const STEP: u32 = 263
/** Decodes the block at a place and goes on there: what has not run yet is not decoded. */
export const DECODE: u32 = 282
