/** Checks what moves a development chain by hand: state that is set, marks, and blocks that are shaped. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createChain } from './create-chain.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { StateOverlay } from './state/state.ts'

const someone = new Uint8Array(20).fill(0xab)
const code = Uint8Array.of(0x5f)
const manifest: Manifest = {
  ...{ version: 1, name: 'dev', chainId: 7n, forks: [{ hardfork: 'osaka' }] },
  consensus: { engine: 'dev', blockTimeMs: 3_600_000 },
  genesis: {
    ...{ timestamp: 1_000n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
    ...{ extraData: new Uint8Array(), accounts: [] },
  },
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-dev-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function openChain(folder: string) {
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics }
  const chain = await createChain({ manifest, folder, beneficiary: someone }, world)
  await chain.start()
  const account = () => chain.stateAt(chain.head().hash)?.account(someone)
  return { chain, account }
}

const holding = (balance: bigint) => (overlay: StateOverlay) => {
  overlay.setAccount(someone, { nonce: 3n, balance, codeHash: overlay.addCode(code) })
  overlay.setStorage(someone, 5n, balance)
}

test('a change by hand is seen at once, is under the next block, and outlives restarts', async (t) => {
  const folder = await temporaryFolder(t)
  const first = await openChain(folder)
  await first.chain.dev.change(holding(9n))
  assert.equal(first.account()?.balance, 9n)
  assert.equal(first.chain.head().header.number, 0n)
  await first.chain.stop()
  const second = await openChain(folder)
  assert.equal(second.account()?.nonce, 3n)
  await second.chain.dev.sealNow()
  assert.equal(second.account()?.balance, 9n)
  await second.chain.dev.change(holding(10n))
  await second.chain.stop()
  const third = await openChain(folder)
  assert.equal(third.account()?.balance, 10n)
  const state = third.chain.stateAt(third.chain.head().hash)
  assert.equal(state?.storage(someone, 5n), 10n)
  assert.deepEqual(state?.code(state.account(someone)?.codeHash ?? code), code)
  await third.chain.stop()
})

test('going back to a mark undoes later changes, after a restart too', async (t) => {
  const folder = await temporaryFolder(t)
  const { chain, account } = await openChain(folder)
  await chain.dev.change(holding(1n))
  const mark = chain.dev.mark()
  await chain.dev.change(holding(2n))
  await chain.dev.rewindTo(mark)
  assert.equal(account()?.balance, 1n)
  await chain.dev.change(holding(3n))
  await chain.dev.sealNow()
  await chain.dev.change(holding(4n))
  await chain.dev.rewindTo(mark)
  assert.deepEqual([chain.head().header.number, account()?.balance], [0n, 1n])
  await chain.stop()
  const again = await openChain(folder)
  assert.equal(again.account()?.balance, 1n)
  assert.deepEqual(again.chain.dev.mark(), mark)
  await again.chain.stop()
})

test('a change that comes while a block is built is under that block', async (t) => {
  const { chain, account } = await openChain(await temporaryFolder(t))
  const sealing = chain.dev.sealNow()
  await chain.dev.change(holding(8n))
  await sealing
  assert.equal(account()?.balance, 8n)
  await chain.stop()
})

test('a block has the shape that was chosen', async (t) => {
  const { chain } = await openChain(await temporaryFolder(t))
  const shape = { timestamp: 10n ** 10n, gasLimit: 60_000_000n, baseFeePerGas: 0n }
  chain.dev.shapeNext(shape)
  assert.equal(chain.draft()?.timestamp, shape.timestamp)
  const { header } = await chain.dev.sealNow()
  const { timestamp, gasLimit, baseFeePerGas } = header
  assert.deepEqual({ timestamp, gasLimit, baseFeePerGas }, shape)
  const next = await chain.dev.sealNow()
  assert.equal(next.header.gasLimit, shape.gasLimit)
  await chain.stop()
})
