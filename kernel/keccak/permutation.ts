/** Permutes the keccak state: 24 rounds between two buffers, one row of the result at a time (FIPS 202, section 3). */

/** 25 lanes of 8 bytes, lane (x, y) at 8 · (x + 5y); the sponge reads and writes here. */
export const STATE: usize = memory.data(200, 16)
/** What every second round writes. */
const OTHER: usize = memory.data(200, 16)

/** Step ι: one constant a round. */
const CONSTANTS: usize = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
  0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
  0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
  0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
  0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
])

/** Permutes the state in its place. */
export function permute(): void {
  for (let at: usize = CONSTANTS, end: usize = CONSTANTS + 192; at < end; at += 16) {
    round(STATE, OTHER, load<u64>(at))
    round(OTHER, STATE, load<u64>(at, 8))
  }
}

// @ts-ignore: decorator
@inline
function column(from: usize, x: usize): u64 {
  return (
    load<u64>(from + x * 8) ^
    load<u64>(from + x * 8 + 40) ^
    load<u64>(from + x * 8 + 80) ^
    load<u64>(from + x * 8 + 120) ^
    load<u64>(from + x * 8 + 160)
  )
}

/** A lane after θ and ρ. */
// @ts-ignore: decorator
@inline
function turned(lane: usize, parity: u64, bits: u64): u64 {
  return rotl<u64>(load<u64>(lane) ^ parity, bits)
}

/** Step χ over one row. */
// @ts-ignore: decorator
@inline
function row(to: usize, a: u64, b: u64, c: u64, d: u64, e: u64): void {
  store<u64>(to, a ^ (~b & c))
  store<u64>(to + 8, b ^ (~c & d))
  store<u64>(to + 16, c ^ (~d & e))
  store<u64>(to + 24, d ^ (~e & a))
  store<u64>(to + 32, e ^ (~a & b))
}

/** Rows of the result take their five lanes from the places that π names. */
// @ts-ignore: decorator
@inline
function round(from: usize, to: usize, constant: u64): void {
  const c0 = column(from, 0)
  const c1 = column(from, 1)
  const c2 = column(from, 2)
  const c3 = column(from, 3)
  const c4 = column(from, 4)
  const d0 = c4 ^ rotl<u64>(c1, 1)
  const d1 = c0 ^ rotl<u64>(c2, 1)
  const d2 = c1 ^ rotl<u64>(c3, 1)
  const d3 = c2 ^ rotl<u64>(c4, 1)
  const d4 = c3 ^ rotl<u64>(c0, 1)
  row(
    to,
    load<u64>(from) ^ d0,
    turned(from + 48, d1, 44),
    turned(from + 96, d2, 43),
    turned(from + 144, d3, 21),
    turned(from + 192, d4, 14),
  )
  store<u64>(to, load<u64>(to) ^ constant)
  row(
    to + 40,
    turned(from + 24, d3, 28),
    turned(from + 72, d4, 20),
    turned(from + 80, d0, 3),
    turned(from + 128, d1, 45),
    turned(from + 176, d2, 61),
  )
  row(
    to + 80,
    turned(from + 8, d1, 1),
    turned(from + 56, d2, 6),
    turned(from + 104, d3, 25),
    turned(from + 152, d4, 8),
    turned(from + 160, d0, 18),
  )
  row(
    to + 120,
    turned(from + 32, d4, 27),
    turned(from + 40, d0, 36),
    turned(from + 88, d1, 10),
    turned(from + 136, d2, 15),
    turned(from + 184, d3, 56),
  )
  row(
    to + 160,
    turned(from + 16, d2, 62),
    turned(from + 64, d3, 55),
    turned(from + 112, d4, 39),
    turned(from + 120, d0, 41),
    turned(from + 168, d1, 2),
  )
}
