/** Finds decoded blocks by their code and place; all are dropped at once when there is no more room. */

import {
  BLOCK_INDEX,
  BLOCK_PLACES,
  BLOCKS,
  BLOCKS_END,
  CONSTANTS,
  CONSTANTS_END,
  INSTRUCTION_BYTES,
  SEED,
} from './layout'

/** Opcodes that are decoded at once, at most. */
export const MOST_OPCODES: u32 = 256
/** What so many opcodes take: an instruction, a block and a way on each; a constant each. */
const ROOM: usize = usize(MOST_OPCODES + 2) * 3 * INSTRUCTION_BYTES
const CONSTANTS_ROOM: usize = usize(MOST_OPCODES) * 32
/** More blocks than half of the index would make it slow. */
const MOST_BLOCKS: u32 = BLOCK_PLACES >> 1

/** Counts how often all blocks were dropped. */
export let blockGeneration: u32 = 1
/** Where the next instruction goes, and the next constant of more than 64 bits. */
export let blocksEnd: usize = BLOCKS
export let constantsEnd: usize = CONSTANTS
let count: u32 = 0

/** Forgets all decoded blocks. */
export function dropBlocks(): void {
  blockGeneration++
  blocksEnd = BLOCKS
  constantsEnd = CONSTANTS
  count = 0
}

/** Makes sure that there is room to decode once. */
export function makeRoom(): void {
  const isThere =
    blocksEnd + ROOM <= BLOCKS_END &&
    constantsEnd + CONSTANTS_ROOM <= CONSTANTS_END &&
    count + MOST_OPCODES <= MOST_BLOCKS
  if (!isThere) dropBlocks()
}

/** Set in a place that code is gone on at, not jumped to: not every place may be jumped to. */
export const WITHOUT_JUMP: u32 = 0x80000000

export function setBlocksEnd(at: usize): void {
  blocksEnd = at
}

export function setConstantsEnd(at: usize): void {
  constantsEnd = at
}

// An entry of the index: generation, number of the code, place in it, block.
// @ts-ignore: decorator
@inline
function placeOf(serial: u32, pc: u32): u32 {
  const key = ((u64(serial) << 32) | u64(pc)) ^ load<u64>(SEED)
  const mixed = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15
  return u32(mixed >> 40) & (BLOCK_PLACES - 1)
}

/** The block at a place of the code with this number, or 0; one that is jumped to is at a place for jumps. */
export function findBlock(serial: u32, pc: u32): usize {
  let place = placeOf(serial, pc)
  while (true) {
    const at = BLOCK_INDEX + (usize(place) << 4)
    if (load<u32>(at) != blockGeneration) return 0
    if (load<u32>(at, 4) == serial && load<u32>(at, 8) == pc) return usize(load<u32>(at, 12))
    place = (place + 1) & (BLOCK_PLACES - 1)
  }
}

/** Makes a block be found that was not yet. */
export function keepBlock(serial: u32, pc: u32, block: usize): void {
  let place = placeOf(serial, pc)
  let at = BLOCK_INDEX + (usize(place) << 4)
  while (load<u32>(at) == blockGeneration) {
    place = (place + 1) & (BLOCK_PLACES - 1)
    at = BLOCK_INDEX + (usize(place) << 4)
  }
  store<u32>(at, blockGeneration)
  store<u32>(at, serial, 4)
  store<u32>(at, pc, 8)
  store<u32>(at, u32(block), 12)
  count++
}
