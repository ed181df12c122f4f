/** Fixes the places through which code outside and this kernel hand each other keys and values. */

/** 20 bytes. */
export const ADDRESS: usize = memory.data(32, 16)
/** A storage slot, 32 bytes, most significant first. */
export const KEY: usize = memory.data(32, 16)
/** Nonce u64, balance 32 bytes, both little-endian, and code hash 32 bytes. */
export const FIELDS: usize = memory.data(72, 16)
/** What a slot holds, 32 bytes, little-endian. */
export const VALUE: usize = memory.data(32, 16)
/** A root. */
export const HASH: usize = memory.data(32, 16)
