/** Evaluates expressions as jq would, and refuses those that this subset does not have. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import { compileExpression, compileProgram, compileTemplate } from './jq.ts'

const input = {
  event: { args: { account: '0xaa', amount: '1000' }, 'odd name': 1 },
  steps: { kyc: { approved: true, level: 2 } },
  list: [1, 2, [3]],
}
const run = (text: string) => compileExpression(text)(input)

test('each form gives what jq gives', () => {
  const cases: readonly [string, unknown][] = [
    ['.event.args.account', '0xaa'],
    ['.event["odd name"]', 1],
    ['."event".args | .amount', '1000'],
    ['.absent.deeper', null],
    ['.list[2][0]', 3],
    ['.list[-1]', [3]],
    ['.steps.kyc.approved == true and .steps.kyc.level >= 2', true],
    ['.absent // "none"', 'none'],
    ['false // null', null],
    ['1 + 2 * 3 - 8 / 4 % 3', 5],
    ['-(1 + 2)', -3],
    ['"a" + "b"', 'ab'],
    ['[1] + [2]', [1, 2]],
    ['{a: 1} + {b: .list[0]}', { a: 1, b: 1 }],
    ['{list, "x": [.list[1], 5]}', { list: [1, 2, [3]], x: [2, 5] }],
    ['"\\(.event.args.amount) of \\(.steps.kyc.level + 1)"', '1000 of 3'],
    ['if .steps.kyc.level > 5 then "high" elif .list then "list" else "low" end', 'list'],
    ['.list | length', 3],
    ['.steps | has("kyc")', true],
    ['.steps.kyc.approved | not', false],
    ['.event.args.amount | tonumber + 1', 1001],
    ['[1, 2] < [1, 3]', true],
    ['null < false', true],
    ['"b" > "a"', true],
    ['.event.args | keys', ['account', 'amount']],
    ['[.steps.kyc | .level, .approved]', [2, true]],
    ['[1, 2 | . + 1, . * 10]', [2, 10, 3, 20]],
    ['{level: .steps.kyc | .level}', { level: 2 }],
    ['.event."odd name"', 1],
    ['5 % -3', 2],
    ['"\\ud83d\\ude00" > "\\uffff"', true],
  ]
  for (const [text, expected] of cases) assert.deepEqual(run(text), expected, text)
})

test('decimal text next to a number is an error, not a wrong answer', () => {
  assert.throws(() => run('.event.args.amount > 999'), { code: 'stream/expression-failed' })
  assert.throws(() => run('5 == .event.args.amount'), /cannot be compared/)
  assert.throws(() => run('.event.args.amount > "999"'), /no numeric order/)
  assert.throws(() => run('[.event.args.amount] < ["999"]'), /no numeric order/)
  assert.equal(run('.event.args.amount == "1000"'), true)
  assert.throws(() => run('"1.5" > 1'), /cannot be compared/)
  assert.throws(() => run('"123456789012345678901234567890" | tonumber'), /too large/)
})

test('numbers that JSON cannot hold, and division by what is cut to zero, are errors', () => {
  for (const text of [
    '1 / 0',
    '5 % 0.5',
    Array(22).fill('9000000000000000').join('*'),
    '"0x10" | tonumber',
    '"" | tonumber',
  ])
    assert.throws(() => run(text), { code: 'stream/expression-failed' }, text)
})

test('an expression that doubles its value again and again ends with an error', () => {
  const doubled = (text: string, times: number) => Array(times).fill(text).join('|')
  for (const text of [
    ...[doubled('[.,.]', 40), `${doubled('[.,.]', 30)}|tostring`, doubled('. + .', 500)],
    ...[doubled('"\\(.)\\(.)"', 40), `${doubled('[.,.]', 30)}|. == .`, doubled('{a: ., b: .}', 40)],
    `${doubled('[.,.]', 30)}|"\\(.)"`,
  ]) {
    const evaluate = compileExpression(text)
    assert.throws(() => evaluate('x'), /takes more than 2000000 steps/, text.slice(0, 30))
  }
  const all = compileTemplate(Array(3_000).fill('${ . }'))
  assert.throws(() => all('x'.repeat(1_000)), /takes more than/)
})

test('nesting is bounded, in expressions and in values', () => {
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  for (const text of ['.', '. == .', 'tostring']) {
    assert.throws(() => compileExpression(text)(nested(50_000)), /nested deeper than 200/, text)
    compileExpression(text)(nested(150))
  }
  assert.throws(() => compileTemplate(nested(50_000)), /nested deeper than 64/)
  for (const text of [
    '-'.repeat(4_000),
    '1|'.repeat(2_000),
    `.a${'[('.repeat(1_000)}`,
    '"\\('.repeat(1_000),
  ])
    assert.throws(
      () => compileExpression(text),
      { code: 'stream/bad-expression' },
      text.slice(0, 9),
    )
  assert.equal(compileExpression(`${'.|'.repeat(2_000)}.`)(7), 7)
})

test('what is not supported or wrong is refused with its place', () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => compileExpression(text), { code: 'stream/bad-expression', message })
  refused('.list[]', /many values/)
  refused('.list | map(. + 1)', /"map" is not supported, at character 9/)
  refused('(1, 2)', /many values.*at character 3/)
  refused('.a?', /hides errors/)
  refused('. as $x | $x', /variables/)
  refused('.a |= 1', /not/)
  refused('{$x}', /"\$x" is not expected here/)
  refused('1 < 2 < 3', /"<" is not expected here/)
  refused('. == 100000000000000000000', /too large for an exact number/)
  refused('.a ==', /"the end" is not expected here/)
  refused('"open', /does not end/)
  refused('.a; .b', /";" .* is not supported/)
  refused('if 1 then 2', /"end" is expected/)
  refused('('.repeat(70), /nested deeper/)
  refused(`"${'x'.repeat(5000)}"`, /longer than/)
})

test('a member of the prototype is not there', () => {
  assert.equal(run('.event.constructor'), null)
  assert.throws(() => compileExpression('constructor'), /not supported/)
})

test('a template keeps the type of a lone expression and writes out others', () => {
  const template = {
    to: '${ .event.args.account }',
    text: 'We got ${ .event.args.amount } at level ${ .steps.kyc.level }.',
    nested: [{ level: '${ .steps.kyc.level }' }, 7],
    plain: 'no expression {}',
    object: '${ {a: "}"} }',
  }
  assert.deepEqual(compileTemplate(template)(input), {
    to: '0xaa',
    text: 'We got 1000 at level 2.',
    nested: [{ level: 2 }, 7],
    plain: 'no expression {}',
    object: { a: '}' },
  })
  assert.throws(() => compileTemplate('${ .a'), /not closed/)
  const bad = { args: ['fine', { to: '${ nothing }' }] }
  assert.throws(
    () => compileTemplate(bad),
    (error) => error instanceof AppError && error.data.path === '.args[1].to',
  )
})

test('variables come with each evaluation, and exact integers leave as decimal text', () => {
  const big = 2n ** 200n
  const evaluate = compileExpression('{id: $context.id, amount: .amount, none: $absent}', {
    variables: ['context', 'absent'],
  })
  assert.deepEqual(evaluate({ amount: big }, { context: { id: 7 } }), {
    id: 7,
    amount: String(big),
    none: null,
  })
  assert.throws(() => compileExpression('$other', { variables: ['context'] }))
  assert.deepEqual([...compileProgram('.a')({ a: 1n })], ['1'])
})
