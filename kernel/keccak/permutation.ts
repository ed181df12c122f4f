/** Permutes the keccak state: 24 rounds between two buffers, one row of the result at a time (FIPS 202, section 3). */

/**
 * 25 lanes of 8 bytes, lane (x, y) at 8 · (x + 5y); the sponge reads and writes here. Six lanes stand inverted, so that
 * step χ needs fewer inversions (Keccak implementation overview 3.2, section 2.2).
 */
export const STATE: usize = memory.data(200, 64)
/** What every second round writes. */
const OTHER: usize = memory.data(200, 64)

/** Step ι: one constant a round. */
const CONSTANTS: usize = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
  0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
  0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
  0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
  0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
])

/** Makes the state all zeros. */
export function clearState(): void {
  for (let at: usize = 0; at < 192; at += 16) v128.store(STATE + at, i64x2.splat(0))
  store<u64>(STATE, 0, 192)
  store<u64>(STATE, u64.MAX_VALUE, 8)
  store<u64>(STATE, u64.MAX_VALUE, 16)
  store<u64>(STATE, u64.MAX_VALUE, 64)
  store<u64>(STATE, u64.MAX_VALUE, 96)
  store<u64>(STATE, u64.MAX_VALUE, 136)
  store<u64>(STATE, u64.MAX_VALUE, 160)
}

/** Writes the first 32 bytes of the state. */
export function readState(out: usize): void {
  store<u64>(out, load<u64>(STATE))
  store<u64>(out, ~load<u64>(STATE, 8), 8)
  store<u64>(out, ~load<u64>(STATE, 16), 16)
  store<u64>(out, load<u64>(STATE, 24), 24)
}

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

/** Writes the five lanes of a row. */
// @ts-ignore: decorator
@inline
function row(to: usize, a: u64, b: u64, c: u64, d: u64, e: u64): void {
  store<u64>(to, a)
  store<u64>(to, b, 8)
  store<u64>(to, c, 16)
  store<u64>(to, d, 24)
  store<u64>(to, e, 32)
}

/** Rows of the result take their five lanes from the places that π names; χ is written for the inverted lanes. */
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
  let a = load<u64>(from) ^ d0
  let b = turned(from + 48, d1, 44)
  let c = turned(from + 96, d2, 43)
  let d = turned(from + 144, d3, 21)
  let e = turned(from + 192, d4, 14)
  row(to, a ^ (b | c) ^ constant, b ^ (~c | d), c ^ (d & e), d ^ (e | a), e ^ (a & b))
  a = turned(from + 24, d3, 28)
  b = turned(from + 72, d4, 20)
  c = turned(from + 80, d0, 3)
  d = turned(from + 128, d1, 45)
  e = turned(from + 176, d2, 61)
  row(to + 40, a ^ (b | c), b ^ (c & d), c ^ (d | ~e), d ^ (e | a), e ^ (a & b))
  a = turned(from + 8, d1, 1)
  b = turned(from + 56, d2, 6)
  c = turned(from + 104, d3, 25)
  d = ~turned(from + 152, d4, 8)
  e = turned(from + 160, d0, 18)
  row(to + 80, a ^ (b | c), b ^ (c & ~d), c ^ (d & e), d ^ (e | a), e ^ (a & b))
  a = turned(from + 32, d4, 27)
  b = turned(from + 40, d0, 36)
  c = turned(from + 88, d1, 10)
  d = ~turned(from + 136, d2, 15)
  e = turned(from + 184, d3, 56)
  row(to + 120, a ^ (b & c), b ^ (c | ~d), c ^ (d | e), d ^ (e & a), e ^ (a | b))
  a = turned(from + 16, d2, 62)
  b = ~turned(from + 64, d3, 55)
  c = turned(from + 112, d4, 39)
  d = turned(from + 120, d0, 41)
  e = turned(from + 168, d1, 2)
  row(to + 160, a ^ (b & c), b ^ (c | d), c ^ (d & e), d ^ (e | a), e ^ (a & ~b))
}
