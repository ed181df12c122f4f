/** Calls, deploys and removes functions at a stand-in for AWS Lambda that checks each signature. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { type AwsFunctionOptions, createAwsFunctions } from './aws-functions.ts'
import { checkedSource } from './function-source.ts'
import { functionsSuite } from './functions.suite.ts'
import type { LogLine } from './functions.ts'
import { type LambdaCall, LambdaServer } from './test-world/lambda-server.ts'
import { listening, type TestScope } from './test-world/local-server.ts'

const account = {
  ...{ accessKeyId: 'AKIDEXAMPLE', region: 'eu-central-1' },
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const { region, ...credentials } = account
const role = 'arn:aws:iam::123456789012:role/functions'
const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }

async function open(t: TestScope, call: LambdaCall, options: Partial<AwsFunctionOptions> = {}) {
  const lambda = new LambdaServer(account, call)
  const endpoint = `http://127.0.0.1:${await listening(t, lambda.server())}`
  const given = { region, endpoint, credentials, role, pollMs: 1, ...options }
  const provider = createAwsFunctions(given)
  t.after(() => provider.stop())
  return { lambda, provider }
}

const failed = (errorType: string, errorMessage: string) => ({
  headers: { 'x-amz-function-error': 'Unhandled' },
  body: { errorType, errorMessage, trace: [] },
})

functionsSuite('AWS Lambda', async ({ timeoutMs }) => {
  const began = Promise.withResolvers<void>()
  const ends: (() => unknown)[] = []
  const call: LambdaCall = (name, { specversion, type, subject, id, deadline, data = null }) => {
    assert.deepEqual([specversion, type, subject], ['1.0', 'quantumstream.function.invoke', name])
    if (name === 'slow') {
      began.resolve()
      return undefined
    }
    const answers: Readonly<Record<string, ReturnType<LambdaCall>>> = {
      echo: { body: { payload: data, key: id as Json } },
      until: { body: JSON.stringify(deadline) },
      refuse: failed('Error', 'not this one'),
      later: failed('RetryLater', 'busy'),
      large: { body: 'x'.repeat(300_000) },
      nojson: { body: 'no json' },
    }
    return (
      answers[name] ?? {
        ...{ status: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' } },
        body: { Message: 'Function not found' },
      }
    )
  }
  const scope = { after: (end: () => unknown) => ends.unshift(end) }
  const { provider } = await open(scope, call, { timeoutMs })
  return {
    provider,
    slowBegins: () => began.promise,
    close: async () => {
      for (const end of ends) await end()
    },
  }
})

test('the trace goes along as the extension of CloudEvents', async (t) => {
  const { provider } = await open(t, (_, event) => ({
    body: { seen: (event.traceparent ?? null) as Json },
  }))
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
  const traced = await provider.invoke('f', {}, { ...invocation, traceparent })
  assert.deepEqual(traced, { seen: traceparent })
  assert.deepEqual(await provider.invoke('f', {}, invocation), { seen: null })
})

test('a request that is signed by another secret is refused, for good', async (t) => {
  const wrong = { ...credentials, secretAccessKey: 'another' }
  const { provider, lambda } = await open(t, () => assert.fail(), { credentials: wrong })
  await assert.rejects(provider.invoke('f', {}, invocation), {
    ...{ code: 'workflow/function-refused', retry: 'never' },
    message: /InvalidSignatureException: the signature differs/,
  })
  assert.equal(lambda.seen.length, 1)
})

test('what the service and the platform say decides whether a call is worth another', async (t) => {
  let answer: ReturnType<LambdaCall>
  const { provider, lambda } = await open(t, () => answer)
  const fails = async (given: ReturnType<LambdaCall>, wanted: object) => {
    answer = given
    await assert.rejects(provider.invoke('f', {}, invocation), wanted)
  }
  const service = (status: number, type: string, more = {}) => ({
    ...{ status, headers: { 'x-amzn-errortype': type, ...more }, body: { Message: 'why' } },
  })
  await fails(service(429, 'TooManyRequestsException', { 'retry-after': '3' }), {
    ...{ code: 'workflow/function-busy', retry: 'later' },
    data: { status: 429, retryAfterMs: 3_000 },
  })
  const later = { code: 'workflow/function-failed', retry: 'later', message: /why/ }
  await fails(service(500, 'ServiceException'), later)
  await fails(service(502, 'EC2UnexpectedException'), later)
  await fails(service(409, 'ResourceConflictException'), later)
  await fails(service(403, 'AccessDeniedException'), { code: 'workflow/function-refused' })
  await fails(service(413, 'RequestTooLargeException'), { code: 'workflow/function-refused' })
  await fails(failed('Sandbox.Timedout', 'Task timed out after 3.00 seconds'), {
    ...{ code: 'workflow/function-timeout', retry: 'later' },
  })
  await fails(failed('Runtime.OutOfMemory', 'killed'), { code: 'workflow/function-memory' })
  await fails(failed('Runtime.ExitError', 'exit status 1'), { retry: 'later' })
  await fails(failed('TypeError', 'x is undefined'), {
    ...{ code: 'workflow/function-refused', retry: 'never', message: /TypeError: x is undefined/ },
  })
  assert.equal(lambda.seen.length, 10, 'the client itself tries nothing again')
})

test('the end of the log of a call is heard', async (t) => {
  const text = 'START RequestId: 1\n2026 1 INFO said\n2026\t1\tERROR\tbad\nEND\n'
  const headers = { 'x-amz-log-result': Buffer.from(text).toString('base64') }
  const { provider } = await open(t, () => ({ headers, body: 1 }))
  const lines: LogLine[] = []
  await provider.invoke('f', {}, { ...invocation, log: (line) => lines.push(line) })
  assert.deepEqual(
    lines.map(({ level, text }) => `${level} ${text}`),
    ['info START RequestId: 1', 'info 2026 1 INFO said', 'error 2026\t1\tERROR\tbad', 'info END'],
  )
})

const source = (text: string) =>
  checkedSource(
    new Map([
      ['main.mjs', Buffer.from(text)],
      ['lib/größe.mjs', Buffer.from('export const one = 1\n'.repeat(1_000))],
    ]),
    { runtime: 'nodejs24.x', handler: 'main.handler', timeoutMs: 2_500, memoryMb: 256 },
  )

test('a function is made, changed and removed, and each step waits for the one before', async (t) => {
  const { provider, lambda } = await open(t, () => undefined)
  const { management } = provider
  const first = await management.deploy('kyc', source('first'))
  assert.equal(first.version, '1')
  const made = lambda.functions.get('kyc')
  assert.ok(made)
  const { Runtime, Handler, Timeout, MemorySize, Role } = made.config
  assert.deepEqual(
    [Runtime, Handler, Timeout, MemorySize, Role],
    ['nodejs24.x', 'main.handler', 3, 256, role],
  )
  assert.deepEqual(Object.keys(made.files), ['lib/größe.mjs', 'main.mjs'])
  assert.equal(made.files['lib/größe.mjs']?.length, 21_000)
  assert.equal((await management.deploy('kyc', source('second'))).version, '2')
  assert.equal(made.files['main.mjs'], 'second')
  const { versions, state } = await management.describe('kyc')
  assert.equal(state, 'active')
  assert.deepEqual(
    versions.map(({ version, isCurrent }) => [version, isCurrent]),
    [
      ['2', false],
      ['1', false],
      ['$LATEST', true],
    ],
  )
  await assert.rejects(management.activate('kyc', '1'), { code: 'workflow/no-version' })
  await management.remove('kyc')
  assert.equal(lambda.functions.size, 0)
  await assert.rejects(management.remove('kyc'), { code: 'workflow/no-function' })
  await assert.rejects(management.describe('kyc'), { code: 'workflow/no-function' })
})

test('with an alias calls go to the version that it names, and back to an older one', async (t) => {
  const qualifiers: (string | null)[] = []
  const call: LambdaCall = (_, __, qualifier) => {
    qualifiers.push(qualifier)
    return { body: 1 }
  }
  const { provider, lambda } = await open(t, call, { alias: 'live' })
  const { management } = provider
  await management.deploy('kyc', source('first'))
  await management.deploy('kyc', source('second'))
  const live = () => lambda.functions.get('kyc')?.aliases.get('live')
  assert.equal(live(), '2')
  await provider.invoke('kyc', {}, invocation)
  assert.deepEqual(qualifiers, ['live'])
  const back = await management.activate('kyc', '1')
  assert.deepEqual([live(), back.version], ['1', '1'])
  await assert.rejects(management.activate('kyc', '9'), { code: 'workflow/no-version' })
  await assert.rejects(management.activate('absent', '1'), { code: 'workflow/no-function' })
})

test('functions are listed page by page', async (t) => {
  const { provider, lambda } = await open(t, () => undefined)
  for (const name of ['a', 'b', 'c', 'd', 'e']) lambda.add(name)
  const found = await provider.management.list()
  assert.deepEqual(
    found.map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'e'],
  )
  assert.equal(found[0]?.deployedAtMs, Date.parse('2026-01-02T03:04:05Z'))
})

test('what cannot be deployed is told before anything is asked', async (t) => {
  const { provider, lambda } = await open(t, () => undefined, { role: undefined as never })
  const bad = { code: 'workflow/bad-function' }
  const bare = checkedSource(new Map([['main.js', Buffer.from('')]]))
  await assert.rejects(provider.management.deploy('f', bare), { ...bad, message: /"runtime"/ })
  await assert.rejects(provider.management.deploy('f', source('')), { ...bad, message: /"role"/ })
  assert.equal(lambda.functions.size, 0)
})
