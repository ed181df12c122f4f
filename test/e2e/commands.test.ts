/** Runs the commands beside `start` and `demo`: keys, workflow, chain, config, help, and what they refuse. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { isSignature } from '../../src/crypto/signatures.ts'
import { main, startProgram, temporaryFolder } from './program.ts'

/** Runs a command to its end. */
async function run(words: readonly string[], options: Parameters<typeof startProgram>[1] = {}) {
  const program = startProgram(words, options)
  const [code] = await program.exited
  return { code, output: program.output().trim() }
}

async function refused(words: readonly string[], message: RegExp, options = {}) {
  const { code, output } = await run(words, options)
  assert.equal(code, 1, output)
  assert.match(output, message)
  assert.doesNotMatch(output, /\n\s+at /, 'a stack trace was printed')
}

describe('the command line', { timeout: 240_000 }, () => {
  test('every command helps', async () => {
    const says = async (words: readonly string[], message: RegExp) => {
      const { code, output } = await run(words)
      assert.equal(code, 0, output)
      assert.match(output, message)
    }
    await Promise.all([
      ...[
        'start',
        'demo',
        'chain',
        'workflow',
        'notify',
        'process',
        'projection',
        'keys',
        'config',
      ].map((command) => says([command, '--help'], new RegExp(`^quantumstream ${command}`))),
      ...['--help', '-h', 'help'].map((word) => says([word], /start +Runs a node/)),
      says(['start', '-h'], /--hardfork VALUE .*; one of shanghai, .*osaka/),
      says(['help', 'start'], /--no-demo +Leaves out the sample deposit/),
      says(['--version'], /^\d+\.\d+\.\d+$/),
      refused(['nonsense'], /"nonsense" is no command/),
      refused(['start', '--nonsense'], /--nonsense/),
      refused(['chain', 'nonsense'], /not known .*; see "quantumstream chain --help"/),
    ])
  })

  test('a mistake on the command line is told in one line', async () => {
    const refusedInOneLine = async (words: readonly string[], message: RegExp) => {
      const { code, output } = await run(words)
      assert.equal(code, 1, output)
      assert.match(output, message)
      assert.equal(output.split('\n').length, 1, output)
    }
    await Promise.all([
      refusedInOneLine(['config', '--block-time', '-1'], /^error: .*--block-time/),
      refusedInOneLine(['chain', 'blocks', '--limit', '-4'], /is given by --limit=VALUE/),
      refusedInOneLine(['config', 'show'], /"config" takes flags only, not "show"/),
      refusedInOneLine(['start', 'dev'], /"start" takes flags only, not "dev"/),
      refusedInOneLine(['demo', 'twice'], /"demo" takes flags only, not "twice"/),
      refusedInOneLine(['workflow', 'list', 'all', 'of'], /does not know what to do with "all"/),
      refusedInOneLine(['keys'], /"keys" is not known or not whole/),
      refusedInOneLine(
        ['chain', 'status', '--api-host', '::1', '--api-port', '1'],
        /no node answers at http:\/\/\[::1\]:1;/,
      ),
      ...(
        [
          [['join', '/missing/x'], /x cannot be read: there is no such file or folder; look at/],
          [['join', import.meta.dirname], /cannot be read: it is a folder, and a file is needed/],
          [['init', '--engine', 'pow', '--out', main, '--password-file', main], /is there already/],
          [['forensics', '4', '--with', main], /no proof of finality: it is no JSON/],
          [['export', '/missing/x', '--data', main], /holds no chain/],
        ] as const
      ).map(([words, reason]) => refusedInOneLine(['chain', ...words], reason)),
    ])
  })

  test('config shows every setting and its source, from flags, environment, .env, profile and file', async (t) => {
    const cwd = await temporaryFolder(t)
    await writeFile(path.join(cwd, '.env'), 'QS_GAS_LIMIT=1000000\n')
    await writeFile(path.join(cwd, 'quantumstream.json'), '{"chainId": 5, "logLevel": "info"}')
    await writeFile(path.join(cwd, 'quantumstream.big.json'), '{"chainId": 6}')
    const words = ['config', '--show', '--profile', 'big', '--rpc-port', '1']
    const environment = { QS_API_PORT: '2', QS_MNEMONIC: 'never shown anywhere' }
    const { code, output } = await run(words, { cwd, environment })
    assert.equal(code, 0, output)
    for (const line of [
      'rpcPort = 1 (flag)',
      'apiPort = 2 (environment)',
      'gasLimit = 1000000 (.env)',
      'chainId = 6 (quantumstream.big.json)',
      'logLevel = info (quantumstream.json)',
      'mnemonic = [secret] (environment)',
      'blockTime = 1 (default)',
    ]) {
      assert.ok(output.includes(line), `${line} is not in\n${output}`)
    }
    assert.doesNotMatch(output, /never shown/)
    const json = JSON.parse((await run(['config', '--json'], { cwd })).output)
    assert.deepEqual(json.chainId, { value: 5, source: 'quantumstream.json' })
    await refused(['config', '--chain-id', 'x'], /--chain-id: expected a whole number/)
  })

  test('keys are made, imported and checked, never overwritten, and readable by their owner only', async (t) => {
    const cwd = await temporaryFolder(t)
    await writeFile(path.join(cwd, 'password'), 'correct horse battery\n')
    await writeFile(path.join(cwd, 'wrong'), 'wrong horse battery\n')
    await writeFile(path.join(cwd, 'hex'), `0x${'07'.repeat(32)}\n`)
    const password = ['--password-file', 'password']
    const made = await run(['keys', 'new', 'key.json', ...password], { cwd })
    assert.match(made.output, /^0x[0-9a-f]{40}$/)
    assert.equal((await stat(path.join(cwd, 'key.json'))).mode & 0o777, 0o600)
    assert.equal((await run(['keys', 'address', 'key.json'], { cwd })).output, made.output)
    assert.equal(
      (await run(['keys', 'check', 'key.json', ...password], { cwd })).output,
      made.output,
    )
    const before = await readFile(path.join(cwd, 'key.json'), 'utf8')
    await refused(
      ['keys', 'new', 'key.json', ...password],
      /the file exists and is left as it is/,
      { cwd },
    )
    assert.equal(await readFile(path.join(cwd, 'key.json'), 'utf8'), before)
    await refused(['keys', 'check', 'key.json', '--password-file', 'wrong'], /does not open/, {
      cwd,
    })
    const imported = await run(['keys', 'import', 'other.json', '--from', 'hex', ...password], {
      cwd,
    })
    assert.match(imported.output, /^0x[0-9a-f]{40}$/)
    assert.doesNotMatch(await readFile(path.join(cwd, 'other.json'), 'utf8'), /0707/)
    await refused(
      ['keys', 'import', 'x.json', '--from', 'password', ...password],
      /64 hex digits/,
      { cwd },
    )
    await refused(['keys', 'new', 'y.json'], /no terminal to ask on/, { cwd })
    await refused(['keys', 'address', 'absent.json'], /cannot be read/, { cwd })
    // Nothing is asked for in vain.
    for (const [words, reason] of [
      [['new', 'key.json'], /the file exists and is left as it is/],
      [['import', 'z.json', '--from', 'absent'], /absent cannot be read/],
      [['check', 'absent'], /absent cannot be read/],
      [['public', 'key.json', '--scheme', 'rsa'], /not by "rsa"/],
      [['proof', 'key.json', '--chain', '0x01'], /must be 32 bytes/],
    ] as const)
      await refused(['keys', ...words], reason, { cwd })
  })

  test('keys give what a validator commits to, and the proof that its owner brings', async (t) => {
    const cwd = await temporaryFolder(t)
    await writeFile(path.join(cwd, 'password'), 'correct horse battery\n')
    await writeFile(path.join(cwd, 'hex'), `0x${'07'.repeat(32)}\n`)
    const password = ['--password-file', 'password']
    await run(['keys', 'import', 'key.json', '--from', 'hex', ...password], { cwd })
    const [chain, owner] = [`0x${'01'.repeat(32)}`, `0x${'02'.repeat(20)}`]
    const place = ['--chain', chain, '--owner', owner]
    const publicKey = await run(['keys', 'public', 'key.json', ...password], { cwd })
    const proof = await run(['keys', 'proof', 'key.json', ...place, ...password], { cwd })
    const signed = Buffer.from(
      `${toHex(new TextEncoder().encode('QS/c/possess'))}${chain.slice(2)}${owner.slice(2)}`.slice(
        2,
      ),
      'hex',
    )
    const key = { scheme: 'ed25519', publicKey: fromHex(publicKey.output) } as const
    assert.ok(isSignature(key, signed, fromHex(proof.output)))
    const commitment = (...more: string[]) =>
      run(['keys', 'commitment', 'key.json', '--chain-id', '7', ...more, ...password], { cwd })
    const first = (await commitment()).output
    assert.match(first, /^0x[0-9a-f]{64}$/)
    assert.equal((await commitment('--number', '0')).output, first)
    assert.notEqual((await commitment('--number', '1')).output, first)
    await refused(
      ['keys', 'commitment', 'key.json', ...password],
      /--chain-id must be a natural number/,
      { cwd },
    )
    await refused(
      ['keys', 'proof', 'key.json', '--chain', '0x01', '--owner', owner, ...password],
      /"0x01" must be 32 bytes as hex/,
      { cwd },
    )
  })

  test('a password is asked for twice on a terminal, unseen, and Ctrl-D gives up', {
    skip: process.platform !== 'linux' && 'the terminal of this test is that of Linux',
  }, async (t) => {
    const file = path.join(await temporaryFolder(t), 'asked.json')
    const typed = async (keys: readonly string[]) => {
      // The program sees a terminal of its own; what is typed comes as from a keyboard.
      const words = [process.execPath, main, 'keys', 'new', file].join(' ')
      const child = spawn('script', ['-qec', words, '/dev/null'], { stdio: 'pipe' })
      let shown = ''
      child.stdout.on('data', (data) => {
        const questions = () => shown.split(/Password: |Once more: /).length - 1
        const before = questions()
        shown += data
        for (let nth = before; nth < questions(); nth += 1) child.stdin.write(keys[nth] ?? '')
      })
      const [code] = await once(child, 'close')
      return { code, shown }
    }
    assert.equal((await typed(['\u0004'])).code, 1)
    const different = await typed(['secret words\r', 'other words\r'])
    assert.equal(different.code, 1)
    assert.match(different.shown, /the two passwords differ/)
    const { code, shown } = await typed(['secret words\r', 'secret words\r'])
    assert.equal(code, 0, shown)
    assert.match(shown, /0x[0-9a-f]{40}/i)
    assert.doesNotMatch(shown, /secret/)
  })

  test('a workflow is checked without a node', async (t) => {
    const cwd = await temporaryFolder(t)
    const flagship = path.join(
      import.meta.dirname,
      '../../examples/deposit-kyc-allocation/workflow.json',
    )
    assert.match((await run(['workflow', 'check', flagship])).output, /valid workflow of 6 steps/)
    await writeFile(path.join(cwd, 'bad.json'), '{"name": "x", "on": {}, "do": []}')
    await refused(
      ['workflow', 'check', 'bad.json'],
      /bad workflow: line 1, column 15: on: needs "event"/,
      { cwd },
    )
    await writeFile(path.join(cwd, 'none.json'), '{')
    await refused(['workflow', 'check', 'none.json'], /is no JSON/, { cwd })
    await refused(['workflow', 'list', '--api-port', '1'], /no node answers at/)
  })

  test('chains, blocks, workflows and runs of a running node are shown', async (t) => {
    const data = await temporaryFolder(t)
    const words = [
      'start',
      '--dev',
      '--data',
      data,
      '--block-time',
      '0.2',
      '--rpc-port',
      '0',
      '--api-port',
      '0',
    ]
    const node = startProgram(words)
    t.after(async () => {
      node.child.kill('SIGTERM')
      await node.exited
    })
    const [, port = ''] = await node.printed(/API +http:\/\/127\.0\.0\.1:(\d+)/)
    await node.printed(/ completed/)
    const ask = async (...rest: string[]) => (await run([...rest, '--api-port', port])).output
    assert.match(await ask('chain', 'status'), /dev +20250 +embedded +\d+/)
    const blocks = await ask('chain', 'blocks', '--limit', '2')
    const [, cursor = ''] = /more: --cursor (\d+)/.exec(blocks) ?? []
    assert.match(
      await ask('chain', 'blocks', '--limit', '1', '--cursor', cursor),
      new RegExp(`^${cursor} `, 'm'),
    )
    assert.equal(JSON.parse(await ask('chain', 'block', '1')).number, 1)
    assert.match(await ask('workflow', 'list'), /deposit-kyc-allocation +0\.1\.0 +6/)
    const [, id = ''] =
      /^([0-9a-f]{32}) .*completed/m.exec(await ask('workflow', 'instances')) ?? []
    assert.match(await ask('workflow', 'show', id), /allocate +completed/)
    assert.equal(await ask('workflow', 'instances', '--status', 'failed'), '(none)')
    assert.match(await ask('workflow', 'show', 'none'), /there is no instance "none"/)
  })
})
