/** Operates a running node by the commands of `workflow`: deploys, runs, watches, answers, steers and moves runs. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { format } from 'node:util'
import { parseCall } from '../../src/cli/command.ts'
import { workflowCommand } from '../../src/cli/commands/workflow.ts'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { eventually, getJson, startProgram, temporaryFolder } from './program.ts'

const order = (version: string, last: string) => `
document: { dsl: 1.0.3, namespace: default, name: order, version: ${version} }
do:
  - note: { call: record.write, with: { key: '\${ $workflow.id }', data: '\${ . }' } }
  - approve: { call: human.approve, with: { title: 'Ship \${ $workflow.input.item }?' } }
  - ship: ${last}
`
const first = order('1.0.0', '{ set: { shipped: true } }')
const second = order('2.0.0', '{ set: { shipped: true, by: second } }')
const refuses = `
document: { dsl: 1.0.3, namespace: default, name: refuses, version: 1.0.0 }
do: [{ no: { raise: { error: { type: 'https://example.com/no', status: 403, title: Refused } } } }]
`
const deposits = `
name: watch-deposits
on: { event: 'Deposited(address indexed account, uint256 amount, bytes32 memo)', contract: depositVault }
do: [{ keep: { call: record.write, with: { key: '\${ .event.id }', data: { amount: '\${ .event.args.amount }' } }, at: pending } }]
`

/** What a command has printed. */
const printedBy = new AsyncLocalStorage<string[]>()

interface Row {
  readonly id: string
  readonly status: string
  readonly definitionHash: string
}

describe('the command workflow', { timeout: 240_000 }, () => {
  let node: RunningNode
  let folder: string
  const cleaning: (() => Promise<void>)[] = []
  const start = async () => {
    const started = await startNode({
      ...{ dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
      ...{ data: path.join(folder, 'data'), workflows: path.join(folder, 'workflows') },
    })
    assert.ok(started)
    node = started
    cleaning.unshift(() => started.stop())
  }
  before(async () => {
    const { log, error } = console
    const caught =
      (usual: typeof log): typeof log =>
      (...all) => {
        const printed = printedBy.getStore()
        if (printed) printed.push(format(...all))
        else usual(...all)
      }
    Object.assign(console, { log: caught(log), error: caught(error) })
    cleaning.push(async () => void Object.assign(console, { log, error }))
    folder = await temporaryFolder({ after: (run) => void cleaning.unshift(run) })
    const workflows = path.join(folder, 'workflows')
    await mkdir(workflows)
    for (const [name, text] of Object.entries({ first, second, refuses, deposits })) {
      await writeFile(path.join(folder, `${name}.yaml`), text)
    }
    await writeFile(path.join(workflows, 'refuses.workflow.yaml'), refuses)
    const calm = {
      dev: true,
      demo: false,
      rpcPort: 0,
      apiPort: 0,
      blockTime: 0.1,
      pollInterval: 20,
    }
    const secrets = JSON.stringify({ bank: { token: 'hush-hush' } })
    const started = await startNode({
      ...{ ...calm, secrets, data: path.join(folder, 'data'), workflows },
    })
    assert.ok(started)
    node = started
    cleaning.unshift(() => started.stop())
  })
  after(async () => {
    for (const run of cleaning) await run()
  })

  /** Runs the command in this process, with what it printed; others may run meanwhile. */
  const workflow = async (...words: readonly string[]) => {
    const port = ['--api-port', new URL(node.apiUrl).port]
    const printed: string[] = []
    const call = parseCall(workflowCommand, [...words, ...port])
    const code = await printedBy.run(printed, () => workflowCommand.run(call))
    return { code, output: printed.join('\n') }
  }
  const json = async <T>(...words: readonly string[]) =>
    JSON.parse((await workflow(...words, '--json')).output) as T
  const file = (name: string) => path.join(folder, `${name}.yaml`)
  const begin = async () => {
    const { id } = await json<Row>('run', 'order', '--input', '{"item":"a chair"}')
    await eventually(async () => {
      const { status } = await json<Row>('show', id)
      return status === 'waiting' ? true : undefined
    })
    return id
  }
  const questionOf = async (id: string) => {
    type Asked = { readonly items: readonly { readonly id: string; readonly instanceId: string }[] }
    const { items } = await json<Asked>('questions')
    return items.find(({ instanceId }) => instanceId === id)?.id ?? 'none'
  }
  const answer = async (id: string) =>
    workflow('answer', await questionOf(id), '--answer', '{"approved":true}', '--who', 'ada')
  const refused = (message: RegExp, ...words: readonly string[]) =>
    assert.rejects(workflow(...words), { message })

  test('deploys what is right, says whether it is new, and by line and column what is wrong', async () => {
    assert.match(
      (await workflow('deploy', file('first'))).output,
      /"order" 1\.0\.0, [0-9a-f]{64} is deployed$/,
    )
    assert.match((await workflow('deploy', file('first'))).output, /is deployed already/)
    await writeFile(file('wrong'), first.replace('set:', 'sett:'))
    await refused(
      /wrong\.yaml is not deployed: .*line 6, column \d+: /s,
      'deploy',
      file('first'),
      file('wrong'),
    )
    await refused(/cannot be read: there is no such file/, 'deploy', file('absent'))
    const answered = await fetch(`${node.apiUrl}/v1/workflows`, {
      ...{ method: 'POST', body: JSON.stringify({ definition: first.replace('set:', 'sett:') }) },
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(answered.status, 422)
    const foreign = deposits.replace('depositVault', 'nowhere')
    await writeFile(file('foreign'), foreign)
    await refused(/listens to the contract "nowhere"/, 'deploy', file('foreign'))
    assert.match((await workflow('list')).output, /order +1\.0\.0 +3 /)
    const page = await workflow('list', '--limit', '1')
    const [, cursor = ''] = /^more: --cursor (default\/order)$/m.exec(page.output) ?? []
    assert.match((await workflow('list', '--cursor', cursor)).output, /^name .*\nrefuses +1\.0\.0 /)
  })

  test('what is deployed while the node runs is started by events of the chain', async () => {
    await workflow('deploy', file('deposits'))
    await node.deposit('later')
    const run = await eventually(async () => {
      const { items } = await json<{ items: readonly Row[] }>(
        'instances',
        '--workflow',
        'watch-deposits',
      )
      return items.find(({ status }) => status === 'completed')
    })
    const { output } = await workflow('show', run.id, '--data')
    assert.match(output, /^watch-deposits .*: completed\n.*\ndefinition [0-9a-f]{64}, event /)
    assert.match(output, /record\.write +\{.*"amount":"1000000000000000000"/)
  })

  test('run --wait tells the steps, prints the output, and ends with a code for how it ended', async () => {
    const words = ['run', 'order', '--input', '{"item":"a table"}', '--id', 'waited', '--wait']
    const waiting = workflow(...words)
    await eventually(async () => ((await questionOf('waited')) === 'none' ? undefined : true))
    await answer('waited')
    const { code, output } = await waiting
    assert.equal(code, 0, output)
    assert.match(output, /^run waited\n(.*\n)*.*completed +\/do\/0\/note +\(record\.write\)\n/)
    assert.match(output, /\{\n {2}"shipped": true\n\}$/)
    const failed = await workflow('run', 'refuses', '--wait')
    assert.equal(failed.code, 2)
    assert.match(failed.output, /is failed: Refused$/)
    const late = await workflow('run', 'order', '--input', '{"item":1}', '--wait', '--timeout', '1')
    assert.equal(late.code, 5)
    assert.match(late.output, /has not ended within 1 s; it goes on/)
    await refused(/"nobody" is not deployed/, 'run', 'nobody')
    await refused(/--input is no JSON/, 'run', 'order', '--input', '{oops')
    await refused(/what is the answer\? .*see "quantumstream workflow --help"/, 'answer', 'x')
  })

  test('a workflow has the secrets of the settings that it names, which are shown nowhere', async () => {
    const text = `
document: { dsl: 1.0.3, namespace: default, name: secret, version: 1.0.0 }
use: { secrets: [bank] }
do: [{ it: { set: { length: '\${ $secrets.bank.token | length }', token: '\${ $secrets.bank.token }' } } }]
`
    await writeFile(file('secret'), text)
    await workflow('deploy', file('secret'))
    const { code, output } = await workflow('run', 'secret', '--id', 'secret', '--wait')
    assert.equal(code, 0, output)
    assert.match(output, /"length": 9,\n {2}"token": "\[secret bank\]"/)
    assert.doesNotMatch((await workflow('show', 'secret', '--data')).output, /hush/)
  })

  test('a schema and a function that stand elsewhere are got when a definition is deployed', async (t) => {
    const documents: Record<string, string> = {
      '/order.json': '{"type": "object", "required": ["item"]}',
      '/functions/greet/1.0.0/function.yaml': 'set: { hello: "${ .item }" }',
    }
    const server = createServer((request, response) => {
      const text = documents[request.url ?? '']
      response.writeHead(text === undefined ? 404 : 200).end(text)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const text = `
document: { dsl: 1.0.3, namespace: default, name: parts, version: 1.0.0 }
use: { catalogs: { mine: { endpoint: '${url}' } } }
input: { schema: { resource: { endpoint: '${url}/order.json' } } }
do: [{ greet: { call: 'greet:1.0.0@mine', with: { item: '\${ .item }' } } }]
`
    await writeFile(file('parts'), text)
    await workflow('deploy', file('parts'))
    // Nobody asks for them any more, nor does the node that is started again below.
    await writeFile(path.join(folder, 'workflows', 'parts.workflow.yaml'), text)
    for (const name of Object.keys(documents)) delete documents[name]
    const good = await workflow('run', 'parts', '--input', '{"item":"chair"}', '--wait')
    assert.match(good.output, /"hello": "chair"/)
    const bad = await workflow('run', 'parts', '--input', '{}', '--wait')
    assert.match(bad.output, /is failed: the input does not fit its schema/)
    await writeFile(file('parts'), text.replace('order.json', 'gone.json'))
    await refused(/cannot be got: .*404/, 'deploy', file('parts'))
  })

  test('a run is paused, resumed, cancelled and retried', async () => {
    const id = await begin()
    assert.match((await workflow('pause', id)).output, /is paused/)
    await refused(/is paused and cannot be paused/, 'pause', id)
    await workflow('resume', id)
    const following = workflow('logs', id, '--follow')
    await workflow('cancel', id, '--reason', 'no longer wanted')
    const { code, output } = await following
    assert.equal(code, 3, output)
    assert.match(output, /is cancelled: no longer wanted$/)
    await refused(/no step "\/do\/7"/, 'retry', id, '--from', '/do/7')
    await workflow('retry', id, '--from', '/do/0/note')
    await eventually(async () => ((await questionOf(id)) === 'none' ? undefined : true))
    await answer(id)
    const lines = await eventually(async () => {
      const told = (await workflow('logs', id)).output
      return told.includes('completed  /do/1/approve') ? told : undefined
    })
    assert.equal(lines.match(/completed +\/do\/0\/note/g)?.length, 2)
    await refused(/no instance "nobody"/, 'show', 'nobody')
  })

  test('a waiting run is replayed by a file, moved to the new definition, and ends on it', async () => {
    const id = await begin()
    const replayed = await workflow('replay', id, '--definition', file('second'))
    assert.equal(replayed.code, 0)
    assert.match(replayed.output, /fits the definition; it goes on; next:\n.*\n\/do\/1\/approve/)
    await writeFile(file('lacking'), second.replace(/\n {2}- note:.*/, ''))
    const differs = await workflow('replay', id, '--definition', file('lacking'))
    assert.equal(differs.code, 2)
    assert.match(differs.output, /\/do\/0\/note +record\.write +\(never asked for\)/)
    await refused(/has the newest definition of "order" already/, 'migrate', id)
    await workflow('deploy', file('lacking'))
    await refused(/its journal has record\.write at \/do\/0\/note/, 'migrate', id)
    const {
      workflow: { hash },
    } = await json<{ workflow: { hash: string } }>('deploy', file('second'))
    assert.match((await workflow('migrate', id)).output, new RegExp(`it goes on by ${hash}`))
    assert.match((await answer(id)).output, /the answer of ada is taken/)
    const ended = await eventually(async () => {
      const run = await json<Row & { output: unknown }>('show', id)
      return run.status === 'completed' ? run : undefined
    })
    assert.equal(ended.definitionHash, hash)
    assert.deepEqual(ended.output, { shipped: true, by: 'second' })
    await refused(/is completed; only one that waits or is paused/, 'migrate', id, '--to', hash)
  })

  test('a name that two namespaces have tells none; each is found by both, and its runs know theirs', async () => {
    const twin = (namespace: string, version: string) =>
      order(version, '{ set: { shipped: true } }')
        .replace('default', namespace)
        .replace('order', 'twin')
    for (const namespace of ['shop', 'stall']) {
      await writeFile(file(namespace), twin(namespace, '1.0.0'))
      await workflow('deploy', file(namespace))
    }
    const named = (name: string) => fetch(`${node.apiUrl}/v1/workflows/${encodeURIComponent(name)}`)
    const refusal = await named('twin')
    assert.equal(refusal.status, 409)
    assert.match(await refusal.text(), /say which one is meant \(shop, stall\)/)
    for (const namespace of ['shop', 'stall']) {
      const found = (await (await named(`${namespace}/twin`)).json()) as { namespace: string }
      assert.equal(found.namespace, namespace)
    }
    const { id } = await json<Row>('run', 'twin', '--namespace', 'stall')
    await eventually(async () =>
      (await json<Row>('show', id)).status === 'waiting' ? true : undefined,
    )
    await writeFile(file('stall'), twin('stall', '1.0.1'))
    const changed = await json<{ workflow: { hash: string } }>('deploy', file('stall'))
    assert.match((await workflow('migrate', id)).output, new RegExp(changed.workflow.hash))
    assert.equal((await json<Row & { namespace: string }>('show', id)).namespace, 'stall')
    await workflow('cancel', id)
  })

  test('tests of a workflow are run without the node, and the code tells whether one failed', async () => {
    const cases = `
cases:
  - { name: it says no, expect: { status: failed, problem: { title: Refused } } }
  - { name: it says yes, expect: { status: completed } }
`
    await writeFile(path.join(folder, 'refuses.test.yaml'), cases)
    const words = ['test', path.join(folder, 'refuses.test.yaml')]
    const both = await workflow(...words)
    assert.equal(both.code, 1)
    assert.match(
      both.output,
      /\n {2}ok {3}it says no\n {2}FAIL it says yes\n {7}status: expected "completed", was "failed" \(Refused\)\n1 passed, 1 failed$/,
    )
    assert.equal((await workflow(...words, '--only', 'says no')).code, 0)
    const { passed, failed } = await json<{ passed: number; failed: number }>(...words)
    assert.deepEqual([passed, failed], [1, 1])
    await refused(/no case has "maybe" in its name/, ...words, '--only', 'maybe')
  })

  test('as a program it ends with the same code', async () => {
    const port = ['--api-port', new URL(node.apiUrl).port]
    const run = startProgram(['workflow', 'run', 'refuses', '--wait', ...port])
    assert.deepEqual(await run.exited, [2, null], run.output())
  })

  test('an event from outside is taken once, however often it is posted, also after a restart', async () => {
    const paid = `
document: { dsl: 1.0.3, namespace: default, name: paid, version: 1.0.0 }
schedule: { on: { one: { with: { type: order.paid } } } }
do: [{ keep: { call: record.write, with: { key: '\${ $workflow.id }', data: '\${ .[0].data }' } } }]
`
    await writeFile(file('paid'), paid)
    await workflow('deploy', file('paid'))
    const attributes = { specversion: '1.0', id: '7', source: '/shop', type: 'order.paid' }
    const whole = { ...attributes, data: { amount: 5 } }
    const post = async (type: string, body: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(`${node.apiUrl}/v1/events`, {
        ...{ method: 'POST', body: JSON.stringify(body) },
        headers: { 'content-type': type, ...headers },
      })
      const answered = (await response.json()) as {
        items: readonly { id: string; instances: readonly string[] }[]
        error?: { code: string }
      }
      return { status: response.status, ...answered }
    }
    const binary = Object.fromEntries(Object.entries(attributes).map(([k, v]) => [`ce-${k}`, v]))
    const firstly = await post('application/cloudevents+json', whole)
    assert.equal(firstly.status, 200)
    assert.equal(firstly.items[0]?.instances.length, 1)
    assert.deepEqual(await post('application/json', whole.data, binary), firstly)
    const batch = [whole, whole, { ...whole, id: '8' }]
    const { items } = await post('application/cloudevents-batch+json', batch)
    assert.deepEqual(items.slice(0, 2), [firstly.items[0], firstly.items[0]])
    await node.stop()
    await start()
    assert.deepEqual(await post('application/cloudevents+json', whole), firstly)
    const runs = await json<{ items: readonly Row[] }>('instances', '--workflow', 'paid')
    assert.equal(runs.items.length, 2)
    const refusals: readonly (readonly [unknown, number, string])[] = [
      [{ ...whole, id: '9', type: 'evm.log' }, 403, 'workflow/reserved-event'],
      [{ ...whole, id: '9', source: '/chains/dev/0x1' }, 403, 'workflow/reserved-event'],
      [{ ...whole, id: '9', data: 'x'.repeat(300_000) }, 413, 'workflow/value-too-large'],
      [{ ...whole, id: '' }, 400, 'stream/bad-cloud-event'],
    ]
    for (const [event, status, code] of refusals) {
      const answered = await post('application/cloudevents+json', event)
      assert.deepEqual([answered.status, answered.error?.code], [status, code])
    }
    assert.equal((await post('text/plain', whole)).status, 415)
    const one = await getJson<Row>(`${node.apiUrl}/v1/instances/${firstly.items[0]?.instances[0]}`)
    assert.equal(one.status, 'completed')
  })
})
