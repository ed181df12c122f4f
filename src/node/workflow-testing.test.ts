/** Tests the runner of tests of workflows: what passes, what it tells of what does not, and the tests of the examples. */

import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { type TestedCase, testWorkflows } from './workflow-testing.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'workflow-testing-'))
after(() => rm(folder, { recursive: true }))
let count = 0

async function tested(definition: string, cases: string, only?: string) {
  count += 1
  await writeFile(path.join(folder, `w${count}.yaml`), definition)
  const file = path.join(folder, `w${count}.test.yaml`)
  await writeFile(file, cases)
  const reports: TestedCase[] = []
  for await (const one of testWorkflows([file], only)) reports.push(one)
  return reports
}

async function passes(definition: string, cases: string) {
  const reports = await tested(definition, cases)
  assert.deepEqual(
    reports.map(({ name, problems }) => [name, problems]),
    reports.map(({ name }) => [name, []]),
  )
}

const head = "document: { dsl: 1.0.3, namespace: test, name: it, version: '1.0.0' }\n"

const payout = `${head}
do:
  - reserve:
      call: http
      with: { method: post, endpoint: https://bank.example/reserve, body: { amount: '\${ .amount }' } }
      output: { as: '\${ { amount: $input.amount, reservation: .id } }' }
      metadata:
        compensate: [{ release: { call: http, with: { method: delete, endpoint: https://bank.example/reserve } } }]
  - cool: { wait: { days: 3 } }
  - approve:
      call: human.approve
      with: { title: Pay?, deadline: { days: 7 } }
      output: { as: '\${ { approved: .approved } }' }
  - pay: { call: function.invoke, with: { function: pay, payload: { approved: '\${ .approved }' } } }
`

describe('tests of a workflow', () => {
  test('days pass at once, people answer, and what is called is compared', () =>
    passes(
      payout,
      `
stubs:
  reserve: { answer: { id: '\${ "r" + (.body.amount | tostring) }' } }
cases:
  - name: an approved payout is paid after three days
    input: { amount: 5 }
    stubs: { pay: { answer: paid } }
    answers: [{ to: approve, who: ada, answer: { approved: true } }]
    expect:
      status: completed
      output: paid
      steps: [reserve, cool, approve, pay]
      calls:
        - { call: http, with: { method: post, body: { amount: 5 } } }
        - { step: pay, with: { payload: { approved: true } } }
  - name: nobody answers, so that the reservation is released
    input: { amount: 5 }
    stubs: { release: { answer: null } }
    expect: { status: failed, undone: [reserve], problem: { status: 408 } }
  - name: cancelled while it waits, over a restart
    input: { amount: 5 }
    stubs: { release: { answer: null } }
    do:
      - wait: P1D
      - expect: { status: waiting, steps: [reserve, cool] }
      - restart: true
      - cancel: no longer wanted
    expect: { status: cancelled, undone: [reserve] }
  - name: a bank that is away for a while is asked again, and one that says no is not
    input: { amount: 5 }
    stubs:
      reserve:
        - { fails: away }
        - { error: { type: validation, detail: too much } }
    expect: { status: failed, problem: { detail: too much }, where: .calls | length == 2 }
  - name: paused, it does not go on by itself
    input: { amount: 5 }
    do: [{ pause: true }, { wait: P9D }, { expect: { status: paused } }, { resume: true }]
    answers: [{ answer: { approved: false } }]
    stubs: { pay: { answer: refused } }
    expect: { status: completed, output: refused }
`,
    ))

  test('secrets of the file are given to those who declare them, and are not shown', () =>
    passes(
      `${head}
use: { secrets: [bank] }
do:
  - ask: { call: http, with: { method: get, endpoint: { uri: 'https://bank.example', authentication: { basic: { use: bank } } } } }
  - told: { set: { length: '\${ $secrets.bank.password | length }', seen: '\${ $secrets.bank.password }' } }
`,
      `
secrets: { bank: { username: us, password: hush-hush } }
cases:
  - name: a bank that wants a password
    stubs: { ask: { answer: null } }
    expect: { status: completed, output: { length: 9, seen: '[secret bank]' } }
`,
    ))

  test('events of others, functions that never answer, and children', () =>
    passes(
      `${head}
schedule: { on: { one: { with: { type: order.paid } } } }
timeout: { after: { hours: 2 } }
do:
  - ship: { call: function.invoke, with: { function: ship, payload: '\${ .[0].data }' } }
  - arrived: { listen: { to: { one: { with: { type: order.arrived } } } } }
`,
      `
cases:
  - name: a paid order that arrives
    cloudEvent: { type: order.paid, data: { order: 7 } }
    stubs: { ship: { answer: shipped } }
    do:
      - expect: { status: waiting, steps: [ship, arrived] }
      - cloudEvent: { type: order.arrived, data: here }
    expect: { status: completed, output: [here] }
  - name: a shipper that never answers
    cloudEvent: { type: order.paid, data: { order: 7 } }
    stubs: { ship: { never: true } }
    expect: { status: failed, problem: { status: 408 } }
  - name: an order that is not paid starts nothing
    cloudEvent: { type: order.made }
    expect: { status: not-started, instances: 0 }
`,
    ))

  test('events of well-known contracts are named, and one is not another with the same topic', () =>
    passes(
      `
name: named
on: { event: ERC-20.Transfer, contract: coin, when: .args.value > 1 }
do:
  - token:
      listen: { to: { one: { with: { type: evm.log, event: ERC-721.Transfer } } } }
      output: { as: '.[0].args.tokenId' }
      at: pending
`,
      `
contracts: { coin: '0x00000000000000000000000000000000000000c0', art: '0x00000000000000000000000000000000000000a0' }
cases:
  - name: a coin does for the beginning, a token for what is waited for
    event: { args: { from: &who '0x00000000000000000000000000000000000000bb', to: *who, value: '2' } }
    do:
      - event: { args: { from: *who, to: *who, value: '3' } }
      - event: { event: ERC-721.Transfer, contract: art, args: { from: *who, to: *who, tokenId: '7' } }
    expect: { status: completed, where: .output.steps.token == "7" }
`,
    ))

  test('contracts that a factory made are listened to from then on, and only for what is looked for', () =>
    passes(
      `
name: it
on:
  event: 'Paid(address indexed who, uint256 amount)'
  factory: { contract: desk, event: 'Made(address indexed child, uint256 count)', argument: child }
  where: { who: ['0x00000000000000000000000000000000000000bb'] }
do: [{ keep: { call: function.invoke, with: { function: keep, payload: '\${ .event.args.amount }' }, at: pending } }]
`,
      `
contracts: { desk: '0x00000000000000000000000000000000000000aa' }
stubs: { keep: { answer: kept } }
cases:
  - name: what it made is paid by who is looked for
    event: &made
      event: 'Made(address indexed child, uint256 count)'
      contract: desk
      args: { child: '0x00000000000000000000000000000000000000c1', count: '1' }
    do:
      - event: &paid { contract: &child '0x00000000000000000000000000000000000000c1', args: { who: &who '0x00000000000000000000000000000000000000bb', amount: '5' } }
      - event: { contract: *child, args: { who: '0x00000000000000000000000000000000000000cc', amount: '6' } }
      - event: { contract: '0x00000000000000000000000000000000000000c2', args: { who: *who, amount: '7' } }
    expect: { status: completed, instances: 1, calls: [{ with: { payload: '5' } }] }
  - name: a contract that it made in a block that left is none any more
    event: *made
    do:
      - retract: true
      - event: *paid
    expect: { status: not-started }
`,
    ))

  test('a chain that goes back takes what was done with it, and what is not final is not sent', () =>
    passes(
      `
name: it
on: { event: 'Paid(address indexed who, uint256 amount, (uint8 kind, string note) about)', contract: shop, when: '.args.amount > 10' }
do:
  - note: { call: function.invoke, with: { function: note, payload: '\${ .event.args }' }, at: pending,
            compensate: [{ strike: { call: function.invoke, with: { function: strike } } }] }
  - send: { call: evm.send, with: { contract: '\${ .event.address }', function: 'take(uint256 amount)', args: ['\${ .event.args.amount }'], from: '\${ .event.args.who }' } }
`,
      `
contracts: { shop: '0x00000000000000000000000000000000000000aa' }
stubs: { note: { answer: null } }
cases:
  - name: it is noted at once, and sent when it is final
    event: &paid { args: { who: '0x00000000000000000000000000000000000000bb', amount: '11', about: { kind: 1, note: hi } } }
    do:
      - expect: { steps: [note], calls: [{ with: { payload: { amount: '11', about: { kind: '1', note: hi } } } }] }
      - mine: 3
      - reorganise: { depth: 2, keeps: true }
      - expect: { steps: [note], status: waiting }
      - finalize: true
    expect: { status: completed, steps: [note, send], where: '.output.steps.send.blockNumber > 3' }
  - name: an amount that the filter leaves out
    event: { args: { who: '0x00000000000000000000000000000000000000bb', amount: '10', about: [1, hi] } }
    expect: { status: not-started }
  - name: an event that leaves is struck out
    event: *paid
    stubs: { strike: { answer: null } }
    do: [{ mine: 2 }, { reorganise: 3 }]
    expect: { status: retracted, undone: [note] }
`,
    ))

  test('answers of sources go to a contract once they agree and their question is final', () =>
    passes(
      `
name: it
on: { event: 'Asked(uint256 round)', contract: shop }
do:
  - answer:
      try:
        - ask: { call: http, with: { method: get, endpoint: 'https://a.example' }, metadata: { at: pending } }
        - send: { call: oracle.answer, with: { contract: shop, function: 'answer(uint256 round, int256 price)',
                  args: ['\${ .event.args.round }'], answers: '\${ .steps.ask }', quorum: 2, maxDeviation: '1%' } }
      catch:
        errors: { with: { type: 'urn:quantumstream:error:oracle-disagreement' } }
        retry: { delay: PT5M, limit: { attempt: { count: 3 } } }
`,
      `
contracts: { shop: '0x00000000000000000000000000000000000000aa' }
cases:
  - name: they are asked again after a while
    event: { args: { round: '4' } }
    stubs: { ask: [{ answer: ['100', '200'] }, { answer: ['100', '101'] }] }
    do:
      - mine: 3
      - expect: { steps: [ask], status: waiting }
      - finalize: true
      - expect: { status: waiting, where: '.calls | length == 2' }
      - wait: PT5M
    expect:
      status: completed
      steps: [ask, send, delay, ask, send]
      calls: [{ call: oracle.answer, with: { args: ['4'], answers: ['100', '101'] } }]
`,
    ))

  test('tells each thing that is not as expected', async () => {
    const [one] = await tested(
      `${head}do: [{a: {call: http, with: {method: get, endpoint: https://a.example}}}, {b: {set: {x: 1}}}]`,
      `
cases:
  - name: all wrong
    stubs: { a: { answer: 7 }, c: { answer: 8 } }
    answers: [{ who: ada, answer: true }]
    do: [{ expect: { status: waiting } }, { cancel: now }]
    expect:
      status: failed
      output: 7
      steps: [b]
      undone: [a]
      problem: { status: 400 }
      calls: [{ call: http, with: { method: post } }]
      where: .instances > 1
`,
    )
    assert.equal(one?.ok, false)
    const told = one?.problems.join('\n') ?? ''
    for (const part of [
      'do[0]: status: expected "waiting", was "completed"',
      /do\[1\]: instance ".*" is completed and cannot be cancelled/,
      '\nstatus: expected "failed", was "completed"',
      'output: expected 7, was {"x":1}',
      'steps: expected ["b"], was ["a"]',
      'undone: expected ["a"], was []',
      'problem: expected one with {"status":400}, was null',
      'calls: expected {"call":"http","with":{"method":"post"}}, were [{"step":"a"',
      'where: .instances > 1 gave false on',
      'the stub "c" was never asked',
      'the answer of ada was never asked for',
    ]) {
      assert.match(
        told,
        part instanceof RegExp ? part : new RegExp(part.replace(/[[\](){}.>|*$]/g, '\\$&')),
      )
    }
  })

  test('a call without a stub fails, though the workflow catches the error', async () => {
    const [one] = await tested(
      `${head}do: [{ t: { try: [{ a: { call: http, with: { method: get, endpoint: https://a.example } } }], catch: { do: [{ x: { set: { y: 1 } } }] } } }]`,
      'cases: [{ name: caught, expect: { status: completed } }]',
    )
    assert.deepEqual(one?.problems, [
      'the test has no stub for http of the step "a": give it one under stubs, as "a" or "http"',
    ])
  })

  test('a run that never ends is told as such, in a bounded time', async () => {
    const [one] = await tested(
      `${head}do: [{ a: { wait: { days: 300 } } }, { b: { set: { x: 1 }, then: a } }]`,
      'cases: [{ name: endless, expect: { status: completed } }]',
    )
    assert.equal(one?.ok, false)
    assert.match(
      one?.problems.join() ?? '',
      /was "failed".*limit of 1000 steps|had not ended after/,
    )
  })

  test('names the line and column of what is wrong in a file of tests', async () => {
    const refused = (cases: string, message: RegExp) =>
      assert.rejects(tested(`${head}do: [{ a: { set: { x: 1 } } }]`, cases), { message })
    await refused(
      'cases:\n  - { name: x, expect: { stauts: completed } }',
      /line 2, column 24: cases\.0\.expect: .*stauts/,
    )
    await refused(
      'cases: [{ name: x, do: [{ mine: 1 }] }]',
      /cases\.0: expects nothing, so that it could not fail/,
    )
    await refused(
      'cases: [{ name: x, do: [{ mine: 1, wait: PT1S }], expect: { status: failed } }]',
      /do\.0: must be one thing/,
    )
    await refused('cases: [', /w\d+\.test\.yaml is no file of tests:\n.*line 1/)
    await refused(
      'workflow: absent.yaml\ncases: [{ name: x, expect: { status: failed } }]',
      /absent\.yaml cannot be read/,
    )
    const none = await tested(
      `${head}do: [{ a: { set: { x: 1 } } }]`,
      'cases: [{ name: x, expect: { status: completed } }]',
      'y',
    )
    assert.deepEqual(none, [])
  })
})

test('the tests of the examples pass', async () => {
  const examples = path.join(import.meta.dirname, '../../examples')
  const all = await readdir(examples, { recursive: true })
  const definitions = all.filter((name) => /(^|[./])workflow\.(json|ya?ml)$/.test(name))
  const files = definitions.map((name) =>
    name.replace(/(\.workflow)?\.(json|ya?ml)$/, '.test.yaml'),
  )
  assert.deepEqual(
    files.filter((name) => !all.includes(name)),
    [],
    'an example has no tests',
  )
  for await (const { name, problems } of testWorkflows(
    files.map((one) => path.join(examples, one)),
  )) {
    assert.deepEqual(problems, [], name)
  }
})
