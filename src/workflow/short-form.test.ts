/** Tests the short form of workflow definitions by the flagship example. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { compileExpression } from '../stream/jq.ts'
import { matches } from './engine/event-match.ts'
import { readDefinition } from './read-definition.ts'
import { everyWay } from './test-world/every-way.ts'

const file = path.join(import.meta.dirname, '../../examples/deposit-kyc-allocation/workflow.json')
const flagship = await readFile(file, 'utf8')

const event = {
  ...{ specversion: '1.0', id: 'dev:1', source: '/chains/dev/0x01', type: 'evm.log', chain: 'dev' },
  event: 'Deposited(address,uint256,bytes32)',
  data: {
    name: 'Deposited',
    args: { account: '0xaa', amount: '1000000000000000000000', memo: '0x00' },
    transactionHash: '0xbb',
    reference: '0xcc',
  },
}

test('the flagship runs: a deposit that passes is allocated, one that does not is paid back', async () => {
  for (const approved of [true, false]) {
    const { ending, effects } = await everyWay({
      workflow: flagship,
      input: [event],
      functions: {
        'notify.send': () => null,
        'function.invoke': () => ({ approved, reason: 'r' }),
        'evm.send': (input) => ({
          hash: (input as { function: string }).function.split('(')[0] as Json,
        }),
        'record.write': () => null,
      },
    })
    assert.equal(ending.kind, 'completed')
    const [record] = effects.filter((one) => one.startsWith('record.write'))
    assert.deepEqual(JSON.parse(String(record).slice('record.write '.length)), {
      key: 'dev:1',
      data: {
        ...{ account: '0xaa', amount: '1000000000000000000000', approved, reason: 'r' },
        transaction: approved ? 'allocate' : 'refund',
      },
    })
    assert.equal(effects.length, 4)
  }
})

test('it expands to a trigger of the full language', () => {
  const { trigger, name, namespace, version } = readDefinition(flagship, { functions: {} })
  assert.deepEqual(trigger, {
    on: {
      kind: 'one',
      wishes: [
        {
          attributes: {
            type: 'evm.log',
            event: 'Deposited(address indexed account, uint256 amount, bytes32 memo)',
            contract: 'depositVault',
          },
        },
      ],
    },
  })
  assert.deepEqual(
    { name, namespace, version },
    { name: 'deposit-kyc-allocation', namespace: 'default', version: '0.1.0' },
  )
})

test('what is wrong is told at its line in the short form', () => {
  const text = `name: x
on: {event: 'E()', contract: c, wehn: 1}
do:
  - a: {call: f}
`
  assert.throws(() => readDefinition(text, { functions: {} }), {
    code: 'workflow/bad-definition',
    message:
      /line 2, column 33: on\.wehn: is unknown in the short form; known are event, contract, abi, factory, where, chain, when/,
  })
})

test('steps of branches are among the steps after them', async () => {
  const workflow = `
name: forked
on: {event: 'E()', contract: c}
do:
  - both: {fork: {branches: [{a: {call: f, with: {n: 1}}}, {b: {call: f, with: {n: 2}}}]}}
  - more: {set: '\${ .steps.a.n + .steps.b.n }', output: {as: '{sum: .}'}}
  - last: {set: '\${ .steps.more.sum }', at: pending}
`
  const { ending } = await everyWay({
    workflow,
    input: [event],
    functions: { f: (input) => input },
  })
  assert.equal(
    ending.kind === 'completed' && (ending.output as { steps: { last: number } }).steps.last,
    3,
  )
})

test('amounts are compared as the integers that they are, through all steps', async () => {
  const workflow = `
name: large
on: {event: 'Deposited(address account, uint256 amount, bytes32 memo)', contract: c, when: .args.amount > 5}
do:
  - keep: {set: '\${ { twice: (.event.args.amount * 2) } }'}
  - decide:
      switch:
        - big: {when: .steps.keep.twice > 1999999999999999999999, then: yes}
        - small: {then: no}
  - yes: {call: f, with: {amount: '\${ .steps.keep.twice + 1 }'}, then: end}
  - no: {call: f, with: {amount: none}}
`
  const { effects } = await everyWay({ workflow, input: [event], functions: { f: () => null } })
  assert.deepEqual(effects, ['f {"amount":"2000000000000000000001"}'])
})

test('an event of the registry stands for its signature, and not for another with its topic', async () => {
  const text = `name: moves
on: {event: ERC-20.Transfer, contract: c}
do: [{keep: {call: f}}]
`
  const { trigger } = readDefinition(text, {
    functions: { f: async () => ({ kind: 'done', output: 1 }) },
    deploying: true,
  })
  const [wish] = trigger.on?.wishes ?? []
  assert.deepEqual(wish?.attributes, {
    ...{ type: 'evm.log', contract: 'c' },
    event: 'Transfer(address indexed from, address indexed to, uint256 value)',
  })
  const moved = (argument: string) => ({
    ...{ ...event, event: 'Transfer(address,address,uint256)', contractname: 'c' },
    data: { args: { from: '0xaa', to: '0xbb', [argument]: '1' } },
  })
  const evaluate = (expression: string, given: Json) => compileExpression(expression)(given)
  const fits = (argument: string) => {
    assert.ok(wish)
    return matches(wish, moved(argument), evaluate as never)
  }
  assert.deepEqual(['value', 'wad', 'tokenId'].map(fits), [true, true, false])
  assert.throws(
    () => readDefinition(text.replace('ERC-20.', ''), { functions: {}, deploying: true }),
    {
      message:
        /line 2, column 6: on\.event: .*"Transfer" is no signature .* which of ERC-20.Transfer, ERC-721.Tr/,
    },
  )
})
