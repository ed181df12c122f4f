/** Replays the public traces of Tendermint's rules, and counts what was compared. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type KindScore, replayFolder } from './tendermint/replay.ts'
import { plainFile, skipVectors } from './vectors.ts'

describe('Tendermint traces', { skip: skipVectors() }, async () => {
  const scores = skipVectors() ? [] : await replayFolder(plainFile('tendermint-traces'))
  const score = (kind: string) => scores.find((one) => one.kind === kind) as KindScore

  test('of single rules give the same output and state', () => {
    const { failures, whole, compared, leftOut } = score('core')
    assert.deepEqual(failures, [])
    // Left out: what the model answers in any step and the core does not, and rounds before the first.
    assert.deepEqual({ whole, compared, leftOut }, { whole: 4, compared: 4_097, leftOut: 515 })
  })

  test('of the counting of votes give the same thresholds and tallies', () => {
    const { failures, whole, compared, leftOut } = score('votes')
    assert.deepEqual(failures, [])
    // Left out: votes of strangers, who are refused, and the node's own moves.
    assert.deepEqual({ whole, compared, leftOut }, { whole: 29, compared: 779, leftOut: 148 })
  })

  test('of whole nodes give the same messages and states: 85 to the end, 27 up to their mark', () => {
    const { failures, ambiguous, whole, upToMark, compared, leftOut } = score('driver')
    assert.deepEqual(failures, [])
    assert.deepEqual({ whole, upToMark, ambiguous }, { whole: 85, upToMark: 27, ambiguous: 0 })
    assert.deepEqual({ compared, leftOut }, { compared: 5_518, leftOut: 307 })
  })
})
