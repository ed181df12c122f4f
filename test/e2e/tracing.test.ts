/** Follows one event through a kill of the program: event, steps, what they ask, transaction, all in one trace at a collector. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeFunctionData, type Hex, stringToHex } from 'viem'
import { depositVaultAbi } from '../../src/abi/deposit-vault.gen.ts'
import { freePort } from '../../src/base/test-ports.ts'
import { readTraceparent } from '../../src/base/tracing.ts'
import { eventContext } from '../../src/stream/event-traces.ts'
import type { Page } from './calm-node.ts'
import { startCollector, type TakenSpan } from './otlp-collector.ts'
import {
  callRpc,
  eventually,
  getJson,
  type Program,
  startProgram,
  temporaryFolder,
} from './program.ts'

const traced = (url: string) => `
name: traced
on: { event: 'Deposited(address indexed account, uint256 amount, bytes32 memo)', contract: depositVault }
do:
  - tell: { call: http, with: { method: post, endpoint: '${url}/told', body: {} } }
  - check: { call: function.invoke, with: { function: check, payload: {} } }
  - approve:
      call: human.approve
      with: { title: 'Pay?', form: { type: object } }
  - pay:
      call: evm.send
      with:
        contract: allocationToken
        function: allocate(address account, uint256 amount, bytes32 ref)
        args: ['\${ .event.args.account }', '\${ .event.args.amount }', '\${ .event.reference }']
`

const ordered = (url: string) => `
document: { dsl: 1.0.3, namespace: default, name: ordered, version: 0.1.0 }
schedule: { on: { one: { with: { type: order.placed } } } }
do:
  - tell: { call: http, with: { method: post, endpoint: '${url}/ordered', body: {} } }
`

/** A server that keeps the traceparents it was sent, by path. */
async function startListener(t: TestContext) {
  const heard = new Map<string, string | undefined>()
  const server = createServer((request, response) => {
    heard.set(request.url ?? '', request.headers.traceparent as string | undefined)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    request.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

test('a trace leads from an event over its steps to the transaction, also where the program is killed between', async (t) => {
  const [data, collector, listener] = [
    ...[await temporaryFolder(t), await startCollector(t), await startListener(t)],
  ] as const
  const workflows = path.join(data, 'workflows')
  await mkdir(workflows)
  await writeFile(path.join(workflows, 'traced.workflow.yaml'), traced(listener.url))
  await writeFile(path.join(workflows, 'ordered.workflow.yaml'), ordered(listener.url))
  const check = 'export default (_, { traceparent }) => ({ traceparent })'
  await writeFile(path.join(workflows, 'check.mjs'), check)
  const [rpcPort, apiPort] = [await freePort(), await freePort()]
  const [rpc, api] = [`http://127.0.0.1:${rpcPort}`, `http://127.0.0.1:${apiPort}/v1`]
  const words = ['start', '--dev', '--no-demo', '--block-time', '0', '--data', data]
  const ports = ['--rpc-port', String(rpcPort), '--api-port', String(apiPort)]
  let program: Program | undefined
  const start = async () => {
    program = startProgram([...words, ...ports, '--workflows', workflows], {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'traced' },
    })
    await eventually(() => getJson(`${api}/status`), 60_000)
  }
  t.after(async () => {
    program?.child.kill('SIGKILL')
    await program?.exited
  })
  const post = async (where: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${api}/${where}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', ...headers },
    })
    assert.equal(response.status, 200, await response.text())
  }
  const span = (name: string) =>
    eventually(async () => collector.spans.find((one) => one.name === name))

  await start()
  type Chain = { accounts: Hex[]; contracts: { depositVault: Hex } }
  const [chain] = (await getJson<Page<Chain>>(`${api}/chains`)).items
  const args = [stringToHex('traced', { size: 32 })] as const
  await callRpc(rpc, 'eth_sendTransaction', {
    ...{ from: chain?.accounts[1], to: chain?.contracts.depositVault, value: '0x64' },
    data: encodeFunctionData({ abi: depositVaultAbi, functionName: 'deposit', args }),
  })
  const { id: question } = await eventually(
    async () => (await getJson<Page<{ id: string }>>(`${api}/questions?status=open`)).items[0],
  )
  await Promise.all(['event Deposited', 'http tell', 'function.invoke check'].map(span))
  program?.child.kill('SIGKILL')
  await program?.exited

  await start()
  await post(`questions/${question}/answer`, { who: 'ada', answer: {} })
  const [pay, run, transaction] = [
    await span('evm.send pay'),
    await span('workflow traced'),
    await span('transaction'),
  ]
  const [event, tell, called] = [
    await span('event Deposited'),
    await span('http tell'),
    await span('function.invoke check'),
  ]
  const [stored] = (await getJson<Page<{ id: string }>>(`${api}/events`)).items
  const { traceId, spanId } = eventContext(stored?.id ?? '')
  assert.deepEqual([event.traceId, event.spanId], [traceId, spanId])
  for (const one of [tell, called, pay, run, transaction]) assert.equal(one.traceId, traceId)
  const parents = [run, tell, called, pay, transaction].map(({ parentSpanId }) => parentSpanId)
  const steps = [run.spanId, run.spanId, run.spanId]
  assert.deepEqual(parents, [event.spanId, ...steps, pay.spanId])
  assert.equal(listener.heard.get('/told'), `00-${traceId}-${tell.spanId}-01`)
  assert.notEqual(tell.resource['service.instance.id'], pay.resource['service.instance.id'])
  assert.equal(pay.resource['service.name'], 'traced')
  const [instance] = (await getJson<Page<{ id: string }>>(`${api}/instances`)).items
  type Journal = { journal: { name: string; output: { traceparent?: string } }[] }
  const { journal } = await getJson<Journal>(`${api}/instances/${instance?.id}`)
  const output = journal.find(({ name }) => name === 'check')?.output
  assert.equal(output?.traceparent, `00-${traceId}-${called.spanId}-01`)
  assert.equal(ids(collector.spans).size, collector.spans.length, 'a span came twice')

  const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const order = { specversion: '1.0', id: '1', source: '/shop', type: 'order.placed' }
  const type = { 'content-type': 'application/cloudevents+json' }
  await post('events', { ...order, traceparent: given }, type)
  const ordering = await span('workflow ordered')
  assert.deepEqual(
    [ordering.traceId, ordering.parentSpanId],
    ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'],
  )
  assert.equal(readTraceparent(listener.heard.get('/ordered'))?.traceId, ordering.traceId)
  const unsampled = { ...order, id: '2', traceparent: given.replace(/01$/, '00') }
  const before = collector.spans.length
  await post('events', unsampled, type)
  await eventually(async () => (listener.heard.get('/ordered')?.endsWith('-00') ? true : undefined))
  program?.child.kill('SIGTERM')
  await program?.exited
  assert.equal(collector.spans.length, before, 'what nobody samples is not sent')
  assert.deepEqual(collector.faults, [])
})

const ids = (spans: readonly TakenSpan[]) => new Set(spans.map(({ spanId }) => spanId))
