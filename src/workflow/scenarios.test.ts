/** Holds each kind of task to the same table: success, error, timeout, retry, cancel, restart; no cell is left out unexplained. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import type { CloudEvent } from './durable-context.ts'
import { everyWay, type Scene } from './test-world/every-way.ts'
import type { Ending, Stimulus } from './test-world/memory-context.ts'
import { WorkflowError } from './workflow-error.ts'

const columns = ['success', 'error', 'timeout', 'retry', 'cancel', 'restart'] as const
type Column = (typeof columns)[number]

/** A task with its world, or why there is nothing to see. */
type Cell = string | Task

interface Task {
  /** The task in YAML's flow style, without its name. */
  readonly task: string
  readonly gives?: Json
  /** Kind of the standard error that it fails with. */
  readonly fails?: string
  readonly world?: Partial<Scene>
}

const instant = 'takes no time, so that nothing can come in between'
const pure = 'does nothing outside, so that trying again would give the same'
const waits = '{wait: {minutes: 5}}'

const f = (times: number): Partial<Scene> => ({
  functions: {
    f: (_input, call) => {
      if (call <= times) throw new WorkflowError({ type: 'communication', status: 503 })
      return { ok: true }
    },
  },
})
const event = (afterMs: number): Stimulus => ({
  afterMs,
  act: (instance) => {
    const heard = {
      specversion: '1.0',
      id: String(afterMs),
      source: '/s',
      type: 't',
      data: { n: 1 },
    }
    instance.publish(heard as CloudEvent)
  },
})
const answered: Partial<Scene> = {
  stimuli: [{ afterMs: 50, act: (instance) => instance.answer({ approved: true }) }],
}
const heard: Partial<Scene> = { stimuli: [event(50)] }
const listen = '{listen: {to: {one: {with: {type: t}}}}}'
const approve = '{call: human.approve, with: {title: Pay?, role: boss}}'
const child = "{run: {workflow: {namespace: n, name: w, version: '1.0.0'}}}"
const childGives = (given: Json | WorkflowError): Partial<Scene> => ({
  prepare: (instance) => {
    instance.childOutputs.w = given
  },
})
const shell = (answer: (call: number) => Json): Partial<Scene> => ({
  functions: { 'run.shell': (_input, call) => answer(call) },
})
const tool =
  "{call: mcp, with: {method: tools/call, parameters: {name: '${ .n }'}, transport: {http: {endpoint: 'https://a.b/{n}'}}}}"
const agent =
  "{call: a2a, with: {method: tasks/get, agentCard: {endpoint: 'https://a.b/{n}'}, parameters: '${ {id: .n} }'}}"
/** A call that gives what it was given, but for the first times. */
const asks = (name: string, fails: number): Partial<Scene> => ({
  functions: {
    [name]: (input, call) => {
      if (call <= fails) throw new WorkflowError({ type: 'communication', status: 503 })
      return input
    },
  },
})
const toolAsked = {
  ...{ method: 'tools/call', parameters: { name: 1 } },
  transport: { http: { endpoint: 'https://a.b/1' } },
}
const agentAsked = {
  ...{ method: 'tasks/get', parameters: { id: 1 }, agentCard: { endpoint: 'https://a.b/1' } },
}
const flaky = (call: number): Json => {
  if (call <= 1) throw new WorkflowError({ type: 'runtime' })
  return 'out'
}

const table: Readonly<Record<string, Readonly<Record<Exclude<Column, 'restart'>, Cell>>>> = {
  set: {
    success: { task: "{set: {a: '${ .n + 1 }'}}", gives: { a: 2 } },
    error: { task: "{set: {a: '${ .n | keys }'}}", fails: 'expression' },
    ...{ timeout: instant, retry: pure, cancel: instant },
  },
  switch: {
    success: { task: '{switch: [{one: {when: .n == 1, then: exit}}]}', gives: { n: 1 } },
    error: { task: '{switch: [{one: {when: .n | keys, then: exit}}]}', fails: 'expression' },
    ...{ timeout: instant, retry: pure, cancel: instant },
  },
  raise: {
    success: 'never succeeds',
    error: {
      task: '{raise: {error: {type: authorization, status: 403}}}'.replace(
        'authorization',
        'https://serverlessworkflow.io/spec/1.0.0/errors/authorization',
      ),
      fails: 'authorization',
    },
    ...{ timeout: instant, retry: pure, cancel: instant },
  },
  wait: {
    success: { task: waits, gives: { n: 1 } },
    error: { task: "{wait: '${ .n }'}", fails: 'expression' },
    timeout: { task: waits },
    retry: 'fails by its expression only, which would give the same again',
    cancel: { task: waits },
  },
  call: {
    success: { task: '{call: f}', gives: { ok: true }, world: f(0) },
    error: { task: '{call: f}', fails: 'communication', world: f(99) },
    timeout: 'is stopped by the signal of its action: a matter of the engine, which tests it',
    retry: { task: '{call: f}', gives: { ok: true }, world: f(2) },
    cancel: 'is stopped by the signal of its action: a matter of the engine, which tests it',
  },
  'call mcp': {
    success: { task: tool, gives: toolAsked, world: asks('mcp', 0) },
    error: { task: tool, fails: 'communication', world: asks('mcp', 99) },
    timeout: 'is stopped by the signal of its action: see the faults of calls',
    retry: { task: tool, gives: toolAsked, world: asks('mcp', 2) },
    cancel: 'is stopped by the signal of its action: see the faults of calls',
  },
  'call a2a': {
    success: { task: agent, gives: agentAsked, world: asks('a2a', 0) },
    error: { task: agent, fails: 'communication', world: asks('a2a', 99) },
    timeout: 'is stopped by the signal of its action: see the faults of calls',
    retry: { task: agent, gives: agentAsked, world: asks('a2a', 2) },
    cancel: 'is stopped by the signal of its action: see the faults of calls',
  },
  'human.approve': {
    success: { task: approve, gives: { approved: true }, world: answered },
    error: { task: "{call: human.approve, with: {deadline: '${ .n }'}}", fails: 'expression' },
    timeout: { task: approve },
    retry: {
      task: '{call: human.approve, with: {deadline: PT1S}}',
      gives: { approved: true },
      world: {
        stimuli: [{ afterMs: 2_500, act: (instance) => instance.answer({ approved: true }) }],
      },
    },
    cancel: { task: approve },
  },
  emit: {
    success: {
      task: "{emit: {event: {with: {id: '1', time: '2026-01-01T00:00:00Z', source: 'https://a.b', type: t}}}}",
      gives: {
        specversion: '1.0',
        id: '1',
        time: '2026-01-01T00:00:00Z',
        source: 'https://a.b',
        type: 't',
      },
    },
    error: {
      task: "{emit: {event: {with: {source: 'https://a.b', type: t, data: '${ .n | keys }'}}}}",
      fails: 'expression',
    },
    timeout: instant,
    retry: 'fails by its expressions only, which would give the same again',
    cancel: instant,
  },
  listen: {
    success: { task: listen, gives: [{ n: 1 }], world: heard },
    error: {
      task: "{listen: {to: {one: {with: {type: t}}}}, foreach: {do: [{x: {raise: {error: {type: 'https://a.b', status: 400}}}}]}}",
      fails: 'https://a.b',
      world: heard,
    },
    timeout: { task: listen },
    retry: {
      task: '{listen: {to: {one: {with: {type: t}}}}, foreach: {do: [{x: {call: f}}]}}',
      gives: [{ ok: true }],
      world: { ...f(1), stimuli: [event(50), event(5_000)] },
    },
    cancel: { task: listen },
  },
  'run workflow': {
    success: { task: child, gives: { from: 'w' }, world: childGives({ from: 'w' }) },
    error: {
      task: child,
      fails: 'validation',
      world: childGives(new WorkflowError({ type: 'validation' })),
    },
    timeout: 'a child waits as its own instance does: a matter of the engine, which tests it',
    retry: 'each try is a new child: a matter of the engine, which tests it',
    cancel: 'a matter of the engine, which cancels the child, too',
  },
  'run shell': {
    success: { task: '{run: {shell: {command: ls}}}', gives: 'out', world: shell(() => 'out') },
    error: {
      task: '{run: {shell: {command: ls}}}',
      fails: 'runtime',
      world: shell(() => {
        throw new WorkflowError({ type: 'runtime' })
      }),
    },
    timeout: 'is stopped by the signal of its action: a matter of the engine, which tests it',
    retry: { task: '{run: {shell: {command: ls}}}', gives: 'out', world: shell(flaky) },
    cancel: 'is stopped by the signal of its action: a matter of the engine, which tests it',
  },
  do: {
    success: { task: '{do: [{a: {call: f}}, {b: {set: {c: 1}}}]}', gives: { c: 1 }, world: f(0) },
    error: {
      task: '{do: [{a: {call: f}}, {b: {set: {c: 1}}}]}',
      fails: 'communication',
      world: f(99),
    },
    timeout: { task: `{do: [{a: ${waits}}]}` },
    retry: { task: '{do: [{a: {call: f}}]}', gives: { ok: true }, world: f(2) },
    cancel: { task: `{do: [{a: ${waits}}]}` },
  },
  for: {
    success: {
      task: "{for: {in: '[1, 2]'}, do: [{a: {set: {last: '${ $item }'}}}]}",
      gives: { last: 2 },
    },
    error: { task: '{for: {in: .n}, do: [{a: {set: {b: 1}}}]}', fails: 'expression' },
    timeout: { task: `{for: {in: '[1, 2]'}, do: [{a: ${waits}}]}` },
    retry: {
      task: "{for: {in: '[1, 2]'}, do: [{a: {call: f}}]}",
      gives: { ok: true },
      world: f(2),
    },
    cancel: { task: `{for: {in: '[1, 2]'}, do: [{a: ${waits}}]}` },
  },
  fork: {
    success: {
      task: '{fork: {branches: [{a: {set: {b: 1}}}, {c: {wait: PT1S}}]}}',
      gives: [{ b: 1 }, { n: 1 }],
    },
    error: {
      task: `{fork: {branches: [{a: ${waits}}, {b: {call: f}}]}}`,
      fails: 'communication',
      world: f(99),
    },
    timeout: { task: `{fork: {branches: [{a: ${waits}}, {b: ${waits}}]}}` },
    retry: { task: '{fork: {branches: [{a: {call: f}}]}}', gives: [{ ok: true }], world: f(2) },
    cancel: { task: `{fork: {branches: [{a: ${waits}}, {b: ${waits}}]}}` },
  },
  try: {
    success: {
      task: '{try: [{a: {call: f}}], catch: {do: [{b: {set: {caught: $error.status}}}]}}'.replace(
        '$error.status',
        "'${ $error.status }'",
      ),
      gives: { caught: 503 },
      world: f(99),
    },
    error: {
      task: '{try: [{a: {call: f}}], catch: {errors: {with: {status: 1}}}}',
      fails: 'communication',
      world: f(99),
    },
    timeout: { task: `{try: [{a: ${waits}}], catch: {}}` },
    retry: {
      task: '{try: [{a: {call: f}}], catch: {retry: {}}}',
      gives: { ok: true },
      world: f(2),
    },
    cancel: { task: `{try: [{a: ${waits}}], catch: {}}` },
  },
}

const head = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n"

function definitionOf(column: Column, task: string): string {
  if (column === 'timeout')
    return `${head}do: [{it: ${task.replace(/^\{/, '{timeout: {after: PT1S}, ')}}]`
  if (column !== 'retry') return `${head}do: [{it: ${task}}]`
  return `${head}do: [{again: {try: [{it: ${task}}], catch: {retry: {delay: PT1S, limit: {attempt: {count: 3}}}}}}]`
}

function expected(column: Column, { gives, fails }: Task): (ending: Ending) => void {
  if (column === 'cancel') {
    return (ending) => assert.deepEqual(ending, { kind: 'interrupted', reason: 'cancelled' })
  }
  const failure = column === 'timeout' ? 'timeout' : fails
  if (failure === undefined) {
    return (ending) => assert.deepEqual(ending, { kind: 'completed', output: gives })
  }
  return (ending) => {
    assert.equal(ending.kind, 'failed')
    assert.match(ending.kind === 'failed' ? ending.problem.type : '', new RegExp(`${failure}$`))
    assert.match(ending.kind === 'failed' ? String(ending.problem.instance) : '', /^\/do\/0\/it/)
  }
}

for (const [kind, row] of Object.entries(table)) {
  describe(kind, () => {
    for (const column of columns) {
      // A restart after each line of the journal is what `everyWay` does with all of them.
      if (column === 'restart') continue
      const cell = row[column]
      if (typeof cell === 'string') {
        test(`${column}: ${cell}`, () => assert.ok(cell.length > 10))
        continue
      }
      test(`${column}, restarted after each line of its journal`, async () => {
        const cancel: Stimulus = {
          afterMs: 500,
          act: (instance) => instance.interrupt('cancelled'),
        }
        const { ending } = await everyWay({
          ...{ input: { n: 1 }, workflow: definitionOf(column, cell.task) },
          ...cell.world,
          ...(column === 'cancel' ? { stimuli: [cancel] } : {}),
        })
        expected(column, cell)(ending)
      })
    }
  })
}
