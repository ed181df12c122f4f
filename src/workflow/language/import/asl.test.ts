/** Imports state machines: each kind of state, with the data that it sees, and what is refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../base/json-rpc.ts'
import { compileExpression, compileTemplate } from '../../../stream/jq.ts'
import { fromStatesLanguage } from './asl.ts'
import { definitionTasks, everyText } from './test-import.ts'

const lambda = (name: string) => `arn:aws:lambda:eu-central-1:123456789012:function:${name}`
const machine = (States: Json, StartAt: string): Json => ({ StartAt, States })
const tasks = (States: Json, start = Object.keys(States as object)[0] ?? '') =>
  definitionTasks(fromStatesLanguage(machine(States, start)))

const order: Json = {
  Comment: 'Order fulfilment',
  StartAt: 'Check order',
  TimeoutSeconds: 3600,
  States: {
    'Check order': {
      Type: 'Task',
      Resource: 'arn:aws:lambda:eu-central-1:123456789012:function:check-order',
      InputPath: '$.order',
      ResultPath: '$.check',
      Retry: [
        { ErrorEquals: ['States.Timeout'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2 },
        { ErrorEquals: ['States.ALL'], MaxAttempts: 1, BackoffRate: 1 },
      ],
      Catch: [
        { ErrorEquals: ['OutOfStock'], ResultPath: '$.error', Next: 'Wait for stock' },
        { ErrorEquals: ['States.ALL'], Next: 'Failed' },
      ],
      TimeoutSeconds: 30,
      Next: 'Large?',
    },
    'Large?': {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.check.total', NumericGreaterThan: 1000 },
            { Not: { Variable: '$.check.trusted', BooleanEquals: true } },
          ],
          Next: 'Approve',
        },
        { Variable: '$.order.coupon', IsPresent: true, Next: 'Ship all' },
        { Variable: '$.order.country', StringMatches: 'D*', Next: 'Ship all' },
      ],
      Default: 'Ship all',
    },
    Approve: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: 'arn:aws:lambda:eu-central-1:123456789012:function:approve',
        Payload: {
          'id.$': '$.order.id',
          'text.$': "States.Format('order {} of {}', $.order.id, $.order['customer name'])",
          by: 'machine',
        },
      },
      ResultSelector: { 'ok.$': '$.Payload.approved' },
      ResultPath: '$.approval',
      Next: 'Ship all',
    },
    'Ship all': {
      Type: 'Map',
      ItemsPath: '$.order.items',
      ItemSelector: {
        'sku.$': '$$.Map.Item.Value.sku',
        'at.$': '$$.Map.Item.Index',
        'order.$': '$.order.id',
      },
      ItemProcessor: {
        StartAt: 'Ship',
        States: {
          Ship: {
            Type: 'Task',
            Resource: 'arn:aws:lambda:eu-central-1:123456789012:function:ship',
            End: true,
          },
        },
      },
      ResultPath: '$.shipped',
      Next: 'Tell',
    },
    Tell: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Mail',
          States: {
            Mail: {
              Type: 'Task',
              Resource: 'arn:aws:lambda:eu-central-1:123456789012:function:mail',
              Next: 'Mailed',
            },
            Mailed: { Type: 'Pass', Result: { mailed: true }, End: true },
          },
        },
        {
          StartAt: 'Hook',
          States: {
            Hook: {
              Type: 'Task',
              Resource: 'arn:aws:states:::http:invoke',
              Parameters: {
                ApiEndpoint: 'https://shop.example/hooks',
                Method: 'POST',
                RequestBody: { 'id.$': '$.order.id' },
              },
              End: true,
            },
          },
        },
      ],
      ResultPath: null,
      Next: 'Done',
    },
    'Wait for stock': { Type: 'Wait', SecondsPath: '$.order.waitSeconds', Next: 'Check order' },
    Failed: { Type: 'Fail', Error: 'OrderFailed', Cause: 'see the error' },
    Done: { Type: 'Succeed', OutputPath: '$.check' },
  },
}

test('a whole machine becomes a list of tasks, the first state first', () => {
  const definition = fromStatesLanguage(order)
  const names = definitionTasks(definition).map((one) => Object.keys(one)[0])
  assert.deepEqual(names, [
    ...['Check order', 'Check order next', 'Large?', 'Approve', 'Ship all'],
    ...['Ship all loop', 'Tell', 'Wait for stock', 'Failed', 'Done'],
  ])
  const { document, timeout } = definition as { document: Json; timeout: Json }
  assert.deepEqual(document, {
    ...{ dsl: '1.0.3', namespace: 'imported', name: 'order-fulfilment', version: '0.1.0' },
    title: 'Order fulfilment',
  })
  assert.deepEqual(timeout, { after: { seconds: 3600 } })
})

test('every expression compiles', () => {
  const names = ['context', 'input', 'output', 'workflow', 'task', 'error', 'item', 'index']
  const texts = everyText(fromStatesLanguage(order)).filter((text) => text.includes('${'))
  assert.ok(texts.length > 20)
  for (const text of texts) compileTemplate(text, { variables: names })
})

test('a choice becomes conditions that hold for the same data', () => {
  const [choice] = definitionTasks(fromStatesLanguage(order)).filter((one) => one['Large?'])
  const cases = (choice as { 'Large?': { switch: Json[] } })['Large?'].switch
  const holds = (at: number, input: Json) => {
    const entry = Object.values(cases[at] as object)[0] as { when: string }
    return compileExpression(entry.when.slice(2, -1))(input)
  }
  assert.equal(holds(0, { check: { total: 2_000, trusted: false } }), true)
  assert.equal(holds(0, { check: { total: 2_000, trusted: true } }), false)
  assert.equal(holds(1, { order: { coupon: null } }), true)
  assert.equal(holds(1, { order: {} }), false)
  assert.equal(holds(2, { order: { country: 'DE' } }), true)
  assert.deepEqual(cases[3], { otherwise: { then: 'Ship all' } })
})

test('parameters, selectors and result paths see what the state sees', () => {
  const [entry] = definitionTasks(fromStatesLanguage(order)).filter((one) => one.Approve)
  const task = (entry as { Approve: { with: Json; output: { as: string } } }).Approve
  const input = { order: { id: 'o1', 'customer name': 'Ada' } }
  assert.deepEqual(compileTemplate(task.with)(input), {
    function: 'approve',
    payload: { id: 'o1', text: 'order o1 of Ada', by: 'machine' },
  })
  const output = compileExpression(task.output.as.slice(2, -1), { variables: ['input'] })
  assert.deepEqual(output({ approved: true }, { input }), { ...input, approval: { ok: true } })
})

test('intrinsic functions give what they should', () => {
  const value = (text: string, input: Json) => {
    const [entry] = tasks({ A: { Type: 'Pass', Parameters: { 'x.$': text }, End: true } })
    const { set } = (entry as { A: { set: string } }).A
    return (compileTemplate(set)(input) as { x: Json }).x
  }
  assert.equal(value("States.Format('{} of {}', $.a, 'b\\'c')", { a: 1 }), "1 of b'c")
  assert.equal(value('States.MathAdd($.a, -2)', { a: 5 }), 3)
  assert.deepEqual(value('States.Array($.a, States.ArrayLength($.b))', { a: 1, b: [1, 2] }), [1, 2])
  assert.deepEqual(value('States.ArrayRange(1, 9, 2)', null), [1, 3, 5, 7, 9])
  assert.equal(value('States.ArrayContains($.b, $.a)', { a: 2, b: [1, 2] }), true)
  assert.deepEqual(value("States.StringSplit('a,b', ',')", null), ['a', 'b'])
  assert.deepEqual(value('States.StringToJson(States.JsonToString($.b))', { b: [1] }), [1])
  assert.equal(value("States.Base64Decode(States.Base64Encode('x'))", null), 'x')
})

test('a state that ends within a branch leaves the branch, at the top it ends the workflow', () => {
  const Branches = [machine({ B: { Type: 'Pass', End: true } }, 'B')]
  const [parallel] = tasks({ A: { Type: 'Parallel', Branches, End: true } })
  const { fork, then } = (parallel as { A: { fork: Json; then: string } }).A
  assert.equal(then, 'end')
  assert.deepEqual(fork, {
    branches: [{ 'branch 1': { do: [{ B: { set: '${ . }', then: 'exit' } }] } }],
  })
})

test('what has no counterpart is refused with its place', () => {
  const refused = (States: Json, message: RegExp) =>
    assert.throws(() => tasks(States), { code: 'workflow/no-counterpart', message })
  const task = (more: Json) => ({
    A: { Type: 'Task', Resource: lambda('f'), End: true, ...(more as object) },
  })
  refused(task({ Resource: 'arn:aws:states:::sns:publish' }), /States\.A\.Resource: .*sns:publish/)
  refused(task({ HeartbeatSeconds: 5 }), /States\.A\.HeartbeatSeconds: has no counterpart/)
  refused(
    task({ Retry: [{ ErrorEquals: ['X'], BackoffRate: 1.5 }] }),
    /Retry\[0\]\.BackoffRate: 1\.5/,
  )
  refused(task({ InputPath: '$.a[*]' }), /InputPath: the path \$\.a\[\*\] is no plain path/)
  refused(task({ Parameters: { 'x.$': 'States.UUID()' } }), /States\.UUID is not known/)
  refused(task({ Parameters: { 'x.$': '$$.Task.Token' } }), /Task\.Token is not known/)
  refused(task({ QueryLanguage: 'JSONata' }), /only JSONPath/)
  refused({ A: { Type: 'Wait', Timestamp: '2030-01-01T00:00:00Z', End: true } }, /Timestamp/)
  refused({ A: { Type: 'Pass', Next: 'B' } }, /goes to B, which is no state/)
  refused(
    { A: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericNear: 1, Next: 'A' }] } },
    /NumericNear/,
  )
})
