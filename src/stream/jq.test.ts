/** Evaluates expressions and templates: forms, decimal text, bounds, refusals with their place. */

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

test('a program gives all its outputs, and then its error', () => {
  assert.deepEqual([...compileProgram('.list[], "end"')(input)], [1, 2, [3], 'end'])
  assert.deepEqual([...compileProgram('empty')(input)], [])
  const seen: unknown[] = []
  assert.throws(
    () => {
      for (const one of compileProgram('1, error("no"), 2')(null)) seen.push(one)
    },
    { code: 'stream/expression-failed', message: /no/ },
  )
  assert.deepEqual(seen, [1])
})

test('an expression gives its first output, or null, and asks for no more', () => {
  assert.equal(run('1, error("never")'), 1)
  assert.equal(run('empty'), null)
  assert.equal(run('[.list[] | numbers] | add'), 3)
  assert.equal(run('first(range(10; infinite))'), 10)
})

test('numbers that JSON cannot hold, and division by what is cut to zero, are errors', () => {
  for (const text of [
    '1 / 0',
    '5 % 0.5',
    'infinite',
    Array(22).fill('9000000000000000').join('*'),
    '"0x10" | tonumber',
    '"" | tonumber',
  ])
    assert.throws(() => run(text), { code: 'stream/expression-failed' }, text)
  assert.equal(run('nan'), null)
})

test('written numbers keep their digits: as text where no number holds them', () => {
  assert.equal(run('100000000000000000001'), '100000000000000000001')
  assert.equal(run('1e18'), 1e18)
  assert.equal(run('1.50'), 1.5)
  assert.equal(run('100000000000000000001 == 100000000000000000002'), false)
  assert.equal(run('-100000000000000000001 | tostring'), '-100000000000000000001')
})

test('the surroundings are not there: no environment, no clock, no input', () => {
  assert.deepEqual(run('[env, $ENV]'), [{}, {}])
  assert.throws(() => run('now'), /now\/0 is not defined/)
  assert.throws(() => run('$__prog_args'), /\$__prog_args is not defined/)
  assert.deepEqual(run('[inputs]'), [])
  assert.throws(() => run('input'), { code: 'stream/expression-failed' })
  assert.throws(() => run('import "a" as a; a::b'), { code: 'stream/bad-expression' })
})

test('what is wrong is refused with its place', () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => compileExpression(text), { code: 'stream/bad-expression', message })
  refused('.a |', /"the end" is not expected here, at character 5/)
  refused('{$x}', /\$x is not defined, at character 2/)
  refused('1 < 2 < 3', /"<" is not expected here, at character 7/)
  refused('.a ==', /"the end" is not expected here/)
  refused('"open', /does not end, at character 1/)
  refused('.a; .b', /";" is not expected here/)
  refused('if 1 then 2', /"end" is expected before "the end"/)
  refused('nothing(1)', /nothing\/1 is not defined, at character 1/)
  refused('. as $a | break $a', /is not defined/)
  refused('{(1): 2}', /cannot be an object key/)
  refused('@nothing', /not a valid format/)
  refused('def f: 1;', /does nothing/)
  refused('('.repeat(200), /nested deeper than 128/)
  refused(`"${'x'.repeat(17_000)}"`, /longer than 16384/)
})

test('a member of the prototype is not there', () => {
  assert.equal(run('.event.constructor'), null)
  assert.throws(() => compileExpression('constructor'), /constructor\/0 is not defined/)
  assert.deepEqual(run('{"__proto__": 1} | keys'), ['__proto__'])
  assert.equal(run('{"__proto__": {"a": 1}} | .a'), null)
})

test('a template keeps the type of a lone expression and writes out others', () => {
  const template = {
    to: '${ .event.args.account }',
    text: 'We got ${ .event.args.amount } at level ${ .steps.kyc.level }.',
    nested: [{ level: '${ .steps.kyc.level }' }, 7],
    plain: 'no expression {}',
    object: '${ {a: "}\\("}" + "{")"} }',
  }
  assert.deepEqual(compileTemplate(template)(input), {
    to: '0xaa',
    text: 'We got 1000 at level 2.',
    nested: [{ level: 2 }, 7],
    plain: 'no expression {}',
    object: { a: '}}{' },
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
