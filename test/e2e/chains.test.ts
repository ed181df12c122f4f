/** Runs several chains in one process, by commands, the API and JSON-RPC, and kills it in the middle of changes. */

import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { createWalletClient, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { callRpc, eventually, type Program, startProgram, temporaryFolder } from './program.ts'

const words = 'test test test test test test test test test test test junk'
const alice = mnemonicToAccount(words)
const bob = '0xb0b0000000000000000000000000000000000000'

interface Status {
  readonly name: string
  readonly state: string
  readonly chainId: string | number
  readonly problem: string | null
  readonly head: { readonly number: string | number; readonly hash: string } | null
}

/** A development chain with ether for Alice. */
function manifest(name: string, chainId: number, accounts: readonly object[] = []) {
  const ether = { address: alice.address, balance: String(10n ** 21n) }
  return {
    ...{ version: 1, name, chainId, hardfork: 'osaka' },
    consensus: { engine: 'dev', blockTimeMs: 200 },
    genesis: {
      ...{ timestamp: '1700000000', gasLimit: '30000000', baseFeePerGas: '1000000000' },
      ...{ extraData: '0x', accounts: [ether, ...accounts] },
    },
  }
}

/** A node in a process of its own. */
interface Node {
  readonly program: Program
  readonly rpc: string
  readonly api: string
  readonly data: string
}

async function start(data: string, further: readonly string[] = ['--dev', '--no-demo']) {
  const ports = ['--rpc-port', '0', '--api-port', '0']
  const program = startProgram(['start', ...further, '--data', data, ...ports])
  const [, rpc = ''] = await program.printed(/JSON-RPC +(http:\S+)/)
  const [, api = ''] = await program.printed(/console +(http:\S+)\//)
  return { program, rpc, api, data }
}

async function stop({ program }: Node): Promise<void> {
  program.child.kill('SIGINT')
  assert.deepEqual(await program.exited, [0, null])
}

/** A node whose process is gone after the test. */
async function started(t: TestContext, data: string, further?: readonly string[]): Promise<Node> {
  const node = await start(data, further)
  t.after(async () => {
    node.program.child.kill('SIGKILL')
    await node.program.exited
  })
  return node
}

/** Runs `quantumstream chain …` at a node; gives exit code and output. */
async function command(node: Node, ...given: string[]) {
  const port = ['--rpc-port', new URL(node.rpc).port]
  const program = startProgram(['chain', ...given, ...port])
  const [code] = await program.exited
  return { code, output: program.output() }
}

const at = ({ rpc }: Node, chain: string) => `${rpc}/rpc/${chain}`

/** Sends one wei to Bob, and gives what he has when it is there. */
async function send(node: Node, chain: string, nonce: number): Promise<bigint> {
  const url = at(node, chain)
  const id = Number(await callRpc<string>(url, 'eth_chainId'))
  const signed = await alice.signTransaction({
    ...{ type: 'eip1559', chainId: id, nonce, gas: 21_000n, to: bob, value: 1n },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
  })
  const hash = await callRpc<string>(url, 'eth_sendRawTransaction', signed)
  await eventually(async () => (await callRpc(url, 'eth_getTransactionReceipt', hash)) ?? undefined)
  return BigInt(await callRpc<string>(url, 'eth_getBalance', bob, 'latest'))
}

describe('several chains in one process', { timeout: 240_000 }, () => {
  let node: Node
  let folder = ''
  const cleaning: (() => Promise<void>)[] = []
  before(async () => {
    folder = await temporaryFolder({ after: (run) => void cleaning.push(run) })
    node = await start(path.join(folder, 'data'))
  })
  after(async () => {
    await stop(node)
    for (const run of cleaning) await run()
  })

  const file = async (name: string, content: object) => {
    const where = path.join(folder, name)
    await writeFile(where, JSON.stringify(content))
    return where
  }

  test('commands make chains, which take transactions side by side and refuse those of each other', async () => {
    const born = await command(node, 'bang', await file('a.json', manifest('a', 501)), '--json')
    assert.equal(born.code, 0, born.output)
    assert.equal((JSON.parse(born.output) as Status).state, 'running')
    assert.equal(await send(node, 'a', 0), 1n)
    const fork = await command(node, 'fork', 'a', 'b', '--chain-id', '502')
    assert.equal(fork.code, 0, fork.output)
    assert.match(fork.output, /b +502 +dev +running/)
    assert.deepEqual(await Promise.all([send(node, 'a', 1), send(node, 'b', 1)]), [2n, 2n])
    const client = createWalletClient({ account: alice, transport: http(at(node, 'a')) })
    const raw = await alice.signTransaction({
      ...{ type: 'eip1559', chainId: 501, nonce: 2, gas: 21_000n, to: bob, value: 1n },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    })
    await assert.rejects(
      callRpc(at(node, 'b'), 'eth_sendRawTransaction', raw),
      /chain ?id/i,
      'a transaction of one chain must not run on the other',
    )
    assert.equal(await client.getChainId(), 501)
    const { output } = await command(node, 'list')
    assert.deepEqual(
      output
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ +/).slice(0, 4).join(' ')),
      ['dev 20250 dev running', 'a 501 dev running', 'b 502 dev running'],
    )
  })

  test('commands stop, start and remove chains, and say what is refused', async () => {
    const stopped = await command(node, 'stop', 'b')
    assert.match(stopped.output, /b +502 +dev +stopped +- +-/)
    await assert.rejects(callRpc(at(node, 'b'), 'eth_blockNumber'), /of a chain that runs/)
    assert.match((await command(node, 'start', 'b')).output, /b +502 +dev +running/)
    const refused = async (message: RegExp, ...given: string[]) => {
      const { code, output } = await command(node, ...given)
      assert.equal(code, 1, output)
      assert.match(output, message)
    }
    await refused(/^error: this removes the chain "b".*--yes\n$/, 'remove', 'b')
    await refused(/^error: the chain "b" runs; stop it/, 'remove', 'b', '--yes')
    await refused(/^error: the node stands on the chain "dev"/, 'stop', 'dev')
    await refused(/^error: there is no chain named "none"/, 'status', 'none')
    await refused(/^error: a fork needs a chain id/, 'fork', 'a', 'c')
    const two = ['--chain-id', '503', '--engine', 'bft', '--consensus', 'x']
    await refused(/^error: a fork has one consensus/, 'fork', 'a', 'c', ...two)
    await refused(
      /no chain can begin by dpos.*; fork it by the engine bft/,
      'fork',
      'a',
      'c',
      '--chain-id',
      '503',
      '--engine',
      'dpos',
    )
    await refused(/has the chain id 501/, 'fork', 'a', 'c', '--chain-id', '501')
    await refused(/no-such-file cannot be read/, 'bang', 'no-such-file')
    await refused(/name must be 1 to 32/, 'bang', await file('bad.json', manifest('A', 9)))
    await refused(/"chain remove" is not known or not whole/, 'remove')
    await command(node, 'stop', 'b')
    assert.equal((await command(node, 'remove', 'b', '--yes')).output, 'the chain "b" is gone\n')
    await refused(/there is no chain named "b"/, 'status', 'b')
  })

  test('the API does the same', async () => {
    const ask = async (method: string, where: string, body?: object) => {
      const response = await fetch(`${node.api}/v1/chains${where}`, {
        method,
        ...(method !== 'GET' && { headers: { 'content-type': 'application/json' } }),
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    }
    const born = await ask('POST', '', {
      manifest: manifest('c', 503),
      settings: { stateHistory: 8 },
    })
    assert.equal(born.status, 201, JSON.stringify(born.body))
    assert.equal(born.body.state, 'running')
    assert.equal(await send(node, 'c', 0), 1n)
    const fork = await ask('POST', '/c/fork', { name: 'd', chainId: 504 })
    assert.equal(fork.status, 201)
    assert.equal(fork.body.parent.number > 0, true)
    const blocks = await fetch(`${node.api}/v1/blocks?chain=d&limit=1`)
    assert.match(await blocks.text(), /"chain":"d"/)
    assert.equal(await callRpc(`${node.api}/v1/rpc/d`, 'eth_chainId'), '0x1f8')
    assert.equal((await ask('POST', '/d/stop')).body.state, 'stopped')
    const silent = await fetch(`${node.api}/v1/blocks?chain=d`)
    assert.equal(silent.status, 409)
    assert.match(await silent.text(), /"code":"api\/chain-not-running"/)
    const refused = async (status: number, code: string, given: ReturnType<typeof ask>) => {
      const answer = await given
      assert.deepEqual([answer.status, answer.body.error.code], [status, code])
    }
    await refused(409, 'chain/name-taken', ask('POST', '', { manifest: manifest('d', 9) }))
    await refused(409, 'chain/id-taken', ask('POST', '/c/fork', { name: 'e', chainId: 503 }))
    await refused(409, 'chain/stopped', ask('POST', '/d/fork', { name: 'e', chainId: 9 }))
    await refused(
      400,
      'chain/no-block',
      ask('POST', '/c/fork', { name: 'e', chainId: 9, number: 1e9 }),
    )
    await refused(400, 'ledger/bad-manifest', ask('POST', '', { manifest: {} }))
    await refused(400, 'api/bad-request', ask('POST', '/c/fork', { name: 'e' }))
    await refused(
      400,
      'chain/bad-settings',
      ask('POST', '', { manifest: manifest('e', 9), settings: { x: 1 } }),
    )
    await refused(404, 'api/not-found', ask('POST', '/none/start'))
    await refused(404, 'api/not-found', ask('GET', '/none'))
    await refused(409, 'chain/running', ask('DELETE', '/c'))
    await refused(409, 'chain/first', ask('POST', '/dev/stop'))
    await refused(405, 'api/method-not-allowed', ask('GET', '/c/stop'))
    assert.equal((await ask('POST', '/d/start')).body.state, 'running')
    assert.equal((await ask('POST', '/d/stop')).status, 200)
    assert.deepEqual(await ask('DELETE', '/d'), { status: 204, body: undefined })
    const { body } = await ask('GET', '')
    assert.deepEqual(
      body.items.map((one: Status) => `${one.name} ${one.state}`),
      ['dev running', 'a running', 'c running'],
    )
    assert.equal(body.items[0].accounts.length, 8)
  })

  test('a page elsewhere can neither make nor remove a chain', async () => {
    for (const method of ['POST', 'DELETE']) {
      const { status } = await fetch(`${node.api}/v1/chains/a`, {
        ...{ method, headers: { origin: 'https://evil.example', 'content-type': 'text/plain' } },
      })
      assert.equal(status, 403)
    }
  })
})

test('a chain that init made is what a node stands on', { timeout: 180_000 }, async (t) => {
  const folder = await temporaryFolder(t)
  const [data, birth] = [path.join(folder, 'data'), path.join(folder, 'birth.json')]
  await writeFile(birth, JSON.stringify(manifest('main', 601)))
  const init = () => startProgram(['chain', 'init', birth, '--data', data])
  const made = init()
  assert.deepEqual(await made.exited, [0, null])
  assert.match(made.output(), /^the chain "main", id 601, is in .*; its key is 0x[0-9a-f]{64}\n$/)
  const again = init()
  assert.deepEqual(await again.exited, [1, null])
  assert.match(again.output(), /is there already: choose another name/)
  const node = await started(t, data, [])
  assert.equal(await callRpc(node.rpc, 'eth_chainId'), '0x259')
  assert.equal(await send(node, 'main', 0), 1n)
  const held = init()
  await held.exited
  assert.match(held.output(), /is in use by another process/)
  await stop(node)
  await writeFile(birth, JSON.stringify(manifest('side', 602)))
  await init().exited
  const unclear = startProgram(['start', '--data', data])
  assert.deepEqual(await unclear.exited, [1, null])
  assert.match(unclear.output(), /holds the chains main, side: name the one to stand on by --chain/)
  const chosen = await started(t, data, ['--chain', 'side'])
  const chains = await callRpc<Status[]>(chosen.rpc, 'qs_chains')
  assert.deepEqual(
    chains.map(({ name }) => name),
    ['side', 'main'],
  )
  await eventually(async () => {
    const { state } = await callRpc<Status>(chosen.rpc, 'qs_chain', 'main')
    return state === 'running' ? true : undefined
  })
  await stop(chosen)
})

test('sixteen chains run in one process, and all are there after a restart', {
  timeout: 240_000,
}, async (t) => {
  const data = path.join(await temporaryFolder(t), 'data')
  const node = await started(t, data)
  const names = Array.from({ length: 15 }, (_, at) => `c${at}`)
  for (const [at, name] of names.entries())
    await callRpc(node.rpc, 'qs_bang', manifest(name, 700 + at))
  assert.deepEqual(
    await Promise.all(names.map((name) => send(node, name, 0))),
    names.map(() => 1n),
  )
  await stop(node)
  const again = await started(t, data)
  const states = () => callRpc<Status[]>(again.rpc, 'qs_chains')
  await eventually(
    async () => (await states()).every(({ state }) => state === 'running') || undefined,
  )
  assert.equal((await states()).length, 16)
  assert.deepEqual(
    await Promise.all(names.map((name) => send(again, name, 1))),
    names.map(() => 2n),
  )
  await stop(again)
})

/** Enough accounts that a birth and a fork take a while. */
const many = Array.from({ length: 20_000 }, (_, at) => ({
  ...{ address: `0x${(at + 1).toString(16).padStart(40, '0')}`, balance: '7' },
}))

/** What a kill may cut off, and how long each takes here. */
async function deedsOf(first: Node) {
  const deeds: Readonly<Record<string, (node: Node) => Promise<unknown>>> = {
    bang: ({ rpc }) => callRpc(rpc, 'qs_bang', manifest('child', 801, many)),
    fork: ({ rpc }) => callRpc(rpc, 'qs_fork', 'parent', { name: 'child', chainId: 801 }),
    remove: ({ rpc }) => callRpc(rpc, 'qs_removeChain', 'child'),
  }
  const tookMs: Record<string, number> = {}
  for (const name of ['bang', 'remove', 'fork', 'remove']) {
    if (name === 'remove') await callRpc(first.rpc, 'qs_stopChain', 'child')
    const begun = performance.now()
    await deeds[name]?.(first)
    tookMs[name] = performance.now() - begun
  }
  return { deeds, tookMs }
}

/** The chains of a node once it knows of each whether it runs. */
const settledChains = ({ rpc }: Node) =>
  eventually(async () => {
    const found = await callRpc<Status[]>(rpc, 'qs_chains')
    return found.some(({ state }) => state === 'starting') ? undefined : found
  })

test('a kill in the middle of a birth, a fork or a removal leaves a chain whole or not at all', {
  timeout: 400_000,
}, async (t) => {
  const data = path.join(await temporaryFolder(t), 'data')
  const rounds = 8
  let node = await started(t, data)
  await callRpc(node.rpc, 'qs_bang', manifest('parent', 800, many))
  assert.equal(await send(node, 'parent', 0), 1n)
  const { deeds, tookMs } = await deedsOf(node)
  const seen = { there: 0, gone: 0 }
  for (let round = 0; round < rounds; round += 1) {
    const what = ['bang', 'remove', 'fork', 'remove'][round % 4] ?? ''
    const isThere = (await readdir(path.join(data, 'chains'))).includes('child')
    if (what === 'remove' && !isThere) await deeds.fork?.(node)
    if (what === 'remove' || isThere) await callRpc(node.rpc, 'qs_stopChain', 'child')
    if (what !== 'remove' && isThere) await deeds.remove?.(node)
    const doing = deeds[what]?.(node).catch(() => {})
    // From the first write to somewhat after the end.
    const share = 1.2 * (((round * 3) % rounds) / (rounds - 1))
    await new Promise((resolve) => setTimeout(resolve, share * (tookMs[what] ?? 0)))
    node.program.child.kill('SIGKILL')
    await node.program.exited
    await doing

    node = await started(t, data)
    const chains = await settledChains(node)
    const child = chains.find(({ name }) => name === 'child')
    assert.ok(!chains.some(({ state }) => state === 'failed'), JSON.stringify(chains))
    seen[child ? 'there' : 'gone'] += 1
    if (child) {
      await callRpc(node.rpc, 'qs_startChain', 'child')
      const account = many[123]?.address
      assert.equal(await callRpc(at(node, 'child'), 'eth_getBalance', account, 'latest'), '0x7')
    }
    assert.deepEqual(
      (await readdir(path.join(data, 'chains'))).sort(),
      child ? ['child', 'dev', 'parent'] : ['dev', 'parent'],
    )
    await send(node, 'parent', round + 1)
  }
  await stop(node)
  t.diagnostic(`${rounds} kills: the chain was there after ${seen.there}, gone after ${seen.gone}`)
})
