/** Reads measures as Prometheus does. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './prometheus-metrics.ts'

test('what is observed is read anew each time, and what is gone is not there any more', async () => {
  const metrics = createMetrics()
  let peers = ['a', 'b']
  const names = ['quantumstream_peer_bytes_total', 'quantumstream_peer_score'] as const
  const ends = names.map((name) =>
    metrics.observed(name, 'help', ['peer'], () =>
      peers.map((peer) => ({ value: 7, labels: { peer } })),
    ),
  )
  metrics.observed(names[1], 'help', ['peer'], () => [{ value: 1, labels: { peer: 'z' } }])
  const lines = async () => (await metrics.text()).match(/^quantumstream_peer.*$/gm)
  const [bytes, score] = names
  assert.deepEqual(await lines(), [
    ...[`${bytes}{peer="a"} 7`, `${bytes}{peer="b"} 7`, `${score}{peer="a"} 7`],
    ...[`${score}{peer="b"} 7`, `${score}{peer="z"} 1`],
  ])
  metrics.observed(names[1], 'help', ['peer'], () => Promise.reject(new Error('away')))
  peers = ['b']
  assert.deepEqual(await lines(), [
    ...[`${bytes}{peer="b"} 7`, `${score}{peer="b"} 7`, `${score}{peer="z"} 1`],
  ])
  for (const end of ends) end()
  assert.deepEqual(await lines(), [`${score}{peer="z"} 1`])
})
