/** Checks what moves a development chain by hand: state that is set, marks, and blocks that are shaped. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { ChainOptions } from './chain-parts.ts'
import { createChain } from './create-chain.ts'
import type { Block } from './ledger/block.ts'
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

async function openChain(folder: string, options: Partial<ChainOptions> = {}) {
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics }
  const chain = await createChain({ manifest, folder, beneficiary: someone, ...options }, world)
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
  await chain.dev.returnTo(mark)
  assert.equal(account()?.balance, 1n)
  await chain.dev.change(holding(3n))
  await chain.dev.sealNow()
  await chain.dev.change(holding(4n))
  await chain.dev.returnTo(mark)
  assert.deepEqual([chain.head().header.number, account()?.balance], [0n, 1n])
  await chain.stop()
  const again = await openChain(folder)
  assert.equal(again.account()?.balance, 1n)
  assert.equal(again.chain.dev.mark().end, mark.end)
  await again.chain.stop()
})

test('going back to a mark is possible over more blocks than states are kept, again and again', async (t) => {
  const folder = await temporaryFolder(t)
  const few = { history: 2, checkpointBytes: 1_000 }
  const { chain, account } = await openChain(folder, few)
  await chain.dev.sealNow()
  await chain.dev.change(holding(1n))
  const mark = chain.dev.mark()
  const later: Block[] = []
  for (let round = 0; round < 2; round += 1) {
    for (let blocks = 0; blocks < 6; blocks += 1) {
      await chain.dev.change(holding(BigInt(10 + blocks)))
      later.push(await chain.dev.sealNow())
    }
    const heard = new Promise<readonly bigint[]>((resolve) => {
      const stop = chain.subscribe((event) => {
        if (event.kind === 'head' && event.removed.length > 0) {
          stop()
          resolve(event.removed.map(({ block }) => block.header.number))
        }
      })
    })
    await chain.dev.returnTo(mark)
    assert.deepEqual(await heard, [2n, 3n, 4n, 5n, 6n, 7n])
    assert.equal(chain.head().header.number, 1n)
    assert.equal(account()?.balance, 1n)
  }
  for (const { hash } of later) assert.equal(chain.byHash(hash), undefined)
  await chain.stop()
  const again = await openChain(folder, few)
  assert.equal(again.account()?.balance, 1n)
  assert.equal((await again.chain.dev.sealNow()).header.number, 2n)
  await again.chain.stop()
})

test('the time after going back to a mark is that of the mark', async (t) => {
  const { chain } = await openChain(await temporaryFolder(t))
  chain.dev.increaseTime(1_000n)
  const { header } = await chain.dev.sealNow()
  const mark = chain.dev.mark()
  chain.dev.increaseTime(1_000_000n)
  await chain.dev.sealNow()
  await chain.dev.returnTo(mark)
  const next = await chain.dev.sealNow()
  const passed = next.header.timestamp - header.timestamp
  assert.ok(passed >= 0n && passed < 1_000n, `${passed} s`)
  await chain.stop()
})

test('a chain that begins anew has its first block, the time of the machine, and nothing else', async (t) => {
  const folder = await temporaryFolder(t)
  const { chain, account } = await openChain(folder, { history: 2 })
  const born = chain.dev.mark()
  await chain.dev.change(holding(1n))
  chain.dev.increaseTime(1_000_000n)
  for (let blocks = 0; blocks < 4; blocks += 1) await chain.dev.sealNow()
  await chain.dev.beginAnew()
  assert.deepEqual([chain.head().header.number, account()], [0n, undefined])
  assert.equal(chain.dev.mark().end, born.end)
  const { header } = await chain.dev.sealNow()
  assert.ok(header.timestamp < BigInt(Date.now()) / 1_000n + 1_000n)
  await chain.stop()
  const again = await openChain(folder)
  assert.equal(again.chain.head().header.number, 1n)
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
