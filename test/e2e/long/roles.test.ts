/** Restarts each of five processes in turn under a load of events, and kills two: nothing is lost, nothing is done twice. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startNode } from '../../../src/node/node.ts'
import { temporarySchema } from '../../../src/store/temporary-schema.ts'
import { eventually, getJson, type Program, startProgram, temporaryFolder } from '../program.ts'

interface Listed<T> {
  readonly items: readonly T[]
}

const paying = (port: number) => `
document: { dsl: 1.0.3, namespace: default, name: paying, version: 0.1.0 }
schedule:
  on:
    one:
      with:
        type: evm.log
        event: Deposited(address indexed account, uint256 amount, bytes32 memo)
        contract: depositVault
do:
  - rest: { wait: { milliseconds: 100 } }
  - pay:
      call: http
      with:
        method: post
        endpoint: http://127.0.0.1:${port}/
        body: { run: '\${ $workflow.id }' }
  - note:
      call: record.write
      with: { key: '\${ $workflow.id }', data: { paid: true } }
`

/** Counts what it is asked for, and takes its time. */
async function counter(t: { after(run: () => void): void }) {
  const calls = new Map<string, number>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { run } = JSON.parse(body) as { run: string }
    calls.set(run, (calls.get(run) ?? 0) + 1)
    await pause(50)
    response.setHeader('content-type', 'application/json').end('{"paid":true}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { calls, port: (server.address() as AddressInfo).port }
}

test('a rolling restart of all processes, and kills, under load', {
  timeout: 300_000,
}, async (t) => {
  const temporary = temporarySchema()
  t.after(() => temporary.remove())
  const folder = await temporaryFolder(t)
  const { calls, port } = await counter(t)
  const chain = await startNode({
    ...{ dev: true, demo: false, data: path.join(folder, 'chain'), rpcPort: 0, apiPort: 0 },
    blockTime: 0,
  })
  assert.ok(chain)
  t.after(() => chain.stop())
  const environment = {
    ...{ QS_DATABASE: temporary.url, QS_DATABASE_SCHEMA: temporary.schema, QS_LEASE_TIME: '4' },
    ...{ BLOCKCHAIN_ENDPOINT: String(chain.rpcUrl), QS_START_BLOCK: '0', QS_POLL_INTERVAL: '50' },
    ...{ CONTRACT_ADDRESS: String(chain.contracts.depositVault), QS_CONFIRMATIONS: '0' },
    ...{ QS_MINIMUM_LIFE: 'pending', QS_ALLOW_HOSTS: '127.0.0.1' },
  }
  const running = new Map<string, Program>()
  t.after(() => {
    for (const { child } of running.values()) child.kill('SIGKILL')
  })
  let starts = 0
  const start = async (name: string) => {
    starts += 1
    const words = ['start', '--role', name.split('-')[0] ?? '', '--api-port', '0']
    const data = path.join(folder, `${name}-${starts}`)
    const program = startProgram([...words, '--data', data], { environment })
    running.set(name, program)
    await program.printed(/QuantumStream is up/)
    return program
  }
  const end = async (name: string, signal: NodeJS.Signals) => {
    const program = running.get(name) as Program
    running.delete(name)
    program.child.kill(signal)
    const [code] = await program.exited
    if (signal === 'SIGTERM') assert.equal(code, 0, program.output())
  }
  const origin = async () => {
    const [, url] = (await running.get('api-0')?.printed(/API +(\S+)\/v1\/status/)) ?? []
    return String(url)
  }

  const names = ['api-0', 'listener-0', 'listener-1', 'worker-0', 'worker-1']
  for (const name of names) await start(name)
  const deployed = await fetch(`${await origin()}/v1/workflows`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ definition: paying(port) }),
  })
  assert.equal(deployed.status, 200, await deployed.text())

  let deposits = 0
  let isLoaded = true
  const load = (async () => {
    while (isLoaded) {
      deposits += 1
      await chain.deposit(`deposit ${deposits}`)
      await pause(150)
    }
  })()
  const allPaid = () =>
    eventually(async () => {
      const records = await allOf<{ key: string }>(`${await origin()}/v1/records`)
      return records.length >= deposits ? records.map(({ key }) => key) : undefined
    }, 90_000)

  for (const name of names) {
    await end(name, 'SIGTERM')
    await start(name)
  }
  isLoaded = false
  await load
  const keys = await allPaid()
  assert.equal(new Set(keys).size, deposits)
  assert.deepEqual(
    [...calls.values()].filter((times) => times !== 1),
    [],
  )
  assert.deepEqual([...calls.keys()].sort(), [...keys].sort())

  for (const name of ['worker-0', 'listener-0']) {
    deposits += 1
    await chain.deposit(`deposit ${deposits}`)
    await pause(200)
    await end(name, 'SIGKILL')
    deposits += 1
    await chain.deposit(`deposit ${deposits}`)
  }
  const after = await allPaid()
  assert.equal(after.length, deposits)
  assert.equal(new Set(after).size, deposits)
  // Who is killed says nothing, and is believed to be up for a while.
  await eventually(async () => {
    const { items } = await getJson<Listed<{ state: string }>>(`${await origin()}/v1/processes`)
    const up = items.filter(({ state }) => state === 'up')
    return up.length === names.length - 2 || undefined
  }, 60_000)
  for (const name of [...running.keys()]) await end(name, 'SIGTERM')
})

/** All items of a list, page by page. */
async function allOf<T>(url: string): Promise<readonly T[]> {
  const items: T[] = []
  let cursor = ''
  for (;;) {
    const page = await getJson<Listed<T> & { next: string | null }>(`${url}?limit=200${cursor}`)
    items.push(...page.items)
    if (page.next === null) return items
    cursor = `&cursor=${page.next}`
  }
}
