/** Tests what becomes of tables whose declaration changes; each database runs them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { openSqlite } from '../store/sqlite.ts'
import { PlayedChain, payment } from './test-bed/played-chain.ts'
import { allRows, project } from './test-bed/projecting.ts'
import { balances, type Open, payments, sameAsAnew, senders } from './test-bed/tables.ts'

const { columns } = payments
const { all: _, ...withoutAll } = columns

/** Each is what the table is declared as after the one before. */
const changes: Readonly<Record<string, Json>> = {
  'another column': {
    ...payments,
    columns: { ...columns, twice: { type: 'integer', value: '.args.amount * 2', index: true } },
  },
  'a column less, and its index': {
    ...payments,
    columns: { ...withoutAll, sender: { type: 'text', value: '.args.from' } },
  },
  'another expression': {
    ...payments,
    columns: { amount: { type: 'integer', value: '.args.amount + 1' } },
  },
  'a filter': { ...payments, filter: '.args.amount > 3', columns: { amount: columns.amount } },
  'another type, and no filter': {
    ...payments,
    columns: { amount: { type: 'text', value: '.args.amount' } },
  },
  'several rows an event': {
    ...{ ...payments, each: '.args.from, .args.to' },
    columns: { account: { type: 'text', value: '.' } },
  },
  'a key': { ...senders, name: 'payments' },
  'a key and a sum more': {
    ...{ ...senders, name: 'payments' },
    columns: {
      ...senders.columns,
      most: { type: 'integer', value: '.args.amount', sum: true, index: true },
    },
  },
  'another key': { ...balances, name: 'payments' },
  'another life': { ...balances, name: 'payments', life: 'confirmed' },
  'no key': payments,
}

/** Runs the tests. */
export function changedDeclarationsSuite(database: string, open: Open): void {
  test(`${database}: after each change of a declaration the table is as if it had always been so`, async (t) => {
    const chain = new PlayedChain()
    let sql = await open(t)
    for (let n = 0; n < 9; n += 1) chain.grow(payment(n, BigInt(n), [n % 3, 2 + (n % 4)]))
    let last = 9
    for (const [change, declaration] of Object.entries({ none: payments as Json, ...changes })) {
      const running = await project(t, { chain, sql }, { declarations: [declaration] })
      const gone = chain.drop(1)
      last += 1
      chain.grow(...gone, payment(last, BigInt(last)))
      await running.settled()
      const fresh = await openSqlite({ path: ':memory:' })
      const anew = await project(
        t,
        { chain: chain.copy(), sql: fresh },
        { declarations: [declaration] },
      )
      await anew.settled()
      assert.deepEqual(await allRows(running, 'payments'), await allRows(anew, 'payments'), change)
      assert.notEqual((await allRows(running, 'payments')).length, 0, change)
      await Promise.all([running.stop(), anew.stop()])
      await fresh.close()
      sql = await open(t, sql)
    }
  })

  test(`${database}: filling goes on after a stop, beside what happens on the chain`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    for (let block = 0; block < 6; block += 1) {
      chain.grow(
        ...Array.from({ length: 300 }, (_unused, n) => payment(block * 300 + n, BigInt(n))),
      )
    }
    const before = await project(t, { chain, sql }, { declarations: [payments] })
    await before.settled()
    await before.stop()
    const declarations = [payments, senders, { ...balances, life: 'confirmed' }]
    let stops = 0
    for (;;) {
      const running = await project(t, { chain, sql }, { declarations })
      const gone = chain.drop(2)
      chain.grow(...gone.slice(0, 400))
      chain.grow(payment(10_000 + stops, 1n))
      await running.stop()
      const all = await running.projections.list()
      const isFilling = all.some(({ state }) => state === 'filling')
      stops += isFilling ? 1 : 0
      if (!isFilling) break
    }
    assert.ok(stops > 0)
    await sameAsAnew(t, { chain, sql }, declarations)
  })

  test(`${database}: a table whose declaration is gone stays, and is filled anew with it`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    chain.grow(payment(1, 1n))
    const first = await project(t, { chain, sql }, { declarations: [payments, senders] })
    await first.settled()
    await first.stop()
    const second = await project(t, { chain, sql }, { declarations: [payments] })
    chain.drop(1)
    chain.grow(payment(2, 2n))
    await second.settled()
    assert.deepEqual(
      (await second.projections.list()).map(({ name, state }) => [name, state]),
      [
        ['payments', 'ready'],
        ['senders', 'undeclared'],
      ],
    )
    await assert.rejects(second.projections.rows('senders', { limit: 1 }), {
      code: 'projection/unknown',
    })
    await second.stop()
    await sameAsAnew(t, { chain, sql }, [payments, senders])
  })

  test(`${database}: a rebuild makes the same table again`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const running = await project(t, { chain, sql }, { declarations: [payments, senders] })
    chain.grow(payment(1, 1n), payment(2, 2n))
    await running.settled()
    const table = '"projected_senders"'
    await sql.run(`UPDATE ${table} SET qs_events = 7`)
    await sql.run('DELETE FROM "projected_payments"')
    for (const name of ['payments', 'senders']) await running.projections.rebuild(name)
    await running.settled()
    await running.stop()
    await sameAsAnew(t, { chain, sql }, [payments, senders])
  })
}
