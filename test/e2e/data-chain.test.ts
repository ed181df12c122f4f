/** Uses a running node as a data chain, as any program could: with fetch, sockets and viem. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createPublicClient, createWalletClient, http, parseEther } from 'viem'
import { createKeyFile } from '../../src/node/key-files.ts'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { verifyTransactionProof } from '../../src/rpc/transaction-proof.ts'
import { alice, bob, type Page, startCalm } from './calm-node.ts'
import { getJson, temporaryFolder } from './program.ts'

type Hex = `0x${string}`

interface Injected {
  readonly id: string | null
  readonly blockHash: Hex | null
  readonly transactionHash: Hex
  readonly sender: Hex
  readonly content: Hex
  readonly json: unknown
  readonly proof: { readonly nodes: readonly Hex[]; readonly [field: string]: unknown }
}

/** Sends a body, and gives status and answer. */
async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = 'application/json',
) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  const answer = await response.json()
  return {
    status: response.status,
    answer: answer as Record<string, never> & { error?: { code: string } },
  }
}

describe('a data chain', { timeout: 300_000 }, () => {
  let node: RunningNode
  let chain = ''
  const cleaning: (() => Promise<void>)[] = []
  before(async () => {
    node = await startCalm({ after: (run) => void cleaning.unshift(run) })
    chain = `${node.apiUrl}/v1/chains/dev`
  })
  after(async () => {
    for (const run of cleaning) await run()
  })

  const leap = () => fetch(`${chain}/leap`, { method: 'POST' }).then((one) => one.json())
  const read = (id: string) => getJson<Injected>(`${chain}/inject/${id}`)

  test('takes JSON and bytes, and gives them back with a proof that holds', async () => {
    const value = { sensor: 7, note: 'grün', values: [1, 2.5, null] }
    const first = await post(`${chain}/inject`, JSON.stringify(value))
    assert.equal(first.status, 202)
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    const second = await post(`${chain}/inject?type=image/png`, bytes, 'application/octet-stream')
    const { transactionHash } = first.answer as unknown as Injected
    assert.equal((await read(transactionHash)).id, null)
    await leap()
    const found = await read(transactionHash)
    assert.deepEqual(found.json, value)
    assert.equal((await read(found.id ?? '')).transactionHash, transactionHash)
    const image = await read((second.answer as unknown as Injected).transactionHash)
    assert.deepEqual(Buffer.from(image.content.slice(2), 'hex'), Buffer.from(bytes))
    // The hash of the block comes from elsewhere: it is all that has to be trusted.
    const client = createPublicClient({ transport: http(node.rpcUrl) })
    const transaction = await client.getTransaction({ hash: transactionHash })
    assert.equal(transaction.to, '0x5175616e74756d53747265616d2e646174612f31')
    const shown = verifyTransactionProof(found.proof as never, transaction.blockHash ?? '0x')
    assert.deepEqual(JSON.parse(new TextDecoder().decode(shown.data?.content)), value)
    assert.equal(shown.sender, transaction.from.toLowerCase())
    const [root = '0x', ...nodes] = found.proof.nodes
    const other = {
      ...found.proof,
      nodes: [`${root.slice(0, -1)}${root.endsWith('0') ? 1 : 0}`, ...nodes],
    }
    assert.throws(() => verifyTransactionProof(other as never, found.blockHash ?? ''), {
      code: 'rpc/bad-proof',
    })
  })

  test('lists data by pages, newest first', async () => {
    for (let at = 0; at < 5; at += 1) await post(`${chain}/inject`, String(at))
    await leap()
    const ids: (string | null)[] = []
    let next: string | null = ''
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const page: Page<Injected> = await getJson(`${chain}/inject?limit=3${cursor}`)
      assert.ok(page.items.every((item) => !('content' in item)))
      ids.push(...page.items.map(({ id }) => id))
      next = page.next
    }
    assert.equal(ids.length, 7)
    assert.equal(new Set(ids).size, 7)
    const order = ids.map((id) => id?.split('-').map(Number) as [number, number])
    assert.deepEqual(
      order,
      order.toSorted(([a, b], [c, d]) => c - a || d - b),
    )
  })

  test('refuses what is too large, no JSON, of no type or of the type of a form', async () => {
    const refused = async (
      body: string | Uint8Array<ArrayBuffer>,
      type: string,
      status: number,
      code: string,
    ) => {
      const { status: got, answer } = await post(`${chain}/inject`, body, type)
      assert.deepEqual([got, answer.error?.code], [status, code])
    }
    const bytes = 'application/octet-stream'
    await refused(new Uint8Array(64 * 1024 + 1), bytes, 413, 'rpc/data-too-large')
    await refused(new Uint8Array(6 * 1024 * 1024), bytes, 413, 'api/body-too-large')
    await refused('{', 'application/json', 400, 'rpc/data-not-json')
    await refused(Uint8Array.of(0x22, 0xff, 0x22), 'application/json', 400, 'rpc/data-not-json')
    await refused('a', 'nonsense', 400, 'api/bad-request')
    for (const form of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ])
      await refused('a', form, 415, 'base/body-type')
    const most = await post(`${chain}/inject`, new Uint8Array(64 * 1024).fill(1), bytes)
    assert.equal(most.status, 202)
    await leap()
    assert.equal(
      (await read((most.answer as unknown as Injected).transactionHash)).content.length,
      2 + 128 * 1024,
    )
    const deep = await post(`${chain}/inject`, `${'['.repeat(32_000)}${']'.repeat(32_000)}`)
    await leap()
    const { json, content } = await read((deep.answer as unknown as Injected).transactionHash)
    assert.deepEqual([json, content.length], [undefined, 2 + 2 * 64_000])
    for (const id of ['1-x', '0x12', '1'])
      assert.equal((await fetch(`${chain}/inject/${id}`)).status, 400)
    assert.equal((await fetch(`${chain}/inject/999-0`)).status, 404)
    assert.equal((await fetch(`${node.apiUrl}/v1/chains/none/inject`)).status, 404)
    const method = await fetch(`${chain}/inject`, { method: 'DELETE' })
    assert.deepEqual([method.status, method.headers.get('allow')], [405, 'GET, HEAD, POST'])
  })

  test('takes data that their sender signed', async () => {
    const body = JSON.stringify({ by: 'bob' })
    const drafted = await post(`${chain}/inject/draft?sender=${bob.address}`, body)
    const { hash } = drafted.answer as unknown as { hash: Hex }
    const signature = await bob.sign({ hash })
    const signed = `${chain}/inject?sender=${bob.address}&signature=${signature}`
    const { status, answer } = await post(signed, body)
    assert.equal(status, 202)
    await leap()
    const { transactionHash } = answer as unknown as Injected
    assert.equal((await read(transactionHash)).sender, bob.address.toLowerCase())
    const other = await post(signed, JSON.stringify({ by: 'eve' }))
    assert.deepEqual([other.status, other.answer.error?.code], [409, 'rpc/no-draft'])
    assert.equal((await post(`${chain}/inject?sender=${bob.address}`, body)).status, 400)
  })

  test('drafts a transfer, and answers 409 when the nonce has moved', async () => {
    const transfer = {
      sender: alice.address,
      recipient: bob.address,
      amount: '1000000000000000000',
    }
    const draft = async () => {
      const { answer } = await post(`${chain}/transactions/draft`, JSON.stringify(transfer))
      return (answer as unknown as { hash: Hex }).hash
    }
    const send = async (hash: Hex, by = alice) => {
      const signature = await by.sign({ hash })
      return post(`${chain}/transactions/new`, JSON.stringify({ ...transfer, signature }))
    }
    const first = await draft()
    const wallet = createWalletClient({ account: alice, transport: http(node.rpcUrl) })
    await wallet.sendTransaction({ to: bob.address, value: 1n, chain: null })
    const moved = await send(first)
    assert.deepEqual([moved.status, moved.answer.error?.code], [409, 'rpc/nonce-moved'])
    const second = await draft()
    const wrong = await send(second, bob)
    assert.deepEqual([wrong.status, wrong.answer.error?.code], [422, 'rpc/bad-signature'])
    const sent = await send(second)
    assert.equal(sent.status, 200)
    assert.deepEqual((await send(second)).answer, sent.answer)
    await leap()
    const client = createPublicClient({ transport: http(node.rpcUrl) })
    const { transactionHash } = sent.answer as unknown as Injected
    const mined = await client.getTransaction({ hash: transactionHash })
    assert.deepEqual([mined.value, mined.from], [parseEther('1'), alice.address.toLowerCase()])
    const bad = { ...transfer, amount: -1 }
    assert.equal((await post(`${chain}/transactions/draft`, JSON.stringify(bad))).status, 400)
    const poor = { ...transfer, amount: '1'.padEnd(30, '0') }
    const { status, answer } = await post(`${chain}/transactions/draft`, JSON.stringify(poor))
    assert.deepEqual([status, answer.error?.code], [422, 'api/refused'])
  })

  test('tells how far it is, and honestly of peers', async () => {
    const before = await getJson<{ head: { number: number } }>(`${chain}/stats`)
    const block = (await leap()) as { number: number; hash: Hex }
    const stats = await getJson<Record<string, unknown>>(`${chain}/stats`)
    assert.equal(block.number, before.head.number + 1)
    assert.deepEqual(stats.weight, { by: 'height', value: String(block.number) })
    assert.equal((stats.head as { hash: Hex }).hash, block.hash)
    assert.deepEqual(await getJson(`${chain}/discover`), { peers: [] })
    const { status, answer } = await post(`${chain}/discover`, '{"peers": ["127.0.0.1:30400"]}')
    assert.deepEqual([status, answer.error?.code], [409, 'rpc/no-network'])
  })

  test('takes data into a further chain by its name', async () => {
    const signer = '0xa0ee7a142d267c1f36714e4a8f75612f20a79720'
    const manifest = {
      ...{ version: 1, name: 'side', chainId: '77', hardfork: 'osaka' },
      consensus: { engine: 'dev', blockTimeMs: 0 },
      genesis: {
        ...{ timestamp: '1', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
        accounts: [{ address: signer, balance: '1000000000000000000' }],
      },
    }
    const born = await post(`${node.apiUrl}/v1/chains`, JSON.stringify({ manifest }))
    assert.equal(born.status, 201)
    const side = `${node.apiUrl}/v1/chains/side`
    const { answer } = await post(`${side}/inject`, '"aside"')
    const { transactionHash } = answer as unknown as Injected
    const found = await getJson<Injected>(`${side}/inject/${transactionHash}`)
    assert.deepEqual([found.json, found.sender, found.id], ['aside', signer, '1-0'])
    assert.equal((await fetch(`${chain}/inject/${transactionHash}`)).status, 404)
    assert.equal((await getJson<{ chainId: number }>(`${side}/stats`)).chainId, 77)
    await fetch(`${side}/stop`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    assert.equal((await post(`${side}/inject`, '1')).status, 409)
  })

  test('has no bare routes unless somebody asked for them', async () => {
    for (const bare of ['stats', 'json-chain', 'chain', 'discover', 'inject', 'leap']) {
      const response = await fetch(`${node.apiUrl}/${bare}`)
      assert.match(response.headers.get('content-type') ?? '', /html/, bare)
    }
    assert.equal((await fetch(`${node.apiUrl}/leap`, { method: 'POST' })).status, 405)
  })
})

test('a node without a key refuses unsigned data with 403, and one with a key file signs', async (t) => {
  const folder = await temporaryFolder(t)
  const genesis = path.join(folder, 'genesis.json')
  const [key, password] = [path.join(folder, 'key'), path.join(folder, 'password')]
  const address = await createKeyFile(key, 'a long password')
  await writeFile(password, 'a long password')
  const schemas = path.join(folder, 'schemas')
  await mkdir(schemas)
  await writeFile(path.join(schemas, 'ethereum.json'), '{"type": "object", "required": ["id"]}')
  await writeFile(
    genesis,
    JSON.stringify({
      config: { chainId: 77, londonBlock: 0, shanghaiTime: 0, terminalTotalDifficulty: 0 },
      ...{ gasLimit: '0x1c9c380', difficulty: '0x0', baseFeePerGas: '0x7' },
      alloc: { [address]: { balance: '0xde0b6b3a7640000' } },
    }),
  )
  const follow = async (settings: Parameters<typeof startNode>[0]) => {
    const data = await temporaryFolder(t)
    const started = await startNode({ genesis, data, rpcPort: 0, apiPort: 0, ...settings })
    assert.ok(started)
    t.after(() => started.stop())
    return started
  }
  const keyless = await follow({})
  const at = (one: RunningNode) => `${one.apiUrl}/v1/chains/ethereum`
  const refused = await post(`${at(keyless)}/inject`, '{"id": 1}')
  assert.deepEqual([refused.status, refused.answer.error?.code], [403, 'rpc/no-signer'])
  const leapless = await fetch(`${at(keyless)}/leap`, { method: 'POST' })
  assert.equal(leapless.status, 409)
  const signing = await follow({
    ...{ injectKeyFile: key, injectPasswordFile: password, injectSchemas: schemas, injectLimit: 1 },
  })
  const rules = await getJson<{ signer: Hex; maxBytes: number }>(`${at(signing)}/inject/rules`)
  assert.deepEqual([rules.signer, rules.maxBytes], [address, 1_024])
  const taken = await post(`${at(signing)}/inject`, '{"id": 1}')
  assert.equal((taken.answer as unknown as Injected).sender, address)
  const misfit = await post(`${at(signing)}/inject`, '{}')
  assert.deepEqual([misfit.status, misfit.answer.error?.code], [422, 'rpc/data-misfit'])
})

test('the classic routes are there under their old names', async (t) => {
  const node = await startCalm(t, { classicRoutes: true })
  const bare = node.apiUrl
  const { status, answer } = await post(`${bare}/inject`, '{"old": true}')
  assert.equal(status, 202)
  const { number } = await getJson<{ number: number }>(`${bare}/leap`)
  const posted = (await (await fetch(`${bare}/leap`, { method: 'POST' })).json()) as {
    number: number
  }
  assert.equal(posted.number, number + 1)
  const found = await getJson<Injected>(
    `${bare}/v1/chains/dev/inject/${(answer as unknown as Injected).transactionHash}`,
  )
  assert.deepEqual(found.json, { old: true })
  assert.equal((await getJson<Page<unknown>>(`${bare}/json-chain?limit=2`)).items.length, 2)
  assert.ok((await (await fetch(`${bare}/chain`)).arrayBuffer()).byteLength > 1_000)
  assert.equal(
    (await getJson<{ head: { number: number } }>(`${bare}/stats`)).head.number,
    number + 1,
  )
  assert.deepEqual(await getJson(`${bare}/discover`), { peers: [] })
  const transfer = { sender: alice.address, recipient: bob.address, amount: 5 }
  const draft = await post(`${bare}/transactions/draft`, JSON.stringify(transfer))
  const signature = await alice.sign(draft.answer as unknown as { hash: Hex })
  const sent = await post(`${bare}/transactions/new`, JSON.stringify({ ...transfer, signature }))
  assert.equal(sent.status, 200)
  const foreign = await fetch(`${bare}/leap`, { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal(foreign.status, 403)
  assert.equal(
    (await fetch(`${bare}/leap`, { headers: { origin: 'http://example.org' } })).status,
    403,
  )
})
