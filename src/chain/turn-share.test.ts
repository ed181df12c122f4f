/** Brings more work than a turn takes, and looks when each piece begins. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TurnShare } from './turn-share.ts'

test('what is too much for one turn begins in later ones, in order, and others have theirs between', async () => {
  const share = new TurnShare(3)
  const begun: string[] = []
  const work = async (name: string) => {
    const turn = share.enter()
    if (turn) await turn
    begun.push(name)
  }
  const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(work)
  assert.deepEqual(begun, ['a', 'b', 'c'])
  await nextTurn()
  all.push(work('h'))
  assert.deepEqual(begun.join(''), 'abcdef')
  await nextTurn()
  assert.deepEqual(begun.join(''), 'abcdefgh')
  await Promise.all(all)
  await nextTurn()
  assert.equal(share.enter(), undefined)
})
