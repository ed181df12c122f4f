/** Manages chains over JSON-RPC, and asks each at its own place, over HTTP, WebSocket and IPC. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { ChainSet } from '../chain/chain-set.ts'
import { manifestToJson } from '../chain/ledger/manifest-codec.ts'
import { createRpc } from './rpc.ts'
import { testAccounts, testManifest } from './test-chain/open-chain.ts'

type Status = { readonly name: string; readonly state: string; readonly head: Json }
type Answer = {
  readonly result?: Json
  readonly error?: { message: string; data?: { code?: string } }
}

const alice = testAccounts[0]
assert.ok(alice)

const manifest = (name: string, chainId: bigint) =>
  JSON.parse(manifestToJson(testManifest({ name, chainId })))

async function serveSet(t: TestContext) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-chains-'))
  const settings = {
    ...{
      poolTransactions: 100,
      poolPerSender: 50,
      poolBacklog: 2_000,
      stateHistory: 16,
      snapshotEvery: 0,
      stateArchive: false,
      minerThreads: 0,
    },
    ...{ stateMemory: 64, blockMemory: 16 },
  }
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger }
  const set = new ChainSet(
    { folder, settings, beneficiary: new Uint8Array(20), most: 5 },
    { ...world, metrics: noMetrics },
  )
  const chain = await set.open(testManifest())
  const ipc = path.join(folder, 'node.ipc')
  const rpc = createRpc(
    { version: '0', port: 0, ipc, dev: true },
    { chain, chains: set, accounts: testAccounts, ...world, metrics: noMetrics },
  )
  await rpc.start()
  t.after(async () => {
    await rpc.stop()
    await set.end()
    await rm(folder, { recursive: true, force: true })
  })
  const ask = async <T = Status>(method: string, ...params: Json[]) =>
    (await rpc.call(method, params)) as T
  const at = async (place: string, method: string, ...params: Json[]): Promise<Answer> => {
    const response = await fetch(`${rpc.url}${place}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    return (await response.json()) as Answer
  }
  return { set, rpc, ask, at, folder }
}

test('a chain is born, asked at its path, stopped, started and removed', async (t) => {
  const { ask, at } = await serveSet(t)
  const born = await ask('qs_bang', manifest('side', 8n))
  assert.deepEqual(born, {
    ...{ name: 'side', isFirst: false, state: 'running', problem: null, path: '/rpc/side' },
    ...{ chainId: '0x8', engine: 'dev', head: born.head, parent: null, portion: null },
  })
  assert.equal((await at('/rpc/side', 'eth_chainId')).result, '0x8')
  assert.equal((await at('/', 'eth_chainId')).result, '0x4f1a')
  assert.equal((await at('/rpc/dev', 'eth_chainId')).result, '0x4f1a')
  const transfer = { from: alice.address, to: alice.address, value: '0x1' }
  await at('/rpc/side', 'eth_sendTransaction', transfer)
  assert.equal((await at('/rpc/side', 'eth_blockNumber')).result, '0x1')
  assert.equal((await at('/', 'eth_blockNumber')).result, '0x0')

  assert.equal((await ask('qs_stopChain', 'side')).state, 'stopped')
  assert.match((await at('/rpc/side', 'eth_chainId')).error?.message ?? '', /of a chain that runs/)
  assert.equal((await ask('qs_startChain', 'side')).state, 'running')
  assert.equal((await at('/rpc/side', 'eth_blockNumber')).result, '0x1')
  const states = async () => (await ask<Status[]>('qs_chains')).map((one) => one.name)
  assert.deepEqual(await states(), ['dev', 'side'])
  await ask('qs_stopChain', 'side')
  assert.equal(await ask<boolean>('qs_removeChain', 'side'), true)
  assert.deepEqual(await states(), ['dev'])
})

test('a chain is forked at a block, and says where it comes from', async (t) => {
  const { ask, at } = await serveSet(t)
  await at('/', 'evm_mine')
  await at('/', 'evm_mine')
  const wish = { name: 'fork', chainId: 9, number: '0x1' }
  const fork = await ask<{ parent: Json; chainId: string }>('qs_fork', 'dev', wish)
  const block = (await at('/', 'eth_getBlockByNumber', '0x1', false)).result
  const { hash, stateRoot } = block as { hash: string; stateRoot: string }
  assert.deepEqual(fork.parent, {
    ...{ number: '0x1', hash, stateRoot },
    chain: (fork.parent as { chain: string }).chain,
  })
  const birth = (await at('/rpc/fork', 'eth_getBlockByNumber', '0x0', false)).result
  assert.equal((birth as { stateRoot: string }).stateRoot, stateRoot)
  const { error } = await at('/', 'qs_fork', 'dev', { ...wish, height: 1 })
  assert.match(error?.message ?? '', /unknown field "height"/)
  const taken = await at('/', 'qs_fork', 'dev', { name: 'second', chainId: 9 })
  assert.equal(taken.error?.data?.code, 'chain/id-taken')
})

test('what is refused is told with its code', async (t) => {
  const { at, ask } = await serveSet(t)
  const code = async (method: string, ...params: Json[]) =>
    (await at('/', method, ...params)).error?.data?.code
  await ask('qs_bang', manifest('side', 8n), { start: false })
  assert.equal((await ask('qs_chain', 'side')).state, 'stopped')
  assert.equal(await code('qs_chain', 'none'), 'chain/unknown')
  assert.equal(await code('qs_bang', manifest('side', 9n)), 'chain/name-taken')
  assert.equal(await code('qs_bang', manifest('other', 8n)), 'chain/id-taken')
  assert.equal(await code('qs_bang', { name: 'other' }), 'ledger/bad-manifest')
  assert.equal(
    await code('qs_bang', manifest('other', 9n), { settings: { pool: 1 } }),
    'chain/bad-settings',
  )
  assert.equal(await code('qs_stopChain', 'dev'), 'chain/first')
  const { error } = await at('/', 'qs_bang', manifest('other', 9n), { begin: true })
  assert.match(error?.message ?? '', /unknown field "begin"/)
})

test('chains are managed at the root only, where nothing that is stopped is waited for', async (t) => {
  const { ask, at } = await serveSet(t)
  await ask('qs_bang', manifest('side', 8n))
  const { error } = await at('/rpc/side', 'qs_stopChain', 'side')
  assert.match(error?.message ?? '', /qs_stopChain does not exist/)
  assert.deepEqual((await at('/rpc/side', 'evm_mine')).result, '0x0')
})

test('who is connected to a chain is told goodbye when it stops, and others are not', async (t) => {
  const { ask, rpc, at } = await serveSet(t)
  await ask('qs_bang', manifest('side', 8n))
  const open = async (place: string) => {
    const socket = new WebSocket(`${rpc.url?.replace('http', 'ws')}${place}`)
    t.after(() => socket.terminate())
    await once(socket, 'open')
    return socket
  }
  const [root, side] = await Promise.all([open('/'), open('/rpc/side')])
  // It waits for a block that never comes, and would keep the chain from stopping.
  await rpc.call('evm_setAutomine', [false], 'side')
  const from = {
    ...{ from: alice.address, to: alice.address, value: '0x1', gas: '0x5208', nonce: '0x0' },
    ...{ maxFeePerGas: '0x77359400', maxPriorityFeePerGas: '0x1', chainId: '0x8' },
  }
  const { raw } = (await rpc.call('eth_signTransaction', [from], 'side')) as { raw: string }
  const waiting = at('/rpc/side', 'eth_sendRawTransactionSync', raw, 60_000)
  for (let pending = '0x0'; pending === '0x0'; await turn()) {
    pending = ((await rpc.call('txpool_status', [], 'side')) as { pending: string }).pending
  }
  side.send(
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransactionSync', params: [raw] }),
  )
  const closed = once(side, 'close')
  await ask('qs_stopChain', 'side')
  assert.equal((await closed)[0], 1001)
  assert.match((await waiting).error?.message ?? '', /not processed/)
  root.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' }))
  const [answer] = await once(root, 'message')
  assert.equal(JSON.parse(String(answer)).result, '0x4f1a')
})

test('each chain has a socket file beside that of the first', async (t) => {
  const { ask, folder } = await serveSet(t)
  await ask('qs_bang', manifest('side', 8n))
  const idAt = async (name: string) => {
    const socket = connect(path.join(folder, name))
    await once(socket, 'connect')
    socket.end('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
    const [bytes] = await once(socket, 'data')
    return JSON.parse(String(bytes)).result
  }
  assert.equal(await idAt('node.ipc'), '0x4f1a')
  assert.equal(await idAt('node-side.ipc'), '0x8')
  await ask('qs_stopChain', 'side')
  await assert.rejects(idAt('node-side.ipc'), { code: 'ENOENT' })
  await ask('qs_startChain', 'side')
  assert.equal(await idAt('node-side.ipc'), '0x8')
})
