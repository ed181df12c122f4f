/** Tests tables of a chain's own data; each database runs them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { PlayedChain, payment } from './test-bed/played-chain.ts'
import { allRows, project } from './test-bed/projecting.ts'
import { type Open, sameAsAnew } from './test-bed/tables.ts'

const datasets = ['blocks', 'transactions', 'receipts', 'logs', 'injected']
/** The usual columns of each. */
const usual = datasets.map((dataset) => ({ name: dataset, dataset, life: 'confirmed' }))
const spent = {
  ...{ name: 'spent', dataset: 'transactions', life: 'confirmed', key: ['sender'] },
  columns: {
    sender: { type: 'bytes', value: '.from' },
    total: { type: 'integer', value: '.value', sum: true },
    last: { type: 'integer', value: '.blockNumber' },
  },
}
const all = [...usual, spent]

/** Runs the tests. */
export function chainDataSuite(database: string, open: Open): void {
  test(`${database}: each dataset of a chain is a table of its own`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const running = await project(t, { chain, sql }, { declarations: all })
    chain.grow(payment(2, 2n ** 256n - 1n), payment(3, 5n))
    await running.settled()
    const of = (name: string) => allRows(running, name)
    const blocks = await of('blocks')
    assert.deepEqual(
      blocks.map(({ number, transactions, gas_limit }) => [number, transactions, gas_limit]),
      [
        ['0', '0', '30000000'],
        ['1', '2', '30000000'],
      ],
    )
    assert.equal(blocks[1]?.parent_hash, blocks[0]?.hash)
    const [first, second] = await of('transactions')
    assert.deepEqual([first?.value, first?.nonce], [String(2n ** 256n - 1n), '2'])
    assert.equal(second?.block_time, '1970-01-01T00:33:20.000Z')
    const receipts = await of('receipts')
    assert.deepEqual(
      receipts.map(({ succeeded, logs }) => [succeeded, logs]),
      [
        [true, '1'],
        [true, '1'],
      ],
    )
    const logs = await of('logs')
    assert.deepEqual(
      logs.map(({ topic0, topic1, transaction_hash }) => [topic0, topic1, transaction_hash]),
      [first, second].map((one) => [blocks[1]?.hash, null, one?.transaction_hash]),
    )
    const injected = await of('injected')
    assert.deepEqual(
      injected.map(({ media_type, content, size }) => [media_type, content, size]),
      [['application/json', `0x${Buffer.from('{"amount":"5"}').toString('hex')}`, '14']],
    )
  })

  test(`${database}: a table begins with the block that is declared, and goes on after a stop`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    for (let n = 1; n < 60; n += 1) chain.grow(payment(n, BigInt(n)))
    const declarations = [{ ...spent, startBlock: 20 }, ...usual]
    let stops = 0
    for (;;) {
      const running = await project(t, { chain, sql }, { declarations })
      await running.stop()
      const list = await running.projections.list()
      if (list.every(({ state }) => state === 'ready')) break
      stops += 1
    }
    assert.ok(stops > 1)
    await sameAsAnew(t, { chain, sql }, declarations)
  })

  test(`${database}: an endpoint that is behind takes nothing back`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    for (let n = 1; n < 20; n += 1) chain.grow()
    const later = { ...usual[0], startBlock: 30 }
    const early = await project(t, { chain, sql: await open(t) }, { declarations: [later] })
    const running = await project(t, { chain, sql }, { declarations: usual.slice(0, 1) })
    await running.settled()
    chain.drop(5)
    for (let n = 0; n < 50; n += 1) await pause(2)
    assert.equal((await allRows(running, 'blocks')).length, 20)
    assert.equal((await early.projections.get('blocks')).problem, undefined)
    await early.stop()
    // Its next block shows whether they had left.
    chain.grow()
    await running.settled()
    await running.stop()
    await sameAsAnew(t, { chain, sql }, usual.slice(0, 1))
  })

  propertyTest(database, open, database === 'SQLite' ? 12 : 1)
  // It takes a thousand blocks, and no other statements than the rest.
  if (database !== 'SQLite') return
  test(`${database}: a chain that never had the blocks stops a table with what to do`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    for (let n = 1; n < 1_100; n += 1) chain.grow()
    const first = await project(t, { chain, sql }, { declarations: usual.slice(0, 1) })
    await first.settled()
    await first.stop()
    chain.drop(1_095)
    const late = await project(t, { chain, sql }, { declarations: usual.slice(0, 1) })
    const lateState = async () => late.projections.get('blocks')
    while ((await lateState()).state !== 'waiting') await new Promise(setImmediate)
    assert.match((await lateState()).problem ?? '', /head of the endpoint is block 4/)
    await late.stop()
    chain.drop(2_000)
    for (let n = 1; n < 1_100; n += 1) chain.grow()
    const second = await project(t, { chain, sql }, { declarations: usual.slice(0, 1) })
    const state = async () => second.projections.get('blocks')
    while ((await state()).state !== 'stopped') await new Promise(setImmediate)
    assert.match((await state()).problem ?? '', /rebuild/)
    await second.projections.rebuild('blocks')
    while ((await state()).state !== 'ready') await new Promise(setImmediate)
    assert.equal((await allRows(second, 'blocks')).length, chain.height + 1)
  })
}

function propertyTest(database: string, open: Open, numRuns: number): void {
  const step = fc.oneof(
    fc.record({ grow: fc.nat(3) }),
    fc.record({ drop: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ wait: fc.nat(8) }),
  )
  test(`${database}: whatever blocks leave, the tables are those of the chain at the end`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.nat(2),
        async (story, confirmations) => {
          const [chain, sql] = [new PlayedChain(), await open(t)]
          const running = await project(t, { chain, sql }, { declarations: all, confirmations })
          let last = 0
          for (const one of story) {
            if ('drop' in one) chain.drop(one.drop)
            else if ('grow' in one) {
              const fresh = Array.from({ length: one.grow }, (_, at) => payment(last + at, 7n))
              last += one.grow
              chain.grow(...fresh)
            } else for (let n = 0; n < one.wait; n += 1) await new Promise(setImmediate)
          }
          for (let n = 0; n < 3; n += 1) chain.grow()
          await running.settled()
          await running.stop()
          await sameAsAnew(t, { chain, sql }, all, confirmations)
        },
      ),
      { numRuns, endOnFailure: true },
    )
  })
}
