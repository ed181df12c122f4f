/** Asks a node that has imported their chain all public JSON-RPC cases, and compares what it answers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startImported } from './imported-chain.ts'
import { reportOf, runCases } from './rpc-cases.ts'
import { skipVectors, vectorSet } from './vectors.ts'

/** Cases that are answered as they should be, of those that there are. */
const [passing, all] = [200, 200]

test('the public JSON-RPC cases are answered as expected, and as the OpenRPC document says', {
  skip: skipVectors(),
}, async (t) => {
  const folder = await vectorSet('execution-apis')
  const node = await startImported(folder)
  t.after(() => node.stop())
  const score = await runCases(folder, node.url)
  const last = reportOf(score).at(-1)
  t.diagnostic(last ?? '')
  assert.deepEqual(score.unlike, [])
  assert.equal(last, `${passing} passed, ${all - passing} failed`, reportOf(score).join('\n'))
})
