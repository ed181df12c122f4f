/** Tests which events of chains a definition means, however it writes their signatures. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matches } from './event-match.ts'

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
