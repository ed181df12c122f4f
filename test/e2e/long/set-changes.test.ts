/** Changes the validators of a running chain by commands: one is added by votes, changes its key, and is removed. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../../src/base/test-ports.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from '../program.ts'

interface Sets {
  readonly validators: readonly {
    readonly address: string
    readonly weight: string
    readonly signed: number
  }[]
}

test('validators are added, weighed, given another key and removed while the chain goes on', {
  timeout: 300_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const at = (name: string) => path.join(folder, name)
  await writeFile(at('password'), 'a long password')
  const password = ['--password-file', at('password')]
  const run = async (words: readonly string[], expected = 0) => {
    const program = startProgram(words)
    const [code] = await program.exited
    assert.equal(code, expected, `${words.join(' ')}\n${program.output()}`)
    return program.output().trim()
  }
  const found = ['chain', 'init', '--engine', 'bft', '--validators', '2', '--scheme', 'ed25519']
  await run([...found, '--out', at('born'), '--name', 'harbour', ...password])
  const founders = [at('born/validator-0.key'), at('born/validator-1.key')]
  for (const name of ['new', 'next']) await run(['keys', 'new', at(name), ...password])
  const operator = await run(['keys', 'address', founders[1] ?? ''])
  const publicKey = (name: string) => run(['keys', 'public', at(name), ...password])

  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const start = async (number: number, keyFile: string) => {
    const peers = ports.filter((_, other) => other !== number).map((port) => `127.0.0.1:${port}`)
    const program = startProgram([
      ...['start', '--genesis', at('born/manifest.json'), '--data', at(`data-${number}`)],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
      ...['--peers-port', String(ports[number]), '--peers', peers.join(',')],
      ...['--validator-key-file', keyFile, '--validator-password-file', at('password')],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
    return url
  }
  const [url = '', , third = ''] = await Promise.all([
    ...founders.map((file, number) => start(number, file)),
    start(2, `${at('new')},${at('next')}`),
  ])
  const change = (words: readonly string[], key: string, expected = 0) =>
    run(['chain', 'validators', ...words, '--rpc', url, '--key-file', key, ...password], expected)
  const setOf = async () => (await callRpc<Sets>(url, 'qs_validators')).validators
  const selfOf = async () => {
    const { voting } = await callRpc<{ voting: { self: string | null } | null }>(
      third,
      'qs_consensus',
    )
    return voting?.self
  }
  await eventually(async () =>
    Number(await callRpc(url, 'eth_blockNumber')) >= 2 ? true : undefined,
  )

  const add = [
    'add',
    '--public-key',
    await publicKey('new'),
    '--scheme',
    'ed25519',
    '--operator',
    operator,
  ]
  assert.match(
    await change(add, at('new'), 1),
    /refuses the change: (NotOperator|.*insufficient|.*funds)/,
  )
  assert.match(await change(add, founders[0] ?? ''), /a vote for it is on the chain/)
  assert.match(await change(add, founders[1] ?? ''), /add (0x[0-9a-f]{40}): it holds/)
  const added = await eventually(async () => {
    const self = await selfOf()
    const member = (await setOf()).find(({ address }) => address === self)
    return member && member.signed > 0 ? member : undefined
  }, 60_000)
  assert.equal(added.weight, '0x1')

  const rotate = [
    'rotate-key',
    added.address,
    '--public-key',
    await publicKey('next'),
    '--scheme',
    'ed25519',
  ]
  assert.match(await change(rotate, founders[1] ?? ''), /rotate-key 0x[0-9a-f]{40}: it holds/)
  const rotated = await eventually(async () => {
    const self = await selfOf()
    const member = (await setOf()).find(({ address }) => address === self)
    return self && self !== added.address && (member?.signed ?? 0) > 0 ? self : undefined
  }, 60_000)
  assert.ok(!(await setOf()).some(({ address }) => address === added.address))

  // Two of three members have this operator, who weighs enough with the first one.
  assert.match(await change(['set-weight', rotated, '2'], founders[0] ?? ''), /others are needed/)
  assert.match(await change(['set-weight', rotated, '2'], founders[1] ?? ''), /it holds/)
  await eventually(
    async () =>
      (await setOf()).some(({ address, weight }) => address === rotated && weight === '0x2') ||
      undefined,
  )
  assert.match(await change(['remove', rotated], founders[0] ?? ''), /others are needed/)
  assert.match(await change(['remove', rotated], founders[1] ?? ''), /it holds/)
  await eventually(async () => ((await setOf()).length === 2 ? true : undefined))
  await eventually(async () => ((await selfOf()) === null ? true : undefined))
  const unknown = await change(['remove', rotated], founders[0] ?? '', 1)
  const height = Number(await callRpc(url, 'eth_blockNumber'))
  await eventually(async () =>
    Number(await callRpc(url, 'eth_blockNumber')) > height + 2 ? true : undefined,
  )
  assert.match(unknown, /refuses the change: NoMember\(0x[0-9a-fA-F]{40}\)/)
})
