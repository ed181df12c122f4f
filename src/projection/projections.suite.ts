/** Tests what projections promise; each database runs them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlayedChain, payment } from './test-bed/played-chain.ts'
import { allRows, project } from './test-bed/projecting.ts'
import { balances, type Open, payments, sameAsAnew, senders } from './test-bed/tables.ts'

const uint = (2n ** 256n - 1n).toString()

/** Runs the tests. @param open - opens an empty database, which is gone after the test; stories - how many by chance */
export function projectionsSuite(database: string, open: Open, stories = 15): void {
  rowTests(database, open)
  keyTests(database, open, stories)
}

function rowTests(database: string, open: Open): void {
  test(`${database}: an event is a row, exact and typed, until its block leaves`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const running = await project(t, { chain, sql }, { declarations: [payments] })
    chain.grow(payment(1, 2n ** 256n - 1n), payment(2, 5n, [3, 4]))
    await running.settled()
    const [first, second] = await allRows(running, 'payments')
    assert.deepEqual(first, {
      ...{ sender: `0x${'1'.padStart(40, '0')}`, amount: uint, block: '1' },
      ...{ at: '1970-01-01T00:33:20.000Z', is_large: true },
      payment: first?.payment,
      all: payment(1, 2n ** 256n - 1n).args,
    })
    assert.match(String(first?.payment), /^0x[0-9a-f]{64}$/)
    assert.deepEqual([second?.amount, second?.is_large], ['5', false])
    chain.drop(1)
    chain.grow()
    chain.grow(payment(2, 5n, [3, 4]))
    await running.settled()
    const rows = await allRows(running, 'payments')
    assert.deepEqual(
      rows.map(({ amount, block }) => [amount, block]),
      [['5', '2']],
    )
  })

  test(`${database}: rows come when their event has the life that is declared`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const confirmed = { ...payments, life: 'confirmed' }
    const running = await project(
      t,
      { chain, sql },
      { declarations: [confirmed], confirmations: 2 },
    )
    chain.grow(payment(1, 1n))
    chain.grow()
    await running.settled()
    assert.deepEqual(await allRows(running, 'payments'), [])
    chain.grow(payment(2, 2n))
    await running.settled()
    assert.deepEqual(
      (await allRows(running, 'payments')).map(({ amount }) => amount),
      ['1'],
    )
  })

  test(`${database}: integers of 256 bits are found and ordered by value`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const signed = {
      ...payments,
      columns: { n: { type: 'integer', value: '.args.amount - 1000', index: true } },
    }
    const numbers = [0n, 9n, 10n, 999n, 1_000n, 1_001n, 10n ** 18n, 2n ** 64n, 2n ** 255n - 1n]
    const running = await project(t, { chain, sql }, { declarations: [signed] })
    chain.grow(...numbers.map((n, at) => payment(at, n)).toReversed())
    await running.settled()
    const read = async (...where: string[]) => {
      const page = await running.projections.rows('payments', { limit: 100, where, order: 'n' })
      return page.items.map(({ n }) => BigInt(n as string) + 1_000n)
    }
    assert.deepEqual(await read(), numbers)
    assert.deepEqual(await read('n.lt.-1'), [0n, 9n, 10n])
    assert.deepEqual(await read('n.gte.0', `n.lte.${2n ** 64n}`), [
      1_000n,
      1_001n,
      10n ** 18n,
      2n ** 64n,
    ])
    assert.deepEqual(await read('n.in.-1,1,77'), [999n, 1_001n])
    assert.deepEqual(await read(`n.gt.${2n ** 200n}`), [2n ** 255n - 1n])
  })

  test(`${database}: rows are found by every type and operator`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const words = ['', 'a', 'ab', 'abc', 'ab,c', 'b', 'é', 'Z', '\u{1f600}']
    const texts = {
      ...payments,
      columns: {
        ...payments.columns,
        word: {
          type: 'text',
          value: `${JSON.stringify(words)}[.args.amount | tonumber]`,
          index: true,
        },
      },
    }
    const running = await project(t, { chain, sql }, { declarations: [texts] })
    chain.grow(...[...words, 'none'].map((_, n) => payment(n, BigInt(n))))
    await running.settled()
    const found = async (...where: string[]) => {
      const query = { limit: 50, where, order: 'word', columns: ['word', 'payment'] }
      return (await running.projections.rows('payments', query)).items.map(({ word }) => word)
    }
    // No value first, then by bytes.
    assert.deepEqual(await found(), [
      null,
      '',
      'Z',
      'a',
      'ab',
      'ab,c',
      'abc',
      'b',
      'é',
      '\u{1f600}',
    ])
    assert.deepEqual(await found('word.prefix.ab'), ['ab', 'ab,c', 'abc'])
    assert.deepEqual(await found('word.prefix.\u{1f600}'), ['\u{1f600}'])
    assert.deepEqual(await found('word.in.a,b'), ['a', 'b'])
    assert.deepEqual(await found('word.in.["ab,c",""]'), ['', 'ab,c'])
    assert.deepEqual(await found('word.null.true'), [null])
    assert.equal((await found('word.ne.a')).length, 8)
    assert.deepEqual(await found('word.eq.'), [''])
    const [, one] = await allRows(running, 'payments')
    assert.deepEqual(await found(`payment.eq.${one?.payment}`), ['a'])
    assert.equal((await found('is_large.eq.false')).length, 10)
    assert.equal((await found('at.gt.1970-01-01T00:33:20Z')).length, 0)
    assert.equal((await found('at.lte.2000000')).length, 10)
    assert.equal((await found('qs_block.eq.1', 'qs_place.lt.3')).length, 3)
  })

  test(`${database}: pages hold every row once, whatever the order`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const columns = {
      ...payments.columns,
      odd: {
        type: 'integer',
        value: 'if .args.amount % 2 == 1 then .args.amount % 5 else null end',
        index: true,
      },
    }
    const running = await project(t, { chain, sql }, { declarations: [{ ...payments, columns }] })
    for (let block = 0; block < 6; block += 1) {
      chain.grow(
        ...[0, 1, 2, 3, 4].map((n) => payment(block * 5 + n, BigInt((block * 37 + n * 11) % 30))),
      )
    }
    await running.settled()
    for (const order of ['-qs_block', 'qs_block', 'odd', '-odd', 'amount', '-sender']) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await running.projections.rows('payments', { limit: 7, order, cursor })
        seen.push(...page.items.map(({ payment: id }) => String(id)))
        cursor = page.next
      } while (cursor !== undefined)
      assert.deepEqual([seen.length, new Set(seen).size], [30, 30], order)
    }
    const odd = await running.projections.rows('payments', {
      limit: 50,
      order: '-odd',
      columns: ['odd'],
    })
    const values = odd.items.map((row) => (row.odd === null ? -1 : Number(row.odd)))
    assert.deepEqual(
      values,
      values.toSorted((a, b) => b - a),
    )
  })

  test(`${database}: what fails on one event is told, and keeps nothing else back`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const columns = {
      half: { type: 'integer', value: '100 / .args.amount' },
      text: { type: 'text', value: 'if .args.amount == 2 then "\\u0000" else "é" end' },
    }
    const running = await project(t, { chain, sql }, { declarations: [{ ...payments, columns }] })
    chain.grow(payment(1, 0n), payment(2, 5n), payment(3, 2n))
    await running.settled()
    assert.deepEqual(await allRows(running, 'payments'), [{ half: '20', text: 'é' }])
    const { items } = await running.projections.failures('payments', { limit: 10 })
    assert.deepEqual(
      items.map(({ reason }) => reason.replace(/:.*/s, '')),
      ['column text', 'column half'],
    )
    assert.equal((await running.projections.get('payments')).failures, 2)
    chain.drop(1)
    chain.grow()
    await running.settled()
    assert.deepEqual((await running.projections.failures('payments', { limit: 10 })).items, [])
  })

  test(`${database}: questions that a table cannot answer are refused with what it has`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const { projections } = await project(t, { chain, sql }, { declarations: [payments] })
    const ask = (query: object) => projections.rows('payments', { limit: 5, ...query })
    for (const where of [
      'amount',
      'nothing.eq.1',
      'amount.eq.x',
      'amount.like.1',
      'all.eq.1',
      'amount.prefix.1',
      'qs_block.eq.x',
      `amount.in.${'1,'.repeat(200)}1`,
      '"; DROP TABLE events; --.eq.1',
    ]) {
      await assert.rejects(ask({ where: [where] }), { code: 'projection/bad-query' }, where)
    }
    for (const query of [
      { order: 'block' },
      { cursor: 'abc' },
      { columns: ['x'] },
      { order: 'qs_place' },
    ]) {
      await assert.rejects(ask(query), { code: 'projection/bad-query' })
    }
    await assert.rejects(projections.rows('other', { limit: 1 }), { code: 'projection/unknown' })
  })

  test(`${database}: names of any allowed length, and words of SQL, are names like others`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const names = ['events', 'by_key', 'by_place', 'select', 'x'.repeat(40), `${'x'.repeat(39)}y`]
    const columns = Object.fromEntries(
      names.map((name) => [name, { type: 'integer', value: '.args.amount', index: true }]),
    )
    const tables = ['table', 'failures', 'n'.repeat(32)].map((name) => ({ ...senders, name }))
    const declarations = tables.map((one) => ({
      ...one,
      columns: { ...senders.columns, ...columns },
    }))
    const running = await project(t, { chain, sql }, { declarations })
    chain.grow(payment(1, 5n))
    await running.settled()
    for (const { name } of tables) {
      const { items } = await running.projections.rows(name, {
        limit: 5,
        where: ['select.eq.5'],
        order: '-events',
      })
      assert.deepEqual(
        items.map((row) => names.map((column) => row[column])),
        [names.map(() => '5')],
      )
    }
  })

  test(`${database}: a transaction that fails leaves neither event nor row`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    let failures = 3
    const atEnd = () => {
      failures -= 1
      if (failures >= 0) throw new Error('killed before the commit')
    }
    const declarations = [payments, senders]
    const running = await project(t, { chain, sql }, { declarations, atEnd })
    chain.grow(payment(1, 1n), payment(2, 2n))
    await running.settled()
    assert.ok(failures < 0)
    assert.equal((await allRows(running, 'payments')).length, 2)
    const [row] = await allRows(running, 'senders')
    assert.deepEqual([row?.total, row?.count], ['3', '2'])
  })
}

function keyTests(database: string, open: Open, stories: number): void {
  test(`${database}: the latest event of a key wins, and sums are exact, until blocks leave`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const running = await project(t, { chain, sql }, { declarations: [senders, balances] })
    const huge = 2n ** 256n - 1n
    chain.grow(payment(1, huge), payment(2, huge))
    chain.grow(payment(3, 7n))
    await running.settled()
    const rows = async () =>
      (await allRows(running, 'senders')).map(({ last, total, count }) => [last, total, count])
    assert.deepEqual(await rows(), [['7', String(2n * huge + 7n), '3']])
    const [one, two] = (await allRows(running, 'balances')).map(({ balance }) =>
      BigInt(balance as string),
    )
    assert.deepEqual(
      [one, two].toSorted((a, b) => ((a ?? 0n) < (b ?? 0n) ? -1 : 1)),
      [-2n * huge - 7n, 2n * huge + 7n],
    )
    chain.drop(1)
    chain.grow()
    await running.settled()
    assert.deepEqual(await rows(), [[String(huge), String(2n * huge), '2']])
    chain.drop(2)
    chain.grow(payment(2, huge))
    await running.settled()
    assert.deepEqual(await rows(), [[String(huge), String(huge), '1']])
    chain.drop(1)
    chain.grow()
    await running.settled()
    assert.deepEqual(await rows(), [])
    assert.deepEqual(await allRows(running, 'balances'), [])
  })

  test(`${database}: history that is read after what follows it does not win over it`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    chain.grow(payment(1, 1n))
    for (let n = 0; n < 90; n += 1) chain.grow()
    chain.grow(payment(2, 2n))
    const running = await project(t, { chain, sql }, { declarations: [senders], shortHistory: 0 })
    await running.settled()
    const rows = await allRows(running, 'senders')
    assert.deepEqual(
      rows.map(({ last, total, count }) => [last, total, count]),
      [['2', '3', '2']],
    )
  })

  test(`${database}: fifty blocks leave at once, and what comes back is there once`, async (t) => {
    const [chain, sql] = [new PlayedChain(), await open(t)]
    const declarations = [payments, senders, balances]
    const running = await project(t, { chain, sql }, { declarations })
    for (let n = 0; n < 52; n += 1) chain.grow(payment(n, BigInt(n), [n % 3, 2 + (n % 4)]))
    await running.settled()
    const gone = chain.drop(50)
    chain.grow(...gone.filter(({ id }) => id % 2 === 0))
    for (let n = 0; n < 50; n += 1) chain.grow()
    await running.settled()
    await running.stop()
    await sameAsAnew(t, { chain, sql }, declarations)
  })

  const step = fc.oneof(
    {
      arbitrary: fc.record({
        grow: fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(20)), { maxLength: 3 }),
        back: fc.nat(2),
      }),
      weight: 5,
    },
    fc.record({ drop: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ settle: fc.constant(true) }),
  )
  test(`${database}: whatever leaves and comes back, the tables are those of the chain at the end`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.nat(2),
        async (story, confirmations) => {
          const [chain, sql] = [new PlayedChain(), await open(t)]
          const declarations = [payments, senders, { ...balances, life: 'confirmed' }]
          const running = await project(t, { chain, sql }, { declarations, confirmations })
          let last = 0
          let highest = 0
          let left: ReturnType<PlayedChain['drop']> = []
          for (const one of story) {
            highest = Math.max(highest, chain.height)
            if ('drop' in one) {
              left = [...left, ...chain.drop(one.drop)]
              chain.grow()
            } else if ('grow' in one) {
              const fresh = one.grow.map(([from, to, amount]) => {
                last += 1
                return payment(last, BigInt(amount), [from, to])
              })
              chain.grow(...left.slice(0, one.back), ...fresh)
              left = left.slice(one.back)
            } else await running.settled()
          }
          // What was confirmed stays so on a chain that got shorter: anew it would not be confirmed yet.
          while (chain.height < highest) chain.grow()
          await running.settled()
          await running.stop()
          await sameAsAnew(t, { chain, sql }, declarations, confirmations)
        },
      ),
      { numRuns: stories, endOnFailure: true },
    )
  })
}
