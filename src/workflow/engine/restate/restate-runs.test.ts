/** Tests how a process comes to be known to a cluster where not all is there at once. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { silentLogger } from '../../../base/logger.ts'
import { listening, served } from '../../test-world/local-server.ts'
import type { RunsParts } from '../runs.ts'
import { RestateRuns } from './restate-runs.ts'

test('a port that is taken is tried again, and registered once it is listened on', async (t) => {
  const uris: string[] = []
  const url = await served(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    uris.push((JSON.parse(body) as { uri: string }).uri)
    response.end('{}')
  })
  const taken = createServer()
  const port = await listening(t, taken)
  const [refused, registered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const parts = {
    logger: { ...silentLogger, warn: () => refused.resolve() },
    timer: {
      after(_: number, run: () => void) {
        const handle = setTimeout(run, 20)
        return () => clearTimeout(handle)
      },
    },
    wake: () => registered.resolve(),
  }
  const options = { ingress: url, admin: url, host: '127.0.0.1', port }
  const runs = new RestateRuns(options, parts as unknown as RunsParts)
  t.after(() => runs.stop())
  runs.open()
  await refused.promise
  assert.deepEqual(uris, [])
  taken.close()
  await once(taken, 'close')
  await registered.promise
  assert.deepEqual(uris, [`http://127.0.0.1:${port}`])
})
