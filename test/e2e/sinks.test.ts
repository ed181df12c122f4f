/** Has a node tell a sink of its events and of what its workflows came to, and looks after it by REST. */

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { startNode } from '../../src/node/node.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'

interface Sink {
  readonly state: string
  readonly waiting: number
  readonly sent: number
}

test('events and outcomes of a node are in the files of a sink, which can be paused', async (t) => {
  const data = await temporaryFolder(t)
  const folder = path.join(data, 'out')
  const alone = { name: 'life', kind: 'file', folder: path.join(data, 'life'), events: false }
  const life = { ...alone, outcomes: false, lifecycle: true }
  const sinks = JSON.stringify([{ name: 'audit', kind: 'file', folder }, life])
  const node = await startNode({
    ...{ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
    sinks,
  })
  assert.ok(node)
  t.after(() => node.stop())
  const sink = async () => {
    const { items } = await getJson<{ items: readonly Sink[] }>(`${node.apiUrl}/v1/sinks`)
    return items[0] as Sink
  }
  const post = (way: string) => {
    const headers = { 'content-type': 'application/json' }
    return fetch(`${node.apiUrl}/v1/sinks/${way}`, { method: 'POST', headers })
  }
  await node.deposit('first')
  await eventually(async () => ((await sink()).sent >= 2 ? true : undefined))
  const [name = ''] = await readdir(folder)
  const lines = (await readFile(path.join(folder, name), 'utf8')).trim().split('\n')
  const messages = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    messages.map(({ type, life, status }) => [type, life ?? status]),
    [
      ['evm.log', 'confirmed'],
      ['workflow.outcome', 'completed'],
    ],
  )
  assert.equal(messages[1].data.eventId, messages[0].id)

  const [told = ''] = await eventually(async () => {
    const names = await readdir(life.folder)
    const texts = await Promise.all(
      names.map((one) => readFile(path.join(life.folder, one), 'utf8')),
    )
    return texts.some((text) => text.includes('.completed.')) ? texts : undefined
  })
  assert.deepEqual(
    [...told.matchAll(/"type":"([^"]*)"/g)].map(([, type]) => type),
    ['started', 'completed'].map((phase) => `io.serverlessworkflow.workflow.${phase}.v1`),
  )

  assert.equal((await post('audit/pause')).status, 200)
  await eventually(async () => ((await sink()).state === 'paused' ? true : undefined))
  await node.deposit('second')
  await eventually(async () => ((await sink()).waiting >= 2 ? true : undefined))
  assert.equal((await sink()).sent, 2)
  assert.equal((await post('audit/resume')).status, 200)
  await eventually(async () => ((await sink()).sent === 4 ? true : undefined))
  assert.equal((await post('nobody/pause')).status, 404)
  assert.deepEqual(await (await post('audit/dead/requeue')).json(), { requeued: 0 })
})

test('a wrong section stops the start with its place', async (t) => {
  const data = await temporaryFolder(t)
  const sinks = JSON.stringify([{ name: 'audit', kind: 'pigeon' }])
  const starting = startNode({ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, sinks })
  await assert.rejects(starting, { code: 'services/bad-sinks' })
})
