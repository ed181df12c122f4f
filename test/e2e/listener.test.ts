/** Takes a final event from under a running node, and looks at what operators are told until one of them says so. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNode } from '../../src/node/node.ts'
import type { Page } from './calm-node.ts'
import { callRpc, eventually, getJson, temporaryFolder } from './program.ts'

interface Alarm {
  readonly number: number
  readonly kind: string
  readonly detail: string
  readonly acknowledgedBy: string | null
}
interface Listener {
  readonly chain: string
  readonly state: string
  readonly lag: number | null
  readonly marks: { readonly finalized: number } | null
  readonly problem: string | null
  readonly alarms: readonly Alarm[]
}
interface Event {
  readonly state: string
  readonly life: readonly { readonly state: string; readonly at: string }[]
}

test('the life of an event is kept, and an alarm about a final one that left stays until somebody has looked', async (t) => {
  const data = await temporaryFolder(t)
  const settings = {
    dev: true,
    demo: false,
    rpcPort: 0,
    apiPort: 0,
    blockTime: 0,
    pollInterval: 20,
  }
  const start = async () => {
    const started = await startNode({ ...settings, data })
    assert.ok(started)
    return started
  }
  let node = await start()
  t.after(() => node.stop())
  const rpc = (method: string, ...params: unknown[]) =>
    callRpc<string>(node.rpcUrl ?? '', method, ...params)
  const get = <T>(where: string) => getJson<T>(`${node.apiUrl}${where}`)
  const listener = () => get<Listener>('/v1/listeners/dev')
  const event = async () => (await get<Page<Event>>('/v1/events')).items[0]
  const reached = (state: string) =>
    eventually(async () => {
      const found = await event()
      return found?.state === state ? found : undefined
    })
  const ready = async () => (await fetch(`${node.apiUrl}/readyz`)).status
  const acknowledge = (body: object) =>
    fetch(`${node.apiUrl}/v1/listeners/dev/alarms/acknowledge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  const snapshot = await rpc('evm_snapshot')
  await node.deposit('to be taken back')
  await rpc('evm_mine')
  const { life } = await reached('finalized')
  assert.equal(life[0]?.state, 'seen')
  assert.deepEqual(
    life.map(({ at }) => Date.parse(at)),
    life.map(({ at }) => Date.parse(at)).toSorted((a, b) => a - b),
  )
  const before = await listener()
  assert.deepEqual([before.state, before.lag, before.alarms], ['following', 0, []])
  assert.ok((before.marks?.finalized ?? -1) >= 1)

  await rpc('evm_revert', snapshot)
  await rpc('evm_mine')
  const gone = await reached('retracted')
  assert.equal(gone.life.at(-1)?.state, 'retracted')
  const alarm = await eventually(async () => (await listener()).alarms[0])
  assert.equal(alarm.kind, 'finality-violated')
  assert.equal(await ready(), 503)

  await node.stop()
  node = await start()
  await eventually(async () => ((await listener()).state === 'following' ? true : undefined))
  assert.match((await listener()).problem ?? '', /1 finalized events? left the chain/)
  assert.equal((await acknowledge({})).status, 400)
  const answer = await acknowledge({ who: 'ada', number: alarm.number })
  assert.deepEqual(await answer.json(), { acknowledged: 1 })
  assert.equal(await ready(), 200)
  const kept = await get<Page<Alarm>>('/v1/listeners/dev/alarms?limit=1')
  assert.deepEqual([kept.items[0]?.acknowledgedBy, kept.next], ['ada', null])
  assert.equal((await fetch(`${node.apiUrl}/v1/listeners/other`)).status, 404)
})
