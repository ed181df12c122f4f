/** Tests which events of chains a definition means, however it writes their signatures. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventWish } from '../durable-context.ts'
import { matches } from './event-match.ts'

test('an event of a chain is of one of the contracts, of what a factory made, and has the values', () => {
  const isMeant = (chain: NonNullable<EventWish['chain']>) =>
    matches(
      { attributes: { type: 'evm.log' }, chain },
      {
        ...{ specversion: '1.0', id: '1', source: '/s', type: 'evm.log', contract: '0xab' },
        ...{ contractname: 'desk', madeby: 'shop Made(address) child\nother x y' },
        data: { address: '0xab', args: { who: '0xcd', amount: '7', flag: true } },
      },
      () => true,
    )
  const factory = { contracts: ['shop'], event: 'Made(address child)', argument: 'child' }
  for (const [chain, wanted] of [
    [{ contracts: ['vault', 'desk'] }, true],
    [{ contracts: ['0xAB'] }, true],
    [{ contracts: ['vault'] }, false],
    [{ factory: { ...factory, label: 'shop Made(address) child' } }, true],
    [{ factory: { ...factory, label: 'shop Made(address)' } }, false],
    [{ where: { who: ['0x01', '0xCD'], amount: 7, flag: true } }, true],
    [{ where: { who: '0xcd', amount: '8' } }, false],
    [{ where: { nobody: '1' } }, false],
  ] as const) {
    assert.equal(isMeant(chain), wanted, JSON.stringify(chain))
  }
})

test('a signature is the same with and without names, with tuples, lists and short types', () => {
  const meant = (wanted: string, found: string) =>
    matches(
      { attributes: { event: wanted } },
      { specversion: '1.0', id: '1', source: '/s', type: 'evm.log', event: found },
      () => true,
    )
  const paid = 'Paid(address,uint256,(uint8,string)[])'
  for (const wanted of [
    ...[
      paid,
      'Paid',
      'event Paid(address indexed who, uint256 amount, (uint8 kind, string note)[] about)',
    ],
    ...[
      'Paid(address who,uint amount,tuple(uint8,string)[] about)',
      ' Paid (address, uint, (uint8,string)[])',
    ],
  ]) {
    assert.equal(meant(wanted, paid), true, wanted)
  }
  for (const wanted of [
    ...['Paid(address,uint256,(uint8,string))', 'Paid(address,uint128,(uint8,string)[])', 'Pay'],
    ...['Paid(address who, uint256 amount)', 'Paid(address,uint256,uint8,string)'],
  ]) {
    assert.equal(meant(wanted, paid), false, wanted)
  }
  assert.equal(meant('None()', 'None()'), true)
})
