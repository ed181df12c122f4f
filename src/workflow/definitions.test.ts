/** Tests what definitions may say beside their tasks: reusable parts, secrets, schemas, extensions, arguments; and how wrong ones are refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { readDefinition } from './read-definition.ts'
import { everyWay, type Scene } from './test-world/every-way.ts'
import { WorkflowError } from './workflow-error.ts'

const head = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n"
const echo = { echo: (input: Json) => input }

async function run(scene: Scene) {
  return everyWay({ ...scene, workflow: head + String(scene.workflow) })
}

async function gives(scene: Scene, output: unknown) {
  const outcome = await run(scene)
  assert.deepEqual(outcome.ending, { kind: 'completed', output })
  return outcome
}

async function fails(scene: Scene, members: object) {
  const { ending } = await run(scene)
  assert.equal(ending.kind, 'failed')
  assert.partialDeepStrictEqual(ending.kind === 'failed' && ending.problem, members)
}

function refuses(text: string, message: RegExp, deploying = false) {
  const read = () => readDefinition(text, { functions: echo as never, deploying })
  assert.throws(read, { code: 'workflow/bad-definition', message })
}

describe('expressions', () => {
  test('see the arguments that the language names', async () => {
    const workflow = `
input: {from: .in}
do:
  - first: {set: {a: 1}, export: {as: '$context + {b: 2}'}}
  - seen:
      set:
        context: '\${ $context }'
        input: '\${ $input }'
        workflow: '\${ [$workflow.id, $workflow.input.in.x, $workflow.definition.document.name, $workflow.startedAt.epoch.seconds] }'
        task: '\${ [$task.name, $task.reference, $task.definition.set.runtime] }'
        runtime: '\${ $runtime.name }'
      output: {as: '. + {raw: $task.output.runtime}'}
`
    await gives(
      { workflow, input: { in: { x: 7 } } },
      {
        ...{
          context: { x: 7, b: 2 },
          input: { a: 1 },
          workflow: ['instance-1', 7, 'it', 1_700_000_000],
        },
        task: ['seen', '/do/1/seen', '${ $runtime.name }'],
        ...{ runtime: 'quantumstream', raw: 'quantumstream' },
      },
    )
  })

  test('stand in ${ } in strict mode, anywhere in loose mode, where what fails is text', async () => {
    const set = "do: [{a: {set: {x: .n, y: '${ .n }', z: 'not jq (', w: '.n | keys'}}}]"
    await gives(
      { workflow: set, input: { n: 1 } },
      { x: '.n', y: 1, z: 'not jq (', w: '.n | keys' },
    )
    const loose = `evaluate: {language: jq, mode: loose}\n${set}`
    await gives({ workflow: loose, input: { n: 1 } }, { x: 1, y: 1, z: 'not jq (', w: '.n | keys' })
  })

  test('of a task that asks when it started get the same answer after a restart', async () => {
    const workflow =
      "do: [{rest: {wait: PT5S}}, {a: {set: {at: '${ $task.startedAt.epoch.seconds }'}}}]"
    await gives({ workflow }, { at: 1_700_000_005 })
  })
})

describe('schemas', () => {
  const schema =
    '{schema: {document: {type: object, required: [n], properties: {n: {type: integer}}}}}'

  test('refuse input, output and context that do not fit', async () => {
    const type = 'https://serverlessworkflow.io/spec/1.0.0/errors/validation'
    const validation = { status: 400, type }
    await gives(
      { workflow: `input: ${schema}\ndo: [{a: {set: {b: 1}}}]`, input: { n: 1 } },
      { b: 1 },
    )
    await fails(
      { workflow: `input: ${schema}\ndo: [{a: {set: {b: 1}}}]`, input: { n: 'x' } },
      { ...validation, instance: '/' },
    )
    for (const member of ['input', 'output', 'export']) {
      const filter = member === 'export' ? schema.replace('{', '{as: ., ') : schema
      const workflow = `do: [{a: {${member}: ${filter}, set: {n: x}}}]`
      await fails({ workflow }, { ...validation, instance: '/do/0/a' })
    }
  })

  test('of elsewhere are refused where nothing is fetched', () => {
    refuses(
      `${head}input: {schema: {resource: {endpoint: 'https://a.b'}}}\ndo: []`,
      /input\.schema: is elsewhere, and nothing is fetched here/,
    )
  })
})

describe('reusable parts', () => {
  test('functions run with what the call gives them, and may call each other', async () => {
    const workflow = `
use:
  functions:
    twice: {input: {from: '{n: (.n * 2)}'}, call: echo, with: {n: '\${ .n }'}, output: {as: .n}}
    more: {do: [{a: {call: twice, with: {n: '\${ .x }'}}}, {b: {set: '\${ . + 1 }'}}]}
do: [{it: {call: more, with: {x: '\${ .n }'}}}]`
    await gives({ workflow, input: { n: 5 }, functions: echo }, 11)
  })

  test('a function that calls itself for ever ends with an error', async () => {
    const workflow = 'use: {functions: {again: {call: again}}}\ndo: [{it: {call: again}}]'
    await fails(
      { workflow },
      {
        detail: 'tasks are nested deeper than 64, which is the limit; does a function call itself?',
      },
    )
  })

  test('functions of the catalog are found; others are refused at once, and nothing is fetched', async () => {
    const workflow = 'do: [{it: {call: "log:1.0.0@default", with: {m: 1}}}]'
    const catalog = (name: string) =>
      name === 'log:1.0.0@default' ? { call: 'echo', with: { got: '${ .m }' } } : undefined
    await gives({ workflow, functions: echo, options: { catalog } }, { got: 1 })
    refuses(
      head + workflow,
      /do\[0\]\.it\.call: "log:1\.0\.0@default" is in no catalog of this definition/,
      true,
    )
    refuses(
      `${head}do: [{it: {call: ecko}}]`,
      /do\[0\]\.it\.call: "ecko" is unknown; known are echo/,
      true,
    )
  })

  test('extensions run around what they extend, and may stand in for it', async () => {
    const workflow = `
use:
  extensions:
    - log:
        extend: call
        before: [{note: {call: note, with: {before: '\${ $task.reference }'}}}]
        after: [{note: {call: note, with: {after: '\${ $task.name }', gave: '\${ . }'}}}]
    - mock:
        extend: call
        when: $task.with.mock == true
        before: [{instead: {set: {mocked: true}, then: exit}}]
do:
  - real: {call: echo, with: {n: 1}}
  - played: {call: echo, with: {mock: true}}`
    const note = (input: Json) => input
    const { effects } = await gives({ workflow, functions: { ...echo, note } }, { mocked: true })
    assert.equal(effects.filter((one) => one.startsWith('echo')).length, 1)
    assert.ok(effects.includes('note {"before":"/do/0/real"}'), effects.join())
    assert.ok(effects.includes('note {"after":"real","gave":{"n":1}}'), effects.join())
  })

  test('extensions do not extend what lies within their own tasks', async () => {
    const workflow = `
use: {extensions: [{log: {extend: all, before: [{both: {do: [{note: {call: echo, with: {at: '\${ $task.name }'}}}]}}]}}]}
do: [{it: {set: {a: 1}}}]`
    const { effects } = await gives({ workflow, functions: echo }, { a: 1 })
    assert.deepEqual(effects, ['echo {"at":"it"}'])
  })

  test('a name that nothing has is told with those that are there', () => {
    for (const [text, message] of [
      ['raise: {error: bad}', /raise\.error: "bad" is no error of use\.errors; known: good/],
      ['timeout: bad, wait: PT1S', /timeout: "bad" is no timeout of use\.timeouts; known: none/],
      [
        'try: [], catch: {retry: bad}',
        /retry: "bad" is no retry policy of use\.retries; known: none/,
      ],
      [
        'set: {a: 1}, then: nowhere',
        /then: goes to "nowhere", which is no task of the same list; right is one of continue, exit, end, it/,
      ],
    ] as const) {
      refuses(
        `${head}use: {errors: {good: {type: 'https://a.b', status: 400}}}\ndo: [{it: {${text}}}]`,
        message,
      )
    }
  })
})

describe('secrets', () => {
  const options = {
    secrets: async (name: string) => (name === 'key' ? { token: 'very-secret' } : undefined),
  }
  const use = 'use: {secrets: [key, other]}\n'

  test('reach the function, and stand in no line of the journal', async () => {
    const workflow = `${use}do: [{it: {call: echo, with: {token: '\${ $secrets.key.token }'}}}, {out: {set: '\${ {a: ., b: $secrets.key.token} }'}}]`
    const { instance, effects } = await gives(
      { workflow, functions: echo, options },
      { a: { token: '[secret key]' }, b: '[secret key]' },
    )
    assert.deepEqual(effects, ['echo {"token":"very-secret"}'])
    assert.doesNotMatch(JSON.stringify([...instance.journal]), /very-secret/)
  })

  test('are taken out of errors, too', async () => {
    const workflow = `${use}do: [{it: {call: f, with: {token: '\${ $secrets.key.token }'}}}]`
    const f = () => {
      throw new WorkflowError({ type: 'communication', detail: 'very-secret is wrong' })
    }
    await fails({ workflow, functions: { f }, options }, { detail: '[secret key] is wrong' })
  })

  test('that are not there are an error of authorization where they are used', async () => {
    const workflow = `${use}do: [{it: {set: {a: '\${ $secrets.other.token }'}}}]`
    await fails({ workflow, options }, { status: 403, instance: '/do/0/it' })
  })

  test('do not leave by events or to other workflows', async () => {
    const event =
      "emit: {event: {with: {source: 'https://a.b', type: t, data: '${ $secrets.key.token }'}}}"
    const child =
      "run: {workflow: {namespace: n, name: w, version: '1.0.0', input: {t: '${ $secrets.key.token }'}}}"
    for (const task of [event, child])
      await fails({ workflow: `${use}do: [{it: {${task}}}]`, options }, { status: 403 })
  })

  test('fill the authentication that names them', async () => {
    const workflow = `
use: {secrets: [user], authentications: {mine: {basic: {use: user}}}}
do:
  - it:
      call: http
      with: {method: get, endpoint: {uri: 'https://a.b/{id}', authentication: {use: mine}}, headers: {seen: '\${ $authorization.scheme }'}}`
    const secrets = async () => ({ username: 'me', password: 'pass-word' })
    const { effects } = await run({
      workflow,
      input: { id: 'x y' },
      functions: { http: () => null },
      options: { secrets },
    })
    assert.deepEqual(effects, [
      'http {"endpoint":{"authentication":{"basic":{"password":"pass-word","username":"me"}},"uri":"https://a.b/x%20y"},"headers":{"seen":"Basic"},"method":"get"}',
    ])
  })

  test('fill that of a transport, and nothing of what the call is about', async () => {
    const workflow = `
use: {secrets: [user], authentications: {mine: {basic: {use: user}}}}
do:
  - it:
      call: mcp
      with:
        method: tools/call
        parameters: {arguments: {basic: {use: this}}}
        transport: {http: {endpoint: {uri: 'https://a.b/{id}', authentication: {use: mine}}}}`
    const secrets = async () => ({ username: 'me', password: 'pass-word' })
    const { effects } = await run({
      ...{ workflow, input: { id: 'x' }, functions: { mcp: () => null }, options: { secrets } },
    })
    assert.deepEqual(effects, [
      'mcp {"method":"tools/call","parameters":{"arguments":{"basic":{"use":"this"}}},"transport":{"http":{"endpoint":{"authentication":{"basic":{"password":"pass-word","username":"me"}},"uri":"https://a.b/x"}}}}',
    ])
  })
})

describe('messages of a subscription', () => {
  test('are asked for with the values that their filter mentions, and handled one by one', async () => {
    const workflow = `
do:
  - hear:
      call: asyncapi
      with:
        document: {endpoint: 'https://a.b'}
        operation: hear
        subscription:
          filter: '\${ .room == $input.room }'
          consume: {amount: 2}
          foreach: {item: m, do: [{note: {call: echo, with: {n: '\${ $m.n }'}}}], output: {as: .n}}`
    const asyncapi = (input: Json) => {
      const { subscription, variables } = input as { subscription: Json; variables: Json }
      assert.deepEqual(variables, { input: { room: 'r' } })
      assert.deepEqual(subscription, {
        filter: '${ .room == $input.room }',
        consume: { amount: 2 },
      })
      return [{ n: 1 }, { n: 2 }]
    }
    await gives({ workflow, input: { room: 'r' }, functions: { ...echo, asyncapi } }, [1, 2])
  })
})

describe('wrong definitions', () => {
  test('are refused with line, column, what is wrong and what would be right', () => {
    refuses(
      `${head}do:\n  - a:\n      call: http\n      with: {methid: get, endpoint: 'https://a.b'}\n`,
      /line 5, column 7: do\[0\]\.a\.with: has no "method", which it needs\nline 5, column 14: do\[0\]\.a\.with\.methid: is unknown; did you mean "method"\?/,
    )
    refuses(
      `${head}do: [{a: {wait: soon}}]`,
      /do\[0\]\.a\.wait: is "soon"; right is \{"seconds": 5\}, ISO 8601/,
    )
    refuses(`${head}do: [{a: {set: {b: '\${ .a | }'}}}]`, /do\[0\]\.a\.set: \.b: /)
    refuses(
      `${head.replace('1.0.3', '2.0.0')}do: []`,
      /document\.dsl: is "2\.0\.0"; right is a version of the language from 1\.0\.0 to 1\.0\.3/,
    )
    refuses(`${head}schedule: {cron: nonsense}\ndo: []`, /schedule\.cron: is no cron expression/)
    refuses('{"a": 1,}', /has no "document"/)
  })

  test('cannot grow without bounds', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`)}]`),
    ]
    refuses(bomb.join('\n'), /Excessive alias count/)
    refuses('a: &a [*a]', /nested deeper than 64|alias/)
    refuses(`a: ${'['.repeat(100)}${']'.repeat(100)}`, /is nested deeper than 64/)
    refuses(`a: "${'x'.repeat(2 ** 20)}"`, /over the limit of 262144/)
    refuses('a: 1\na: 2', /line 2, column \d: .*Map keys must be unique/)
    const branches = Array.from({ length: 101 }, (_, at) => `{b${at}: {wait: PT1S}}`).join(', ')
    refuses(
      `${head}do: [{a: {fork: {branches: [${branches}]}}}]`,
      /has 101 branches, over the limit of 100/,
    )
  })

  test('have at most 1,000 tasks, those of extensions counted', () => {
    const list = (count: number) =>
      Array.from({ length: count }, () => '{a: {set: {b: 1}}}').join(', ')
    const extension = `use: {extensions: [{e: {extend: set, before: [${list(20)}]}}]}`
    refuses(
      `${head}do: [${list(1001)}]`,
      /line 2, column 1: do: has more than 1000 tasks, which is the limit$/,
    )
    refuses(`${head}${extension}\ndo: [${list(100)}]`, /do: has more than 1000 tasks/)
  })

  test('loops end at their limits', async () => {
    await fails(
      { workflow: "do: [{a: {for: {in: '[range(10001)]'}, do: [{b: {set: {c: 1}}}]}}]" },
      {
        detail:
          'the loop has 10001 items, over the limit of 10000; go through them in parts, each a run of its own',
      },
    )
    await fails(
      { workflow: 'do: [{a: {set: {b: 1}, then: a}}]' },
      { detail: 'the instance has run 10000 tasks, which is the limit; does it go in circles?' },
    )
  })
})
