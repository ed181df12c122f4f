/** Exact integers: each rule of a kind of number that jq does not have. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileExpression, compileTemplate, type JsonInput } from '../jq.ts'

const max = 2n ** 256n - 1n
const input: JsonInput = { max, five: 5n, small: -7n, half: 0.5, text: '1000', list: [3n, 1, 2n] }
const run = (text: string) => compileExpression(text)(input)

test('+ - * / % are exact, also with whole JSON numbers', () => {
  assert.equal(run('.max - 1'), String(max - 1n))
  assert.equal(run('.max + .max'), String(max * 2n))
  assert.equal(run('.max * .max'), String(max * max))
  assert.equal(run('2 * .max'), String(max * 2n))
  assert.equal(run('.max / 3'), String(max / 3n))
  assert.equal(run('.max % 1000007'), String(max % 1_000_007n))
  assert.equal(run('-.max'), String(-max))
  assert.equal(run('.max + 1000000000000000000001'), String(max + 1_000_000_000_000_000_000_001n))
  assert.equal(run('[.list[]] | add'), '6')
  assert.equal(run('reduce .list[] as $one (0; . + $one)'), '6')
})

test('/ and % round toward zero, as Solidity does', () => {
  assert.deepEqual(run('[.five / 2, .small / 2, .small % 2, 7 / 2]'), ['2', '-3', '-1', 3.5])
  assert.throws(() => run('.five / 0'), /divisor is zero/)
})

test('// and null pass an exact integer on', () => {
  assert.deepEqual(run('[.none // .max, .none + .five]'), [String(max), '5'])
})

test('comparisons are exact', () => {
  assert.equal(run('.max > .max - 1'), true)
  assert.equal(run('.five == 5 and .five != 6 and .five >= 5 and .five < 6'), true)
  assert.equal(
    run('.max == 115792089237316195423570985008687907853269984665640564039457584007913129639935'),
    true,
  )
  assert.equal(
    run('.max == 115792089237316195423570985008687907853269984665640564039457584007913129639936'),
    false,
  )
  assert.equal(run('.max > 1e18'), true)
  assert.equal(run('{a: .five} == {a: 5}'), true)
  assert.equal(run('.five < infinite'), true)
})

test('a fraction and an exact integer are not computed with together', () => {
  for (const text of [
    '.five + .half',
    '.five * 1.5',
    '.half - .five',
    '.five / 0.5',
    '.five % 2.5',
  ]) {
    assert.throws(() => run(text), /one is an exact integer, the other a fraction/, text)
  }
  for (const text of ['.five > .half', '.half < .five', '.five == 5.5', '[.five] != [.half]']) {
    assert.throws(() => run(text), /cannot be compared: one is an exact integer/, text)
  }
  assert.equal(run('.five + 1.0'), '6')
})

test('type says number, and sorting puts them in their places', () => {
  assert.equal(run('.max | type'), 'number')
  assert.deepEqual(run('.list | sort'), [1, '2', '3'])
  assert.deepEqual(run('.list | [min, max]'), [1, '3'])
  assert.deepEqual(run('[.five, 5] | unique'), ['5'])
  assert.deepEqual(run('.small | [length, abs, floor]'), ['7', '7', '-7'])
})

test('they leave as decimal strings, in JSON text and in interpolations too', () => {
  assert.deepEqual(run('{max, list: [.five]}'), { max: String(max), list: ['5'] })
  assert.equal(run('"\\(.five) of \\(.max)"'), `5 of ${max}`)
  assert.equal(run('[.five, 1] | tojson'), '["5",1]')
  assert.equal(run('.five | tostring'), '5')
  assert.equal(run('[.five, "a"] | @csv'), '5,"a"')
  assert.deepEqual(compileTemplate({ of: '${ .max }', text: 'got ${ .five }' })(input), {
    of: String(max),
    text: 'got 5',
  })
})

test('integer turns decimal text or a whole number into one', () => {
  assert.equal(run('(.text | integer) * .max'), String(max * 1000n))
  assert.equal(run('(7 | integer) / 2'), '3')
  assert.equal(
    run('123456789012345678901234567890 | integer + 1'),
    '123456789012345678901234567891',
  )
  for (const text of ['1.5', '"1.5"', '"abc"', '""', 'null', '"0x10"', '[]']) {
    assert.throws(() => run(`${text} | integer`), /is no integer/, text)
  }
})

test('tonumber gives a number only where it is exact, other functions refuse them', () => {
  assert.equal(run('.five | tonumber + 0.5'), 5.5)
  assert.throws(() => run('.max | tonumber'), /too large/)
  assert.throws(() => run('.five | sqrt'), /takes no exact integer/)
  assert.equal(run('[10, 20, 30][.five - 4]'), 20)
  assert.deepEqual(run('[range(.five - 3)]'), [0, 1])
  assert.throws(() => run('[1][.max]'), /too large/)
})

test('next to decimal text they are refused, as numbers are, unless the option says otherwise', () => {
  for (const text of ['.five > .text', '.text == .five', '.text < 5', '.text > "999"']) {
    assert.throws(
      () => run(text),
      { code: 'stream/expression-failed', message: /decimal text/ },
      text,
    )
  }
  assert.equal(run('.text == "1000"'), true)
  assert.equal(run('(.text | integer) > 999'), true)
  assert.throws(() => run('[.text, "999"] | sort'), /no numeric order/)
  const lenient = compileExpression('.text > 5, .text < "999"', { isStrict: false })
  assert.equal(lenient(input), true)
})

test('they are bounded', () => {
  const squared = `.max${' | . * .'.repeat(10)}`
  assert.throws(() => run(squared), /more than 4096 bits/)
})
