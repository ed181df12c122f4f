/** Computes the targets of the public ASERT runs (aserti3-2d). */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { nextTarget } from '../../src/chain/consensus/asert.ts'
import { plainFile, skipVectors } from './vectors.ts'

/** Of the network that the runs are of: blocks of ten minutes, two days, and its easiest target. */
const pace = { blockTime: 600n, halfLife: 172_800n, easiestTarget: targetOf(0x1d00ffffn) }

/** The target of a compact form: one byte of length, three of digits. */
function targetOf(compact: bigint): bigint {
  const shift = 8n * ((compact >> 24n) - 3n)
  const digits = compact & 0x7fffffn
  return shift < 0n ? digits >> -shift : digits << shift
}

/** The compact form of a target, whose highest digit bit stands for a sign and stays free. */
function compactOf(target: bigint): bigint {
  let length = BigInt(Math.ceil(target.toString(16).length / 2))
  let digits = length <= 3n ? target << (8n * (3n - length)) : target >> (8n * (length - 3n))
  if (digits & 0x800000n) {
    digits >>= 8n
    length += 1n
  }
  return (length << 24n) | digits
}

function numberIn(text: string, name: string): bigint {
  const found = new RegExp(`${name}: (\\S+)`).exec(text)?.[1]
  assert.ok(found, `the run says its ${name}`)
  return BigInt(found)
}

describe('ASERT targets', { skip: skipVectors() }, () => {
  test('of 14,000 rows in 12 runs are as expected', async () => {
    const wrong: string[] = []
    let rows = 0
    for (let run = 1; run <= 12; run += 1) {
      const name = `run${String(run).padStart(2, '0')}`
      const text = await readFile(plainFile(path.join('asert', name)), 'utf8')
      const anchor = {
        target: targetOf(numberIn(text, 'anchor nBits')),
        number: numberIn(text, 'anchor height'),
        parentTime: numberIn(text, 'anchor parent time'),
      }
      for (const row of text.split('\n').filter((line) => /^\d/.test(line))) {
        const [, number = '', timestamp = '', expected = ''] = row.trim().split(/\s+/)
        const parent = { number: BigInt(number), timestamp: BigInt(timestamp) }
        const found = compactOf(nextTarget(anchor, parent, pace))
        if (found !== BigInt(expected)) wrong.push(`${name}: ${row}, found ${found.toString(16)}`)
        rows += 1
      }
    }
    assert.deepEqual(wrong.slice(0, 10), [])
    assert.equal(rows, 14_000)
  })
})
