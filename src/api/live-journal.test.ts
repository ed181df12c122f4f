/** Tests that the stream of a run's journal has every line once, also those that nobody told. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import type { InstanceChange, InstanceDetail, JournalEntry } from '../workflow/workflow.ts'
import { createApi } from './api.ts'
import type { ApiDependencies } from './api-dependencies.ts'

const entry = (seq: number): JournalEntry => ({
  ...{ seq, step: `/do/${seq}`, kind: 'completed', action: 'a', attempt: 1, startedAtMs: 0 },
  ...{ atMs: 0, input: undefined, output: undefined, error: undefined, dropped: false },
})
const run = (status: 'running' | 'completed', lines: number): InstanceDetail => ({
  ...{ id: 'i', namespace: 'n', workflow: 'w', definitionHash: 'h', status, step: undefined },
  ...{ reason: undefined, eventId: undefined, parentId: undefined, createdAtMs: 0 },
  traceparent: undefined,
  ...{ updatedAtMs: 0, output: 1, problem: undefined, compensated: false, input: null },
  journal: Array.from({ length: lines }, (_, at) => entry(at + 1)),
})

test('a line that was on its way to the disk when listening began is sent in its place', async (t) => {
  let hear = (_: InstanceChange) => {}
  let [lines, status] = [0, 'running' as 'running' | 'completed']
  const engine = {
    get: async () => run(status, lines),
    subscribe(listener: typeof hear) {
      hear = listener
      return () => {}
    },
  }
  const api = createApi(
    { host: '127.0.0.1', port: 0, version: '0', dev: true, uiFolder: import.meta.dirname },
    {
      ...{ engine, clock: systemClock, logger: silentLogger, chains: [], notifications: {} },
    } as unknown as ApiDependencies,
  )
  await api.start()
  t.after(() => api.stop())
  const reading = await fetch(`${api.url}/v1/instances/i/events`)
  // The first and the fourth line are told to nobody.
  lines = 2
  hear({ instance: run(status, lines), entry: entry(2) })
  lines = 3
  hear({ instance: run(status, lines), entry: entry(3) })
  ;[lines, status] = [4, 'completed']
  hear({ instance: run(status, lines), entry: { ...entry(0), action: 'end' } })
  const text = await reading.text()
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)
  assert.deepEqual(ids, ['1', '2', '3', '4'])
  assert.match(text, /event: end\n/)
})
