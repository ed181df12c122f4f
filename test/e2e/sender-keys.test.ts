/** Starts nodes whose sender has its key in a Vault, or lets a signer elsewhere sign, each played by a stand-in. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { mnemonicToAccount } from 'viem/accounts'
import { importKeyFile } from '../../src/node/key-files.ts'
import { startNode } from '../../src/node/node.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'

type Test = Parameters<typeof temporaryFolder>[0]
type Answer = (request: IncomingMessage, body: string) => Promise<readonly [number, unknown]>

/** The platform's own account, which the development chain funds. */
const words = 'test test test test test test test test test test test junk'
const account = mnemonicToAccount(words, { addressIndex: 8 })
/** Another one that it funds. */
const second = mnemonicToAccount(words, { addressIndex: 2 })
const addresses = [account, second].map(({ address }) => address.toLowerCase())
type Account = typeof account
const keyOf = (of: Account) =>
  Buffer.from(of.getHdKey().privateKey ?? assert.fail()).toString('hex')

async function serve(t: Test, answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [status, content] = await answer(request, body)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(content))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function start(t: Test, settings: Parameters<typeof startNode>[0]) {
  const data = await temporaryFolder(t)
  const calm = { dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.2 }
  const node = await startNode({ ...calm, ...settings })
  assert.ok(node)
  t.after(() => node.stop())
  return node
}

async function sends(apiUrl: string, from = addresses[0]): Promise<void> {
  const response = await fetch(`${apiUrl}/v1/contracts/send`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({
      contract: 'allocationToken',
      function: 'approve',
      args: [account.address, '1'],
      ...(from === addresses[0] ? {} : { from }),
    }),
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  assert.equal(JSON.parse(text).from, from)
}

/** The first account of the two sends unless the other one is named, and each has its lane. */
async function hasLanes(apiUrl: string): Promise<void> {
  await sends(apiUrl)
  await sends(apiUrl, addresses[1])
  const lanes = await getJson<{ items: { address: string }[] }>(`${apiUrl}/v1/senders`)
  assert.deepEqual(
    lanes.items.map(({ address }) => address),
    addresses,
  )
}

/** A signer of accounts; `asked` gets what it is asked, and for whom. */
function signerOf(accounts: readonly Account[], asked: string[]): Answer {
  return async (_, body) => {
    const { id, method, params } = JSON.parse(body)
    const [{ from, to, data, value, nonce, gas, chainId, ...fees }] = params
    asked.push(`${method} ${from}`)
    const signing = accounts.find(({ address }) => address.toLowerCase() === from)
    const result = await signing?.signTransaction({
      ...{ type: 'eip1559', to, data, value: BigInt(value), nonce: Number(nonce) },
      ...{ gas: BigInt(gas), chainId: Number(chainId), maxFeePerGas: BigInt(fees.maxFeePerGas) },
      maxPriorityFeePerGas: BigInt(fees.maxPriorityFeePerGas),
    })
    return [200, { jsonrpc: '2.0', id, result }]
  }
}

/** As Vault's KV engine, version 2, answers. */
const vault: Answer = async ({ url, method, headers }) => {
  if (headers['x-vault-token'] !== 's.right') return [403, { errors: ['permission denied'] }]
  const kept = { '/v1/secret/data/sender': account, '/v1/secret/data/other%20one': second }[
    url ?? ''
  ]
  if (method !== 'GET' || kept === undefined) return [404, { errors: [] }]
  return [200, { data: { data: { key: keyOf(kept) }, metadata: { version: 3 } } }]
}

test('the key of a Vault signs', { timeout: 180_000 }, async (t) => {
  const vaultAddress = await serve(t, vault)
  const settings = { vaultAddress, vaultToken: 's.right', senderVaultPath: 'secret/data/sender' }
  const node = await start(t, settings)
  assert.equal(node.senderAddress, account.address.toLowerCase())
  await sends(node.apiUrl)
})

test('of several keys of a Vault each signs in its own lane', { timeout: 180_000 }, async (t) => {
  const vaultAddress = await serve(t, vault)
  const senderVaultPath = 'secret/data/sender, secret/data/other one'
  const node = await start(t, { vaultAddress, vaultToken: 's.right', senderVaultPath })
  assert.equal(node.senderAddress, addresses[0])
  await hasLanes(node.apiUrl)
})

test('a Vault that gives no key stops the start, and says why', { timeout: 180_000 }, async (t) => {
  const vaultAddress = await serve(t, vault)
  const right = { vaultAddress, vaultToken: 's.right', senderVaultPath: 'secret/data/sender' }
  const bad = [
    [{ ...right, vaultToken: 's.wrong' }, /the token may not read it/],
    [{ ...right, senderVaultPath: 'secret/data/other' }, /no such secret/],
    [{ ...right, vaultToken: undefined }, /needs VAULT_ADDRESS and VAULT_TOKEN/],
    [{ ...right, senderSigner: vaultAddress }, /keep one of/],
    [
      { ...right, senderVaultPath: 'secret/data/sender,secret/data/none' },
      /none: there is no such/,
    ],
    [
      { ...right, senderVaultPath: 'secret/data/sender,secret/data/sender' },
      new RegExp(`two secrets of QS_SENDER_VAULT_PATH hold the key of ${addresses[0]}`),
    ],
  ] as const
  for (const [settings, message] of bad) await assert.rejects(start(t, settings), { message })
})

test('a signer elsewhere signs, and needs its address', { timeout: 180_000 }, async (t) => {
  const asked: string[] = []
  const senderSigner = await serve(t, signerOf([account], asked))
  await assert.rejects(start(t, { senderSigner }), { message: /needs QS_SENDER_ADDRESS/ })
  const node = await start(t, { senderSigner, senderAddress: account.address.toLowerCase() })
  await sends(node.apiUrl)
  assert.deepEqual(asked, [`eth_signTransaction ${addresses[0]}`])
})

for (const [title, holders] of [
  ['a signer elsewhere of several accounts signs', [[account, second]]],
  ['several signers elsewhere sign, each for its own account,', [[account], [second]]],
] as const) {
  test(`${title} in a lane of each`, { timeout: 180_000 }, async (t) => {
    const asked: string[] = []
    const signers = await Promise.all(holders.map((held) => serve(t, signerOf(held, asked))))
    const senderSigner = signers.join(', ')
    const senderAddress = [account, second].map(({ address }) => address).join(', ')
    const bad = [
      [{ senderSigner: `${senderSigner},${signers[0]},${signers[0]}` }, /has \d signers for 2 /],
      [{ senderAddress: `${addresses[0]},${addresses[0]}` }, /names 0x\w{40} twice/],
    ] as const
    for (const [settings, message] of bad) {
      const [own, first] = [{ senderSigner, senderAddress }, signers[0] as string]
      const one = 'senderAddress' in settings ? { senderSigner: first } : {}
      await assert.rejects(start(t, { ...own, ...one, ...settings }), { message })
    }
    const node = await start(t, { senderSigner, senderAddress })
    assert.equal(node.senderAddress, addresses[0])
    await hasLanes(node.apiUrl)
    assert.deepEqual(
      asked,
      addresses.map((address) => `eth_signTransaction ${address}`),
    )
  })
}

test('of several keys the first sends, and another one where it is named', {
  timeout: 180_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, 'long enough\n')
  const accounts = await Promise.all(
    [2, 3].map(async (addressIndex) => {
      const own = mnemonicToAccount(words, { addressIndex })
      const [plain, file] = [`plain-${addressIndex}`, `key-${addressIndex}`].map((name) =>
        path.join(folder, name),
      ) as [string, string]
      await writeFile(plain, keyOf(own))
      await importKeyFile(file, plain, 'long enough')
      return { file, address: own.address.toLowerCase() }
    }),
  )
  const [first, second] = accounts as [(typeof accounts)[0], (typeof accounts)[0]]
  const node = await start(t, {
    senderKeyFile: `${first.file}, ${second.file}`,
    senderPasswordFile: passwordFile,
  })
  assert.equal(node.senderAddress, first.address)
  const approve = { function: 'approve', args: [account.address, '1'] }
  const send = async (more: object, key: string) => {
    const response = await fetch(`${node.apiUrl}/v1/contracts/send`, {
      ...{
        method: 'POST',
        body: JSON.stringify({ contract: 'allocationToken', ...approve, ...more }),
      },
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
    })
    const answer = (await response.json()) as { from?: string; error?: { message: string } }
    return { status: response.status, ...answer }
  }
  assert.equal((await send({}, 'a')).from, first.address)
  assert.equal((await send({ from: second.address }, 'b')).from, second.address)
  // One key sends once: asked again without a name, the one that sent goes on; another one is refused.
  assert.equal((await send({}, 'b')).from, second.address)
  const other = await send({ from: first.address }, 'b')
  assert.equal(other.status, 400)
  assert.match(other.error?.message ?? '', new RegExp(`was sent by ${second.address}`))
  const stranger = await send({ from: account.address }, 'c')
  assert.equal(stranger.status, 403)
  const lanes = await getJson<{ items: { address: string }[] }>(`${node.apiUrl}/v1/senders`)
  assert.deepEqual(
    lanes.items.map(({ address }) => address),
    [first.address, second.address],
  )
  const definition = {
    document: { dsl: '1.0.3', namespace: 'default', name: 'approving', version: '1.0.0' },
    do: [
      {
        approve: {
          call: 'evm.send',
          with: { contract: 'allocationToken', ...approve, from: '${ .from }' },
        },
      },
    ],
  }
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const workflows = `${node.apiUrl}/v1/workflows`
  await fetch(workflows, { ...json, body: JSON.stringify({ definition }) })
  const body = JSON.stringify({ input: { from: second.address } })
  const begun = await (await fetch(`${workflows}/approving/run`, { ...json, body })).json()
  const output = await eventually(async () => {
    const { id } = begun as { id: string }
    const run = await getJson<{ status: string; output: { from: string }; problem: unknown }>(
      `${node.apiUrl}/v1/instances/${id}`,
    )
    assert.notEqual(run.status, 'failed', JSON.stringify(run.problem))
    return run.status === 'completed' ? run.output : undefined
  })
  assert.equal(output.from, second.address)
})
