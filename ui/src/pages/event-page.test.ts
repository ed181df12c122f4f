/** Reads lives of events. */

import { expect, test } from 'vitest'
import { lifeOf } from './event-page.tsx'

test('the life of an event shows what was, and what is to come', () => {
  const at = (second: number) => new Date(second * 1_000).toISOString()
  const event = {
    ...{ id: 'e', chain: 'dev', address: '0x', name: 'Paid', args: {}, blockNumber: 1 },
    ...{ blockHash: '0x', transactionHash: '0x', blockTime: at(1), instances: [] },
  }
  const states = (state: 'confirmed' | 'finalized' | 'retracted', life: [string, number][]) =>
    lifeOf({
      ...event,
      state,
      life: life.map(([one, second]) => ({ state: one as 'seen', at: at(second) })),
    }).map(({ state: one, icon }) => `${one} ${icon}`)
  expect(
    states('confirmed', [
      ['seen', 2],
      ['confirmed', 3],
    ]),
  ).toEqual([...['mined done', 'seen done', 'confirmed done', 'safe open', 'finalized open']])
  expect(states('finalized', [['seen', 2]])).toEqual(['mined done', 'seen done', 'finalized done'])
  expect(
    states('retracted', [
      ['seen', 2],
      ['retracted', 3],
    ]),
  ).toEqual([...['mined done', 'seen done', 'retracted back']])
})
