/** Shares the work among processes of different roles on one PostgreSQL, and takes each of them away in turn. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import type { SettingValues } from '../../src/node/settings.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { temporarySchema } from '../../src/store/temporary-schema.ts'
import { eventually, getJson, startProgram, temporaryFolder } from './program.ts'
import { queueServers, removeStreams } from './queue-servers.ts'

/** One record for each deposit, after a step that takes a while. */
const noting = `
document: { dsl: 1.0.3, namespace: default, name: noting, version: 0.1.0 }
schedule:
  on:
    one:
      with:
        type: evm.log
        event: Deposited(address indexed account, uint256 amount, bytes32 memo)
        contract: depositVault
do:
  - rest: { wait: { milliseconds: 50 } }
  - note:
      call: record.write
      with: { key: '\${ $workflow.id }', data: { seen: true } }
`

/** A rest that only somebody ends. */
const resting = `
document: { dsl: 1.0.3, namespace: default, name: resting, version: 0.1.0 }
do:
  - note: { set: { seen: true } }
  - nap: { wait: { milliseconds: 1 } }
  - rest: { wait: { hours: 1 } }
`

const asJson = { headers: { 'content-type': 'application/json' }, body: '{}' }

interface Run {
  readonly id: string
  readonly status: string
}
interface Row {
  readonly key: string
}
interface Process {
  readonly id: string
  readonly roles: readonly string[]
  readonly state: string
}
interface Shown {
  readonly carrier: string
  readonly depth: number
  readonly dead: number
}
interface Listed<T> {
  readonly items: readonly T[]
}

describe('processes of different roles', { timeout: 180_000 }, () => {
  const temporary = temporarySchema()
  const cleaning: (() => Promise<void>)[] = [() => temporary.remove()]
  const nodes = new Set<RunningNode>()
  let chain: RunningNode
  let workflows: string
  let shared: Partial<SettingValues>
  let deposits = 0

  before(async () => {
    const data = await temporaryFolder({ after: (run) => void cleaning.unshift(run) })
    workflows = path.join(data, 'workflows')
    await mkdir(workflows)
    await writeFile(path.join(workflows, 'noting.workflow.yaml'), noting)
    const quiet = { dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 0, workflows }
    chain = (await startNode({ ...quiet, data })) as RunningNode
    cleaning.unshift(() => chain.stop())
    shared = {
      ...{
        database: temporary.url,
        databaseSchema: temporary.schema,
        endpoint: chain.rpcUrl ?? '',
      },
      ...{ contract: chain.contracts.depositVault ?? '', startBlock: 0, apiPort: 0 },
      ...{ pollInterval: 20, minimumLife: 'pending', confirmations: 0, leaseTime: 2 },
    }
  })
  after(async () => {
    for (const node of nodes) await node.stop()
    const sql = await openPostgres(temporary)
    await removeStreams(sql)
    await sql.close()
    for (const run of cleaning) await run()
  })

  const starts = async (role: string, more: Partial<SettingValues> = {}) => {
    const data = await temporaryFolder({ after: (run) => void cleaning.unshift(run) })
    const node = await startNode({ ...shared, role, data, ...more })
    assert.ok(node)
    nodes.add(node)
    return node
  }
  const stops = async (node: RunningNode) => {
    nodes.delete(node)
    await node.stop()
  }
  const listens = (node: RunningNode) =>
    node.engine.workflows().some(({ name }) => name === 'noting')
  const processes = async (api: RunningNode) => {
    const { items } = await getJson<Listed<Process>>(`${api.apiUrl}/v1/processes`)
    return items.map(({ roles, state }) => ({ roles, state }))
  }
  const deposit = async (count: number) => {
    for (let at = 0; at < count; at += 1) {
      deposits += 1
      await chain.deposit(`deposit ${deposits}`)
    }
  }
  /** Each deposit has one instance, which has ended, and one record. */
  const allNoted = (api: RunningNode) =>
    eventually(async () => {
      const runs = await getJson<Listed<Run>>(
        `${api.apiUrl}/v1/instances?workflow=noting&limit=200`,
      )
      const records = await getJson<Listed<Row>>(`${api.apiUrl}/v1/records?limit=200`)
      const ended = runs.items.filter(({ status }) => status === 'completed')
      if (ended.length < deposits) return undefined
      assert.equal(runs.items.length, deposits)
      const keys = records.items.map(({ key }) => key)
      assert.deepEqual(keys.sort(), runs.items.map(({ id }) => id).sort())
      return true
    }, 60_000)

  test('a part of the work without a shared database is refused', async (t) => {
    const data = await temporaryFolder(t)
    await assert.rejects(startNode({ data, role: 'worker', apiPort: 0 }), {
      code: 'node/role-needs-database',
      message: /QS_DATABASE/,
    })
  })

  test('what is deployed by one process is listened to by another and run by a third; each is restarted in turn', async () => {
    let api = await starts('api')
    let listener = await starts('listener')
    let worker = await starts('worker')
    const deployed = await fetch(`${api.apiUrl}/v1/workflows`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ definition: noting }),
    })
    assert.equal(deployed.status, 200, await deployed.text())
    await eventually(async () => (listens(listener) ? true : undefined))
    const seen = new Set<string>()
    api.events.subscribe(({ id }) => seen.add(id))
    await deposit(2)
    await allNoted(api)
    await eventually(async () => (seen.size === 2 ? true : undefined))
    assert.deepEqual((await processes(api)).slice(0, 3), [
      { roles: ['worker'], state: 'up' },
      { roles: ['listener'], state: 'up' },
      { roles: ['api'], state: 'up' },
    ])
    const answered = await fetch(`${worker.apiUrl}/v1/instances`)
    assert.equal(answered.status, 404)
    const { checks } = await getJson<{ checks: { name: string }[] }>(`${listener.apiUrl}/readyz`)
    assert.ok(checks.some(({ name }) => name === 'listener'))

    const standby = await starts('listener')
    const second = await starts('worker')
    const load = deposit(12)
    await stops(listener)
    await stops(worker)
    worker = await starts('worker')
    await stops(api)
    await stops(second)
    api = await starts('api')
    listener = await starts('listener')
    await load
    await stops(standby)
    await deposit(2)
    await allNoted(api)
  })

  test('a process without workers streams what they do, and has them pause, resume and retry a run', async () => {
    const [api] = [...nodes].filter(({ roles }) => roles.includes('api')) as [RunningNode]
    const v1 = `${api.apiUrl}/v1`
    const post = async (way: string, body: unknown = {}) => {
      const answer = await fetch(`${v1}/${way}`, {
        ...{ method: 'POST', ...asJson, body: JSON.stringify(body) },
      })
      return answer.status
    }
    const reaches = (id: string, wanted: string) =>
      eventually(async () => {
        const { status } = await getJson<Run>(`${v1}/instances/${id}`)
        return status === wanted ? true : undefined
      })
    assert.equal(await post('workflows', { definition: resting }), 200)
    const all = await fetch(`${v1}/stream`)
    const everything = all.body?.pipeThrough(new TextDecoderStream()).getReader()
    assert.equal(await post('workflows/resting/run', { id: 'held' }), 200)
    await reaches('held', 'waiting')
    assert.equal(await post('instances/held/pause'), 200)
    await reaches('held', 'paused')
    const journal = await fetch(`${v1}/instances/held/events`)
    assert.equal(await post('instances/held/resume'), 200)
    await reaches('held', 'waiting')
    assert.equal(await post('instances/held/cancel', { reason: 'by hand' }), 200)
    const told = await journal.text()
    const { journal: lines } = await getJson<{ journal: unknown[] }>(`${v1}/instances/held`)
    const ids = [...told.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    assert.deepEqual(
      ids,
      lines.map((_, at) => at + 1),
    )
    assert.match(told, /event: end\n/)
    assert.equal(await post('instances/held/pause'), 409)
    assert.equal(await post('instances/held/retry'), 200)
    await reaches('held', 'waiting')
    assert.equal(await post('instances/held/cancel', { reason: 'by hand' }), 200)
    await reaches('held', 'cancelled')
    let heard = ''
    while (!/event: instance\ndata: .*"held"/.test(heard)) {
      heard += (await everything?.read())?.value ?? ''
    }
    await everything?.cancel()
  })

  test('a worker and the listener that are killed are followed by others', async (t) => {
    const [api] = [...nodes].filter(({ roles }) => roles.includes('api')) as [RunningNode]
    const others = [...nodes].filter((node) => node !== api)
    const data = await temporaryFolder(t)
    const { databaseSchema, endpoint, contract } = shared
    const flags = ['--role', 'listener,worker', '--data', data, '--api-port', '0']
    const environment = {
      ...{ QS_DATABASE: temporary.url, QS_DATABASE_SCHEMA: String(databaseSchema) },
      ...{ BLOCKCHAIN_ENDPOINT: String(endpoint), CONTRACT_ADDRESS: String(contract) },
      ...{ QS_MINIMUM_LIFE: 'pending', QS_CONFIRMATIONS: '0', QS_LEASE_TIME: '2' },
      QS_POLL_INTERVAL: '20',
    }
    const program = startProgram(['start', ...flags], { environment })
    t.after(() => program.child.kill('SIGKILL'))
    await program.printed(/QuantumStream is up/)
    assert.match(program.output(), /role +listener, worker/)
    const { items } = await getJson<Listed<Process>>(`${api.apiUrl}/v1/processes`)
    const up = items.filter(({ roles, state }) => !roles.includes('api') && state === 'up')
    for (const { id, roles } of up) {
      if (roles.length === 2) continue
      await fetch(`${api.apiUrl}/v1/processes/${id}/drain`, { method: 'POST', ...asJson })
    }
    await eventually(async () => (others.every((one) => one.drain.aborted) ? true : undefined))
    for (const node of others) await stops(node)
    await deposit(3)
    await eventually(async () => {
      const { items } = await getJson<Listed<Run>>(
        `${api.apiUrl}/v1/instances?workflow=noting&limit=200`,
      )
      return items.length === deposits ? true : undefined
    })
    const load = deposit(3)
    program.child.kill('SIGKILL')
    await starts('listener')
    await starts('worker')
    await load
    await allNoted(api)
  })

  for (const queue of ['postgres', 'redis', 'nats'] as const) {
    test(`through the queue "${queue}" one listener hands events to workers, each of which is stopped in turn`, async () => {
      for (const node of nodes) await stops(node)
      const through = { queue, ...queueServers[queue as keyof typeof queueServers] }
      const api = await starts('api', through)
      let listener = await starts('listener', { ...through, workflows })
      const first = await starts('worker', through)
      const load = deposit(8)
      const second = await starts('worker', through)
      await stops(first)
      await stops(listener)
      listener = await starts('listener', through)
      await starts('worker', through)
      await stops(second)
      await load
      await allNoted(api)
      const shown = await eventually(async () => {
        const found = await getJson<Shown>(`${api.apiUrl}/v1/queue`)
        return found.depth === 0 ? found : undefined
      })
      assert.equal(shown.carrier, queue)
      assert.equal(shown.dead, 0)
      assert.ok(listens(listener))
    })
  }
})
