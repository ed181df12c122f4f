/** Checks the registry against topics that everybody knows. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toEventSelector } from 'viem'
import {
  nearEvents,
  registeredEvent,
  registeredEvents,
  registeredSignature,
} from './abi-registry.ts'
import { createEventDecoder, parseEvent } from './event-decoder.ts'

const word = `0x${'00'.repeat(31)}05` as const
const address = '0x00000000000000000000000000000000000000aa'

test('well-known events have the topics that their contracts emit', () => {
  // As chain explorers show them for the contracts on Ethereum.
  const topics = {
    'ERC-20.Transfer': '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
    'ERC-721.Transfer': '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
    'ERC-20.Approval': '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925',
    'ERC-1155.TransferSingle': '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
    'UniswapV2Pair.Swap': '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822',
    'UniswapV2Pair.Sync': '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1',
    'UniswapV2Factory.PairCreated':
      '0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9',
    'UniswapV3Pool.Swap': '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67',
    'UniswapV3Factory.PoolCreated':
      '0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118',
    'Ownable.OwnershipTransferred':
      '0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0',
    'AccessControl.RoleGranted':
      '0x2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d',
  }
  for (const [name, topic] of Object.entries(topics)) {
    const event = registeredEvent(name)
    assert.ok(event, name)
    assert.equal(toEventSelector(event), topic, name)
  }
})

test('every registered event can be listened to', () => {
  assert.ok(registeredEvents().includes('DepositVault.Deposited'))
  for (const event of registeredEvents()) createEventDecoder([{ event, address }])
  const decoder = createEventDecoder([{ event: 'ERC-20.Transfer', address }])
  const [topic] = decoder.queries()[0]?.topics[0] ?? []
  assert.ok(topic)
  const log = { address, topics: [topic, word, word], data: word, blockNumber: 1 } as const
  const who = `0x${'00'.repeat(19)}05`
  assert.deepEqual(decoder.read(log), {
    ...{ name: 'Transfer', signature: 'Transfer(address,address,uint256)' },
    args: { from: who, to: who, value: '5' },
  })
})

test('a registered event stands for its signature, and says what has its topic, too', () => {
  for (const name of registeredEvents()) {
    const { inputs, ...event } = registeredEvent(name) ?? { inputs: [] }
    const given = parseEvent(registeredSignature(name)?.signature ?? '')
    const plain = inputs.map((one) => ({
      ...{ type: one.type, name: one.name },
      ...(one.indexed ? { indexed: true } : {}),
    }))
    assert.deepEqual(
      { name: given.name, inputs: given.inputs },
      { ...plainName(event), inputs: plain },
    )
  }
  assert.deepEqual(registeredSignature('ERC-20.Transfer')?.alike, [['from', 'to', 'tokenId']])
  assert.deepEqual(registeredSignature('WETH.Deposit')?.alike, [])
  assert.equal(registeredSignature('Transfer'), undefined)
})

function plainName(event: object): { readonly name: string } {
  return { name: (event as { name: string }).name }
}

test('what may have been meant is near in one way or another', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    Paused: ['Pausable.Paused'],
    transfer: ['ERC-20.Transfer', 'ERC-721.Transfer', 'AllocationToken.Transfer'],
    'erc20.transfer': ['ERC-20.Transfer'],
    'ERC-721.Aproval': ['ERC-721.Approval'],
    'ERC-4626.Nothing': ['ERC-4626.Deposit', 'ERC-4626.Withdraw'],
    'Desk.Nothing': [],
  }
  for (const [wrong, near] of Object.entries(cases))
    assert.deepEqual(nearEvents(wrong), near, wrong)
})
