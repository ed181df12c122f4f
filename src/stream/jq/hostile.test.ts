/** No program, however hostile, hangs or breaks the stack: each ends with an error that names its bound. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileExpression, compileTemplate } from '../jq.ts'

const failsBy = (text: string, input: unknown, message: RegExp) =>
  assert.throws(
    () => compileExpression(text)(input as never),
    { code: 'stream/expression-failed', message },
    text.slice(0, 60),
  )
const often = (text: string, times: number) => Array(times).fill(text).join(' | ')
const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
const steps = /takes more than 1000000 steps/

test('loops without an end', () => {
  for (const text of [
    ...['[range(1e9)]', 'last(repeat(1))', 'until(false; .)', 'reduce range(1e9) as $x (0; . + 1)'],
    ...[
      '[limit(1e9; repeat(.))]',
      'last(recurse(.))',
      'isempty(repeat(empty))',
      '[while(true; .)]',
    ],
    'def f: if . < 0 then . else . + 1 | f end; f',
  ])
    failsBy(text, 0, steps)
})

test('functions that call themselves', () => {
  const calls = /call themselves more than 1000 deep|nested too deeply/
  for (const text of [
    'def f: 1 + f; f',
    'def f: [f]; f',
    'def f(g): f(g | g); f(.)',
    'def f: f, f; f',
  ]) {
    failsBy(text, null, calls)
  }
  failsBy('def f: f; f', null, steps)
})

test('values that double again and again', () => {
  for (const text of [
    ...[often('[., .]', 40), often('. + .', 500), often('"\\(.)\\(.)"', 40)],
    ...[`${often('[., .]', 30)} | tostring`, `${often('[., .]', 30)} | . == .`],
    ...[
      often('{a: ., b: .}', 40),
      `${often('[., .]', 30)} | "\\(.)"`,
      '. * 1e9',
      '[.] * 2 // . * 1e7',
    ],
    ...['def a: ., .; def b: a | a; def c: b | b; def d: c | c; def e: d | d; [e | e | e]'],
  ])
    assert.throws(() => compileExpression(text)('x'), { code: 'stream/expression-failed' }, text)
  const all = compileTemplate(Array(3_000).fill('${ . }'))
  assert.throws(() => all('x'.repeat(10_000)), steps)
  failsBy('.[1e8] = 1', [], steps)
  failsBy('.[1e9] = 1', [], /Array index too large/)
})

test('regular expressions that try each way', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['(a+)+$', `${'a'.repeat(60)}b`],
    ['(a|a)*$', `${'a'.repeat(60)}b`],
    ['(x+x+)+y', 'x'.repeat(60)],
    ['(?=(a+)+b)', 'a'.repeat(60)],
    ['(?<=(a+)+b)c', `${'a'.repeat(60)}c`],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(60)],
  ]
  for (const [expression, text] of cases)
    failsBy(`test(${JSON.stringify(expression)})`, text, steps)
  failsBy('test("a{1000}{1000}")', 'a', /too large/)
  failsBy('test("(" * 10000)', 'a', /Regex failure/)
})

test('values and programs that are nested deeply', () => {
  failsBy('.', nested(50_000), /nested deeper than 200/)
  failsBy('. == .', nested(50_000), /Equality check too deep/)
  failsBy('walk(.)', nested(50_000), /nested too deeply|more than 1000 deep/)
  assert.equal(compileExpression('[..] | length')(nested(50_000)), 50_000)
  assert.deepEqual(compileExpression('flatten')(nested(50_000)), [])
  assert.deepEqual(compileExpression('.')(nested(150)), nested(150))
  assert.throws(() => compileTemplate(nested(50_000)), /nested deeper than 64/)
  for (const text of [
    ...['-'.repeat(4_000), '1|'.repeat(2_000), `.a${'[('.repeat(1_000)}`, '"\\('.repeat(1_000)],
    ...[`1${'+1'.repeat(8_000)}`, '.a'.repeat(7_000), `1${',1'.repeat(8_000)}`, '{a:'.repeat(500)],
  ])
    assert.throws(
      () => compileExpression(text),
      { code: 'stream/bad-expression' },
      text.slice(0, 9),
    )
  assert.equal(compileExpression(`${'.|'.repeat(8_000)}.`)(7), 7)
})

test('programs that grow while they are compiled are called instead, and then bounded', () => {
  const levels = Array.from({ length: 30 }, (_, at) =>
    at === 0 ? 'def f0: . + 1;' : `def f${at}: f${at - 1} | f${at - 1};`,
  )
  failsBy(`${levels.join(' ')} f29`, 0, steps)
  assert.equal(compileExpression(`${levels.slice(0, 14).join(' ')} f13`)(0), 8_192)
})

test('what grows step by step costs by its size', () => {
  const count = (text: string) => compileExpression(text)(null)
  assert.equal(count('reduce range(3000) as $i ({}; .["k\\($i)"] = $i) | length'), 3_000)
  assert.equal(count('reduce range(3000) as $i ({}; .["k\\($i % 7)"] += 1) | .k0'), 429)
  assert.equal(count('reduce range(3000) as $i ([]; . + [$i]) | length'), 3_000)
  assert.equal(count('[range(3000) | {key: "k\\(.)", value: .}] | from_entries | length'), 3_000)
  assert.equal(count('[range(3000)] | .[] += 1 | add'), 4_501_500)
})

test('what looks at much at once costs by what it looks at', () => {
  const big = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]))
  const text = 'a'.repeat(1_000_000)
  for (const [program, input] of [
    ['. as $big | until(false; $big | try tonumber catch .)', big],
    ['. as $big | until(false; $big | length)', big],
    ['. as $big | until(false; first($big[]))', big],
    ['. as $text | until(false; $text | startswith($text))', text],
    ['. as $text | until(false; $text < $text)', text],
    ['. as $text | until(false; ($text | ltrimstr($text)))', text],
  ] as const)
    failsBy(program, input, steps)
})
