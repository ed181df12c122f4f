/** Calls, deploys and removes functions at a stand-in for Azure that checks keys and tokens. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type AzureFunctionOptions, createAzureFunctions } from './azure-functions.ts'
import { checkedSource } from './function-source.ts'
import { functionsSuite } from './functions.suite.ts'
import { createGuardedHttp } from './guarded-http.ts'
import { AzureServer } from './test-world/azure-server.ts'
import { listening, type TestScope } from './test-world/local-server.ts'

const http = createGuardedHttp()
after(() => http.stop())
const suiteNames = ['echo', 'until', 'refuse', 'later', 'slow', 'large', 'nojson']
const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }
const credentials = { tenant: 'tenant', clientId: 'client', clientSecret: 'client~secret' }

async function open(t: TestScope, options: Partial<AzureFunctionOptions> = {}) {
  const cloud = new AzureServer()
  const origin = `http://127.0.0.1:${await listening(t, cloud.server())}`
  cloud.origin = origin
  for (const name of suiteNames) cloud.add(name)
  const provider = createAzureFunctions({
    ...{ app: 'app', http, endpoint: `${origin}/app`, deployment: `${origin}/scm`, pollMs: 1 },
    ...{ resources: origin, login: origin, logging: origin, insights: 'insights' },
    ...{ ...credentials, subscription: 'sub', resourceGroup: 'group', ...options },
  })
  t.after(() => provider.stop())
  const count = (line: string) => cloud.seen.filter((one) => one.includes(line)).length
  return { cloud, provider, count }
}

functionsSuite('Azure Functions', async ({ timeoutMs }) => {
  const ends: (() => unknown)[] = []
  const { provider, cloud } = await open({ after: (end) => ends.unshift(end) }, { timeoutMs })
  return {
    provider,
    slowBegins: () => cloud.slowBegins.promise,
    close: async () => {
      for (const end of ends) await end()
    },
  }
})

test('the key of a function is asked for once, and again when it was renewed', async (t) => {
  const { provider, cloud, count } = await open(t)
  for (const _ of [1, 2]) await provider.invoke('echo', {}, invocation)
  assert.deepEqual([count('/listkeys'), count('/token')], [1, 1])
  cloud.functions.set('echo', 'renewed')
  await provider.invoke('echo', {}, invocation)
  assert.equal(count('/listkeys'), 2)
})

test('a key that is set needs no credentials, and a wrong one is refused', async (t) => {
  const none = { tenant: undefined as never, subscription: undefined as never }
  const { provider, count } = await open(t, { key: 'host-key', ...none })
  await provider.invoke('echo', {}, invocation)
  assert.equal(count('/token'), 0)
  await assert.rejects(provider.list(), { code: 'workflow/unmanaged-function' })
  const { provider: other } = await open(t, { key: 'wrong' })
  await assert.rejects(other.invoke('echo', {}, invocation), {
    ...{ code: 'workflow/function-refused', retry: 'never', data: { status: 401 } },
  })
  const { provider: third } = await open(t, { clientSecret: 'geheim' })
  await assert.rejects(third.invoke('echo', {}, invocation), (error: Error) => {
    assert.match(error.message, /401/)
    return !error.message.includes('geheim')
  })
})

const source = (text: string) =>
  checkedSource(
    new Map([
      ['host.json', Buffer.from('{"version": "2.0"}')],
      ['kyc/function.json', Buffer.from('{"bindings": []}')],
      ['kyc/main.js', Buffer.from(text)],
    ]),
  )

test('an app is deployed, goes back to an older deployment, and loses a function', async (t) => {
  const { provider, cloud, count } = await open(t)
  cloud.hostLooks = 2
  const made = await provider.deploy('kyc', source('first'))
  assert.deepEqual([made.name, made.state, made.runtime], ['kyc', 'active', 'node'])
  assert.equal(cloud.deployments[0]?.files['kyc/main.js'], 'first')
  assert.equal(count('/syncfunctiontriggers'), 1)
  await provider.deploy('kyc', source('second'))
  assert.equal(cloud.active, 'deployment-2')
  const { versions, version } = await provider.describe('kyc')
  assert.equal(version, 'deployment-2')
  assert.deepEqual(
    versions.map((one) => [one.version, one.isCurrent]),
    [
      ['deployment-2', true],
      ['deployment-1', false],
    ],
  )
  const back = await provider.activate('kyc', 'deployment-1')
  assert.deepEqual([cloud.active, back.version], ['deployment-1', 'deployment-1'])
  await assert.rejects(provider.activate('kyc', 'deployment-9'), { code: 'workflow/no-version' })
  await provider.remove('kyc')
  assert.equal(cloud.functions.has('kyc'), false)
  await assert.rejects(provider.remove('kyc'), { code: 'workflow/no-function' })
})

test('what fails in the cloud, or is no app, is told', async (t) => {
  const { provider, cloud } = await open(t)
  const bad = { code: 'workflow/bad-function' }
  cloud.failure = 'the build failed'
  await assert.rejects(provider.deploy('kyc', source('')), { ...bad, message: /the build failed/ })
  const bare = checkedSource(new Map([['main.js', Buffer.from('')]]))
  await assert.rejects(provider.deploy('kyc', bare), { ...bad, message: /host\.json/ })
})

test('functions are listed page by page, and logs come from Application Insights', async (t) => {
  const { provider } = await open(t)
  const found = await provider.list()
  assert.deepEqual(
    found.map(({ name }) => name),
    suiteNames,
  )
  const lines = await provider.logs('kyc', 10)
  assert.deepEqual(
    lines.map(({ level, text }) => [level, text]),
    [
      ['info', 'said'],
      ['error', 'bad'],
    ],
  )
  const { provider: other } = await open(t, { insights: undefined as never })
  await assert.rejects(other.logs('kyc', 10), { message: /"insights"/ })
})
