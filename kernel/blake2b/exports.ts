/** Compresses a block with BLAKE2b's function F, any number of rounds (RFC 7693, section 3.2; EIP-152). */

/** The caller writes state (64 bytes), message (128) and offset (16) here; the new state stands at the front. */
export const BLOCK: usize = memory.data(208, 16)

/** The 16 words that the rounds mix. */
const WORK: usize = memory.data(128, 16)
const MESSAGE: usize = BLOCK + 64
const OFFSET: usize = BLOCK + 192

/** Fractional parts of the square roots of the first eight primes. */
const INITIAL: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
])

/** Which word of the message each half of a mix takes; the rows repeat. */
const SCHEDULE: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
])
const ROWS: u32 = 10

/** Mixes the block into the state. */
export function compress(rounds: u32, isLast: bool): void {
  memory.copy(WORK, BLOCK, 64)
  memory.copy(WORK + 64, INITIAL, 64)
  store<u64>(WORK + 96, load<u64>(WORK + 96) ^ load<u64>(OFFSET))
  store<u64>(WORK + 104, load<u64>(WORK + 104) ^ load<u64>(OFFSET + 8))
  if (isLast) store<u64>(WORK + 112, ~load<u64>(WORK + 112))
  for (let done: u32 = 0; done < rounds; done += 1) round(SCHEDULE + ((done % ROWS) << 4))
  for (let at: usize = 0; at < 64; at += 8) {
    const mixed = load<u64>(WORK + at) ^ load<u64>(WORK + at + 64)
    store<u64>(BLOCK + at, load<u64>(BLOCK + at) ^ mixed)
  }
}

/** Columns first, then diagonals. */
function round(order: usize): void {
  mix(0, 32, 64, 96, order)
  mix(8, 40, 72, 104, order + 2)
  mix(16, 48, 80, 112, order + 4)
  mix(24, 56, 88, 120, order + 6)
  mix(0, 40, 80, 120, order + 8)
  mix(8, 48, 88, 96, order + 10)
  mix(16, 56, 64, 104, order + 12)
  mix(24, 32, 72, 112, order + 14)
}

// @ts-ignore: decorator
@inline
function mix(atA: usize, atB: usize, atC: usize, atD: usize, order: usize): void {
  let a = load<u64>(WORK + atA)
  let b = load<u64>(WORK + atB)
  let c = load<u64>(WORK + atC)
  let d = load<u64>(WORK + atD)
  a += b + load<u64>(MESSAGE + (<usize>load<u8>(order) << 3))
  d = rotr<u64>(d ^ a, 32)
  c += d
  b = rotr<u64>(b ^ c, 24)
  a += b + load<u64>(MESSAGE + (<usize>load<u8>(order, 1) << 3))
  d = rotr<u64>(d ^ a, 16)
  c += d
  b = rotr<u64>(b ^ c, 63)
  store<u64>(WORK + atA, a)
  store<u64>(WORK + atB, b)
  store<u64>(WORK + atC, c)
  store<u64>(WORK + atD, d)
}
