/** Imports monitors of OpenZeppelin Monitor and Sentinels of Defender. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../base/json-rpc.ts'
import { compileExpression } from '../../../stream/jq.ts'
import { fromMonitor } from './monitor.ts'

const usdc = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'
const abi: Json = [
  {
    ...{ type: 'event', name: 'Transfer', anonymous: false },
    inputs: [
      { name: 'from', type: 'address', indexed: true },
      { name: 'to', type: 'address', indexed: true },
      { name: 'value', type: 'uint256', indexed: false },
    ],
  },
]
const monitor = (more: object = {}): Json => ({
  ...{ name: 'Large transfer of USDC', paused: false, networks: ['ethereum_mainnet'] },
  addresses: [{ address: usdc, contract_spec: abi }],
  match_conditions: {
    ...{ functions: [], transactions: [] },
    events: [{ signature: 'Transfer(address,address,uint256)', expression: 'value > 10000000000' }],
  },
  ...{ trigger_conditions: [], triggers: ['usdc_slack'] },
  ...more,
})
const conditionOf = (expression: string): string => {
  const events = [{ signature: 'Transfer(address,address,uint256)', expression }]
  const definition = fromMonitor(monitor({ match_conditions: { events } }))
  const { schedule } = definition as { schedule: { on: { one: { with: { data: string } } } } }
  return schedule.on.one.with.data.slice(2, -1)
}

test('a monitor starts at its event and notifies', () => {
  assert.deepEqual(fromMonitor(monitor()), {
    document: {
      ...{ dsl: '1.0.3', namespace: 'imported', name: 'large-transfer-of-usdc', version: '0.1.0' },
      title: 'Large transfer of USDC',
    },
    schedule: {
      on: {
        one: {
          with: {
            ...{ type: 'evm.log', contract: usdc, chain: 'ethereum_mainnet' },
            event: 'Transfer(address indexed from, address indexed to, uint256 value)',
            data: '${ .args.value > 10000000000 }',
          },
        },
      },
    },
    do: [
      {
        'notify usdc_slack': {
          call: 'notify.send',
          with: {
            ...{ channel: 'usdc_slack', subject: 'Large transfer of USDC' },
            text: 'Event ${ .[0].event } of ${ .[0].contract } in ${ .[0].data.transactionHash }',
          },
          output: { as: '${ $input }' },
        },
      },
    ],
  })
})

test('conditions hold for the same events', () => {
  const holds = (expression: string, args: { [name: string]: string | bigint }) =>
    compileExpression(conditionOf(expression))({ args })
  const args = { from: usdc, to: '0xbb', value: 10n ** 20n }
  assert.equal(holds('value > 10000000000000000000', args), true)
  assert.equal(holds('value > 10 AND (to == 0xBB OR from == 0xcc)', args), true)
  assert.equal(holds("value <= 10 || to contains 'cc'", args), false)
  assert.equal(holds('from starts_with "0xa0" && to != 0xaa', args), true)
})

test('a Sentinel of Defender, and several contracts', () => {
  const sentinel = {
    ...{
      type: 'BLOCK',
      name: 'Vault watch',
      network: 'sepolia',
      paused: false,
      abi: JSON.stringify(abi),
    },
    addresses: ['0x01', '0x02'],
    eventConditions: [{ eventSignature: 'Transfer(address,address,uint256)' }],
    notificationChannels: ['mail'],
  }
  const { schedule } = fromMonitor(sentinel) as { schedule: { on: { any: { with: Json }[] } } }
  assert.deepEqual(
    schedule.on.any.map((one) => (one.with as { contract: string }).contract),
    ['0x01', '0x02'],
  )
})

test('a Sentinel waits as long as its level of confirmation says, and keeps what it says of risk', () => {
  const sentinel = (more: object): Json => ({
    ...{ type: 'BLOCK', name: 'Vault watch', network: 'sepolia', abi: JSON.stringify(abi) },
    ...{ addresses: ['0x01'], notificationChannels: ['mail', 'slack'] },
    eventConditions: [{ eventSignature: 'Transfer(address,address,uint256)' }],
    ...more,
  })
  const found = (more: object) => {
    const { document, do: tasks } = fromMonitor(sentinel(more)) as {
      readonly document: { readonly metadata?: Json }
      readonly do: readonly { readonly [name: string]: { readonly metadata?: Json } }[]
    }
    return [
      document.metadata,
      ...tasks.flatMap((one) => Object.values(one)).map((one) => one.metadata),
    ]
  }
  assert.deepEqual(found({ confirmLevel: 1 }), [undefined, undefined, undefined])
  assert.deepEqual(found({ confirmLevel: 'finalized', severityLevel: 'HIGH' }), [
    ...[{ severityLevel: 'HIGH' }, { at: 'finalized' }, { at: 'finalized' }],
  ])
  assert.deepEqual(found({ confirmLevel: 'safe', riskCategory: 'NONE' })[1], { at: 'safe' })
  for (const [more, message] of [
    [{ confirmLevel: 12 }, /confirmLevel: 12 confirmations .*QS_CONFIRMATIONS/],
    [{ confirmLevel: 'soon' }, /confirmLevel: "soon" has no counterpart/],
    [{ paused: true }, /paused: .* when it is to watch/],
  ] as const) {
    const wrong = { code: 'workflow/no-counterpart', message }
    assert.throws(() => fromMonitor(sentinel(more)), wrong)
    if ('paused' in more) assert.throws(() => fromMonitor(monitor(more)), wrong)
  }
})

test('what has no counterpart is refused with its place', () => {
  const refused = (source: Json, message: RegExp) =>
    assert.throws(() => fromMonitor(source), { code: 'workflow/no-counterpart', message })
  const functions = [{ signature: 'transfer(address,uint256)' }]
  refused(monitor({ match_conditions: { events: [], functions } }), /match_conditions\.functions/)
  refused(monitor({ trigger_conditions: [{ script_path: 'x.py' }] }), /trigger_conditions/)
  refused(monitor({ match_conditions: { events: [] } }), /watches no events/)
  refused(monitor({ color: 1 }), /color/)
  assert.throws(() => conditionOf('amount > 1'), /no argument amount; it has from, to, value/)
  assert.throws(() => conditionOf('value ** 2'), /is not understood/)
})
