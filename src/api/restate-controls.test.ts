/** Tests what REST answers to controls that an engine on Restate does not have. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { withoutLacking } from '../workflow/restate-engine.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import { createApi } from './api.ts'
import type { ApiDependencies } from './api-dependencies.ts'

test('an instance on Restate cannot be paused, resumed or retried, and the answer says so', async (t) => {
  const engine = withoutLacking({ subscribe: () => () => {} } as unknown as WorkflowEngine)
  const api = createApi(
    { host: '127.0.0.1', port: 0, version: '0', dev: true, uiFolder: import.meta.dirname },
    {
      ...{ engine, clock: systemClock, logger: silentLogger, chains: [], notifications: {} },
    } as unknown as ApiDependencies,
  )
  await api.start()
  t.after(() => api.stop())
  for (const what of ['pause', 'resume', 'retry']) {
    const answer = await fetch(`${api.url}/v1/instances/i/${what}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
    })
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    assert.deepEqual([answer.status, error.code], [409, 'workflow/not-on-restate'])
    assert.match(error.message, new RegExp(`asked to ${what}; see docs/restate.md`))
  }
})
