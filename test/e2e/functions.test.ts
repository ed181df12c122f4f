/** Deploys, calls, shows and removes functions of a running node, by REST and by the command line. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { startCalm } from './calm-node.ts'
import { getJson, startProgram, temporaryFolder } from './program.ts'

interface Detail {
  readonly name: string
  readonly version: string
  readonly runs: number
  readonly errors: number
  readonly lastError: string | null
  readonly circuit: string
  readonly versions: readonly { readonly version: string; readonly isCurrent: boolean }[]
}

/** An answer of any of the routes. */
interface Answer {
  readonly output?: unknown
  readonly idempotencyKey?: string
  readonly version: string
  readonly error: { readonly code: string }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

function clientOf(node: RunningNode) {
  const ask = async (method: string, what: string, body?: object) => {
    const response = await fetch(`${node.apiUrl}/v1/functions${what}`, {
      ...{ method, headers: { 'content-type': 'application/json' } },
      ...(body && { body: JSON.stringify(body) }),
    })
    const answer = (response.status === 204 ? {} : await response.json()) as Answer
    return { status: response.status, answer }
  }
  const get = <T>(what: string) => getJson<T>(`${node.apiUrl}/v1/functions${what}`)
  const deploy = (name: string, text: string) =>
    ask('PUT', `/${name}`, { files: { 'main.js': base64(text) } })
  return { ask, get, deploy }
}

test('a function is deployed by REST, called, looked at, taken back and removed', async (t) => {
  const node = await startCalm(t)
  const { ask, get, deploy } = clientOf(node)
  const text =
    'export default (n) => { console.log("got", n); if (n < 0) throw new Error("below"); return n * 2 }'
  const { status, answer: first } = await deploy('double', text)
  assert.equal(status, 200)
  assert.equal((await deploy('double', text.replace('* 2', '* 3'))).status, 200)
  const call = (payload: unknown, more = {}) => ask('POST', '/double/invoke', { payload, ...more })
  assert.equal((await call(4)).answer.output, 12)
  const back = await ask('PUT', '/double', { version: first.version.slice(0, 10) })
  assert.equal(back.answer.version, first.version)
  const { answer } = await call(4, { idempotencyKey: 'key-1' })
  assert.deepEqual([answer.output, answer.idempotencyKey], [8, 'key-1'])
  const refused = await call(-1)
  assert.deepEqual([refused.status, refused.answer.error.code], [422, 'workflow/function-refused'])

  const detail = await get<Detail>('/double')
  assert.deepEqual([detail.runs, detail.errors, detail.circuit], [3, 1, 'closed'])
  assert.match(detail.lastError ?? '', /below/)
  assert.deepEqual(
    detail.versions.map(({ isCurrent }) => isCurrent),
    [false, true],
  )
  const runs = await get<{ items: { outcome: string; idempotencyKey: string }[] }>('/double/runs')
  assert.deepEqual(
    runs.items.map(({ outcome }) => outcome),
    ['function-refused', 'ok', 'ok'],
  )
  assert.equal(runs.items[1]?.idempotencyKey, 'key-1')
  const logs = await get<{ items: { text: string }[] }>('/double/logs')
  assert.deepEqual(
    logs.items.map((line) => line.text),
    ['got 4', 'got 4', 'got -1'],
  )
  const list = await get<{ items: Detail[]; providers: { name: string }[] }>('')
  assert.deepEqual(
    list.items.map(({ name }) => name),
    ['double', 'kyc'],
  )
  assert.deepEqual(list.providers, [{ name: 'local', kind: 'local' }])

  assert.equal((await ask('DELETE', '/double')).status, 204)
  assert.equal((await call(1)).status, 404)
  assert.equal((await ask('DELETE', '/double')).status, 404)
})

test('what is no deployment or no call is refused, and nothing of it stays', async (t) => {
  const node = await startCalm(t)
  const { ask, get } = clientOf(node)
  const code = async (method: string, what: string, body: object) => {
    const { status, answer } = await ask(method, what, body)
    return `${status} ${answer.error.code}`
  }
  const files = (name: string) => ({ files: { [name]: base64('export default () => 1') } })
  assert.equal(await code('PUT', '/f', files('../../out.js')), '400 workflow/bad-function')
  assert.equal(await code('PUT', '/f', { files: { 'a.js': '%%%' } }), '400 api/bad-request')
  assert.equal(await code('PUT', '/f', {}), '400 api/bad-request')
  assert.equal(await code('PUT', '/..%2Ff', files('a.js')), '400 api/bad-request')
  assert.equal(
    await code('PUT', '/f', { ...files('a.js'), provider: 'aws' }),
    '404 workflow/no-provider',
  )
  assert.equal(
    await code('PUT', '/f', { ...files('a.js'), manifest: { memoryMb: 1 } }),
    '400 workflow/bad-function',
  )
  const large = { files: { 'a.js': base64('x'.repeat(3 * 2 ** 20 + 1)) } }
  assert.equal(await code('PUT', '/f', large), '400 workflow/bad-function')
  const huge = { files: { 'a.js': base64('x'.repeat(5 * 2 ** 20)) } }
  assert.equal(await code('PUT', '/f', huge), '413 api/body-too-large')
  const payload = 'x'.repeat(300_000)
  assert.equal(await code('POST', '/kyc/invoke', { payload }), '400 workflow/bad-input')
  const list = await get<{ items: Detail[] }>('')
  assert.deepEqual(
    list.items.map(({ name }) => name),
    ['kyc'],
  )
})

test('functions and their runs are there after a restart', async (t) => {
  const data = await temporaryFolder(t)
  const settings = { data, dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 3_600 }
  const first = await startNode(settings)
  assert.ok(first)
  const before = clientOf(first)
  await before.deploy('one', 'export default () => 1')
  assert.equal((await before.ask('POST', '/one/invoke', {})).answer.output, 1)
  await first.stop()
  const second = await startNode(settings)
  assert.ok(second)
  t.after(() => second.stop())
  const after = clientOf(second)
  assert.equal((await after.ask('POST', '/one/invoke', {})).answer.output, 1)
  assert.equal((await after.get<Detail>('/one')).runs, 2)
})

test('the command deploys a folder, calls it, and shows what there is', async (t) => {
  const node = await startCalm(t)
  const folder = path.join(await temporaryFolder(t), 'score')
  await mkdir(folder)
  await writeFile(path.join(folder, 'function.json'), '{"main": "main.ts", "timeoutMs": 5000}')
  await writeFile(
    path.join(folder, 'main.ts'),
    'export default ({ n }: { n: number }) => { console.log("scored"); return { score: n } }',
  )
  const port = new URL(node.apiUrl).port
  const run = async (...words: string[]) => {
    const program = startProgram(['function', ...words, '--api-port', port])
    const [code] = await program.exited
    return `${code} ${program.output()}`
  }
  assert.match(await run('deploy', folder, '--memory', '32'), /^0 score at local: active/)
  assert.match(await run('invoke', 'score', '--payload', '{"n": 7}'), /^0 \{\n {2}"score": 7\n\}/)
  const [list, runs, logs, kept, wrong] = await Promise.all([
    run('list'),
    run('runs', 'score', '--json'),
    run('logs', 'score'),
    run('remove', 'score'),
    run('deploy', path.join(folder, 'absent.js')),
  ])
  assert.match(
    list,
    /^0 function +provider.*\nkyc +local.*\nscore +local +[0-9a-f]{12} +active +1 /s,
  )
  assert.match(runs, /"outcome": "ok"/)
  assert.match(logs, /^0 \S+ info scored\n$/)
  assert.match(kept, /^1 error: .*--yes/)
  assert.match(wrong, /^1 error: .*absent\.js/)
  assert.match(await run('remove', 'score', '--yes'), /^0 the function "score" is gone/)
})
