/** Has a node keep tables of its own chain, and reads them by REST: pages, filters, exports, after a restart. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { startNode } from '../../src/node/node.ts'
import { type Page, startCalm } from './calm-node.ts'
import { eventually, getJson, startProgram, temporaryFolder } from './program.ts'

type Row = Readonly<Record<string, unknown>>
interface Projection {
  readonly name: string
  readonly state: string
}

const deposited = 'Deposited(address indexed account, uint256 amount, bytes32 memo)'
const deposits = `
name: deposits
life: pending
sources:
  - event: ${deposited}
    contract: depositVault
columns:
  account: { type: text, value: .args.account }
  amount: { type: integer, value: .args.amount, index: true }
  block: { type: integer, value: .blockNumber }
  memo: { type: bytes, value: .args.memo }
`
const accounts = `
name: accounts
life: pending
sources:
  - event: ${deposited}
key: [account]
columns:
  account: { type: text, value: .args.account }
  total: { type: integer, value: .args.amount, sum: true }
`

test('a node keeps the tables that are declared, and gives their rows by REST', async (t) => {
  const data = await temporaryFolder(t)
  const projections = path.join(data, 'declared')
  await mkdir(projections)
  await writeFile(path.join(projections, 'deposits.yaml'), deposits)
  const settings = {
    ...{ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
    projections,
  }
  const first = await startNode(settings)
  assert.ok(first)
  t.after(() => first.stop())
  const of = (node: { readonly apiUrl: string }, way: string) =>
    `${node.apiUrl}/v1/projections${way}`
  const text = async (url: string) => (await fetch(url)).text()
  for (const memo of ['one', 'two', 'three']) await first.deposit(memo)
  const rows = await eventually(async () => {
    const page = await getJson<Page<Row>>(of(first, '/deposits/rows?order=amount'))
    return page.items.length === 3 ? page.items : undefined
  })
  assert.ok(rows.every(({ amount }) => /^\d{17,}$/.test(String(amount))))

  const half = await getJson<Page<Row>>(of(first, '/deposits/rows?limit=2&columns=memo'))
  const rest = await getJson<Page<Row>>(
    of(first, `/deposits/rows?limit=2&columns=memo&cursor=${half.next}`),
  )
  assert.deepEqual([half.items.length, rest.items.length, rest.next], [2, 1, null])
  const [{ memo } = {}] = rest.items
  const filtered = `/deposits/rows?where=memo.eq.${memo}&where=amount.gt.0`
  assert.equal((await getJson<Page<Row>>(of(first, filtered))).items.length, 1)
  for (const wrong of [
    'where=no.eq.1',
    'order=block',
    'cursor=x',
    'limit=0',
    'where=amount.eq.x',
  ]) {
    assert.equal((await fetch(of(first, `/deposits/rows?${wrong}`))).status, 400, wrong)
  }
  assert.equal((await fetch(of(first, '/nothing/rows'))).status, 404)

  const lines = (await text(of(first, '/deposits/export?cursors=true'))).trim().split('\n')
  const [one, ...more] = lines.map((line) => JSON.parse(line) as Row)
  assert.equal(more.length, 2)
  const left = await text(
    of(first, `/deposits/export?format=csv&cursor=${one?.qs_cursor}&head=false`),
  )
  assert.deepEqual(
    left
      .trim()
      .split('\r\n')
      .map((line) => line.split(',')[3]),
    more.map(({ memo }) => memo),
  )
  assert.match(
    await text(of(first, '/deposits/export?format=csv')),
    /^account,amount,block,memo\r\n0x/,
  )
  assert.equal((await fetch(of(first, '/deposits/export?where=no.eq.1'))).status, 400)

  await byCommand(first, projections)
  await first.stop()
  await writeFile(path.join(projections, 'accounts.yaml'), accounts)
  const second = await startNode(settings)
  assert.ok(second)
  t.after(() => second.stop())
  await eventually(async () => {
    const { items } = await getJson<Page<Projection>>(of(second, ''))
    return items.length === 2 && items.every(({ state }) => state === 'ready') ? true : undefined
  })
  const total = rows.reduce((sum, { amount }) => sum + BigInt(amount as string), 0n)
  const [account] = (await getJson<Page<Row>>(of(second, '/accounts/rows'))).items
  assert.equal(account?.total, String(total))
  const again = await fetch(of(second, '/accounts/rebuild'), {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
  })
  assert.equal(again.status, 200)
  await eventually(async () => {
    const page = await getJson<Page<Row>>(of(second, '/accounts/rows'))
    return page.items[0]?.total === String(total) ? true : undefined
  })
})

/** The same in a terminal, side by side. */
async function byCommand({ apiUrl }: { readonly apiUrl: string }, folder: string): Promise<void> {
  const port = `--api-port=${new URL(apiUrl).port}`
  const [file, out] = [path.join(folder, 'deposits.yaml'), path.join(folder, 'deposits.csv')]
  const run = async (...words: string[]) => {
    const program = startProgram(['projection', ...words])
    return [(await program.exited)[0], program.output()] as const
  }
  const where = ['--where', 'amount.gt.0 and block.gt.0']
  const [checked, rows, exported] = await Promise.all([
    run('check', file),
    run('rows', 'deposits', port, ...where, '--columns=memo', '--json'),
    run('export', 'deposits', port, '--format=csv', `--out=${out}`),
  ])
  assert.match(
    checked[1],
    /deposits\.yaml: well; table "deposits", 4 columns, a row for each event/,
  )
  const { items } = JSON.parse(rows[1]) as Page<Row>
  assert.deepEqual(
    items.map((row) => Object.keys(row)),
    [['memo'], ['memo'], ['memo']],
  )
  assert.equal(exported[0], 0, exported[1])
  assert.equal((await readFile(out, 'utf8')).split('\r\n').length, 5)
}

/** An endpoint that tells other logs, and other amounts of transactions, than the one behind it. */
async function lyingEndpoint(t: TestContext, honest: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(honest, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: await text(request),
    }).catch(() => undefined)
    const told = ((await answer?.text()) ?? '')
      .replaceAll(/"data":"0x[0-9a-f]+"/g, '"data":"0x07"')
      .replaceAll(/"value":"0x0"/g, '"value":"0x9"')
    response.setHeader('content-type', 'application/json').end(told)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('tables of a foreign chain hold nothing that one of its endpoints makes up', async (t) => {
  const [folder, data] = [await temporaryFolder(t), await temporaryFolder(t)]
  for (const name of ['blocks', 'transactions', 'logs']) {
    const text = `{ name: ${name}, dataset: ${name}, life: pending }`
    await writeFile(path.join(folder, `${name}.yaml`), text)
  }
  const chain = await startCalm(t, { projections: folder })
  await chain.deposit('seen')
  const { rpcUrl = '' } = chain
  const foreign = await startNode({
    ...{ endpoint: `${await lyingEndpoint(t, rpcUrl)},${rpcUrl}`, data, apiPort: 0, demo: false },
    ...{ projections: folder, pollInterval: 20, contract: chain.contracts.depositVault },
  })
  assert.ok(foreign)
  t.after(() => foreign.stop())
  const rows = async (node: { readonly apiUrl: string }, name: string) => {
    const way = `/v1/projections/${name}/rows?order=qs_block&limit=200`
    return (await getJson<Page<Row>>(`${node.apiUrl}${way}`)).items
  }
  for (const name of ['blocks', 'transactions', 'logs']) {
    const own: readonly Row[] = await eventually(async () => {
      const [here, there] = [await rows(chain, name), await rows(foreign, name)]
      return here.length > 0 && here.length === there.length ? here : undefined
    })
    assert.deepEqual(await rows(foreign, name), own)
  }
})

test("a node keeps tables of its chain's own data, and goes back with it", async (t) => {
  const folder = await temporaryFolder(t)
  const dataset = (name: string, more = '') =>
    writeFile(
      path.join(folder, `${name}.yaml`),
      `{ name: ${name}, dataset: ${name}, life: pending${more} }`,
    )
  for (const name of ['blocks', 'transactions', 'receipts', 'logs']) await dataset(name)
  await dataset(
    'injected',
    ', columns: { sensor: { type: integer, value: ".text | fromjson | .sensor" } }',
  )
  const node = await startCalm(t, { projections: folder })
  const { rpcUrl = '' } = node
  const rows = async (name: string) =>
    (
      await getJson<Page<Row>>(
        `${node.apiUrl}/v1/projections/${name}/rows?order=qs_block&limit=200`,
      )
    ).items
  const post = async (url: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await answer.json()) as { readonly result?: unknown }
  }
  const rpc = async (method: string, ...params: unknown[]) =>
    (await post(rpcUrl, { jsonrpc: '2.0', id: 1, method, params })).result
  const head = async () => Number(await rpc('eth_blockNumber'))
  const read = () =>
    eventually(async () =>
      (await rows('blocks')).length === (await head()) + 1 ? true : undefined,
    )
  const chain = `${node.apiUrl}/v1/chains/dev`

  const snapshot = await rpc('evm_snapshot')
  await post(`${chain}/inject`, { sensor: 7 })
  await post(`${chain}/leap`, {})
  await read()
  await eventually(async () => ((await rows('injected')).length === 1 ? true : undefined))
  assert.deepEqual(await rows('injected'), [{ sensor: '7' }])
  const transactions = await eventually(async () => {
    const found = await rows('transactions')
    return found.at(-1)?.block_number === String(await head()) ? found : undefined
  })
  assert.match(String(transactions.at(-1)?.recipient), /^0x5175616e74756d/)
  await eventually(async () =>
    (await rows('receipts')).length === transactions.length ? true : undefined,
  )

  assert.equal(await rpc('evm_revert', snapshot), true)
  await eventually(async () => ((await rows('injected')).length === 0 ? true : undefined))
  await post(`${chain}/leap`, {})
  await read()
  const blocks = await rows('blocks')
  const { hash } = (await rpc('eth_getBlockByNumber', 'latest', false)) as { readonly hash: string }
  assert.equal(blocks.at(-1)?.hash, hash)
})

test('a declaration that is wrong stops the start with file, line and column', async (t) => {
  const data = await temporaryFolder(t)
  await writeFile(path.join(data, 'bad.yaml'), deposits.replace('.args.memo', '.args.memo +'))
  const starting = startNode({
    ...{ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, projections: data },
  })
  await assert.rejects(starting, ({ code, message }) => {
    assert.equal(code, 'projection/bad-declaration')
    assert.match(message, /bad\.yaml.*line 11, column \d+: columns\.memo\.value/s)
    return true
  })
})
