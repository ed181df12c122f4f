/** Calls functions in threads: well-behaved ones, others, deployed ones and those of a folder. */

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { checkedSource, readSource } from './function-source.ts'
import { functionsSuite } from './functions.suite.ts'
import type { FunctionManifest, Invocation, LogLine } from './functions.ts'
import { functionMigrations } from './functions-schema.ts'
import { createLocalFunctions, type LocalFunctionOptions } from './local-functions.ts'

const root = await mkdtemp(path.join(tmpdir(), 'qs-functions-'))
const folder = path.join(root, 'workflow')
after(() => rm(root, { recursive: true }))

const suiteFiles = {
  echo: 'export default (payload, { idempotencyKey: key }) => ({ payload, key })',
  until: 'export default (_, { deadlineMs }) => new Date(deadlineMs)',
  refuse: 'export default () => { throw new Error("not this one") }',
  later:
    'class RetryLater extends Error { name = "RetryLater" }; export default () => { throw new RetryLater("busy") }',
  slow: 'export default () => { console.log("begun"); return new Promise(() => {}) }',
  large: 'export default () => "x".repeat(300_000)',
  nojson: 'export default () => 1n',
}

const roguish = {
  endless: 'export default () => { for (;;); }',
  hungry:
    'export default () => { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())) }',
  buffers:
    'export default () => { const all = []; for (;;) { if (all.length < 40) all.push(new Uint8Array(1e7).fill(1)) } }',
  leaves: 'export default () => process.exit(3)',
  secrets: 'export default () => Object.keys(process.env)',
  count: 'let n = 0; export default () => ++n',
  wordy: 'export default () => { for (let n = 0; n < 1_000; n += 1) console.log(`line ${n}`) }',
  chatty: 'export default (p) => { console.log("said", p); console.error("and", 7); return 1 }',
  broken: 'export default (',
  nothing: 'export const other = 1',
  later2:
    'export default () => { setTimeout(() => { throw new Error("afterwards") }); return new Promise(() => {}) }',
}

before(async () => {
  await mkdir(folder)
  await writeFile(path.join(folder, 'package.json'), '{"type": "module"}')
  for (const [name, text] of Object.entries({ ...suiteFiles, ...roguish }))
    await writeFile(path.join(folder, `${name}.js`), text)
  const typed = 'export default ({ n }: { readonly n: number }): number => n * 2'
  await writeFile(path.join(folder, 'typed.ts'), typed)
})

let opened = 0
async function open(options: Partial<LocalFunctionOptions> = {}, given?: SqlStore) {
  const sql = given ?? (await openSqlite({ path: ':memory:' }))
  if (!given) await sql.migrate(functionMigrations)
  opened += 1
  const versions = path.join(root, `versions-${opened}`)
  // Long enough for a busy machine; what is to be too slow says so itself.
  const rest = { versions, timeoutMs: 60_000 }
  const provider = createLocalFunctions({ ...rest, ...options }, { sql, clock: systemClock })
  const close = async () => {
    await provider.stop()
    if (!given) await sql.close()
  }
  const call = (name: string, payload: object = {}, more: Partial<Invocation> = {}) => {
    const { signal } = new AbortController()
    return provider.invoke(name, { ...payload }, { idempotencyKey: '0x01', signal, ...more })
  }
  const deploy = (name: string, files: Record<string, string>, manifest: FunctionManifest = {}) => {
    const contents = Object.entries(files).map(([file, text]) => [file, Buffer.from(text)] as const)
    return provider.management.deploy(name, checkedSource(new Map(contents), manifest))
  }
  return { provider, sql, versions, close, call, deploy }
}

functionsSuite('threads', (options) => open({ folder, ...options }))

describe('local functions', () => {
  test('see no environment, may be TypeScript, and share a thread from call to call', async (t) => {
    const { call, close } = await open({ folder })
    t.after(close)
    assert.deepEqual(await call('secrets'), [])
    assert.equal(await call('typed', { n: 21 }), 42)
    assert.deepEqual([await call('count'), await call('count'), await call('count')], [1, 2, 3])
  })

  test('keep their thread when the time or the caller of a call is over that has long been answered', async (t) => {
    const { call, close } = await open({ folder })
    t.after(close)
    const caller = new AbortController()
    assert.equal(await call('count', {}, { signal: caller.signal }), 1)
    caller.abort()
    const deadlineMs = Date.now() + 2_000
    assert.equal(await call('count', {}, { deadlineMs }), 2)
    while (Date.now() < deadlineMs + 100) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(await call('count'), 3)
  })

  test('that break a limit end with their thread, and the next call has a fresh one', async (t) => {
    const { call, close } = await open({ folder, memoryMb: 32 })
    t.after(close)
    await assert.rejects(call('endless', {}, { deadlineMs: Date.now() + 300 }), {
      code: 'workflow/function-timeout',
    })
    for (const name of ['hungry', 'buffers']) {
      await assert.rejects(call(name), { code: 'workflow/function-memory', message: /memory/ })
    }
    await assert.rejects(call('leaves'), { retry: 'never', message: /ended with 3/ })
    await assert.rejects(call('later2'), { retry: 'never', message: /afterwards/ })
    await assert.rejects(call('broken'), { retry: 'never', message: /refused: / })
    await assert.rejects(call('nothing'), { retry: 'never', message: /no function as default/ })
    assert.deepEqual(await call('echo'), { payload: {}, key: '0x01' })
  })

  test('write to the log of their call, and no more than it holds', async (t) => {
    const { call, close } = await open({ folder })
    t.after(close)
    const lines: LogLine[] = []
    const log = (line: LogLine) => lines.push(line)
    await call('chatty', { a: 1 }, { log })
    assert.deepEqual(
      lines.map(({ level, text }) => [level, text]),
      [
        ['info', 'said { a: 1 }'],
        ['error', 'and 7'],
      ],
    )
    lines.length = 0
    await call('wordy', {}, { log })
    assert.equal(lines.length, 200)
  })

  test('reach the network only if their manifest says so', async (t) => {
    const { call, deploy, close } = await open()
    t.after(close)
    const ways = [
      'await import("node:net")',
      'await import("https")',
      'await import("node:dns/promises")',
      'process.getBuiltinModule("node:http")',
      'createRequire(import.meta.url)("http2")',
      'await import("node:child_process")',
      'new (await import("node:worker_threads")).Worker("")',
      'await import("data:text/javascript,import net from %22net%22; export default net")',
      'await fetch("http://127.0.0.1:1")',
      'new WebSocket("ws://127.0.0.1:1")',
      'process.binding("tcp_wrap")',
    ]
    const file = (way: string) =>
      `import { createRequire } from 'node:module'; export default async () => { createRequire; ${way} }`
    for (const [at, way] of ways.entries()) {
      await deploy(`way${at}`, { 'main.js': file(way) })
      await assert.rejects(call(`way${at}`), { message: /"network": true/ }, way)
    }
    for (const [at, way] of ways.slice(0, 6).entries()) {
      await deploy(`way${at}`, { 'main.js': file(way) }, { network: true })
      assert.equal(await call(`way${at}`), null, way)
    }
  })

  test('wait for a thread, and no more than may wait', async (t) => {
    const { call, close } = await open({ folder, threads: { most: 1, mostWaiting: 2 } })
    t.after(close)
    const under = new AbortController()
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const running = call('slow', {}, { signal: under.signal, log: () => resolve() })
    await begun
    const codes: string[] = []
    const three = [1, 2, 3].map((n) => call('typed', { n }).catch(({ code }) => codes.push(code)))
    await Promise.race(three)
    assert.deepEqual(codes, ['workflow/function-busy'])
    under.abort()
    await assert.rejects(running, { code: 'workflow/function-cancelled' })
    assert.equal((await Promise.all(three)).filter((n) => Number(n) % 2 === 0).length, 2)
  })

  test('end when the provider stops', async () => {
    const { call, close } = await open({ folder })
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const running = call('slow', {}, { log: () => resolve() })
    await begun
    await Promise.all([assert.rejects(running), close()])
  })
})

describe('deployed local functions', () => {
  const main = (text: string) => ({ 'main.js': `export default () => ${JSON.stringify(text)}` })

  test('are called at once, keep their versions, and go back to one', async (t) => {
    const { call, deploy, close, provider } = await open({ folder })
    t.after(close)
    assert.deepEqual(await call('echo'), { payload: {}, key: '0x01' }, 'that of the folder')
    const first = await deploy('echo', main('first'))
    assert.equal(await call('echo'), 'first')
    await deploy('echo', main('second'))
    assert.equal(await call('echo'), 'second')
    const { versions } = await provider.management.describe('echo')
    assert.deepEqual(
      versions.map(({ isCurrent }) => isCurrent),
      [true, false],
    )
    await provider.management.activate?.('echo', String(first.version).slice(0, 12))
    assert.equal(await call('echo'), 'first')
    await assert.rejects(async () => provider.management.activate?.('echo', 'ffff'), {
      code: 'workflow/no-version',
    })
    const again = await deploy('echo', main('first'))
    assert.equal(again.version, first.version, 'the same content is the same version')
    await provider.management.remove('echo')
    assert.deepEqual(await call('echo'), { payload: {}, key: '0x01' }, 'that of the folder again')
    await assert.rejects(provider.management.remove('echo'), { code: 'workflow/no-function' })
  })

  test('lose their oldest versions, in SQL and on the disk', async (t) => {
    const { call, deploy, close, provider, versions } = await open()
    t.after(close)
    for (let n = 0; n < 13; n += 1) {
      await deploy('many', main(`version ${n}`))
      assert.equal(await call('many'), `version ${n}`)
    }
    assert.equal((await provider.management.describe('many')).versions.length, 10)
    assert.equal((await readdir(path.join(versions, 'many'))).length, 10)
  })

  test('come from SQL in another process, and with all their files', async (t) => {
    const one = await open()
    t.after(one.close)
    await one.deploy('parts', {
      'main.ts': 'import { part } from "./lib/part.ts"; export default (): string => part',
      'lib/part.ts': 'export const part: string = "from a part"',
    })
    const other = await open({}, one.sql)
    t.after(other.close)
    assert.equal(await other.call('parts'), 'from a part')
  })

  test('are read from a folder with what they say of themselves', async () => {
    const place = path.join(root, 'scored')
    await mkdir(path.join(place, 'lib'), { recursive: true })
    await writeFile(path.join(place, 'function.json'), '{"main": "score.js", "timeoutMs": 500}')
    await writeFile(path.join(place, 'score.js'), 'export default () => 1')
    await writeFile(path.join(place, 'lib/x.js'), '')
    const { files, manifest } = await readSource(place, { memoryMb: 32 })
    assert.deepEqual([...files.keys()], ['lib/x.js', 'score.js'])
    assert.deepEqual(manifest, { main: 'score.js', timeoutMs: 500, memoryMb: 32 })
  })

  test('that say something wrong are refused', async (t) => {
    const { deploy, close } = await open()
    t.after(close)
    const bad = { code: 'workflow/bad-function' }
    const refused = async (files: Record<string, string>, message: RegExp, manifest?: object) =>
      assert.rejects(async () => deploy('bad', files, manifest), { ...bad, message })
    await refused({}, /1 to 200 files/)
    await refused({ '../out.js': '' }, /no path within/)
    await refused({ 'a/../../out.js': '' }, /no path within/)
    await refused({ '/etc/x.js': '' }, /no path within/)
    await refused({ 'a.js': '', 'b.js': '' }, /which of its files/)
    await refused({ 'a.js': '' }, /"b.js" is missing/, { main: 'b.js' })
    await refused({ 'a.js': '' }, /"timeoutMs" in the manifest is 0/, { timeoutMs: 0 })
    await refused({ 'a.js': '', 'function.json': '{"what": 1}' }, /"what" is unknown/)
    await refused({ 'a.js': 'x'.repeat(3 * 2 ** 20 + 1) }, /over the limit/)
  })
})
