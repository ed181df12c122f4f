/** Runs the example functions where they are meant to run, as far as this machine goes. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import { readFunction } from '../../src/node/function-folder.ts'
import { createGuardedHttp } from '../../src/workflow/guarded-http.ts'
import { createHttpFunctions } from '../../src/workflow/http-functions.ts'
import { startCalm } from './calm-node.ts'
import { root } from './program.ts'

const examples = path.join(root, 'examples/functions')
const account = `0x${'aa'.repeat(20)}`
const within = { account, amount: '5' }
const decided = { approved: true, reason: 'within the limits' }
const event = (data: object) => ({
  ...{ specversion: '1.0', id: '0x01', source: '/quantumstream', subject: 'kyc', data },
  type: 'quantumstream.function.invoke',
})
const lacksPython =
  spawnSync('python3', ['--version']).status === 0 ? false : 'there is no python3 on this machine'

test('the Node.js function is deployed as it lies there, and runs as a local one', async (t) => {
  const node = await startCalm(t)
  const { files, manifest } = await readFunction(path.join(examples, 'node'), {}, 'kyc2')
  const send = async (method: string, what: string, body: object) => {
    const response = await fetch(`${node.apiUrl}/v1/functions/kyc2${what}`, {
      ...{ method, headers: { 'content-type': 'application/json' } },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as { output?: unknown; error?: { code: string } }
    return answer.output ?? answer.error?.code
  }
  await send('PUT', '', { files, manifest })
  const call = (payload: object) => send('POST', '/invoke', { payload })
  assert.deepEqual(await call(within), decided)
  assert.equal(await call({ account: 'nobody' }), 'workflow/function-refused')
  assert.equal(await call({ later: true }), 'workflow/function-failed')
})

test('the Node.js function runs as AWS Lambda calls it', async () => {
  const file = path.join(examples, 'node/aws.js')
  const { handler } = (await import(file)) as { handler(given: object): Promise<unknown> }
  assert.deepEqual(await handler(event(within)), decided)
  await assert.rejects(handler(event({ later: true })), { name: 'RetryLater' })
})

test('the Python function runs as AWS Lambda calls it', { skip: lacksPython }, () => {
  const code = `import json, sys, kyc
def call(event):
    try: return kyc.handler(event, None)
    except Exception as error: return type(error).__name__
print(json.dumps([call(event) for event in json.load(sys.stdin)]))`
  const events = [within, { account: 'nobody', amount: '1' }, { later: true }].map(event)
  const { stdout } = spawnSync('python3', ['-B', '-c', code], {
    ...{ cwd: path.join(examples, 'python'), input: JSON.stringify(events), encoding: 'utf8' },
  })
  assert.deepEqual(JSON.parse(stdout), [decided, 'ValueError', 'RetryLater'])
})

describe('an example server', () => {
  const http = createGuardedHttp()
  after(() => http.stop())
  const secret = Buffer.alloc(32, 5).toString('base64')
  const servers: readonly (readonly [string, string, readonly string[], string | false])[] = [
    ['node', process.execPath, ['http.js'], false],
    ['python', 'python3', ['-B', 'server.py'], lacksPython],
  ]
  for (const [folder, program, words, skip] of servers) {
    test(`in ${folder} takes signed calls and no others`, { skip }, async (t) => {
      const child = spawn(program, words, {
        cwd: path.join(examples, folder),
        env: { PATH: process.env.PATH, SECRET: `whsec_${secret}`, PORT: '0' },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(async () => {
        const ended = once(child, 'close')
        child.kill()
        await ended
      })
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const url = `http://127.0.0.1:${/\d+$/.exec(line)?.[0]}/api/{name}`
      const call = (payload: object, secrets: readonly string[] = [secret]) =>
        createHttpFunctions({ url, http, secrets }).invoke(
          'kyc',
          { ...payload },
          { idempotencyKey: '0x01', signal: new AbortController().signal },
        )
      assert.deepEqual(await call(within), decided)
      const refused = { code: 'workflow/function-refused' }
      await assert.rejects(call({ account: 'nobody', amount: '1' }), {
        ...{ ...refused, message: /422: "nobody" is no account/ },
      })
      await assert.rejects(call({ later: true }), { code: 'workflow/function-failed' })
      const other = Buffer.alloc(32, 6).toString('base64')
      await assert.rejects(call(within, [other]), { ...refused, message: /401: not signed/ })
      await assert.rejects(call(within, []), { ...refused, message: /401: not signed/ })
    })
  }
})
