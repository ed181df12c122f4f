/** Starts the program as a newcomer does, watches the main job, and stops and restarts it. */

import assert from 'node:assert/strict'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { describe, test } from 'node:test'
import { freePort } from '../../src/base/test-ports.ts'
import {
  callRpc,
  eventually,
  getJson,
  type Program,
  root,
  startProgram,
  temporaryFolder,
} from './program.ts'

interface InstancePage {
  readonly items: readonly { readonly id: string; readonly status: string }[]
}

const fast = ['--block-time', '0.2', '--rpc-port', '0', '--api-port', '0']

/** What a program has had of the processors, which says the same on a busy machine; zero where the system does not tell. */
async function workedSeconds({ child }: Program): Promise<number> {
  if (process.platform !== 'linux') return 0
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12)
  return (Number(user) + Number(system)) / 100
}

describe('quantumstream start --dev', { timeout: 240_000 }, () => {
  test('prints where everything listens after less than 10 s of work, runs the sample deposit, stays up and goes on from its data', async (t) => {
    const data = await temporaryFolder(t)
    const first = startProgram(['start', '--dev', '--data', data, ...fast])
    t.after(() => first.child.kill('SIGKILL'))
    const api = (await first.printed(/API +(http:\/\/127\.0\.0\.1:\d+)/))[1]
    const seconds = await workedSeconds(first)
    assert.ok(seconds < 10, `up after ${seconds} s of work`)
    const rpc = (await first.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''
    assert.equal(await callRpc(rpc, 'eth_chainId'), `0x${(20_250).toString(16)}`)

    for (const step of ['notify', 'kyc', 'allocate', 'record']) {
      await first.printed(new RegExp(`✓ ${step}`))
    }
    await first.printed(/ completed/)
    const { items } = await getJson<InstancePage>(`${api}/v1/instances`)
    assert.deepEqual(
      items.map(({ status }) => status),
      ['completed'],
    )
    assert.equal((await getJson<{ status: string }>(`${api}/healthz`)).status, 'ok')
    assert.equal((await getJson<{ ready: boolean }>(`${api}/readyz`)).ready, true)
    assert.match(await (await fetch(`${api}/metrics`)).text(), /quantumstream_/)
    const height = Number(await callRpc(rpc, 'eth_blockNumber'))
    const block = await callRpc<{ hash: string }>(rpc, 'eth_getBlockByNumber', '0x3', false)

    first.child.kill('SIGINT')
    assert.deepEqual(await first.exited, [0, null], first.output())
    assert.match(first.output(), /stopped/)

    const second = startProgram(['start', '--dev', '--no-demo', '--data', data, ...fast])
    t.after(() => second.child.kill('SIGKILL'))
    const rpc2 = (await second.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''
    assert.ok(Number(await callRpc(rpc2, 'eth_blockNumber')) >= height)
    const again = await callRpc<{ hash: string }>(rpc2, 'eth_getBlockByNumber', '0x3', false)
    assert.equal(again.hash, block.hash)
    const api2 = (await second.printed(/API +(http:\/\/127\.0\.0\.1:\d+)/))[1]
    const kept = await getJson<InstancePage>(`${api2}/v1/instances`)
    assert.deepEqual(
      kept.items.map(({ id }) => id),
      items.map(({ id }) => id),
    )
    second.child.kill('SIGTERM')
    assert.deepEqual(await second.exited, [0, null], second.output())
  })

  test('is up at once with any block time, and says later what its chain was born with', async (t) => {
    const data = await temporaryFolder(t)
    const ports = ['--rpc-port', '0', '--api-port', '0']
    const words = ['start', '--dev', '--no-demo', '--data', data, ...ports]
    for (const more of [['--block-time', '3600'], []]) {
      const program = startProgram([...words, ...more])
      t.after(() => program.child.kill('SIGKILL'))
      await program.printed(/"dev", id 20250, osaka, 3600 s blocks/)
      program.child.kill('SIGTERM')
      assert.deepEqual(await program.exited, [0, null], program.output())
    }
  })

  test('runs the sample deposit where a block is sealed for each transaction', async (t) => {
    const data = await temporaryFolder(t)
    const ports = ['--rpc-port', '0', '--api-port', '0']
    const program = startProgram(['start', '--dev', '--block-time', '0', '--data', data, ...ports])
    t.after(() => program.child.kill('SIGKILL'))
    await program.printed(/ completed/)
    program.child.kill('SIGTERM')
    await program.exited
  })

  test('stays up when the sample deposit cannot be made, and says why', async (t) => {
    const data = await temporaryFolder(t)
    const words = ['start', '--dev', '--data', data, ...fast]
    const first = startProgram([...words, '--no-demo'])
    t.after(() => first.child.kill('SIGKILL'))
    const rpc = (await first.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''
    const [to, from = ''] = await callRpc<string[]>(rpc, 'eth_accounts')
    const balance = BigInt(await callRpc<string>(rpc, 'eth_getBalance', from, 'latest'))
    const value = `0x${(balance - 10n ** 17n).toString(16)}`
    const hash = await callRpc<string>(rpc, 'eth_sendTransaction', { from, to, value })
    await eventually(
      async () => (await callRpc(rpc, 'eth_getTransactionReceipt', hash)) ?? undefined,
    )
    first.child.kill('SIGTERM')
    await first.exited
    const second = startProgram(words)
    t.after(() => second.child.kill('SIGKILL'))
    await second.printed(/the sample deposit was not made: .*insufficient funds/)
    const rpc2 = (await second.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''
    assert.match(await callRpc<string>(rpc2, 'eth_blockNumber'), /^0x/)
    second.child.kill('SIGTERM')
    assert.deepEqual(await second.exited, [0, null], second.output())
  })

  test('stops cleanly by Ctrl-C, given to the command alone or to its whole group', async (t) => {
    const data = await temporaryFolder(t)
    const entry = path.join(root, 'bin/quantumstream.js')
    for (const group of [false, true]) {
      const program = startProgram(['start', '--dev', '--data', data, ...fast], { entry, group })
      t.after(() => program.child.kill('SIGTERM'))
      await program.printed(/is up/)
      process.kill(group ? -(program.child.pid ?? 0) : (program.child.pid ?? 0), 'SIGINT')
      assert.deepEqual(await program.exited, [0, null], program.output())
      assert.match(program.output(), /\nstopped\n$/)
    }
  })

  test('goes on from its data after SIGKILL', async (t) => {
    const data = await temporaryFolder(t)
    const first = startProgram(['start', '--dev', '--data', data, ...fast])
    t.after(() => first.child.kill('SIGKILL'))
    const rpc = (await first.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''
    await first.printed(/✓ allocate/)
    const head = await callRpc<{ number: string; hash: string }>(
      ...([rpc, 'eth_getBlockByNumber', 'latest', false] as const),
    )
    first.child.kill('SIGKILL')
    await first.exited
    const second = startProgram(['start', '--dev', '--no-demo', '--data', data, ...fast])
    t.after(() => second.child.kill('SIGKILL'))
    const rpc2 = (await second.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''
    const again = await callRpc<{ hash: string }>(rpc2, 'eth_getBlockByNumber', head.number, false)
    assert.equal(again.hash, head.hash)
    const api2 = (await second.printed(/API +(http:\/\/127\.0\.0\.1:\d+)/))[1]
    await eventually(async () => {
      const { items } = await getJson<InstancePage>(`${api2}/v1/instances`)
      return items[0]?.status === 'completed' ? true : undefined
    })
    second.child.kill('SIGTERM')
    await second.exited
  })
})

describe('a start that cannot be', { timeout: 180_000 }, () => {
  /** Runs to the end and checks that it failed with one sentence. */
  async function refused(words: readonly string[], message: RegExp, environment = {}) {
    const program = startProgram(words, { environment })
    assert.deepEqual(await program.exited, [1, null], program.output())
    const lines = program.output().trim().split('\n')
    assert.match(lines.at(-1) ?? '', message)
    assert.doesNotMatch(program.output(), /\n\s+at /, 'a stack trace was printed')
  }

  test('names the taken port', async (t) => {
    const data = await temporaryFolder(t)
    const port = await freePort()
    const taken = createServer().listen(port, '127.0.0.1')
    t.after(() => taken.close())
    const words = ['start', '--dev', '--data', data]
    await refused([...words, '--rpc-port', String(port), '--api-port', '0'], new RegExp(`${port}`))
    await refused([...words, '--rpc-port', '0', '--api-port', String(port)], new RegExp(`${port}`))
  })

  test('names the folder that cannot be written', async (t) => {
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'file')
    await writeFile(file, '')
    await refused(['start', '--dev', ...fast, '--data', path.join(file, 'data')], /file\/data/)
    await refused(['start', '--dev', ...fast, '--data', file], /is a file, not a folder/)
    if (process.platform === 'linux') {
      // There the parent is a folder, and says of a new one that it is not there.
      await refused(['start', '--dev', ...fast, '--data', '/proc/quantumstream'], /\/proc\/quantum/)
    }
    if (process.getuid?.() === 0) return
    await chmod(folder, 0o500)
    await refused(['start', '--dev', ...fast, '--data', path.join(folder, 'data')], /data/)
  })

  test('names the damaged log', async (t) => {
    const data = await temporaryFolder(t)
    const first = startProgram(['start', '--dev', '--data', data, ...fast])
    t.after(() => first.child.kill('SIGKILL'))
    await first.printed(/✓ notify/)
    first.child.kill('SIGTERM')
    await first.exited
    const files = await readdir(data, { recursive: true })
    const log = files.find((name) => name.endsWith('.log'))
    assert.ok(log, `no block log among ${files}`)
    const bytes = await readFile(path.join(data, log))
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff
    await writeFile(path.join(data, log), bytes)
    await refused(['start', '--dev', '--data', data, ...fast], /damaged/)
  })

  test('names the folder that another process uses', async (t) => {
    const data = await temporaryFolder(t)
    const first = startProgram(['start', '--dev', '--data', data, ...fast])
    t.after(() => first.child.kill('SIGKILL'))
    await first.printed(/is up/)
    await refused(['start', '--dev', '--data', data, ...fast], /use/)
  })

  test('names what is missing without --dev', async (t) => {
    const data = await temporaryFolder(t)
    const four = /--dev.*--genesis.*BLOCKCHAIN_ENDPOINT/
    await refused(['start', '--data', data, ...fast], four)
  })

  test('refuses settings that contradict the stored chain, public addresses and unknown flags', async (t) => {
    const data = await temporaryFolder(t)
    const first = startProgram(['start', '--dev', '--no-demo', '--data', data, ...fast])
    t.after(() => first.child.kill('SIGKILL'))
    await first.printed(/is up/)
    first.child.kill('SIGTERM')
    await first.exited
    const words = ['start', '--dev', '--data', data, ...fast]
    await refused([...words, '--chain-id', '5'], /chain ?id/i)
    const other = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
    await refused([...words, '--mnemonic', other], /other words, .*give those by --mnemonic/)
    for (const endpoint of ['ftp://127.0.0.1:1', 'http://u:%zz@127.0.0.1:1/geheim']) {
      const environment = { BLOCKCHAIN_ENDPOINT: endpoint, CONTRACT_ADDRESS: `0x${'1'.repeat(40)}` }
      await refused(words, /BLOCKCHAIN_ENDPOINT: expected an address such as http:/, environment)
    }
    await refused([...words, '--chian-id', '5'], /--chian-id/)
    await refused(words, /cannot listen on "0.0.0.0"/, { QS_RPC_HOST: '0.0.0.0' })
    await refused(words, /cannot listen on "0.0.0.0"/, { QS_API_HOST: '0.0.0.0' })
  })
})
