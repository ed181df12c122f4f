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

interface Run {
  readonly id: string
  readonly status: string
  readonly compensated: boolean
  readonly output?: { readonly [name: string]: unknown }
  readonly problem: { readonly title?: string } | null
}

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
  const balance = async (of: string = payee) =>
    BigInt(await callRpc<string>(node.rpcUrl ?? '', 'eth_getBalance', of, 'latest'))

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
  const putFunction = async (name: string, file: string) => {
    const files = { [`${name}.js`]: Buffer.from(await fileOf(file)).toString('base64') }
    const response = await fetch(`${node.apiUrl}/v1/functions/${name}`, {
      ...{ method: 'PUT', body: JSON.stringify({ files }) },
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(response.status, 200, await response.text())
  }
  /** Tells events until a run has taken the last of them. */
  const told = (events: (turn: number) => readonly object[]) => {
    let turn = 0
    return eventually(async () => {
      turn += 1
      const sent = events(turn).map((one, at) => ({
        specversion: '1.0',
        id: `${turn}-${at}`,
        ...one,
      }))
      const response = await fetch(`${node.apiUrl}/v1/events`, {
        ...{ method: 'POST', body: JSON.stringify(sent) },
        headers: { 'content-type': 'application/cloudevents-batch+json' },
      })
      const { items } = (await response.json()) as Page<{ instances: readonly string[] }>
      return items.at(-1)?.instances.length ? sent : undefined
    })
  }
  const run = async (workflow: string, input: object) => {
    const { id } = await done<Run>(`workflows/${workflow}/run`, { input })
    return eventually(async () => {
      const one = await read<Run>(`instances/${id}`)
      return ['completed', 'failed'].includes(one.status) ? one : undefined
    })
  }

  test('anchored readings: one root for a window; a reading is verified, and one that was changed is found', async () => {
    await putFunction('merkle', 'anchored-readings/merkle.js')
    await deploy('anchored-readings/verify.workflow.yaml')
    await deploy('anchored-readings/anchor.workflow.yaml', (text) =>
      text
        .replace('*/10', '*/2')
        .replace('10 as $length', '2 as $length')
        .replace('2 as $late', '1 as $late'),
    )
    const readings = await told(() => {
      const at = new Date((Math.floor(Date.now() / 2_000) + 1) * 2_000 + 500).toISOString()
      return [20.5, 20.7, 21].map((celsius) => ({
        ...{
          type: 'org.example.reading',
          source: 'https://sensor.example/1',
          data: { celsius, at },
        },
      }))
    })
    const kept = []
    for (const { id } of readings) kept.push(await recorded(`https://sensor.example/1 ${id}`))
    assert.equal(new Set(kept.map(({ root }) => root)).size, 1)
    const { transaction, root: anchored, reading } = kept[2] as { [name: string]: unknown }
    const receipt = await callRpc<object>(
      node.rpcUrl ?? '',
      'eth_getTransactionReceipt',
      transaction,
    )
    assert.match(JSON.stringify(receipt), new RegExp(String(anchored).slice(2)))
    const trusted = { anchor: node.contracts.streamAnchor, sender: node.senderAddress }
    for (const one of kept) {
      const { status, output } = await run('verify-reading', { ...one, ...trusted })
      assert.deepEqual([status, output?.verified, output?.root], ['completed', true, anchored])
    }
    const changed = { ...(reading as object), data: { celsius: 19 } }
    const found = await run('verify-reading', { ...kept[2], ...trusted, reading: changed })
    assert.deepEqual([found.status, found.problem?.title], ['failed', 'Not what was anchored'])
  })

  test('goods: each handover is anchored and the seller is paid; a carrier that is late costs it the buyer nothing', async () => {
    const vault = 'depositVault'
    const { senderAddress: buyer } = node
    await send(vault, 'grantRole', [await ask(vault, 'TREASURER_ROLE'), buyer])
    const hands = async (order: string, parcel: string) => {
      const data = { order, parcel }
      const report = (step: string, who: string) =>
        told((turn) => [
          {
            id: `${order} ${turn}`,
            type: `org.example.goods.${step}`,
            source: `https://${who}.example`,
            data,
          },
        ])
      await send(vault, 'deposit', [order], ether)
      await report('dispatched', 'seller')
      assert.equal(await answer(`Is parcel ${parcel} in`, 'carl', { accepted: true }), 200)
      return () => report('delivered', 'carrier')
    }
    const orderOf = (name: string) => `0x${Buffer.from(name).toString('hex').padEnd(64, '0')}`
    const anchored = (order: string) => ask('streamAnchor', 'count', [buyer, order])
    await deploy('goods-handover/goods.workflow.yaml')
    const deliver = await hands(orderOf('order-1'), 'P-1')
    await deliver()
    assert.equal(await answer('Is parcel P-1 what', 'bea', { accepted: true }), 200)
    assert.equal((await recorded(orderOf('order-1'))).parcel, 'P-1')
    assert.equal(await anchored(orderOf('order-1')), '5')
    assert.equal(await balance('0x00000000000000000000000000000000000000bb'), ether)
    assert.equal(await ask(vault, 'refundable', [buyer]), '0')

    await deploy('goods-handover/goods.workflow.yaml', (text) =>
      text.replace('after: { days: 7 }', 'after: { seconds: 1 }'),
    )
    await hands(orderOf('order-2'), 'P-2')
    const late = await eventually(async () => {
      const { items } = await read<Page<Run>>('instances?workflow=goods-handover&limit=1')
      return items[0]?.status === 'failed' ? items[0] : undefined
    })
    assert.equal(late.compensated, true)
    assert.equal(await anchored(orderOf('order-2')), '4')
    assert.equal(await ask(vault, 'refundable', [buyer]), '0')
    assert.equal(await balance(node.contracts.depositVault), 0n)
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
