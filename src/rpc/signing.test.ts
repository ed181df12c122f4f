/** Compares the signatures of the node's own accounts with those of a wallet library. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { privateKeyToAccount } from 'viem/accounts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { alice, nobody, open, refused } from './test-chain/ask.ts'
import { testAccounts } from './test-chain/open-chain.ts'

const wallet = privateKeyToAccount(toHex(testAccounts[0]?.key ?? new Uint8Array()))
const domain = { name: 'Mail', chainId: 20_250, verifyingContract: nobody } as const
const types = {
  Person: [
    { name: 'name', type: 'string' },
    { name: 'wallets', type: 'address[]' },
  ],
  Mail: [
    { name: 'from', type: 'Person' },
    { name: 'amount', type: 'int64' },
    { name: 'tags', type: 'bytes4[2]' },
  ],
} as const
const message = {
  from: { name: 'Zoë', wallets: [alice, nobody] },
  ...{ amount: -5n, tags: ['0x01020304', '0xffffffff'] },
} as const
const typed = { domain, types, primaryType: 'Mail', message } as const
const asJson = JSON.stringify(typed, (_, one) => (typeof one === 'bigint' ? String(one) : one))

test('structured data is signed as wallets sign it, given as an object or as text', async (t) => {
  const { ask, rpc } = await open(t)
  const expected = await wallet.signTypedData(typed as Parameters<typeof wallet.signTypedData>[0])
  assert.equal(await ask<Hex>('eth_signTypedData_v4', alice, asJson), expected)
  assert.equal(await ask<Hex>('eth_signTypedData_v4', alice, JSON.parse(asJson) as Json), expected)
  assert.equal((await refused(rpc, 'eth_signTypedData_v4', alice, '{')).code, -32602)
  const unfit = { ...JSON.parse(asJson), message: { amount: 'x' } }
  assert.equal((await refused(rpc, 'eth_signTypedData_v4', alice, unfit)).code, -32602)
  assert.match(
    (await refused(rpc, 'eth_signTypedData_v4', nobody, asJson)).message,
    /unknown account/,
  )
})

test('messages are signed with their prefix, and lead back to who signed', async (t) => {
  const { ask, rpc } = await open(t)
  const signature = await wallet.signMessage({ message: 'hello' })
  assert.equal(await ask<Hex>('personal_sign', '0x68656c6c6f', alice), signature)
  assert.equal(await ask<Hex>('eth_sign', alice, '0x68656c6c6f'), signature)
  assert.equal(await ask<Hex>('personal_ecRecover', '0x68656c6c6f', signature), alice)
  const wrong = `${signature.slice(0, -2)}05`
  assert.equal((await refused(rpc, 'personal_ecRecover', '0x', wrong)).code, -32602)
})

test('a transaction is filled in without being signed', async (t) => {
  const { ask } = await open(t)
  const filled = await ask('eth_fillTransaction', { from: alice, to: nobody, value: '0x1' })
  const tx = filled.tx as Record<string, Json>
  assert.deepEqual([tx.gas, tx.nonce, tx.r], ['0x5208', '0x0', '0x0'])
  assert.match(String(filled.raw), /^0x02/)
})
