/** Founds a chain by command, asks how it stands, and moves one of its validators to another place. */

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../src/base/test-ports.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from './program.ts'

const rich = `0x${'7'.repeat(40)}`

test('what cannot be founded is refused before a password is asked for or a key is made', async (t) => {
  const folder = await temporaryFolder(t)
  for (const [words, reason] of [
    [['--engine', 'paw'], /founded by .*not by "paw"/],
    [['--engine', 'bft', '--scheme', 'rsa'], /not by "rsa"/],
    [['--engine', 'bft', '--name', 'A/B'], /name must be/],
    [['--engine', 'bft', '--owner', 'me'], /owner must be an address, members or nobody/],
    [['--engine', 'pow', '--owner', 'nobody'], /unknown field "owner"/],
    [['--engine', 'bft', '--block-time', '999999999'], /blockTimeMs must be/],
    [['--engine', 'bft', '--validators', '129'], /at most 128 validators/],
    [['--engine', 'bft', '--fund', `${rich}=1,${rich}=2`], /twice/],
    [['--engine', 'bft'], /no terminal to ask on/],
  ] as const) {
    const { code, output } = await run('chain', 'init', '--out', path.join(folder, 'x'), ...words)
    assert.equal(code, 1)
    assert.match(output, reason)
  }
  assert.deepEqual(await readdir(folder), [])
})

async function run(...words: string[]) {
  const program = startProgram(words)
  const [code] = await program.exited
  return { code, output: program.output() }
}

test('a chain is founded, runs, tells how it stands, and goes on when a validator moves', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const at = (name: string) => path.join(folder, name)
  await writeFile(at('password'), 'a long password')
  const password = ['--password-file', at('password')]
  const found = (...words: string[]) =>
    run(
      'chain',
      'init',
      '--engine',
      'bft',
      '--out',
      at('born'),
      '--scheme',
      'ed25519',
      ...password,
      ...words,
    )
  const wanted = [
    '--name',
    'harbour',
    '--chain-id',
    '7300',
    '--validators',
    '2',
    '--fund',
    `${rich}=12`,
  ]
  const first = await found(...wanted)
  assert.equal(first.code, 0, first.output)
  assert.match(first.output, /manifest\.json is written\n.*validator-0\.key {2}account 0x/)
  const manifest = await readFile(at('born/manifest.json'), 'utf8')
  assert.equal((await found(...wanted)).code, 0)
  assert.equal(await readFile(at('born/manifest.json'), 'utf8'), manifest)
  const other = await found(...wanted, '--validators', '3')
  assert.equal(other.code, 1)
  assert.match(other.output, /^error: .*manifest\.json is the birth of another chain/)
  for (const [words, reason] of [
    [['--engine', 'poa'], /founded by .*not by "poa"/],
    [['--scheme', 'rsa'], /not by "rsa"/],
    [['--fund', 'me=1'], /--fund is ADDRESS=ETHER/],
    [['--validators', '0'], /--validators is a whole number from 1 on/],
  ] as const) {
    const refused = await found(...wanted, ...words)
    assert.equal(refused.code, 1)
    assert.match(refused.output, reason)
  }

  const ports = [await freePort(), await freePort()]
  const start = async (one: 0 | 1, key: string) => {
    await mkdir(at(`data-${one}`), { recursive: true })
    const program = startProgram([
      ...['start', '--genesis', at('born/manifest.json'), '--data', at(`data-${one}`)],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
      ...['--peers-port', String(ports[one]), '--peers', `127.0.0.1:${ports[1 - one]}`],
      ...['--validator-key-file', key, '--validator-password-file', at('password')],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    return program
  }
  const urlOf = async (program: Awaited<ReturnType<typeof start>>) =>
    (await program.printed(/JSON-RPC +(\S+) /))[1] ?? ''
  const [one, two] = await Promise.all([
    start(0, at('born/validator-0.key')),
    start(1, at('born/validator-1.key')),
  ])
  const url = await urlOf(one)
  const heightOf = async () => Number(await callRpc(url, 'eth_blockNumber'))
  const grown = (height: number) =>
    eventually(async () => ((await heightOf()) >= height ? true : undefined), 60_000)
  await grown(2)
  assert.equal(
    BigInt(await callRpc<string>(url, 'eth_getBalance', rich, 'latest')),
    12n * 10n ** 18n,
  )

  const status = await run('chain', 'status', 'harbour', '--rpc', url)
  assert.equal(status.code, 0, status.output)
  for (const line of [
    /^chain +harbour, id 7300, bft$/m,
    /^votes +height \d+, round \d+, \w+; \d of 2 have precommitted$/m,
    /^signs as +0x[0-9a-f]{40}$/m,
    /^[0-9a-f]{16} +0x[0-9a-f]{40} +\d+ +127\.0\.0\.1:\d+/m,
  ]) {
    assert.match(status.output, line)
  }
  const json = await run('chain', 'status', '--rpc', url, '--json')
  assert.equal(JSON.parse(json.output).peers.length, 1)
  const list = await run('chain', 'validators', '--rpc', url, '--chain', 'harbour')
  assert.match(list.output, /^validator +weight .*\n0x[0-9a-f]{40} +1 +ed25519 +0x/)
  assert.match(list.output, /\nbft, height \d+, weight 2\n$/)

  const key = at('born/validator-1.key')
  const held = await run('chain', 'validators', 'move', key, at('bundle'))
  assert.deepEqual([held.code, /is in use by another process/.test(held.output)], [1, true])
  two.child.kill('SIGTERM')
  await two.exited
  const moved = await run('chain', 'validators', 'move', key, at('bundle'))
  assert.match(
    moved.output,
    /bundle holds the validator, which signs here no more; it has signed up to height \d+/,
  )
  const gone = await start(1, key)
  assert.deepEqual(await gone.exited, [1, null])
  assert.match(gone.output(), /validator-1\.key cannot be read/)
  const taken = await run('chain', 'validators', 'receive', at('bundle'), at('moved.key'))
  assert.equal(taken.code, 0, taken.output)
  const before = await heightOf()
  await urlOf(await start(1, at('moved.key')))
  await grown(before + 3)
})
