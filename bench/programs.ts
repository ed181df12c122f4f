/** Holds the loops that the machines are timed with; each takes how often from its calldata. */

import { assemble, type Item } from '../test/fuzz/code.ts'

/** A contract that runs a loop. */
export interface LoopProgram {
  readonly name: string
  readonly code: Uint8Array
  /** Rounds that take a few tenths of a second on a fast machine. */
  readonly rounds: number
}

const hex = (text: string): Item[] => [...Uint8Array.fromHex(text.replaceAll(' ', ''))]

/** The body finds a word to work on and the counter on top of it, and leaves both so. */
function loop(name: string, rounds: number, body: readonly Item[]): LoopProgram {
  const [start, end] = [101, 102]
  const code = assemble([
    [
      ...hex('6001 600035 80 15'),
      ...[{ push: end }, 0x57, { target: start }],
      ...body,
      ...hex('6001 90 03 80'),
      ...[{ push: start }, 0x57, { target: end }],
      ...hex('50 600052 60206000f3'),
    ],
  ])
  return { name, code, rounds }
}

const prime = '30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47'

/** Loops over what contracts spend their time with. */
export const loopPrograms: readonly LoopProgram[] = [
  // x = x · 3 + i; x ^= x >> 7
  loop('arithmetic', 3_000_000, hex('90 600302 8101 8060071c18 90')),
  // x = x + i, refused when it wraps; then x mod 10^9
  loop('checked', 1_500_000, [
    ...hex('90 8101 8181 10 15'),
    ...[{ push: 1 }, 0x57, 0xfe, { target: 1 }],
    ...hex('633b9aca00 9006 90'),
  ]),
  // x = x · (x + i) mod a prime of 254 bits
  loop('mulmod', 1_000_000, hex(`90 7f${prime} 8282 01 82 09 9050 90`)),
  // x = not i / (x or 2^88)
  loop('division', 1_500_000, hex('90 6b010000000000000000000000 17 8119 04 90')),
  // x = hash of x and i
  loop('keccak', 300_000, hex('90 600052 80602052 60406000 20 90')),
  // counts up the slot at the hash of i mod 256 and 0, as a mapping has it
  loop('storage', 300_000, hex('8060ff16 600052 6000602052 60406000 20 8054 600101 90 55')),
  // adds i to a word in four kilobytes of memory
  loop('memory', 2_000_000, hex('80610fe016 8051 8201 90 52')),
  // calls itself with no data, which ends at once
  loop('calls', 150_000, hex('6000600060006000 30 5a fa 50')),
]

/** Calldata that says how often. */
export function roundsData(rounds: number): Uint8Array {
  return Uint8Array.fromHex(rounds.toString(16).padStart(64, '0'))
}
