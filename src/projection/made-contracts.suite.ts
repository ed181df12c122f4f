/** Tests projections of contracts that a factory made; each database runs them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '../base/bytes.ts'
import { factoryKey } from '../stream/event-decoder.ts'
import type { Discoveries, FoundEvents, SourceBlock } from '../stream/source.ts'
import { readDeclaration } from './declaration.ts'
import { PlayedChain, payment, transactionOf, vault } from './test-bed/played-chain.ts'
import { allRows, project } from './test-bed/projecting.ts'
import { type Open, payments } from './test-bed/tables.ts'

const made = { event: 'Made(address child)', argument: 'child' }
const key = factoryKey({ ...made, address: [vault] })
const [child, stranger]: readonly [Hex, Hex] = [`0x${'c1'.repeat(20)}`, `0x${'c2'.repeat(20)}`]

/** Payments below 100 are of a contract that a factory made in block 1, others of a stranger. */
class MakingChain extends PlayedChain {
  readonly discoveries: Discoveries = { factories: [key], add() {}, dropAbove() {}, settle() {} }

  override async eventsOf(blocks: readonly SourceBlock[]): Promise<FoundEvents> {
    const { events } = await super.eventsOf(blocks)
    const isFirst = blocks.some(({ number }) => number === 1)
    return {
      events: events.map((event) =>
        Number(event.args.amount) < 100
          ? { ...event, address: child, madeBy: [key] }
          : { ...event, address: stranger },
      ),
      discovered: isFirst ? [{ factory: key, address: child, blockNumber: 1 }] : [],
    }
  }
}

const declared = {
  ...payments,
  sources: [
    {
      event: 'Paid(address from, address to, uint256 amount)',
      factory: { ...made, contract: 'vault' },
    },
  ],
}

/** Runs the tests. @param open - opens an empty database, which is gone after the test */
export function madeContractsSuite(database: string, open: Open): void {
  test(`${database}: what a factory made is projected, taken back, and made anew`, async (t) => {
    const [chain, sql] = [new MakingChain(), await open(t)]
    const running = await project(t, { chain, sql }, { declarations: [declared], confirmations: 1 })
    const amounts = async (of = running) =>
      (await allRows(of, 'payments')).map(({ amount }) => amount)
    chain.grow(payment(1, 1n), payment(2, 200n))
    chain.grow(payment(3, 3n), payment(4, 400n))
    await running.settled()
    assert.deepEqual(await amounts(), ['1', '3'])
    chain.drop(1)
    chain.grow(payment(5, 5n))
    chain.grow()
    await running.settled()
    assert.deepEqual(await amounts(), ['1', '5'])
    await running.stop()
    const columns = { ...payments.columns, more: { type: 'integer', value: '.args.amount + 1' } }
    const again = await project(
      t,
      { chain, sql },
      { declarations: [{ ...declared, columns, life: 'confirmed' }] },
    )
    await again.settled()
    assert.deepEqual(await amounts(again), ['1', '5'])
    const [first] = await allRows(again, 'payments')
    assert.deepEqual([first?.more, first?.payment], ['2', transactionOf(1)])
  })

  test(`${database}: a factory beside a contract, or that names no address, is refused`, async (t) => {
    const [chain, sql] = [new MakingChain(), await open(t)]
    const [source] = declared.sources
    const both = { ...declared, sources: [{ ...source, contract: 'vault' }] }
    assert.throws(() => readDeclaration(both), /sources\[0\]\.factory: stands beside "contract"/)
    for (const [factory, message] of [
      [{ ...made, contract: 'vault', argument: 'other' }, /"other" is no argument of Made/],
      [{ ...made, contract: 'nobody' }, /names the contract "nobody"/],
    ] as const) {
      const declarations = [{ ...declared, sources: [{ ...source, factory }] }]
      const wrong = { code: 'projection/bad-declarations', message }
      await assert.rejects(project(t, { chain, sql }, { declarations }), wrong)
    }
  })
}
