/** Holds docs/metrics.md to what running nodes measure: each name that is documented is there, and each that is there is documented. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { startCalm } from './calm-node.ts'
import { eventually, root, temporaryFolder } from './program.ts'

/** Names in the first column of the tables, with what stands before all of them. */
async function documented(): Promise<ReadonlySet<string>> {
  const text = await readFile(path.join(root, 'docs/metrics.md'), 'utf8')
  const rows = text.matchAll(/^\| (`[^|]*) \|/gm)
  return new Set(
    [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => `quantumstream_${name}`),
    ),
  )
}

test('every documented measure is told by a node, and every measure that is told is documented', async (t) => {
  const folder = await temporaryFolder(t)
  const sinks = JSON.stringify([{ name: 'log', kind: 'file', folder }])
  const own = await startCalm(t, {
    ...{ blockTime: 0, queue: 'embedded', peersPort: 0, peersHost: '127.0.0.1', sinks },
    // Nobody listens there.
    otlpEndpoint: 'http://127.0.0.1:9',
  })
  // The names of two endpoints, which lead to one node.
  const endpoint = [own.rpcUrl, own.rpcUrl?.replace('127.0.0.1', 'localhost')].join(',')
  const foreign = await startCalm(t, {
    ...{ dev: false, endpoint, contract: own.contracts.depositVault, startBlock: 0 },
  })
  await own.deposit('measured')
  await eventually(async () => {
    const { completed } = await own.engine.counts()
    return completed > 0 ? true : undefined
  })
  const texts = await Promise.all(
    [own, foreign].map(async ({ apiUrl }) => (await fetch(`${apiUrl}/metrics`)).text()),
  )
  const told = new Map<string, string>()
  for (const [, name = '', kind = ''] of texts.join('\n').matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    if (name.startsWith('quantumstream_')) told.set(name, kind)
  }
  const names = await documented()
  assert.deepEqual([...told.keys()].filter((name) => !names.has(name)).sort(), [], 'undocumented')
  assert.deepEqual([...names].filter((name) => !told.has(name)).sort(), [], 'not told')
  for (const [name, kind] of told)
    assert.equal(kind === 'counter', name.endsWith('_total'), `${name} is a ${kind}`)

  const value = (line: string) => {
    const found = texts[0]?.split('\n').find((one) => one.startsWith(`quantumstream_${line} `))
    return Number(found?.split(' ').at(-1))
  }
  assert.equal(value('workflow_instances{status="completed"}'), 1)
  assert.equal(value('workflow_definitions'), own.engine.workflows().length)
  assert.ok(value('workflow_steps_total{action="function.invoke",outcome="completed"}') >= 1)
  assert.ok(value('workflow_step_seconds_count{action="evm.send"}') >= 1)
  assert.ok(value('workflow_journal_commits_total') >= 1)
  assert.ok(value('queue_deliveries_total{queue="events",outcome="done"}') >= 1)
  assert.equal(value('queue_oldest_seconds{queue="events"}'), 0)
})
