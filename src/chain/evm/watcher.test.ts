/** Watches code while it runs: instructions with their costs, frames with their ends, and no change of any result. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../../base/bytes.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import { signTransaction } from '../ledger/transaction-codec.ts'
import { genesisState } from '../state/trie-state.ts'
import { createEvm } from './create-evm.ts'
import type { BlockContext } from './evm.ts'
import { systemAccounts } from './system-contracts.ts'
import type { Watcher } from './watcher.ts'

const address = (byte: number) => new Uint8Array(20).fill(byte)
const account = (byte: number, code: string) => ({
  ...{ address: address(byte), code: fromHex(`0x${code}`), balance: 10n ** 18n, nonce: 1n },
  storage: [],
})
const zero = new Uint8Array(32)
const block: BlockContext = {
  ...{
    number: 1n,
    timestamp: 1n,
    beneficiary: address(0xcc),
    difficulty: 0n,
    gasLimit: 30_000_000n,
  },
  ...{ baseFeePerGas: 0n, mixHash: zero, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: zero, parentHash: zero, blockHash: () => undefined },
}
/** Stores the caller in slot 1 and reverts with one byte. */
const reverting = '3360015560016000fd'
/** Calls account 0xbb with value 2 and 50,000 gas, then reads a slot, then jumps to nowhere. */
const calling = `5f5f5f5f600273${'bb'.repeat(20)}61c350f150600754505f56`
const state = genesisState([account(0xaa, calling), account(0xbb, reverting)])
const message = {
  ...{ from: address(1), to: address(0xaa), value: 0n, data: fromHex('0x1234') },
  ...{ gasLimit: 200_000n, gasPrice: 0n, accessList: [] },
}

test('instructions are told with what they cost, and frames with how they ended', async () => {
  const evm = await createEvm(rulesOfOne(1n, 'osaka'))
  const told: string[] = []
  const watcher: Watcher = {
    steps: true,
    begin: (seen) => told.push(`begin ${seen.account(address(0xbb))?.balance}`),
    step: ({ pc, op, depth, words, word }) =>
      told.push(`${depth} ${pc} ${op.toString(16)} [${words}] ${word(0).toString(16).slice(-4)}`),
    cost: (gas) => told.push(`cost ${gas}`),
    enter: ({ kind, from, to, value, gas, input }) =>
      told.push(`${kind} ${from[0]} ${to[0]} ${value} ${gas} ${toHex(input)}`),
    leave: ({ halt, gasUsed, output }) => told.push(`${halt} ${gasUsed} ${toHex(output)}`),
  }
  const watched = await evm.call(state, block, message, watcher)
  const plain = await evm.call(state, block, message)
  assert.deepEqual(watched, plain)
  assert.equal(watched.halt, 'invalid-jump')
  const intrinsic = 21_000 + 2 * 16
  assert.deepEqual(told.slice(0, 4), [
    'begin 1000000000000000000',
    `CALL 1 170 0 ${200_000 - intrinsic} 0x1234`,
    '1 0 5f [0] 0',
    'cost 2',
  ])
  const call = told.indexOf('1 30 f1 [7] c350')
  assert.deepEqual(told.slice(call, call + 5), [
    '1 30 f1 [7] c350',
    // Cold account and value; the stipend comes on top of what is given.
    `cost ${2_600 + 9_000 + 50_000}`,
    `CALL 170 187 2 52300 0x`,
    '2 0 33 [0] 0',
    'cost 2',
  ])
  const store = told.indexOf('2 3 55 [2] 1')
  assert.equal(told[store + 1], `cost ${2_100 + 20_000}`)
  assert.ok(told.includes(`revert ${2 + 3 + 22_100 + 3 + 3 + 3} 0x00`), told.join('\n'))
  assert.deepEqual(told.slice(-3), [
    '1 37 56 [1] 0',
    'cost 8',
    `invalid-jump ${200_000 - intrinsic} 0x`,
  ])
  assert.equal(told[told.indexOf('1 34 54 [1] 7') + 1], 'cost 2100')
})

test('what the protocol does after a watched transaction is not told', async () => {
  const evm = await createEvm(rulesOfOne(1n, 'osaka'))
  const key = new Uint8Array(32).fill(1)
  const sender = addressOfKey(key)
  const code = new Uint8Array()
  const funded = { address: sender, balance: 10n ** 18n, nonce: 0n, code, storage: [] }
  const before = genesisState([funded, ...systemAccounts('osaka')])
  const run = await evm.openBlock(before, block)
  const told: string[] = []
  const watcher: Watcher = { steps: true, enter: ({ to }) => told.push(toHex(to)) }
  const transaction = signTransaction(
    {
      ...{ type: 2, chainId: 1n, nonce: 0n, gasLimit: 21_000n, to: address(0xdd), value: 1n },
      ...{ maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, accessList: [], data: new Uint8Array() },
    },
    key,
  )
  assert.equal((await run.add(transaction, sender, watcher)).kind, 'executed')
  assert.equal((await run.finish([])).kind, 'executed')
  assert.deepEqual(told, [toHex(address(0xdd))])
})

test('only frames are told when instructions are not wanted', async () => {
  const evm = await createEvm(rulesOfOne(1n, 'osaka'))
  const told: string[] = []
  const watcher: Watcher = {
    steps: false,
    step: () => told.push('step'),
    enter: ({ kind }) => told.push(kind),
    leave: ({ halt }) => told.push(String(halt)),
  }
  await evm.call(state, block, message, watcher)
  assert.deepEqual(told, ['CALL', 'CALL', 'revert', 'invalid-jump'])
})
