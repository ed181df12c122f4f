/** Operates runs of workflows by REST: starts, answers, pauses, resumes, cancels, retries, replays. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { encodeFunctionData } from 'viem'
import { streamAnchorAbi } from '../../src/abi/stream-anchor.gen.ts'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'

const treasury = `
document: { dsl: 1.0.3, namespace: default, name: treasury, version: 0.1.0 }
do:
  - approve:
      call: human.approve
      with:
        title: Pay \${ .amount }?
        role: treasurer
        answers: 2
        form: { type: object, required: [approved], properties: { approved: { type: boolean } } }
      output: { as: '\${ { amount: $input.amount, approved: .approved } }' }
  - decide:
      switch:
        - approved: { when: .approved, then: pay }
        - refused: { then: refuse }
  - pay:
      call: record.write
      with: { key: '\${ $workflow.id }', data: { amount: '\${ .amount }' } }
      then: end
  - refuse:
      raise:
        error: { type: 'https://example.com/errors/refused', status: 403, title: Refused }
`

interface Run {
  readonly id: string
  readonly status: string
  readonly problem: { readonly title?: string } | null
}

interface Question {
  readonly id: string
  readonly instanceId: string
  readonly title: string
  readonly status: string
  readonly given: readonly { readonly who: string }[]
}

describe('runs of workflows', { timeout: 240_000 }, () => {
  let node: RunningNode
  const cleaning: (() => Promise<void>)[] = []
  before(async () => {
    const data = await temporaryFolder({ after: (run) => void cleaning.unshift(run) })
    const workflows = path.join(data, 'workflows')
    await mkdir(workflows)
    await writeFile(path.join(workflows, 'treasury.workflow.yaml'), treasury)
    const calm = { dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 3_600 }
    const started = await startNode({ ...calm, data, workflows })
    assert.ok(started)
    node = started
    cleaning.unshift(() => started.stop())
  })
  after(async () => {
    for (const run of cleaning) await run()
  })

  const post = async (where: string, body: object = {}) => {
    const response = await fetch(`${node.apiUrl}/v1/${where}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json' },
    })
    return { status: response.status, answer: (await response.json()) as Run }
  }
  const read = <T>(where: string) => getJson<T>(`${node.apiUrl}/v1/${where}`)
  const reaches = (id: string, status: string) =>
    eventually(async () => {
      const run = await read<Run>(`instances/${id}`)
      return run.status === status ? run : undefined
    })
  const begin = async (amount: string) => {
    const { status, answer } = await post('workflows/treasury/run', { input: { amount } })
    assert.equal(status, 200)
    await reaches(answer.id, 'waiting')
    return answer.id
  }
  const questionOf = (id: string) =>
    eventually(async () => {
      const { items } = await read<{ items: readonly Question[] }>('questions?status=open')
      return items.find(({ instanceId }) => instanceId === id)
    })
  const answered = async (id: string, who: string, approved: unknown) =>
    (await post(`questions/${(await questionOf(id)).id}/answer`, { who, answer: { approved } }))
      .status

  test('two people must agree before it is paid, and who answered is kept', async () => {
    const id = await begin('5')
    assert.equal((await questionOf(id)).title, 'Pay 5?')
    assert.equal(await answered(id, 'ada', 'perhaps'), 422)
    assert.equal(await answered(id, 'ada', true), 200)
    const { given, id: question } = await questionOf(id)
    assert.deepEqual(
      given.map(({ who }) => who),
      ['ada'],
    )
    assert.equal(await answered(id, 'bob', true), 200)
    await reaches(id, 'completed')
    const late = await post(`questions/${question}/answer`, { who: 'eve', answer: {} })
    assert.equal(late.status, 409)
    const { items } = await read<{ items: readonly { key: string }[] }>('records')
    assert.ok(items.some(({ key }) => key === id))
  })

  test('the same id starts one run', async () => {
    const body = { input: { amount: '1' }, id: 'once' }
    const both = [
      await post('workflows/treasury/run', body),
      await post('workflows/treasury/run', body),
    ]
    assert.deepEqual(
      both.map(({ answer }) => answer.id),
      ['once', 'once'],
    )
    const { items } = await read<{ items: readonly Run[] }>('instances?workflow=treasury')
    assert.equal(items.filter(({ id }) => id === 'once').length, 1)
    assert.equal((await post('workflows/nobody/run')).status, 404)
  })

  test('the definition of a run is shown when another one has taken its place', async () => {
    const definition = (task: string) => ({
      document: { dsl: '1.0.3', namespace: 'default', name: 'changed', version: '1.0.0' },
      do: [{ [task]: { set: { seen: true } } }],
    })
    await post('workflows', { definition: definition('before') })
    const { answer } = await post('workflows/changed/run')
    await post('workflows', { definition: definition('after') })
    const { definitionHash } = await read<{ definitionHash: string }>(`instances/${answer.id}`)
    const kept = await read<{ hash: string; steps: { name: string }[] }>(
      `definitions/${definitionHash}`,
    )
    assert.equal(kept.hash, definitionHash)
    assert.deepEqual(
      kept.steps.map(({ name }) => name),
      ['before'],
    )
    const unknown = await fetch(`${node.apiUrl}/v1/definitions/${'0'.repeat(64)}`)
    assert.equal(unknown.status, 404)
  })

  test('a body that is no JSON is told as such', async () => {
    const response = await fetch(`${node.apiUrl}/v1/workflows/treasury/run`, {
      ...{ method: 'POST', body: '{oops', headers: { 'content-type': 'application/json' } },
    })
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    assert.deepEqual([response.status, error.code], [400, 'api/bad-request'])
    assert.match(error.message, /JSON/)
  })

  test('a run is paused, resumed and cancelled', async () => {
    const id = await begin('6')
    assert.equal((await post(`instances/${id}/pause`)).answer.status, 'paused')
    assert.equal((await post(`instances/${id}/pause`)).status, 409)
    await post(`instances/${id}/resume`)
    await reaches(id, 'waiting')
    await post(`instances/${id}/cancel`, { reason: 'by hand' })
    await reaches(id, 'cancelled')
    assert.equal((await post(`instances/${id}/resume`)).status, 409)
    assert.equal((await post('instances/nobody/cancel')).status, 404)
  })

  test('a refused run is replayed without effect, and retried from its question', async () => {
    const id = await begin('7')
    assert.equal(await answered(id, 'ada', false), 200)
    assert.equal(await answered(id, 'bob', false), 200)
    const failed = await reaches(id, 'failed')
    assert.equal(failed.problem?.title, 'Refused')
    const { answer } = await post(`instances/${id}/replay`)
    const replay = answer as unknown as { next: unknown[]; problem: { title: string } }
    assert.deepEqual([replay.next, replay.problem.title], [[], 'Refused'])
    assert.equal((await post(`instances/${id}/retry`, { step: '/do/9/none' })).status, 404)
    assert.equal((await post(`instances/${id}/retry`, { step: '/do/0/approve' })).status, 200)
    await reaches(id, 'waiting')
    assert.equal(await answered(id, 'ada', true), 200)
    assert.equal(await answered(id, 'bob', true), 200)
    await reaches(id, 'completed')
  })
})

/** Its first listens to a contract by name, its second to one that only its input tells. */
const hears = (last: string) => `
document: { dsl: 1.0.3, namespace: default, name: hears, version: ${last.length}.0.0 }
do:
  - deposited:
      listen:
        to:
          one:
            with: { type: evm.log, event: 'Deposited(address indexed account, uint256 amount, bytes32 memo)', contract: depositVault }
      output: { as: '\${ { amount: .[0].args.amount } }' }
  - told: ${last}
`
const told = `
      listen:
        to:
          one:
            with:
              type: evm.log
              event: 'MessageSent(address indexed sender, bytes32 indexed stream, uint64 sequence, string metadata, bytes32 hash, bytes payload)'
              contract: '\${ $workflow.input.at }'
      output: { as: '\${ $input + { metadata: .[0].args.metadata } }' }`

test('a run hears events that no trigger names, though the node was restarted and its definition replaced', async (t) => {
  const folder = await temporaryFolder(t)
  const workflows = path.join(folder, 'workflows')
  await mkdir(workflows)
  await writeFile(path.join(workflows, 'treasury.workflow.yaml'), treasury)
  const start = async () => {
    const node = await startNode({
      ...{ dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
      ...{ data: folder, workflows },
    })
    assert.ok(node)
    t.after(() => node.stop())
    return node
  }
  let node = await start()
  const post = async (where: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', body: JSON.stringify(body), headers }
    return fetch(`${node.apiUrl}/v1/${where}`, request)
  }
  const deploy = async (definition: string) => post('workflows', { definition })
  const reaches = async (id: string, wanted: (run: Waiting) => boolean) =>
    eventually(async () => {
      const run = await getJson<Waiting>(`${node.apiUrl}/v1/instances/${id}`)
      return wanted(run) ? run : undefined
    })
  const wrong = await deploy(hears(told.replace(/event: '.*'/, "event: '${ .event }'")))
  assert.equal(wrong.status, 422)
  assert.match(await wrong.text(), /takes events of a chain and does not say which: add ..event/)
  const foreign = await deploy(hears(told).replace('depositVault', 'nowhere'))
  assert.match(await foreign.text(), /listens to the contract ..nowhere/)

  assert.equal((await deploy(hears(told))).status, 200)
  const body = {
    id: 'h',
    input: { at: node.contracts.streamAnchor?.toUpperCase().replace('X', 'x') },
  }
  assert.equal((await post('workflows/hears/run', body)).status, 200)
  await reaches('h', ({ status }) => status === 'waiting')
  assert.equal((await deploy(hears('{ set: { heard: nothing } }'))).status, 200)
  await node.stop()
  node = await start()
  await node.deposit('heard')
  await reaches('h', ({ step }) => step?.startsWith('/do/1/told') ?? false)
  const rpc = async (method: string, params: readonly unknown[]) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(node.rpcUrl ?? '', { method: 'POST', headers, body })
    return ((await answer.json()) as { readonly result: readonly string[] }).result
  }
  const data = encodeFunctionData({
    ...{ abi: streamAnchorAbi, functionName: 'send' },
    args: [`0x${'00'.repeat(32)}`, 'a word', '0x00'],
  })
  const [, from] = await rpc('eth_accounts', [])
  await rpc('eth_sendTransaction', [{ from, to: node.contracts.streamAnchor, data }])
  const { output } = await reaches('h', ({ status }) => status === 'completed')
  assert.deepEqual(output, { amount: '1000000000000000000', metadata: 'a word' })
})

interface Waiting {
  readonly status: string
  readonly step: string | null
  readonly output: unknown
}
