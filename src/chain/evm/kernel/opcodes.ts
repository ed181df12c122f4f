/** Lists the opcodes: since which fork each is there, what it takes and leaves, and its gas that is always due. */

import { type Hardfork, isAtLeast, type Rules } from '../../ledger/fork-rules.ts'

/** Of one opcode: static gas, words it needs, words it leaves in their place. */
export interface OpcodeRow {
  readonly gas: number
  readonly pops: number
  readonly pushes: number
}

type Numbers = Rules['numbers']
type Gas = number | ((numbers: Numbers) => number)
type Row = readonly [code: number, gas: Gas, pops: number, pushes: number, since?: Hardfork]

const range = (from: number, count: number, row: (at: number) => Row): readonly Row[] =>
  Array.from({ length: count }, (_, at) => row(from + at))

/** Yellow Paper, appendix H; later ones by their EIPs: 7, 140, 145, 211, 214, 1014, 1052, 1153, 1344, 1884, 3198, 3855, 4844, 5656, 7516, 7939. */
const rows: readonly Row[] = [
  ...([[0x00, 0, 0, 0]] as const),
  // Arithmetic.
  ...([0x01, 0x03] as const).map((code): Row => [code, 3, 2, 1]),
  ...([0x02, 0x04, 0x05, 0x06, 0x07, 0x0b] as const).map((code): Row => [code, 5, 2, 1]),
  ...([0x08, 0x09] as const).map((code): Row => [code, 8, 3, 1]),
  [0x0a, 10, 2, 1],
  // Comparison and bits.
  ...range(0x10, 5, (code) => [code, 3, 2, 1]),
  [0x15, 3, 1, 1],
  ...range(0x16, 3, (code) => [code, 3, 2, 1]),
  [0x19, 3, 1, 1],
  [0x1a, 3, 2, 1],
  ...range(0x1b, 3, (code) => [code, 3, 2, 1, 'constantinople']),
  [0x1e, 5, 1, 1, 'osaka'],
  [0x20, 30, 2, 1],
  // Environment.
  [0x30, 2, 0, 1],
  [0x31, ({ balance }) => balance, 1, 1],
  ...range(0x32, 3, (code) => [code, 2, 0, 1]),
  [0x35, 3, 1, 1],
  [0x36, 2, 0, 1],
  [0x37, 3, 3, 0],
  [0x38, 2, 0, 1],
  [0x39, 3, 3, 0],
  [0x3a, 2, 0, 1],
  [0x3b, ({ extCode }) => extCode, 1, 1],
  [0x3c, ({ extCode }) => extCode, 4, 0],
  [0x3d, 2, 0, 1, 'byzantium'],
  [0x3e, 3, 3, 0, 'byzantium'],
  [0x3f, ({ extCodeHash }) => extCodeHash, 1, 1, 'constantinople'],
  // Block.
  [0x40, 20, 1, 1],
  ...range(0x41, 5, (code) => [code, 2, 0, 1]),
  [0x46, 2, 0, 1, 'istanbul'],
  [0x47, 5, 0, 1, 'istanbul'],
  [0x48, 2, 0, 1, 'london'],
  [0x49, 3, 1, 1, 'cancun'],
  [0x4a, 2, 0, 1, 'cancun'],
  // Stack, memory, storage and flow.
  [0x50, 2, 1, 0],
  [0x51, 3, 1, 1],
  [0x52, 3, 2, 0],
  [0x53, 3, 2, 0],
  [0x54, ({ sload }) => sload, 1, 1],
  [0x55, 0, 2, 0],
  [0x56, 8, 1, 0],
  [0x57, 10, 2, 0],
  [0x58, 2, 0, 1],
  [0x59, 2, 0, 1],
  [0x5a, 2, 0, 1],
  [0x5b, 1, 0, 0],
  [0x5c, ({ warm }) => warm, 1, 1, 'cancun'],
  [0x5d, ({ warm }) => warm, 2, 0, 'cancun'],
  [0x5e, 3, 3, 0, 'cancun'],
  [0x5f, 2, 0, 1, 'shanghai'],
  ...range(0x60, 32, (code) => [code, 3, 0, 1]),
  ...range(0x80, 16, (code) => [code, 3, code - 0x7f, code - 0x7e]),
  ...range(0x90, 16, (code) => [code, 3, code - 0x8e, code - 0x8e]),
  ...range(0xa0, 5, (code) => [code, 375 * (code - 0x9f), code - 0x9e, 0]),
  // Calls and creations.
  [0xf0, ({ create }) => create, 3, 1],
  [0xf1, ({ call }) => call, 7, 1],
  [0xf2, ({ call }) => call, 7, 1],
  [0xf3, 0, 2, 0],
  [0xf4, ({ call }) => call, 6, 1, 'homestead'],
  [0xf5, ({ create }) => create, 4, 1, 'constantinople'],
  [0xfa, ({ call }) => call, 6, 1, 'byzantium'],
  [0xfd, 0, 2, 0, 'byzantium'],
  [0xff, ({ selfDestruct }) => selfDestruct, 1, 0],
]

/** The opcodes that are defined under these rules, by number. */
export function opcodesOf({ hardfork, numbers }: Rules): ReadonlyMap<number, OpcodeRow> {
  const defined = rows.filter(([, , , , since = 'frontier']) => isAtLeast(hardfork, since))
  return new Map(
    defined.map(([code, gas, pops, pushes]) => [
      code,
      { gas: typeof gas === 'number' ? gas : gas(numbers), pops, pushes },
    ]),
  )
}
