/** Runs scripts, commands and containers, well-behaved ones and others. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { OutsideCallOptions } from '../outside-calls.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { served, type TestScope } from '../test-world/local-server.ts'

type Kind = 'run.script' | 'run.shell' | 'run.container'

const runner = (t: TestScope, kind: Kind, options: Partial<OutsideCallOptions> = {}) => {
  const calls = callsFor(t, { allowShell: true, ...options })
  return async (input: object, signal = context.signal) =>
    (await calls[kind]({ ...input }, { ...context, signal })).output
}

async function scratch(t: TestScope): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-run-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

describe('run: script', () => {
  const js = (t: TestScope, options = {}) => {
    const run = runner(t, 'run.script', options)
    return (code: string, more = {}) => run({ language: 'javascript', code, ...more })
  }

  test('has its streams, arguments and environment, as the example of the specification', async (t) => {
    const code = `
      import { readFileSync } from 'node:fs';
      const stdin = readFileSync(process.stdin.fd, 'utf8');
      console.log('stdin > ', stdin)
      const [_, __, arg] = process.argv;
      console.log('arg > ', arg)
      const foo = process.env.foo;
      console.log('env > ', foo)
      console.error('oops')
      process.exitCode = 3`
    const output = await js(t)(code, {
      ...{ stdin: 'Hello Workflow', arguments: ['hello'], environment: { foo: 'bar' } },
      return: 'all',
    })
    assert.deepEqual(output, {
      ...{ code: 3, stderr: 'oops\n' },
      stdout: 'stdin >  Hello Workflow\narg >  hello\nenv >  bar\n',
    })
  })

  test('returns what its task says', async (t) => {
    const run = js(t)
    const code = 'console.log("out"); console.error("err")'
    assert.equal(await run(code), 'out\n')
    assert.equal(await run(code, { return: 'stderr' }), 'err\n')
    assert.equal(await run(code, { return: 'code' }), 0)
    assert.equal(await run(code, { return: 'none' }), null)
    const throws = 'console.log("before"); throw new Error("not this one")'
    const failed = problem('runtime', 500, {
      retry: 'never',
      detail: /code 1: .*script:main:1.*not this one/s,
    })
    for (const wish of ['stdout', 'none'])
      await assert.rejects(run(throws, { return: wish }), failed)
    assert.equal(await run(throws, { return: 'code' }), 1)
    assert.match(String(await run(throws, { return: 'stderr' })), /not this one/)
  })

  test('reaches no file, network, program, process and native code, and sees nothing of its host', async (t) => {
    const folder = await scratch(t)
    const kept = path.join(folder, 'kept')
    const url = await served(t, (_, response) => void response.end('in'))
    const tries = {
      read: 'fs.readFileSync("/etc/passwd")',
      write: `fs.writeFileSync(${JSON.stringify(kept)}, "x")`,
      list: 'fs.readdirSync("/")',
      fetch: `await fetch("${url}").catch((error) => { throw error.cause ?? error })`,
      socket: `await new Promise((resolve, reject) => net.connect(${new URL(url).port}, "127.0.0.1", resolve).on("error", reject))`,
      listen:
        'await new Promise((resolve, reject) => net.createServer().listen(0, resolve).on("error", reject))',
      dns: 'await (await import("node:dns/promises")).lookup("localhost")',
      spawn: '(await import("node:child_process")).execFileSync("/bin/true")',
      worker: 'new (await import("node:worker_threads")).Worker("1", { eval: true })',
      kill: 'process.kill(process.ppid, 0)',
      kill2: 'process._kill(process.ppid, 0)',
      binding: 'process.binding("fs")',
      native: 'process.dlopen({ exports: {} }, "/x.node")',
      sqlite: `new (await import("node:sqlite")).DatabaseSync(${JSON.stringify(kept)})`,
      inspector: '(await import("node:inspector")).open(0)',
      snapshot: `(await import("node:v8")).writeHeapSnapshot(${JSON.stringify(kept)})`,
      relative: 'await import("./other.js")',
      file: 'await import("file:///etc/hosts")',
    }
    const code = `
      import fs from 'node:fs'
      import net from 'node:net'
      const done = []
      ${Object.entries(tries)
        .map(([name, text]) => `try { ${text}; done.push('${name}') } catch {}`)
        .join('\n')}
      console.log(JSON.stringify({ done, env: process.env }))`
    process.env.QS_TEST_SECRET = 's'
    t.after(() => delete process.env.QS_TEST_SECRET)
    const found = JSON.parse(String(await js(t)(code)))
    assert.deepEqual(found, { done: [], env: {} })
    assert.equal(existsSync(kept), false)
  })

  test('its environment gives it no permission', async (t) => {
    const code = `import fs from 'node:fs'; console.log(fs.readFileSync('/etc/hostname', 'utf8'))`
    const environment = { NODE_OPTIONS: '--allow-fs-read=*', LD_PRELOAD: '/x.so' }
    await assert.rejects(
      js(t)(code, { environment }),
      problem('runtime', 500, { detail: /ERR_ACCESS_DENIED/ }),
    )
  })

  test('ends when it is endless, hungry, loud, or not wanted any more', async (t) => {
    const bounds = { timeoutMs: 3_000, maxOutputBytes: 10_000, memoryMb: 32 }
    const run = js(t, { processes: bounds })
    const slow = js(t, { processes: { ...bounds, timeoutMs: 500 } })
    await assert.rejects(
      slow('for (;;);'),
      problem('timeout', 408, { retry: 'never', detail: /500 ms/ }),
    )
    await assert.rejects(
      run('for (;;) console.log("x".repeat(1000))'),
      problem('runtime', 500, { detail: /10000 bytes/ }),
    )
    const hungry = 'const all = []; for (;;) all.push(new Array(1e5).fill(1.5))'
    assert.equal(await run(hungry, { return: 'code' }).catch(() => 134), 134)
    const cancel = new AbortController()
    const cut = runner(t, 'run.script')(
      { language: 'js', code: 'setInterval(() => {}, 1e6)' },
      cancel.signal,
    )
    cancel.abort()
    await assert.rejects(cut, { code: 'workflow/process-cut', retry: 'later' })
  })

  test('comes from elsewhere, or is refused', async (t) => {
    const url = await served(t, (_, response) => void response.end('console.log(1)'))
    const run = runner(t, 'run.script')
    assert.equal(await run({ language: 'js', source: { endpoint: url } }), '1\n')
    for (const input of [{}, { language: 'js' }, { language: 'js', code: 'x'.repeat(2_000_000) }])
      await assert.rejects(run(input), problem('validation', 400))
    for (const language of ['ruby', 'python'])
      await assert.rejects(run({ language, code: '1' }), problem('configuration', 400))
    for (const more of [
      ...[{ arguments: 'a' }, { arguments: [{}] }, { arguments: ['a\0'] }, { return: 'all of it' }],
      ...[
        { environment: { 'a b': 'c' } },
        { environment: [] },
        { arguments: ['x'.repeat(200_000)] },
      ],
    ])
      await assert.rejects(run({ language: 'js', code: '1', ...more }), problem('validation', 400))
  })

  test('in python runs where an interpreter is named', async (t) => {
    const folder = await scratch(t)
    const interpreter = path.join(folder, 'python')
    await writeFile(interpreter, '#!/bin/sh\necho "$1 $2 $3 $4 $foo"; cat\n', { mode: 0o755 })
    const input = {
      ...{ language: 'python', code: 'print(1)', arguments: ['a'], stdin: 'in' },
      environment: { foo: 'bar' },
    }
    const run = runner(t, 'run.script', { python: interpreter })
    assert.equal(await run(input), '-I -c print(1) a bar\nin')
    const missing = runner(t, 'run.script', { python: path.join(folder, 'none') })
    await assert.rejects(missing(input), problem('configuration', 400, { detail: /ENOENT/ }))
  })
})

describe('run: shell', () => {
  test('is off unless it is allowed', async (t) => {
    const run = runner(t, 'run.shell', { allowShell: false })
    await assert.rejects(
      run({ command: 'true' }),
      problem('configuration', 400, { detail: /QS_ALLOW_SHELL/ }),
    )
  })

  test('gives stdin and arguments, which no shell looks at', async (t) => {
    const run = runner(t, 'run.shell')
    const command = 'input=$(cat)\necho "STDIN was: $input"\necho "ARGS are $1 $2"'
    const output = await run({
      command,
      stdin: 'Hello World',
      arguments: ['Foo', '$(id) `id` ; id'],
    })
    assert.equal(output, 'STDIN was: Hello World\nARGS are Foo $(id) `id` ; id\n')
    assert.equal(await run({ command: 'cat', stdin: { a: 1 } }), '{"a":1}')
    process.env.QS_TEST_SECRET = 's'
    t.after(() => delete process.env.QS_TEST_SECRET)
    const seen = String(await run({ command: '/usr/bin/env', environment: { A: 'b c' } })).split(
      '\n',
    )
    assert.deepEqual(seen.filter((line) => !/^(PWD|SHLVL|_)=/.test(line)).sort(), [
      ...['', 'A=b c', 'PATH=/usr/local/bin:/usr/bin:/bin'],
    ])
  })

  test('a failure is an error, unless the code is asked for', async (t) => {
    const run = runner(t, 'run.shell')
    const command = 'echo no >&2; exit 7'
    await assert.rejects(run({ command }), problem('runtime', 500, { detail: /code 7: no/ }))
    assert.equal(await run({ command, return: 'code' }), 7)
    assert.equal(await run({ command: 'kill -TERM $$', return: 'code' }), 143)
    assert.deepEqual(await run({ command, return: 'all' }), { code: 7, stdout: '', stderr: 'no\n' })
    for (const input of [{}, { command: '' }, { command: 'a\0' }, { command: 'x'.repeat(200_000) }])
      await assert.rejects(run(input), problem('validation', 400))
  })

  test('what it starts ends with it', async (t) => {
    const folder = await scratch(t)
    const file = path.join(folder, 'pid')
    const gone = async () => {
      const pid = Number(await readFile(file, 'utf8'))
      // Where nobody asks how an orphan ended, it stays as a zombie.
      const alive = () => {
        const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
        return /^[^Z]/.test(stdout.toString().trim())
      }
      await t.waitFor(() => assert.equal(alive(), false))
    }
    const background = `sleep 600 & echo $! > ${file}`
    const run = runner(t, 'run.shell', { processes: { timeoutMs: 500 } })
    assert.equal(await run({ command: `${background}; echo done` }), 'done\n')
    await gone()
    await assert.rejects(run({ command: `${background}; wait` }), problem('timeout', 408))
    await gone()
    const cancel = new AbortController()
    const cut = run({ command: `${background}; wait` }, cancel.signal)
    cancel.abort()
    await assert.rejects(cut, { code: 'workflow/process-cut' })
  })

  test('what left its group and holds its output is not waited for', async (t) => {
    const run = runner(t, 'run.shell')
    const begunMs = performance.now()
    const command = 'setsid sleep 12 & sleep 0.2; echo out'
    assert.equal(await run({ command }), 'out\n')
    assert.ok(performance.now() - begunMs < 8_000)
  })

  test('goes on by itself where nobody waits for it, until the program stops', async (t) => {
    const folder = await scratch(t)
    const file = path.join(folder, 'done')
    const run = runner(t, 'run.shell')
    assert.equal(await run({ command: `echo x > ${file}`, await: false }), null)
    await t.waitFor(() => assert.ok(existsSync(file)))
    assert.equal(await run({ command: 'sleep 600', await: false }), null)
  })

  test('too many at once have to wait', async (t) => {
    const run = runner(t, 'run.shell')
    const cancel = new AbortController()
    const many = Array.from({ length: 16 }, () => run({ command: 'sleep 600' }, cancel.signal))
    const ended = Promise.allSettled(many)
    await assert.rejects(run({ command: 'true' }), {
      code: 'workflow/processes-busy',
      retry: 'later',
    })
    cancel.abort()
    assert.ok((await ended).every(({ status }) => status === 'rejected'))
    assert.equal(await run({ command: 'echo now' }), 'now\n')
  })
})

describe('run: container', () => {
  /** An engine that writes down what it is told, and runs `sh -c` of the container here. */
  async function engine(t: TestScope, body = 'shift $skip; exec "$@"') {
    const folder = await scratch(t)
    const command = path.join(folder, 'engine')
    const log = path.join(folder, 'log')
    await writeFile(
      command,
      `#!/bin/sh
{ for word in "$@"; do printf '<%s> ' "$word"; done; echo; } >> ${log}
[ "$1" = run ] || exit 0
skip=1; for word in "$@"; do
  [ "$last" = --env-file ] && cat "$word" >> ${log}; last=$word
  [ "$word" = alpine ] && break; skip=$((skip + 1)); done
${body}
`,
      { mode: 0o755 },
    )
    return { command, told: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n') }
  }

  test('needs an engine, and says so', async (t) => {
    const run = runner(t, 'run.container')
    await assert.rejects(
      run({ image: 'alpine' }),
      problem('configuration', 400, { detail: /QS_CONTAINER_ENGINE/ }),
    )
    const missing = runner(t, 'run.container', { containerEngine: '/nowhere/docker' })
    await assert.rejects(
      missing({ image: 'alpine' }),
      problem('configuration', 400, { detail: /ENOENT/ }),
    )
  })

  test('is run by the engine with all that its task says', async (t) => {
    const { command, told } = await engine(t)
    const run = runner(t, 'run.container', { containerEngine: command })
    const output = await run({
      ...{ image: 'alpine', name: 'mine', stdin: 'Hello World', arguments: ['Foo', '$(id)'] },
      command: 'input=$(cat)\necho "STDIN was: $input"\necho "ARGS are $1 $2"',
      ...{
        ports: { 8080: 80 },
        volumes: { store: '/data' },
        environment: { KEY: 'a secret', B: '' },
      },
      ...{ pullPolicy: 'always', lifetime: { cleanup: 'always' } },
    })
    assert.equal(output, 'STDIN was: Hello World\nARGS are Foo $(id)\n')
    const [line = '', ...rest] = await told()
    assert.equal(existsSync(/--env-file> <([^>]+)>/.exec(line)?.[1] ?? '/'), false)
    assert.match(
      line,
      /^<run> <--name> <mine> <--env-file> <[^>]+\/environment> <--interactive> <--pull> <always> <--rm> <--publish> <8080:80> <--volume> <store:\/data> <alpine> <\/bin\/sh> <-c> <input/,
    )
    assert.deepEqual(rest.slice(-3), ['KEY=a secret', 'B=', ''])
  })

  test('without a command its arguments go to the image', async (t) => {
    const { command, told } = await engine(t, 'exit 0')
    const run = runner(t, 'run.container', { containerEngine: command })
    await run({ image: 'alpine', arguments: ['a', 'b'] })
    assert.match(
      (await told())[0] ?? '',
      /<--name> <quantumstream-[0-9a-f]{24}> <--interactive> <--pull> <missing> <alpine> <a> <b> $/,
    )
  })

  test('nobody waits for a detached one', async (t) => {
    const { command, told } = await engine(t, 'echo id')
    const run = runner(t, 'run.container', { containerEngine: command })
    assert.equal(await run({ image: 'alpine', await: false }), null)
    assert.match((await told())[0] ?? '', /<--detach>/)
  })

  test('is killed when it is too slow or not wanted any more, and removed when its time is over', async (t) => {
    const { command, told } = await engine(t, 'exec sleep 600')
    const run = runner(t, 'run.container', {
      containerEngine: command,
      processes: { timeoutMs: 300 },
    })
    await assert.rejects(run({ image: 'alpine', name: 'slow' }), problem('timeout', 408))
    await t.waitFor(async () => assert.ok((await told()).includes('<kill> <slow> ')))
    const quick = await engine(t, 'exit 0')
    const kept = runner(t, 'run.container', { containerEngine: quick.command })
    await kept({
      image: 'alpine',
      name: 'kept',
      lifetime: { cleanup: 'eventually', after: { milliseconds: 20 } },
    })
    await t.waitFor(async () => assert.ok((await quick.told()).includes('<rm> <--force> <kept> ')))
  })

  test('words that the engine could take for its own are refused', async (t) => {
    const { command, told } = await engine(t)
    const run = runner(t, 'run.container', { containerEngine: command })
    for (const more of [
      ...[{ image: '' }, { image: '--privileged' }, { image: 'a b' }, { name: '--privileged' }],
      ...[
        { volumes: { '/': '/host' } },
        { volumes: { '../x': '/host' } },
        { volumes: { a: 'b:c' } },
      ],
      ...[{ ports: { '127.0.0.1:1': 1 } }, { ports: { 1: '1 --privileged' } }, { pullPolicy: 'x' }],
      ...[{ environment: { A: 'b\nLD_PRELOAD=x' } }, { lifetime: { cleanup: 'eventually' } }],
      { lifetime: { cleanup: 'eventually', after: { days: 2 } } },
    ])
      await assert.rejects(
        run({ image: 'alpine', ...more }),
        problem('validation', 400),
        JSON.stringify(more),
      )
    assert.deepEqual(await told(), [''])
  })
})
