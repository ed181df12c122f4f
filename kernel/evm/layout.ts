/** Says where everything lies in the kernel's memory, and how its records are made. */

// Regions, first to last. Untouched pages of them cost nothing.
// @ts-ignore: decorator
@inline
const KB: usize = 1024
// @ts-ignore: decorator
@inline
const MB: usize = 1024 * 1024

/** Static data of the modules lies below. */
export const CONTEXT: usize = 256 * KB
export const RULES: usize = CONTEXT + 4 * KB
export const OPCODES: usize = RULES + 4 * KB
export const FRAMES: usize = 512 * KB
export const MEMO_TAGS: usize = 1 * MB
export const MEMO: usize = MEMO_TAGS + 64 * KB
export const STACK: usize = 3 * MB
/** 1,025 frames of 1,024 words, and a guard for what an instruction reads below an empty stack. */
export const JOURNAL: usize = STACK + 36 * MB
export const JOURNAL_END: usize = JOURNAL + 96 * MB // a multiple of its records
export const LOGS: usize = JOURNAL_END
export const LOGS_END: usize = LOGS + 64 * MB
export const ACCOUNT_INDEX: usize = LOGS_END
export const ACCOUNTS: usize = ACCOUNT_INDEX + 8 * MB
export const ACCOUNTS_END: usize = ACCOUNTS + 64 * MB
export const SLOT_INDEX: usize = ACCOUNTS_END
export const SLOTS: usize = SLOT_INDEX + 16 * MB
export const SLOTS_END: usize = SLOTS + 128 * MB
export const TRANSIENT_INDEX: usize = SLOTS_END
export const TRANSIENT: usize = TRANSIENT_INDEX + 32 * MB
export const TRANSIENT_END: usize = TRANSIENT + 160 * MB
/** Four bytes for each account that there is room for, since none stands here twice. */
export const TOUCHED: usize = TRANSIENT_END
export const CODE_INDEX: usize = TOUCHED + 2 * MB
export const CODES: usize = CODE_INDEX + 2 * MB
export const CODES_END: usize = CODES + 160 * MB
export const BLOCK_INDEX: usize = CODES_END
export const CONSTANTS: usize = BLOCK_INDEX + 8 * MB
export const CONSTANTS_END: usize = CONSTANTS + 16 * MB
export const BLOCKS: usize = CONSTANTS_END
export const BLOCKS_END: usize = BLOCKS + 48 * MB
export const EXCHANGE: usize = BLOCKS_END
export const EXCHANGE_END: usize = EXCHANGE + 32 * MB
export const RETURN: usize = EXCHANGE_END
export const RETURN_END: usize = RETURN + 32 * MB
/** Memory of the frames, the only region that grows. */
export const ARENA: usize = RETURN_END

/** Places of 8 bytes of each index (generation, offset): a power of two, more than the records. */
export const ACCOUNT_PLACES: u32 = 1 << 20
export const SLOT_PLACES: u32 = 1 << 21
export const TRANSIENT_PLACES: u32 = 1 << 22
export const CODE_PLACES: u32 = 1 << 18
/** Places of 16 bytes. */
export const BLOCK_PLACES: u32 = 1 << 19
/** Sets of two hashes that are remembered: a power of two; 192 bytes each, and 16 beside. */
export const MEMO_SETS: usize = 1 << 12

// Context: words of 32 bytes, then numbers. Written by the host before a run.
export const BENEFICIARY: usize = CONTEXT
export const TIMESTAMP: usize = CONTEXT + 32
export const NUMBER: usize = CONTEXT + 64
/** PREVRANDAO, or the difficulty before the Merge. */
export const RANDOM: usize = CONTEXT + 96
export const GAS_LIMIT: usize = CONTEXT + 128
export const CHAIN_ID: usize = CONTEXT + 160
export const BASE_FEE: usize = CONTEXT + 192
export const BLOB_FEE: usize = CONTEXT + 224
export const ORIGIN: usize = CONTEXT + 256
export const GAS_PRICE: usize = CONTEXT + 288
/** Versioned hashes of the transaction's blobs, 32 bytes each as words, and how many. */
export const BLOB_HASHES: usize = CONTEXT + 1024
export const BLOB_COUNT: usize = CONTEXT + 320
/** Seed of the indexes, 64 bits of chance. */
export const SEED: usize = CONTEXT + 328
/** 1: frames and creations are told to the host; 2: each instruction as well. */
export const TRACE: usize = CONTEXT + 336
/** Which fork's precompiles are active: one bit for each of the addresses 0 to 31, and for 0x100 + n. */
export const PRECOMPILES: usize = CONTEXT + 340
export const PRECOMPILES_HIGH: usize = CONTEXT + 344
/** Length of what a precompile has written. */
export const PRECOMPILE_LENGTH: usize = CONTEXT + 348

// Rules: each a number of 64 bits, written by the host under the same name.
export const rule_expByte: usize = RULES
export const rule_coldAccountExtra: usize = RULES + 8
export const rule_coldSlotExtra: usize = RULES + 16
export const rule_selfDestructCold: usize = RULES + 24
export const rule_sstoreColdExtra: usize = RULES + 32
export const rule_sstoreSet: usize = RULES + 40
export const rule_sstoreReset: usize = RULES + 48
export const rule_sstoreNoop: usize = RULES + 56
export const rule_sstoreSentry: usize = RULES + 64
export const rule_sstoreClearRefund: usize = RULES + 72
export const rule_netMetering: usize = RULES + 80
export const rule_callValue: usize = RULES + 88
export const rule_callNewAccount: usize = RULES + 96
export const rule_callStipend: usize = RULES + 104
export const rule_selfDestructNewAccount: usize = RULES + 112
export const rule_selfDestructRefund: usize = RULES + 120
export const rule_codeByte: usize = RULES + 128
export const rule_codeLimit: usize = RULES + 136
export const rule_initCodeLimit: usize = RULES + 144
export const rule_initCodeWord: usize = RULES + 152
export const rule_creationNeedsDeposit: usize = RULES + 160
export const rule_keepsSixtyFourth: usize = RULES + 168
export const rule_clearsEmpty: usize = RULES + 176
export const rule_refusesEf: usize = RULES + 184
export const rule_destroysOnlyNew: usize = RULES + 200
export const rule_delegations: usize = RULES + 208
export const rule_warmAccount: usize = RULES + 216

/** A rule's value. */
// @ts-ignore: decorator
@inline
export function rule(at: usize): i64 {
  return load<i64>(at)
}

// Opcodes: 8 bytes each: static gas u32, words needed u8, words left u8, whether defined u8.
export const OPCODE_BYTES: usize = 8

// Account: address as a word of 160 bits, then what the state holds, then what the kernel knows.
export const ACCOUNT_BYTES: usize = 128
export const ACCOUNT_FLAGS: usize = 20
export const ACCOUNT_NONCE: usize = 24
export const ACCOUNT_BALANCE: usize = 32
/** As bytes, highest first. */
export const ACCOUNT_CODE_HASH: usize = 64
/** The code, or 0. */
export const ACCOUNT_CODE: usize = 96
/** Transactions in which it became warm, was made, was destroyed, was touched. */
export const ACCOUNT_WARM: usize = 100
export const ACCOUNT_CREATED: usize = 104
export const ACCOUNT_DESTROYED: usize = 108
export const ACCOUNT_TOUCHED: usize = 112
/** Counts how often its storage was lost; part of its slots' keys. */
export const ACCOUNT_INCARNATION: usize = 116
/** Block in which it changed, and the account that changed before it. */
export const ACCOUNT_DIRTY: usize = 120
export const ACCOUNT_DIRTY_NEXT: usize = 124

export const FLAG_EXISTS: u32 = 1
/** Storage of the state below no longer counts. */
export const FLAG_WIPED: u32 = 2
export const FLAG_PRECOMPILE: u32 = 4
/** Costs little from the start: a precompile of the rules, though it may have been moved since. */
export const FLAG_WARM: u32 = 16
/** Bits from here on: the number of its precompile. */
export const PRECOMPILE_SHIFT: u32 = 16
/** It lost its storage in this block. */
export const FLAG_WIPED_IN_BLOCK: u32 = 8

// Slot: key, value, value when the transaction began, owner.
export const SLOT_BYTES: usize = 128
export const SLOT_VALUE: usize = 32
export const SLOT_ORIGINAL: usize = 64
export const SLOT_ACCOUNT: usize = 96
export const SLOT_INCARNATION: usize = 100
export const SLOT_WARM: usize = 104
/** Transaction whose original value stands. */
export const SLOT_ORIGINAL_OF: usize = 108
export const SLOT_DIRTY: usize = 112
export const SLOT_DIRTY_NEXT: usize = 116

export const TRANSIENT_BYTES: usize = 80
export const TRANSIENT_VALUE: usize = 32
export const TRANSIENT_ACCOUNT: usize = 64

// Code: a header, then its bytes with padding, then marks where jumps may go.
export const CODE_HEADER_BYTES: usize = 64
export const CODE_LENGTH: usize = 0
export const CODE_RAW: usize = 4
/** One bit for each byte. */
export const CODE_JUMPS: usize = 8
/** The block that it begins with, if blocks were not dropped since. */
export const CODE_ENTRY: usize = 12
export const CODE_ENTRY_GENERATION: usize = 16
/** Address that the code delegates to (EIP-7702): where its 20 bytes begin, or 0. */
export const CODE_DELEGATE: usize = 20
/** A number that no other code has, by which its blocks are found. */
export const CODE_SERIAL: usize = 24
export const CODE_HASH: usize = 32

// Frame.
export const FRAME_BYTES: usize = 256
export const FRAME_IP: usize = 0
export const FRAME_SP: usize = 4
export const FRAME_GAS: usize = 8
export const FRAME_STACK: usize = 16
export const FRAME_MEMORY: usize = 20
export const FRAME_MEMORY_SIZE: usize = 24
/** Code header, and the account that has the code; 0 for creation code. */
export const FRAME_CODE: usize = 28
export const FRAME_CODE_ACCOUNT: usize = 32
/** Account whose storage and balance are meant. */
export const FRAME_ACCOUNT: usize = 36
export const FRAME_INPUT: usize = 40
export const FRAME_INPUT_SIZE: usize = 44
export const FRAME_STATIC: usize = 48
/** Opcode that made it; 0 for the first. */
export const FRAME_KIND: usize = 52
export const FRAME_JOURNAL: usize = 56
export const FRAME_LOGS: usize = 60
export const FRAME_LOG_COUNT: usize = 64
export const FRAME_OUTPUT: usize = 68
export const FRAME_OUTPUT_SIZE: usize = 72
export const FRAME_CODE_GENERATION: usize = 76
export const FRAME_REFUND: usize = 80
/** End of creation codes in the arena of codes when it began. */
export const FRAME_CODES_TOP: usize = 88
export const FRAME_TOUCHED: usize = 92
export const FRAME_VALUE: usize = 96
export const FRAME_CALLER: usize = 128
export const FRAME_ADDRESS: usize = 160
/** Where it goes on in its code while another frame runs, and which blocks its instruction is of. */
export const FRAME_PC: usize = 192
export const FRAME_BLOCK_GENERATION: usize = 200
/** Number of its code, when it was opened. */
export const FRAME_SERIAL: usize = 204
/** Account that was called, whatever code it has. */
export const FRAME_TARGET: usize = 196

// Log: size of the record, topics, bytes of data, then address, topics and data, padded to 16.
export const LOG_TOPICS: usize = 4
export const LOG_DATA_SIZE: usize = 8
export const LOG_ADDRESS: usize = 16
export const LOG_BODY: usize = 48

// Instruction: operation, small operand, large operand.
export const INSTRUCTION_BYTES: usize = 16

/** Answers of a run. */
export const OK: i32 = 1
export const REVERTED: i32 = 0
export const FAILED: i32 = -1
/** The slice of gas is used up: the run goes on when it is called again. */
export const PAUSED: i32 = 2

/** Why a frame failed. */
/** Words of a stack. */
export const MOST_WORDS: u32 = 1024

export const FAULT_OUT_OF_GAS: u32 = 1
export const FAULT_STACK_UNDERFLOW: u32 = 2
export const FAULT_STACK_OVERFLOW: u32 = 3
export const FAULT_INVALID_JUMP: u32 = 4
export const FAULT_INVALID_OPCODE: u32 = 5
export const FAULT_STATIC: u32 = 6
export const FAULT_RETURN_DATA: u32 = 7
export const FAULT_CODE_SIZE: u32 = 8
export const FAULT_INIT_CODE_SIZE: u32 = 9
export const FAULT_EF: u32 = 10
export const FAULT_COLLISION: u32 = 11
export const FAULT_DEPTH: u32 = 12
export const FAULT_BALANCE: u32 = 13
export const FAULT_NONCE: u32 = 14
export const FAULT_PRECOMPILE: u32 = 15
export const FAULT_CODE_DEPOSIT: u32 = 16
export const FAULT_GAS_OVERFLOW: u32 = 17
export const FAULT_MEMORY_OVERFLOW: u32 = 18
export const FAULT_SENTRY: u32 = 19
