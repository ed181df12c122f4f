/** Reads declarations, and says where one is wrong and what would be right. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createEventStore } from '../stream/event-store.ts'
import { readDeclaration } from './declaration.ts'
import { createProjections } from './projections.ts'

const well = `name: transfers
sources:
  - event: ERC-20.Transfer
    contract: token
key: [to]
columns:
  to: { type: text, value: .args.to }
  total: { type: integer, value: .args.value, sum: true }
`

describe('a declaration of a projection', () => {
  test('is read with what it leaves out', () => {
    const { life, columns, key } = readDeclaration(well)
    assert.deepEqual([life, key], ['confirmed', ['to']])
    assert.deepEqual(columns, [
      { name: 'to', type: 'text', value: '.args.to', index: false, sum: false },
      { name: 'total', type: 'integer', value: '.args.value', index: false, sum: true },
    ])
    const { columns: usual } = readDeclaration({ name: 'logs', dataset: 'logs' })
    assert.ok(usual.some(({ name }) => name === 'topic0'))
  })

  const faults: Readonly<Record<string, readonly [change: [from: string, to: string], RegExp]>> = {
    'a name that is none': [
      ['name: transfers', 'name: Robert"); DROP TABLE events; --'],
      /line 1, column 1: name: expected 1 to 32 lower-case/,
    ],
    'a name of the program': [['name: transfers', 'name: qs_own'], /line 1, column 1: name/],
    'a column that is none': [['  to: {', '  "t o": {'], /line 7, column 3: columns\.t o/],
    'an unknown event': [
      ['ERC-20.Transfer', 'ERC-20.Nothing'],
      /line 3, column 5: sources\[0\]\.event: /,
    ],
    'an expression that is none': [
      ['.args.to', '.args.('],
      /line 7, column 21: columns\.to\.value: /,
    ],
    'a type that is none': [['type: text', 'type: varchar'], /columns\.to\.type: /],
    'a key that is no column': [
      ['key: [to]', 'key: [from]'],
      /line 5, column 7: key\[0\]: there is no column "from"/,
    ],
    'a sum of text': [['type: integer', 'type: text'], /columns\.total\.sum: only an integer/],
    'a sum without a key': [['key: [to]\n', ''], /columns\.total\.sum: a sum needs a "key"/],
    'an unknown member': [['key:', 'keys:'], /[Uu]nrecognized key.*keys/],
    'no source': [['sources:', 'sources: []\nfilter: "true"\nx:'], /sources/],
    'a dataset beside events': [
      ['key: [to]', 'key: [to]\ndataset: logs'],
      /"sources".*or "dataset"/,
    ],
    'a first block of events': [
      ['key: [to]', 'key: [to]\nstartBlock: 5'],
      /startBlock: only a dataset/,
    ],
    'text that is no YAML': [
      ['key: [to]', 'key: [to'],
      /line \d+, column \d+: the declaration: .*no YAML/,
    ],
  }
  for (const [fault, [[from, to], message]] of Object.entries(faults)) {
    test(`is refused for ${fault}, with the place`, () => {
      assert.throws(() => readDeclaration(well.replace(from, to)), {
        ...{ code: 'projection/bad-declaration', message },
      })
    })
  }

  test('is refused beside another of its name, or with a contract that the chain does not have', async (t) => {
    const sql = await openSqlite({ path: ':memory:' })
    t.after(() => sql.close())
    const blocks = { tagged: async () => undefined, hashes: async () => [], blocks: async () => [] }
    const world = {
      ...{ sql, clock: systemClock, timer: systemTimer, logger: silentLogger },
      ...{ metrics: noMetrics, events: createEventStore(sql) },
      reading: { blocks, pollMs: 1, confirmations: 0, finalityDepth: 1 },
    }
    const token = `0x${'aa'.repeat(20)}` as const
    const create = (count: number, contracts: Readonly<Record<string, `0x${string}`>>) =>
      createProjections(
        { chain: 'dev', contracts, declarations: new Array(count).fill(readDeclaration(well)) },
        world,
      )
    assert.equal(create(1, { token }).subscriptions.length, 1)
    for (const [count, contracts] of [
      [2, { token }],
      [1, {}],
      [65, { token }],
    ] as const) {
      assert.throws(() => create(count, contracts), { code: 'projection/bad-declarations' })
    }
    assert.equal(create(0, {}).changed, undefined)
  })
})
