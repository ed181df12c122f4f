/** Calls, deploys and removes functions at a stand-in for Google Cloud that checks each token. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { checkedSource } from './function-source.ts'
import { functionsSuite } from './functions.suite.ts'
import { createGoogleFunctions, type GoogleFunctionOptions } from './google-functions.ts'
import { createGuardedHttp } from './guarded-http.ts'
import { GoogleServer } from './test-world/google-server.ts'
import { listening, type TestScope } from './test-world/local-server.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'qs-google-'))
const http = createGuardedHttp()
after(async () => {
  await http.stop()
  await rm(folder, { recursive: true })
})
const suiteNames = ['echo', 'until', 'refuse', 'later', 'slow', 'large', 'nojson']
const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }

let opened = 0
async function open(t: TestScope, options: Partial<GoogleFunctionOptions> = {}) {
  const cloud = new GoogleServer()
  cloud.origin = `http://127.0.0.1:${await listening(t, cloud.server())}`
  for (const name of suiteNames) cloud.add(name)
  opened += 1
  const keyFile = path.join(folder, `key-${opened}.json`)
  await writeFile(keyFile, await cloud.keyFile())
  const provider = createGoogleFunctions({
    ...{ project: 'project', region: 'europe-west3', http, keyFile, pollMs: 1 },
    ...{ endpoint: cloud.origin, logging: cloud.origin, metadata: cloud.origin, ...options },
  })
  t.after(() => provider.stop())
  const count = (line: string) => cloud.seen.filter((one) => one.startsWith(line)).length
  return { cloud, provider, keyFile, count }
}

functionsSuite('Google Cloud Functions', async ({ timeoutMs }) => {
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

test('tokens are kept for each function until shortly before they expire', async (t) => {
  const { provider, count, cloud } = await open(t)
  for (const _ of [1, 2, 3]) await provider.invoke('echo', {}, invocation)
  assert.equal(count('POST /token'), 2, 'one to ask where it is, one to call it')
  assert.equal(count('GET /v2/projects'), 1)
  cloud.tokenSeconds = 30
  const { provider: other, count: ofOther, cloud: second } = await open(t)
  second.tokenSeconds = 30
  for (const _ of [1, 2]) await other.invoke('echo', {}, invocation)
  assert.equal(ofOther('POST /token'), 3, 'a token of the last minute is not used again')
})

test('calls at the same time ask for one token', async (t) => {
  const { provider, count } = await open(t)
  await Promise.all([1, 2, 3, 4].map(() => provider.invoke('echo', {}, invocation)))
  assert.equal(count('POST /token'), 2)
})

test('on a machine of Google the metadata server gives the tokens', async (t) => {
  const server = new GoogleServer()
  server.origin = `http://127.0.0.1:${await listening(t, server.server())}`
  server.add('echo')
  const { origin } = server
  const provider = createGoogleFunctions({
    ...{ project: 'project', region: 'europe-west3', http, endpoint: origin, metadata: origin },
  })
  const output = await provider.invoke('echo', { a: 1 }, invocation)
  assert.deepEqual(output, { payload: { a: 1 }, key: '0x01' })
  assert.equal(server.seen.filter((line) => line.includes('/token')).length, 1)
})

test('a function at a set address is not asked for, and a token for another is none', async (t) => {
  const { cloud } = await open(t)
  const own = `${cloud.origin}/run/echo`
  const urls = { mine: `${own}?x=1`, other: own.replace('127.0.0.1', 'localhost') }
  const { provider, count } = await open(t, { urls })
  assert.deepEqual(await provider.invoke('mine', {}, invocation), { payload: {}, key: '0x01' })
  await assert.rejects(provider.invoke('other', {}, invocation), {
    ...{ code: 'workflow/function-refused', message: /401.*aud/s },
  })
  assert.equal(count('GET /v2/projects'), 0)
})

test('a key file that is none is told without what stands in it', async (t) => {
  const { provider, keyFile } = await open(t)
  await writeFile(keyFile, '{"private_key": "geheim"')
  await assert.rejects(provider.invoke('echo', {}, invocation), (error: Error) => {
    assert.match(error.message, /is no key file of a service account/)
    return !error.message.includes('geheim')
  })
})

const source = (text: string) =>
  checkedSource(new Map([['index.js', Buffer.from(text)]]), {
    ...{ runtime: 'nodejs24', handler: 'kyc', timeoutMs: 2_500, memoryMb: 256 },
  })

test('a function is made, changed and removed, and each operation is waited for', async (t) => {
  const { provider, cloud, count } = await open(t)
  const { management } = provider
  const made = await management.deploy('kyc', source('first'))
  assert.deepEqual([made.version, made.state, made.runtime], ['kyc-1', 'active', 'nodejs24'])
  assert.deepEqual(cloud.files.get('kyc'), { 'index.js': 'first' })
  const { given, buildConfig } = cloud.functions.get('kyc') ?? {}
  assert.deepEqual(given, { timeoutSeconds: 3, availableMemory: '256Mi' })
  assert.equal((buildConfig as { entryPoint: string }).entryPoint, 'kyc')
  assert.equal((await management.deploy('kyc', source('second'))).version, 'kyc-2')
  assert.deepEqual(cloud.files.get('kyc'), { 'index.js': 'second' })
  assert.equal(count('GET /v2/operations/'), 6)
  const { versions } = await management.describe('kyc')
  assert.deepEqual(
    versions.map(({ version, isCurrent }) => [version, isCurrent]),
    [['kyc-2', true]],
  )
  const lines = await provider.logs('kyc', 10)
  assert.deepEqual(
    lines.map(({ level, text }) => [level, text]),
    [
      ['info', 'said'],
      ['error', 'bad'],
    ],
  )
  await management.remove('kyc')
  assert.equal(cloud.functions.has('kyc'), false)
  await assert.rejects(management.remove('kyc'), { code: 'workflow/no-function' })
})

test('what fails in the cloud, or cannot go there, is told', async (t) => {
  const { provider, cloud } = await open(t)
  const bad = { code: 'workflow/bad-function' }
  cloud.operationError = 'the build failed'
  await assert.rejects(provider.deploy('kyc', source('')), { ...bad, message: /the build failed/ })
  await assert.rejects(provider.deploy('My_Kyc', source('')), { ...bad, message: /lower-case/ })
  const bare = checkedSource(new Map([['index.js', Buffer.from('')]]))
  await assert.rejects(provider.deploy('kyc', bare), { ...bad, message: /"runtime"/ })
})

test('functions are listed page by page', async (t) => {
  const { provider } = await open(t)
  const found = await provider.list()
  assert.deepEqual(
    found.map(({ name }) => name),
    suiteNames,
  )
  assert.equal(found[0]?.deployedAtMs, Date.parse('2026-01-02T03:04:05Z'))
})
