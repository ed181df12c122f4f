/** Runs the examples on a node with a development chain, as somebody would who tries them. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import type { Page } from './calm-node.ts'
import { callRpc, eventually, getJson, root, temporaryFolder } from './program.ts'

const payee = '0x00000000000000000000000000000000000000aa'
const ether = 10n ** 18n

interface Question {
  readonly id: string
  readonly title: string
  readonly given: readonly unknown[]
}

interface Kept {
  readonly key: string
  readonly data: { readonly [name: string]: unknown }
}

describe('the examples', { timeout: 240_000 }, () => {
  let node: RunningNode
  let sources: Server
  const prices = new Map<string, unknown>()
  const cleaning: (() => Promise<unknown>)[] = []
  const settings = { dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 0.1 }
  let data = ''
  before(async () => {
    data = await temporaryFolder({ after: (run) => void cleaning.unshift(run) })
    const started = await startNode({ ...settings, data })
    assert.ok(started)
    node = started
    cleaning.unshift(() => node.stop())
    sources = createServer((request, response) => {
      const price = prices.get(request.url ?? '')
      if (price === undefined) return
      response.setHeader('content-type', 'application/json').end(JSON.stringify(price))
    }).listen(0, '127.0.0.1')
    await once(sources, 'listening')
    cleaning.unshift(async () => sources.close().closeAllConnections())
  })
  after(async () => {
    for (const run of cleaning) await run()
  })

  const read = <T>(where: string) => getJson<T>(`${node.apiUrl}/v1/${where}`)
  const post = async <T = { readonly [name: string]: unknown }>(where: string, body: object) => {
    const response = await fetch(`${node.apiUrl}/v1/${where}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json' },
    })
    return { status: response.status, answer: (await response.json()) as T }
  }
  const done = async <T>(where: string, body: object) => {
    const { status, answer } = await post<T>(where, body)
    assert.ok(status === 200 || status === 201, `${where}: ${status} ${JSON.stringify(answer)}`)
    return answer
  }
  const send = (contract: string, call: string, args: readonly unknown[] = [], value = 0n) =>
    done('contracts/send', { contract, function: call, args, value: String(value) })
  const ask = async (contract: string, call: string, args: readonly unknown[] = []) =>
    (await done<{ result: unknown }>('contracts/call', { contract, function: call, args })).result
  const fileOf = (name: string) => readFile(path.join(root, 'examples', name), 'utf8')
  const deploy = async (name: string, change: (text: string) => string = (text) => text) =>
    done('workflows', { definition: change(await fileOf(name)) })
  const deployContract = async (name: string) =>
    done('contracts/deploy', JSON.parse(await fileOf(name)) as object)
  const recorded = (key: string) =>
    eventually(async () => {
      const { items } = await read<Page<Kept>>('records?limit=100')
      return items.find((one) => one.key === key)?.data
    })
  const asked = (title: string) =>
    eventually(async () => {
      const { items } = await read<Page<Question>>('questions?status=open')
      return items.find((one) => one.title.includes(title))
    })
  const answer = async (title: string, who: string, given: object) =>
    (await post(`questions/${(await asked(title)).id}/answer`, { who, answer: given })).status
  const balance = async () =>
    BigInt(await callRpc<string>(node.rpcUrl ?? '', 'eth_getBalance', payee, 'latest'))

  test('treasury: two people approve, and it is paid once; in time nobody does, and it is refused', async () => {
    await deployContract('treasury-approval/payment-desk.gen.json')
    await deploy('treasury-approval/treasury.workflow.yaml')
    await send('paymentDesk', 'fund', [], 3n * ether)
    await send('paymentDesk', 'request', [payee, String(ether), 'chairs'])
    assert.equal(await answer('"chairs"', 'ada', { approved: true }), 200)
    assert.equal(await answer('"chairs"', 'ada', { approved: true }), 409)
    assert.equal(await balance(), 0n)
    assert.equal(await answer('"chairs"', 'bob', { approved: true }), 200)
    const paid = await recorded('payment-1')
    assert.deepEqual([paid.approved, paid.amount], [true, String(ether)])
    assert.equal(await balance(), ether)
    const again = { contract: 'paymentDesk', function: 'pay', args: ['1'] }
    const { status, answer: refused } = await post('contracts/send', again)
    assert.equal(status, 422)
    assert.match(JSON.stringify(refused), /NotOpen/)

    await deploy('treasury-approval/treasury.workflow.yaml', (text) =>
      text.replace('deadline: { hours: 48 }', 'deadline: { seconds: 1 }'),
    )
    await send('paymentDesk', 'request', [payee, String(ether), 'a boat'])
    assert.equal((await recorded('payment-2')).reason, 'nobody decided in time')
    const [, state] = (await ask('paymentDesk', 'requests', ['2'])) as readonly unknown[]
    assert.equal(Number(state), 3)
    assert.equal(await balance(), ether)
  })

  test('price check: what agrees with its sources is recorded, what is off is flagged, though one is silent', async () => {
    const { port } = sources.address() as AddressInfo
    await deployContract('price-check/price-feed.gen.json')
    await deploy('price-check/price-check.workflow.yaml', (text) =>
      text
        .replace(
          /https:\/\/[a-z.]*(coinbase|bitstamp|gemini)\.\w+\/\S+/g,
          `http://127.0.0.1:${port}/$1`,
        )
        .replaceAll('seconds: 5', 'seconds: 1'),
    )
    // Blocks come faster than seconds pass, and each has a second of its own.
    const block = await callRpc<{ timestamp: string }>(
      ...[node.rpcUrl ?? '', 'eth_getBlockByNumber', 'latest', false],
    )
    const seconds = Number(block.timestamp)
    prices.set('/coinbase', { price: '2000.10', time: new Date(seconds * 1_000).toISOString() })
    prices.set('/bitstamp', { last: '1999', timestamp: String(seconds) })
    await send('priceFeed', 'report', ['200500000000'])
    const good = await recorded('round-1')
    assert.deepEqual([good.verdict, good.count, good.median], ['good', 2, '199955000000'])
    assert.equal(((await ask('priceFeed', 'latestAnswer')) as string[])[0], '200500000000')
    prices.set('/gemini', { last: '2001', volume: { timestamp: seconds * 1_000 } })
    await send('priceFeed', 'report', ['300000000000'])
    const off = await recorded('round-2')
    assert.deepEqual([off.verdict, off.count], ['off', 3])
    assert.equal(await ask('priceFeed', 'flaggedRound'), '2')
    const paused = await post('contracts/call', { contract: 'priceFeed', function: 'latestAnswer' })
    assert.match(JSON.stringify(paused.answer), /Paused\(2\)/)
    const { items } = await read<Page<{ subject: string }>>('notifications')
    assert.ok(items.some(({ subject }) => subject.startsWith('Round 2 is off')))
  })
  test('what listens to a contract by its name does so after a restart', async () => {
    await node.stop()
    const started = await startNode({ ...settings, data })
    assert.ok(started)
    node = started
    await send('paymentDesk', 'request', [payee, '5', 'a lamp'])
    assert.match((await asked('"a lamp"')).title, /^Pay 5 wei to 0x/)
  })
})
