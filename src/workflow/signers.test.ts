/** Tests signing of what is no transaction, by a key here and by a signer elsewhere whose signatures are checked. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyMessage, verifyTypedData } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { fromHex, type Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { keySigner, remoteSigner } from './signers.ts'
import { statementOf } from './statement.ts'

const key: Hex = `0x${'42'.repeat(32)}`
const account = privateKeyToAccount(key)
const address = account.address.toLowerCase() as Hex

/** The example of EIP-712. */
const mail = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    ...{ name: 'Ether Mail', version: '1', chainId: 1 },
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
} as const

const isMail = (signature: Hex) => verifyTypedData({ address, ...mail, signature })
const isText = (signature: Hex) => verifyMessage({ address, message: 'Grüße', signature })

test('a key signs messages and typed data', async () => {
  const signer = keySigner(fromHex(key))
  assert.ok(await isText(await signer.signStatement(statementOf({ message: 'Grüße' }))))
  assert.ok(await isMail(await signer.signStatement(statementOf({ typedData: mail }))))
  const raw = await signer.signStatement(statementOf({ message: { raw: '0xfe01' } }))
  assert.equal(raw, await account.signMessage({ message: { raw: '0xfe01' } }))
})

test('a signer elsewhere is asked as Web3Signer is, and its signature must be of the account and of what was asked', async () => {
  const asked: (readonly [string, Json])[] = []
  let change = (signature: Hex): Json => signature
  const client: JsonRpcClient = {
    async request(method, [who, what] = []) {
      asked.push([method, who ?? null])
      if (method === 'eth_sign')
        return change(await account.signMessage({ message: { raw: what as Hex } }))
      const { types, ...rest } = JSON.parse(what as string)
      assert.deepEqual(
        types.EIP712Domain.map(({ name }: { name: string }) => name),
        Object.keys(mail.domain),
      )
      return change(await account.signTypedData({ types, ...rest }))
    },
  }
  const signer = remoteSigner(client, account.address)
  const [text, typed] = [statementOf({ message: 'Grüße' }), statementOf({ typedData: mail })]
  assert.ok(await isText(await signer.signStatement(text)))
  assert.ok(await isMail(await signer.signStatement(typed)))
  assert.deepEqual(asked, [
    ['eth_sign', address],
    ['eth_signTypedData', address],
  ])
  // 0 and 1 instead of 27 and 28: contracts take only these.
  change = (signature) =>
    signature.replace(/(1b|1c)$/, (last) => (last === '1b' ? '00' : '01')) as Hex
  assert.ok(await isText(await signer.signStatement(text)))
  const other = await account.signMessage({ message: 'Grusz' })
  for (const bad of [other, null, '0x', `${other}00`, other.replace(/..$/, '02')]) {
    change = () => bad
    for (const statement of [text, typed]) {
      await assert.rejects(signer.signStatement(statement), { code: 'workflow/not-signed' })
    }
  }
})

test('what is neither a message nor typed data, or both, is refused', () => {
  const bad = [
    [{}, /takes "message" or "typedData"/],
    [{ message: 'a', typedData: mail }, /takes "message" or "typedData"/],
    [{ message: 7 }, /"message" must be text/],
    [{ typedData: { ...mail, primaryType: 'Letter' } }, /Letter/],
    [{ typedData: { ...mail, domain: { chain: 1 } } }, /"typedData.domain.chain" is not signed/],
  ] as const
  for (const [given, message] of bad) {
    assert.throws(() => statementOf(given as never), { code: 'workflow/bad-input', message })
  }
})
