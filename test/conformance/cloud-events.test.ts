/** Checks events of chains against the published schema of CloudEvents 1.0. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { cloudEventOf } from '../../src/stream/cloud-event.ts'
import { plainFile, skipVectors } from './vectors.ts'

test('an event of a chain fits the schema of CloudEvents', { skip: skipVectors() }, async () => {
  const schema = plainFile('cloudevents/cloudevents.schema.json')
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  const fits = ajv.compile(JSON.parse(await readFile(schema, 'utf8')))
  const event = cloudEventOf({
    ...{ id: 'dev:0x01:5', chain: 'dev', chainId: 7, name: 'Paid', state: 'safe' },
    ...{ address: `0x${'ab'.repeat(20)}`, signature: 'Paid(address,uint256)' },
    ...{ args: { amount: String(2n ** 255n) }, blockNumber: 12, logIndex: 3 },
    ...{ blockHash: `0x${'01'.repeat(32)}`, transactionHash: `0x${'02'.repeat(32)}` },
    ...{ blockTimeMs: 1_700_000_000_000, seenAtMs: 1 },
  })
  assert.ok(fits(event), JSON.stringify(fits.errors))
  assert.ok(!fits({ ...event, time: 'yesterday' }))
  // Context attributes are named by lower-case letters and digits, and are no structures.
  const { data: _, ...attributes } = event
  for (const [name, value] of Object.entries(attributes)) {
    assert.match(name, /^[a-z0-9]{1,20}$/)
    assert.equal(typeof value, 'string')
  }
})
