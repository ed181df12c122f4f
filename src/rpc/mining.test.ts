/** Asks about blocks that are sealed by work, and seals some from outside, as mining programs do. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { concatBytes, fromHex, toHex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { MiningOptions } from '../chain/chain-parts.ts'
import { createChain } from '../chain/create-chain.ts'
import { chainKey, parseManifest } from '../chain/ledger/manifest-codec.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { createRpc } from './rpc.ts'
import { rpcClient } from './rpc-client.ts'
import { openRpc } from './test-chain/open-rpc.ts'

const easy = String(2n ** 252n)
const manifest = parseManifest(
  JSON.stringify({
    ...{ version: 1, name: 'work', chainId: '7', hardfork: 'osaka' },
    consensus: { engine: 'pow', startTarget: easy, easiestTarget: easy },
    genesis: {
      ...{ timestamp: '1000', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
      accounts: [],
    },
  }),
)
const payTo = new Uint8Array(20).fill(0xa1)

async function asking(t: TestContext, mining: MiningOptions | undefined) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-mining-'))
  const world = { clock: systemClock, logger: silentLogger, metrics: noMetrics }
  const chain = await createChain(
    { manifest, folder, beneficiary: new Uint8Array(20), mining },
    { ...world, timer: systemTimer },
  )
  t.after(async () => {
    await chain.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await chain.start()
  const rpc = createRpc(
    { version: '0.0.0', dev: false, port: 0 },
    { ...world, chain, accounts: [] },
  )
  t.after(() => rpc.stop())
  const client = rpcClient(rpc)
  return {
    chain,
    ask: (method: string, ...params: readonly string[]) => client.request(method, params),
  }
}

test('a program outside seals the block that the node offers', async (t) => {
  const { chain, ask } = await asking(t, { payTo, threads: 0 })
  while (!chain.mining.work()) await setImmediate()
  assert.equal(await ask('eth_mining'), true)
  assert.equal(await ask('eth_hashrate'), '0x0')
  assert.equal(await ask('eth_coinbase'), toHex(payTo))
  const work = (await ask('eth_getWork')) as readonly string[]
  const [sealHash = '', key = '', boundary = '', number] = work
  assert.equal(key, toHex(chainKey(manifest)))
  assert.equal(number, '0x1')
  const prefix = concatBytes(new TextEncoder().encode('QS/pow/1'), fromHex(key), fromHex(sealHash))
  const noDigest = `0x${'00'.repeat(32)}`
  for (let tries = 0; ; tries += 1) {
    const nonce = `0x${tries.toString(16).padStart(16, '0')}`
    const isLow = toHex(keccak256(concatBytes(prefix, fromHex(nonce)))) <= boundary
    assert.equal(await ask('eth_submitWork', nonce, sealHash, noDigest), isLow)
    if (isLow) break
  }
  while (chain.head().header.number === 0n) await setImmediate()
  assert.deepEqual(chain.head().withdrawals?.[0]?.address, payTo)
})

test('a node that seals nothing by work says so', async (t) => {
  const { ask } = await asking(t, undefined)
  assert.equal(await ask('eth_mining'), false)
  const message = 'no mining work available yet'
  await assert.rejects(ask('eth_getWork'), { message })
  const { rpc } = await openRpc(t)
  const client = rpcClient(rpc)
  assert.equal(await client.request('eth_mining', []), false)
  const words = ['0x0000000000000000', toHex(new Uint8Array(32)), toHex(new Uint8Array(32))]
  assert.equal(await client.request('eth_submitWork', words), false)
})
