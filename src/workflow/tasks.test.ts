/** Tests the tasks of the workflow language that run others, catch errors, and give and take events. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CloudEvent } from './durable-context.ts'
import { everyWay, type Scene } from './test-world/every-way.ts'
import type { Stimulus } from './test-world/memory-context.ts'
import { WorkflowError } from './workflow-error.ts'

const head = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n"

async function completed(scene: Scene, output: unknown) {
  const outcome = await everyWay({ ...scene, workflow: head + String(scene.workflow) })
  assert.deepEqual(outcome.ending, { kind: 'completed', output })
  return outcome
}

async function failed(scene: Scene, members: object) {
  const outcome = await everyWay({ ...scene, workflow: head + String(scene.workflow) })
  assert.equal(outcome.ending.kind, 'failed')
  assert.partialDeepStrictEqual(outcome.ending.kind === 'failed' && outcome.ending.problem, members)
  return outcome
}

function arriving(afterMs: number, event: object): Stimulus {
  const whole = { specversion: '1.0', id: String(afterMs), source: '/test', type: 'test', ...event }
  return { afterMs, act: (instance) => instance.publish(whole as CloudEvent) }
}

const problem = (kind: string) => `https://serverlessworkflow.io/spec/1.0.0/errors/${kind}`
const fails = (times: number) => (_input: unknown, call: number) => {
  if (call <= times) throw new WorkflowError({ type: 'communication', status: 503 })
  return { call: 'ok' }
}

describe('for', () => {
  test('hands the output of one iteration to the next, and stops by "while"', async () => {
    await completed(
      {
        workflow: `
do:
  - sum:
      for: {each: n, in: .numbers, at: i}
      while: .sum < 5
      do: [{add: {call: add, with: {a: '\${ .sum }', b: '\${ $n }', i: '\${ $i }'}, output: {as: '{sum: ., numbers: $input.numbers}'}}}]
    output: {as: .sum}
`.replace('    output', '      output'),
        input: { numbers: [1, 2, 3, 4, 5], sum: 0 },
        functions: { add: (input) => (input as { a: number }).a + (input as { b: number }).b },
      },
      6,
    )
  })

  test('refuses what is no list', async () => {
    const workflow = 'do: [{loop: {for: {in: .x}, do: [{a: {set: {b: 1}}}]}}]'
    await failed(
      { workflow, input: { x: 7 } },
      { type: problem('expression'), status: 400, instance: '/do/0/loop' },
    )
  })
})

describe('fork', () => {
  const branches = `[{a: {do: [{w: {wait: {seconds: 2}}}, {s: {call: f, with: {n: a}}}]}}, {b: {do: [{w: {wait: {seconds: 1}}}, {s: {call: f, with: {n: b}}}]}}]`
  const functions = { f: (input: unknown) => input as { n: string } }

  test('gives all outputs in the order of the branches', async () => {
    await completed({ workflow: `do: [{both: {fork: {branches: ${branches}}}}]`, functions }, [
      { n: 'a' },
      { n: 'b' },
    ])
  })

  test('gives the output of the branch that ends first, and stops the other', async () => {
    const workflow = `do: [{one: {fork: {compete: true, branches: ${branches}}}}]`
    const { effects } = await completed({ workflow, functions }, { n: 'b' })
    assert.equal(effects.length, 1)
  })

  test('exports of branches are taken over in their order, whichever ends last', async () => {
    const branch = (name: string, seconds: number) =>
      `{${name}: {do: [{w: {wait: {seconds: ${seconds}}}}, {s: {set: {n: ${name}}, export: {as: .}}}]}}`
    const workflow = `do: [{both: {fork: {branches: [${branch('a', 2)}, ${branch('b', 1)}]}}}, {end: {set: '\${ $context }'}}]`
    await completed({ workflow }, { n: 'b' })
  })
})

describe('try', () => {
  test('tries again with growing pauses, then does something else', async () => {
    const scene = (times: number): Scene => ({
      workflow: `
do:
  - guarded:
      try: [{ask: {call: f}}]
      catch:
        errors: {with: {type: https://serverlessworkflow.io/dsl/errors/types/communication, status: 503}}
        as: e
        retry: {delay: {seconds: 1}, backoff: {exponential: {}}, limit: {attempt: {count: 2}}, jitter: {from: {seconds: 0}, to: {seconds: 1}}}
        do: [{instead: {set: {gave: '\${ $e.status }', at: '\${ $e.instance }'}}}]
`,
      functions: { f: fails(times) },
    })
    await completed(scene(0), { call: 'ok' })
    await completed({ ...scene(9) }, { gave: 503, at: '/do/0/guarded/try/0/ask' })
  })

  test('lets through what its filter, "when" or "exceptWhen" leave out', async () => {
    for (const text of [
      'errors: {with: {status: 404}}',
      'when: .no',
      'exceptWhen: $error.status == 503',
    ]) {
      const workflow = `do: [{guarded: {try: [{ask: {call: f}}], catch: {${text}, do: [{x: {set: {a: 1}}}]}}}]`
      await failed(
        { workflow, functions: { f: fails(99) } },
        { status: 503, instance: '/do/0/guarded/try/0/ask' },
      )
    }
  })

  test('fails when its retries are used up and nothing stands instead', async () => {
    const workflow = `
use: {retries: {few: {delay: PT1S, limit: {duration: {seconds: 5}}}}}
do: [{guarded: {try: [{ask: {call: f}}], catch: {retry: few}}}]`
    await failed({ workflow, functions: { f: fails(99) } }, { status: 503 })
  })
})

describe('timeouts', () => {
  test('end a task with an error that can be caught', async () => {
    const workflow = `
use: {timeouts: {short: {after: {seconds: 1}}}}
do:
  - guarded:
      try: [{slow: {timeout: short, wait: {seconds: 60}}}]
      catch: {errors: {with: {type: ${problem('timeout')}}}, do: [{x: {set: {late: true}}}]}`
    await completed({ workflow }, { late: true })
  })

  test('end the workflow, though it waits in a branch', async () => {
    const workflow =
      'timeout: {after: {seconds: 1}}\ndo: [{both: {fork: {branches: [{a: {wait: PT1H}}, {b: {wait: PT2H}}]}}}]'
    await failed({ workflow }, { type: problem('timeout'), status: 408 })
  })
})

describe('events', () => {
  test('emit gives the event, with id and time', async () => {
    const workflow = `do: [{tell: {emit: {event: {with: {source: https://a.b, type: t, data: {x: '\${ .x }'}}}}}}, {out: {set: '\${ .data }'}}]`
    const { instance } = await completed({ workflow, input: { x: 1 } }, { x: 1 })
    assert.equal(instance.emitted[0]?.id, 'instance-1/do/0/tell')
    assert.match(String(instance.emitted[0]?.time), /^2023-/)
  })

  test('listen takes one, by attributes, an expression and a correlation', async () => {
    const workflow = `
do:
  - hear:
      listen:
        to: {one: {with: {type: temp, data: '\${ .value > $context.least }'}, correlate: {room: {from: .room, expect: '\${ .room }'}}}}
      output: {as: '.[0]'}`
    const stimuli = [
      arriving(10, { type: 'bpm', room: 'r', data: { value: 99 } }),
      arriving(20, { type: 'temp', room: 'r', data: { value: 1 } }),
      arriving(30, { type: 'temp', room: 'q', data: { value: 50 } }),
      arriving(40, { type: 'temp', room: 'r', data: { value: 40 } }),
    ]
    await completed({ workflow, input: { room: 'r', least: 38 }, stimuli }, { value: 40 })
  })

  test('listen takes a contract that an expression gives, by address in any letters and by name', async () => {
    const workflow = `
do:
  - hear:
      listen:
        to: {any: [{with: {type: evm.log, event: Paid(uint256 n), contract: '\${ $input.at }'}}], until: '( . | length ) == 2'}`
    const paid = (atMs: number, address: string, contractname = 'other') =>
      arriving(atMs, {
        type: 'evm.log',
        event: 'Paid(uint256 n)',
        contract: address,
        contractname,
        data: atMs,
      })
    const stimuli = [
      paid(10, '0xab'),
      paid(20, '0xcd', 'vault'),
      paid(30, '0xab'),
      paid(40, '0xef'),
    ]
    await completed({ workflow, input: { at: '0xAB' }, stimuli }, [10, 30])
    const named = [...stimuli, paid(50, '0xcd', 'vault')]
    await completed({ workflow, input: { at: 'vault' }, stimuli: named }, [20, 50])
  })

  test('listen takes all, in their order, and those that belong together', async () => {
    const workflow = `
do: [{hear: {listen: {read: envelope, to: {all: [
  {with: {type: temp}, correlate: {room: {from: .room}}},
  {with: {type: bpm}, correlate: {room: {from: .room}}}]}}, output: {as: '[.[0].id, .[1].id]'}}}]`
    const stimuli = [
      arriving(10, { type: 'bpm', room: 'r' }),
      arriving(20, { type: 'temp', room: 'q' }),
      arriving(30, { type: 'temp', room: 'r' }),
    ]
    await completed({ workflow, stimuli }, ['10', '30'])
  })

  test('listen takes any until a condition holds, and does something about each', async () => {
    const workflow = `
do:
  - hear:
      listen: {to: {any: [], until: '( . | length ) >= 2'}}
      foreach: {item: e, at: i, do: [{note: {call: note, with: {n: '\${ $e.n }', i: '\${ $i }'}}}], output: {as: '{noted: .}'}}`
    const stimuli = [
      arriving(10, { data: { n: 1 } }),
      arriving(20, { data: { n: 2 } }),
      arriving(30, { data: { n: 3 } }),
    ]
    const functions = { note: (input: unknown) => (input as { n: number }).n }
    const { effects } = await completed({ workflow, stimuli, functions }, [
      { noted: 1 },
      { noted: 2 },
    ])
    assert.equal(effects.length, 2)
  })

  test('listen takes any until another event comes, which it does not give', async () => {
    const workflow = `do: [{hear: {listen: {to: {any: [{with: {type: a}}], until: {one: {with: {type: stop}}}}}}}]`
    const stimuli = [
      arriving(10, { type: 'a', data: 1 }),
      arriving(20, { type: 'a', data: 2 }),
      arriving(30, { type: 'stop' }),
      arriving(40, { type: 'a', data: 3 }),
    ]
    await completed({ workflow, stimuli }, [1, 2])
  })
})

describe('run', () => {
  test('a workflow is a child, awaited or not', async () => {
    const run = (more: string) =>
      `do: [{sub: {run: {workflow: {namespace: n, name: w, version: '1.0.0', input: {a: '\${ .a }'}}${more}}}}]`
    const prepare: Scene['prepare'] = (instance) => {
      instance.childOutputs.w = { from: 'child' }
    }
    const { instance } = await completed(
      { workflow: run(''), input: { a: 1 }, prepare },
      { from: 'child' },
    )
    assert.deepEqual(instance.children[0]?.input, { a: 1 })
    await completed({ workflow: run(', await: false'), input: { a: 1 }, prepare }, { a: 1 })
  })

  test('a process is a function of the table', async () => {
    const workflow = `do: [{sh: {run: {shell: {command: 'echo \${ .a }'}, return: code}}}]`
    const functions = { 'run.shell': (input: unknown) => input as { command: string } }
    await completed(
      { workflow, input: { a: 1 }, functions },
      { command: 'echo 1', return: 'code', await: true },
    )
  })
})

describe('compensation', () => {
  const step = (name: string, more = '') =>
    `{${name}: {call: ${name}, output: {as: '{${name}: .}'}, metadata: {compensate: [{undo: {call: undo, with: {it: '\${ $compensated.name }', of: '\${ . }'}}}]}${more}}}`
  const functions = {
    ...{ a: () => 'A', b: () => 'B' },
    c: () => {
      throw new WorkflowError({ type: 'runtime', detail: 'no' })
    },
    undo: (input: unknown) => input as { it: string },
  }

  test('undoes in reverse order when the workflow fails', async () => {
    const workflow = `do: [${step('a')}, ${step('b')}, {c: {call: c}}]`
    const { instance } = await failed(
      { workflow, functions },
      { detail: 'no', instance: '/do/2/c' },
    )
    const keys = [...instance.journal.keys()].filter((key) => key.includes('#compensate'))
    assert.deepEqual(keys, ['/do/1/b#compensate/0/undo', '/do/0/a#compensate/0/undo'])
  })

  test('undoes when it is cancelled or its event is retracted, also what had ended', async () => {
    const workflow = `${head}do: [${step('a')}, {rest: {wait: {hours: 1}}}, ${step('b')}]`
    const stimuli: Stimulus[] = [
      { afterMs: 1_000, act: (instance) => instance.interrupt('retracted') },
    ]
    const { ending, effects } = await everyWay({ workflow, functions, stimuli })
    assert.deepEqual(ending, { kind: 'interrupted', reason: 'retracted' })
    assert.deepEqual(effects, ['a {}', 'undo {"it":"a","of":{"a":"A"}}'])
  })

  test('a step waits for the life that it names', async () => {
    const workflow = `do: [{early: {call: a, metadata: {at: pending}}}, {late: {call: b, metadata: {at: finalized}}}]`
    const prepare: Scene['prepare'] = (instance) => {
      instance.life = 'pending'
    }
    const stimuli: Stimulus[] = [
      {
        afterMs: 500,
        act: (instance) => {
          instance.life = 'finalized'
        },
      },
    ]
    await completed({ workflow, functions, prepare, stimuli }, 'B')
  })
})
