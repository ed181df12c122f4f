/** Computes the difficulties of public tests, from Frontier to Gray Glacier. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextDifficulty } from '../../src/chain/ledger/difficulty.ts'
import { type Rules, rulesOf } from '../../src/chain/ledger/fork-rules.ts'
import { skipVectors, vectorFiles, vectorJson } from './vectors.ts'

interface Row {
  readonly parentTimestamp: string
  readonly parentDifficulty: string
  readonly parentUncles?: string
  readonly currentTimestamp: string
  readonly currentBlockNumber: string
  readonly currentDifficulty: string
}

type Rows = Readonly<Record<string, Row>>
type Forks = Readonly<Record<string, Rows>>
type Schedule = readonly (readonly [first: bigint, rules: Rules])[]

/** Says that the parent has no ommers: a flag, or the hash of the empty list. */
const noOmmers = [
  undefined,
  '0x00',
  '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
]

function isRight(rules: Rules, row: Row): boolean {
  const parent = {
    number: BigInt(row.currentBlockNumber) - 1n,
    timestamp: BigInt(row.parentTimestamp),
    difficulty: BigInt(row.parentDifficulty),
    hasOmmers: !noOmmers.includes(row.parentUncles),
  }
  const difficulty = nextDifficulty(rules, parent, BigInt(row.currentTimestamp))
  return difficulty === BigInt(row.currentDifficulty)
}

/** Rules of the public networks, by the first block of each. */
const mainnet: Schedule = [
  [0n, rulesOf('frontier')],
  [1_150_000n, rulesOf('homestead')],
  [4_370_000n, rulesOf('byzantium')],
]
const ropsten: Schedule = [
  [0n, rulesOf('homestead')],
  [1_700_000n, rulesOf('byzantium')],
  [4_230_000n, rulesOf('constantinople')],
]
const homestead: Schedule = [[0n, rulesOf('homestead')]]

describe('difficulty', { skip: skipVectors() }, () => {
  const set = 'ethereum-tests/legacy'
  const rulesByName: Readonly<Record<string, Rules>> = {
    Frontier: rulesOf('frontier'),
    Homestead: rulesOf('homestead'),
    Byzantium: rulesOf('byzantium'),
    Constantinople: rulesOf('constantinople'),
    Berlin: rulesOf('berlin'),
    ArrowGlacier: rulesOf('london', { changes: { bombDelay: 10_700_000 } }),
    GrayGlacier: rulesOf('london', { changes: { bombDelay: 11_400_000 } }),
  }

  test('of 18,598 rows, fork by fork, is as expected', async () => {
    const right: Record<string, number> = {}
    const wrong: string[] = []
    for (const file of await vectorFiles(set, 'DifficultyTests')) {
      for (const forks of Object.values(await vectorJson<Record<string, Forks>>(set, file))) {
        for (const [fork, rows] of Object.entries(forks)) {
          const rules = rulesByName[fork]
          if (rules === undefined) continue
          for (const [name, row] of Object.entries(rows)) {
            if (isRight(rules, row)) right[fork] = (right[fork] ?? 0) + 1
            else wrong.push(`${file} ${name}`)
          }
        }
      }
    }
    assert.deepEqual(wrong.slice(0, 20), [])
    assert.deepEqual(right, {
      ...{ ArrowGlacier: 2_664, Byzantium: 2_254, Constantinople: 2_254, Berlin: 4_254 },
      ...{ Frontier: 2_254, GrayGlacier: 2_664, Homestead: 2_254 },
    })
  })

  const networks: readonly [string, Schedule, number][] = [
    ['difficulty', mainnet, 14],
    ['difficultyCustomHomestead', homestead, 120],
    ['difficultyCustomMainNetwork', mainnet, 360],
    ['difficultyMainNetwork', mainnet, 2_254],
    ['difficultyRopsten', ropsten, 2_254],
  ]
  for (const [name, schedule, count] of networks) {
    test(`of ${count} rows of ${name} is as expected`, async () => {
      const rows = Object.values(await vectorJson<Rows>(set, `BasicTests/${name}.json`))
      const wrong = rows.filter((row) => {
        const at = BigInt(row.currentBlockNumber)
        const rules = schedule.findLast(([first]) => first <= at)?.[1]
        return rules === undefined || !isRight(rules, row)
      })
      assert.deepEqual(wrong.slice(0, 5), [])
      assert.equal(rows.length, count)
    })
  }
})
