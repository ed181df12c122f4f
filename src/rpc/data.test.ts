/** Checks that data get into transactions of a chain, come back with proofs, and are refused where they must be. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes, fromBigInt, fromHex, type Hex, padStart, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { signHash } from '../crypto/secp256k1.ts'
import { sha256 } from '../crypto/sha256.ts'
import { alice, bob, open, refused } from './test-chain/ask.ts'
import { testAccounts } from './test-chain/open-chain.ts'
import { verifyTransactionProof } from './transaction-proof.ts'

const [, , , , , , , , , platform] = testAccounts
const json = (value: Json) => ({
  mediaType: 'application/json',
  content: toHex(new TextEncoder().encode(JSON.stringify(value))),
})
const bytes = (content: Hex) => ({ mediaType: 'application/octet-stream', content })
type Fields = Record<string, Json>
type Page = { readonly items: readonly Fields[]; readonly next: string | null }
type Draft = { readonly hash: Hex; readonly raw: Hex; readonly transaction: Fields }

/** A chain whose node signs for others. */
const withKey = { dependencies: { injectKey: platform?.key } }

/** The 65 bytes that an account's key makes of a hash. */
function signatureOf(hash: Hex, account = 0, first = 27): Hex {
  const { r, s, yParity } = signHash(fromHex(hash), testAccounts[account]?.key ?? new Uint8Array())
  const word = (value: bigint) => padStart(fromBigInt(value), 32)
  return toHex(concatBytes(word(r), word(s), Uint8Array.of(first + yParity)))
}

test('data come back by hash and by id, with a proof that holds', async (t) => {
  const { ask, chain } = await open(t, {}, withKey.dependencies)
  const value = { temperature: 21.5, place: 'Köln' }
  const first = await ask('qs_inject', json(value))
  const second = await ask('qs_inject', bytes('0x00ff00'))
  assert.equal(first.sender, platform?.address)
  const waiting = await ask('qs_injected', first.transactionHash as Hex)
  assert.deepEqual([waiting.id, waiting.proof, waiting.size], [null, null, '0x24'])
  await ask('evm_mine')
  const mined = await ask('qs_injected', second.transactionHash as Hex)
  assert.deepEqual(
    [mined.id, mined.mediaType, mined.content],
    ['1-1', 'application/octet-stream', '0x00ff00'],
  )
  const again = await ask('qs_injected', '1-0')
  assert.equal(again.transactionHash, first.transactionHash)
  const shown = verifyTransactionProof(
    again.proof as Json,
    toHex(chain.blockHash(1n) as Uint8Array),
  )
  assert.deepEqual(JSON.parse(new TextDecoder().decode(shown.data?.content)), value)
  assert.equal(shown.sender, platform?.address)
  assert.equal(shown.blockNumber, 1n)
  for (const nothing of ['1-2', '9-0', '0-0', `0x${'00'.repeat(32)}`])
    assert.equal(await ask('qs_injected', nothing), null)
})

test('a proof that was tampered with does not hold', async (t) => {
  const { ask, chain } = await open(t, {}, withKey.dependencies)
  const hashes: Json[] = []
  for (let count = 0; count < 20; count += 1) {
    hashes.push((await ask('qs_inject', json(count))).transactionHash as Hex)
  }
  await ask('evm_mine')
  const proof = await ask('qs_transactionProof', hashes[7] as Hex)
  const trusted = toHex(chain.blockHash(1n) as Uint8Array)
  assert.equal(verifyTransactionProof(proof, trusted).transactionHash, hashes[7])
  const nodes = proof.nodes as Hex[]
  const last = nodes.at(-1) ?? '0x'
  const changed = (change: Fields, block: Hex = trusted) =>
    assert.throws(() => verifyTransactionProof({ ...proof, ...change }, block), {
      code: 'rpc/bad-proof',
    })
  changed({ nodes: [...nodes.slice(0, -1), `${last.slice(0, -2)}00`] })
  changed({ nodes: nodes.slice(1) })
  changed({ nodes: [...nodes, last] })
  changed({ transactionIndex: '0x8' })
  changed({ transactionHash: hashes[8] as Hex })
  changed({ header: `${(proof.header as Hex).slice(0, -2)}00` })
  changed({}, toHex(chain.blockHash(0n) as Uint8Array))
  assert.equal(await ask('qs_transactionProof', `0x${'11'.repeat(32)}`), null)
})

test('data are refused without a signer, over the limit, and when they are not what they say', async (t) => {
  const { rpc, ask } = await open(t, { limits: { injectBytes: 100 } })
  const code = async (...params: Json[]) =>
    (await refused(rpc, 'qs_inject', ...params)).data as Json
  assert.deepEqual(await code(json(1)), { code: 'rpc/no-signer' })
  assert.deepEqual(await code(bytes(`0x${'00'.repeat(101)}`)), { code: 'rpc/data-too-large' })
  assert.deepEqual(await code({ ...json(1), content: '0x7b' }), { code: 'rpc/data-not-json' })
  assert.deepEqual(await code({ ...json(1), content: '0x22ff22' }), { code: 'rpc/data-not-json' })
  assert.equal((await refused(rpc, 'qs_inject', { ...json(1), mediaType: 'x' })).code, -32602)
  const rules = await ask('qs_injectRules')
  assert.deepEqual([rules.signer, rules.schema, rules.maxBytes], [null, null, '0x64'])
})

test('data of a chain with a schema have to fit it, and name it', async (t) => {
  const text = new TextEncoder().encode('{ "type": "object", "required": ["id"] }\n')
  const { rpc, ask } = await open(
    t,
    {},
    { ...withKey.dependencies, schemas: new Map([['dev', text]]) },
  )
  const misfit = async (data: Json) => {
    const { data: told, message } = await refused(rpc, 'qs_inject', data)
    assert.deepEqual(told, { code: 'rpc/data-misfit' })
    return message
  }
  assert.match(await misfit(json({ no: 1 })), /\$ lacks "id"$/)
  assert.match(await misfit(bytes('0x00')), /it takes JSON, not application\/octet-stream$/)
  const { transactionHash } = await ask('qs_inject', json({ id: 1 }))
  const { schema } = await ask('qs_injected', transactionHash as Hex)
  assert.equal(schema, toHex(sha256(text)))
  const rules = (await ask('qs_injectRules')).schema as Fields
  assert.deepEqual(rules, { hash: schema, document: { type: 'object', required: ['id'] } })
})

test('a schema that is not understood is told at once', async (t) => {
  const schemas = new Map([['dev', new TextEncoder().encode('{"typo": 1}')]])
  const message = 'the JSON Schema of the chain "dev" is not understood: #/typo is not understood'
  await assert.rejects(open(t, {}, { schemas }), { code: 'rpc/bad-schema', message })
})

test('the sender of data signs a draft', async (t) => {
  const { rpc, ask } = await open(t)
  const { hash, transaction } = await ask<Draft>('qs_draftInject', json({ by: 'alice' }), alice)
  assert.deepEqual([transaction.nonce, transaction.value], ['0x0', '0x0'])
  const signed = { sender: alice, signature: signatureOf(hash) }
  const { transactionHash } = await ask('qs_inject', json({ by: 'alice' }), signed)
  await ask('evm_mine')
  const { sender, content } = await ask('qs_injected', transactionHash as Hex)
  assert.deepEqual([sender, content], [alice, json({ by: 'alice' }).content])
  // Other data under the same signature.
  const { data } = await refused(rpc, 'qs_inject', json({ by: 'bob' }), signed)
  assert.deepEqual(data, { code: 'rpc/no-draft' })
})

test('a transfer is drafted, signed and sent, once however often', async (t) => {
  const { rpc, ask } = await open(t)
  const transfer = { sender: alice, recipient: bob, amount: '0x64' }
  const { hash, transaction } = await ask<Draft>('qs_draftTransfer', transfer)
  assert.deepEqual([transaction.to, transaction.value, transaction.nonce], [bob, '0x64', '0x0'])
  const sent = await ask<Hex>('qs_sendTransfer', transfer, signatureOf(hash))
  assert.equal(await ask('qs_sendTransfer', transfer, signatureOf(hash, 0, 0)), sent)
  await ask('evm_mine')
  assert.equal(await ask('qs_sendTransfer', transfer, signatureOf(hash)), sent)
  const [mined, balance] = [
    await ask('eth_getTransactionReceipt', sent),
    await ask<Hex>('eth_getBalance', bob),
  ]
  assert.equal(mined.status, '0x1')
  assert.equal(BigInt(balance), 10_000n * 10n ** 18n + 100n)
  const other = { ...transfer, amount: '0x65' }
  const code = async (...params: Json[]) =>
    (await refused(rpc, 'qs_sendTransfer', ...params)).data as Json
  assert.deepEqual(await code(other, signatureOf(hash)), { code: 'rpc/no-draft' })
})

test('a signature is refused when the nonce has moved, or another key signed', async (t) => {
  const { rpc, ask } = await open(t)
  const transfer = { sender: alice, recipient: bob, amount: '0x1' }
  const { hash } = await ask<Draft>('qs_draftTransfer', transfer)
  const code = async (signature: Hex) =>
    (await refused(rpc, 'qs_sendTransfer', transfer, signature)).data as Json
  assert.deepEqual(await code(signatureOf(hash, 1)), { code: 'rpc/bad-signature' })
  await ask('eth_sendTransaction', { from: alice, to: bob, value: '0x2' })
  assert.deepEqual(await code(signatureOf(hash)), { code: 'rpc/nonce-moved' })
  const next = await ask<Draft>('qs_draftTransfer', transfer)
  assert.equal(next.transaction.nonce, '0x1')
  await ask('qs_sendTransfer', transfer, signatureOf(next.hash))
  const wrong = async (signature: string) =>
    (await refused(rpc, 'qs_sendTransfer', transfer, signature)).code
  for (const one of [
    '0x',
    `0x${'11'.repeat(64)}`,
    `0x${'11'.repeat(64)}02`,
    `0x${'11'.repeat(66)}`,
  ])
    assert.equal(await wrong(one), -32602)
})

test('data are listed by pages, newest first, without gaps or doubles', async (t) => {
  const { ask, rpc } = await open(t, { limits: { scannedBlocks: 3 } }, withKey.dependencies)
  const sent: Json[] = []
  for (let block = 0; block < 3; block += 1) {
    for (let count = 0; count < 3; count += 1) {
      sent.unshift((await ask('qs_inject', json([block, count]))).transactionHash as Hex)
    }
    // What anybody sends to the address, and is no data.
    const to = (await ask('qs_injectRules')).address as Hex
    await ask('eth_sendTransaction', { from: alice, to, data: '0x1234' })
    for (let empty = 0; empty < 5; empty += 1) await ask('evm_mine')
  }
  const found: Json[] = []
  let before: Json = null
  do {
    const page: Page = await ask<Page>('qs_listInjected', { before, limit: 2 })
    found.push(...page.items.map(({ transactionHash }) => transactionHash as Hex))
    before = page.next
  } while (before !== null)
  assert.deepEqual(found, sent)
  for (const query of [{ limit: 0 }, { limit: 201 }, { before: '1' }, { before: '-1-0' }])
    assert.equal((await refused(rpc, 'qs_listInjected', query)).code, -32602)
  const beyond = await ask<Page>('qs_listInjected', { before: '999-0', limit: 1 })
  assert.deepEqual(beyond, { items: [], next: '13-0' })
})
