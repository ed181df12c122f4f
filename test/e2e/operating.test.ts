/** Operates runs of workflows by REST: starts, answers, pauses, resumes, cancels, retries, replays. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
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

describe('runs of workflows', { timeout: 120_000 }, () => {
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
