/** Declares tables of payments for tests, and compares them with those of a node that never saw another chain. */

import assert from 'node:assert/strict'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import { openSqlite } from '../../store/sqlite.ts'
import { type PlayedChain, paid } from './played-chain.ts'
import { allRows, project, type Test } from './projecting.ts'

/** A row a payment. */
export const payments = {
  ...{ name: 'payments', life: 'pending', sources: [{ event: paid, contract: 'vault' }] },
  columns: {
    sender: { type: 'text', value: '.args.from', index: true },
    amount: { type: 'integer', value: '.args.amount', index: true },
    block: { type: 'integer', value: '.blockNumber' },
    at: { type: 'timestamp', value: '.blockTime' },
    payment: { type: 'bytes', value: '.transactionHash' },
    is_large: { type: 'boolean', value: '.args.amount > 1000' },
    all: { type: 'json', value: '.args' },
  },
}

/** The last payment of each sender, and what it paid in all. */
export const senders = {
  ...{ name: 'senders', life: 'pending', sources: [{ event: paid }], key: ['sender'] },
  columns: {
    sender: { type: 'text', value: '.args.from' },
    last: { type: 'integer', value: '.args.amount' },
    total: { type: 'integer', value: '.args.amount', sum: true },
    count: { type: 'integer', value: '1', sum: true },
  },
}

/** Two rows a payment. */
export const balances = {
  ...{ name: 'balances', life: 'pending', sources: [{ event: paid }], key: ['account'] },
  each: '{account: .args.from, change: (0 - .args.amount)}, {account: .args.to, change: .args.amount}',
  columns: {
    account: { type: 'text', value: '.account' },
    balance: { type: 'integer', value: '.change', sum: true },
    block: { type: 'integer', value: '$event.blockNumber' },
  },
}

/** Opens an empty database, which is gone after the test, or one anew that was opened before, as another process would. */
export type Open = (t: Test, before?: SqlStore) => Promise<SqlStore>

interface Place {
  readonly chain: PlayedChain
  readonly sql: SqlStore
}

/** Compares the tables with those of a node that has only ever seen the chain as it is. */
export async function sameAsAnew(
  t: Test,
  { chain, sql }: Place,
  declarations: readonly Json[],
  confirmations = 0,
) {
  const kept = await project(t, { chain, sql }, { declarations, confirmations })
  await kept.settled()
  const fresh = await openSqlite({ path: ':memory:' })
  const anew = await project(
    t,
    { chain: chain.copy(), sql: fresh },
    { declarations, confirmations },
  )
  await anew.settled()
  for (const { name } of declarations as readonly { readonly name: string }[]) {
    assert.deepEqual(await allRows(kept, name), await allRows(anew, name), name)
  }
  await kept.stop()
  await anew.stop()
  await sql.close()
  await fresh.close()
}
