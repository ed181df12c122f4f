/** Runs chains in temporary folders: sealing, restarts, kills, reorganisations, and import elsewhere. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { ChainEvent } from './chain.ts'
import { createChain } from './create-chain.ts'
import { encodeBlock } from './ledger/block-codec.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import { devManifest } from './test-chain/dev-manifest.ts'

type Test = Pick<TestContext, 'after' | 'mock'>

const key = new Uint8Array(32).fill(1)
const sender = addressOfKey(key)
const receiver = new Uint8Array(20).fill(0xab)

const manifestWith = (blockTimeMs: number) => devManifest(sender, blockTimeMs)

async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-chain-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function openChain(folder: string, manifest = manifestWith(0)) {
  const dependencies = {
    clock: systemClock,
    timer: systemTimer,
    logger: silentLogger,
    metrics: noMetrics,
  }
  const chain = await createChain({ manifest, folder, beneficiary: sender }, dependencies)
  await chain.start()
  return chain
}

const signed = (nonce: bigint, { maxFeePerGas = 10n ** 10n, dataBytes = 0 }) =>
  encodeTransaction(
    signTransaction(
      {
        ...{ type: 2, chainId: 7n, nonce, to: receiver, value: 1n, accessList: [] },
        ...{ gasLimit: 21_000n + 10n * BigInt(dataBytes), data: new Uint8Array(dataBytes) },
        ...{ maxFeePerGas, maxPriorityFeePerGas: 1n },
      },
      key,
    ),
  )
const transfer = (nonce: bigint, maxFeePerGas?: bigint) =>
  signed(nonce, maxFeePerGas === undefined ? {} : { maxFeePerGas })
const large = (nonce: bigint) => signed(nonce, { dataBytes: 125_000 })

describe('a chain', () => {
  test('seals a block for a transaction and finds everything in it', async (t) => {
    const chain = await openChain(await temporaryFolder(t))
    const events: ChainEvent[] = []
    chain.subscribe((event) => events.push(event))
    const sealed = new Promise<void>((resolve) =>
      chain.subscribe(({ kind }) => kind === 'head' && resolve()),
    )
    const hash = await chain.submit(transfer(0n))
    await sealed
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['pending', 'head'],
    )
    const { header } = chain.head()
    assert.equal(header.number, 1n)
    assert.equal(header.gasUsed, 21_000n)
    assert.equal(chain.findTransaction(hash)?.position, 0)
    assert.deepEqual(chain.byHash(chain.head().hash)?.senders, [sender])
    assert.equal(chain.stateAt(chain.head().hash)?.account(receiver)?.balance, 1n)
    const genesis = chain.blockHash(0n)
    assert.ok(genesis)
    assert.equal(chain.stateAt(genesis)?.account(receiver), undefined)
    await chain.stop()
  })

  test('leaves for the next block what would make one larger than EIP-7934 allows', async (t) => {
    const manifest = manifestWith(60_000)
    const genesis = { ...manifest.genesis, gasLimit: 1_000_000_000n }
    const chain = await openChain(await temporaryFolder(t), { ...manifest, genesis })
    for (let nonce = 0n; nonce < 70n; nonce += 1n) await chain.submit(large(nonce))
    const counts: number[] = []
    for (let blocks = 0; blocks < 2; blocks += 1) {
      const sealed = await chain.dev.sealNow()
      const bytes = encodeBlock(sealed).length
      assert.ok(bytes <= 8 * 1024 * 1024, `${bytes} bytes`)
      counts.push(sealed.transactions.length)
    }
    assert.ok((counts[0] ?? 0) > 60, `${counts}`)
    assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), 70)
    await chain.stop()
  })

  test('goes on after a restart, with blocks, state and nonces', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await openChain(folder)
    await first.dev.setBlockTimeMs(0)
    await first.submit(transfer(0n))
    await first.dev.sealNow()
    await first.dev.sealNow()
    const head = first.head()
    await first.stop()
    const second = await openChain(folder)
    assert.deepEqual(second.head(), head)
    assert.equal(second.stateAt(head.hash)?.account(receiver)?.balance, 1n)
    assert.throws(() => second.pool.add(transfer(0n)), { code: 'txpool/nonce-too-low' })
    await second.dev.sealNow()
    assert.equal(second.head().header.number, head.header.number + 1n)
    await second.stop()
  })

  test('goes back to a block, tells of it, takes its transactions back, and stays there after a restart', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openChain(folder)
    await chain.dev.sealNow()
    const kept = chain.head()
    const removed: bigint[] = []
    chain.subscribe((event) => {
      if (event.kind === 'head')
        removed.push(...event.removed.map(({ block }) => block.header.number))
    })
    const hash = await chain.submit(transfer(0n))
    while (chain.findTransaction(hash) === undefined) await new Promise(setImmediate)
    await chain.dev.sealNow()
    const left = chain.head().header.number
    await chain.dev.rewindTo(kept.header.number)
    assert.deepEqual(
      removed,
      Array.from({ length: Number(left) - 1 }, (_, at) => BigInt(at + 2)),
    )
    while (chain.findTransaction(hash) === undefined) await new Promise(setImmediate)
    const again = chain.head()
    assert.equal(again.header.number, 2n)
    await chain.stop()
    const reopened = await openChain(folder)
    assert.deepEqual(reopened.head(), again)
    await reopened.stop()
  })

  test('seals no block for transactions that cannot be in it', async (t) => {
    const chain = await openChain(await temporaryFolder(t))
    await chain.submit(transfer(0n, 1n))
    await chain.submit(transfer(7n))
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(chain.head().header.number, 0n)
    await chain.dev.sealNow()
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(chain.head().header.number, 1n)
    await chain.stop()
  })

  test('says that a block cannot be sealed when the disk fails, and still stops', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openChain(folder)
    const probe = await open(folder)
    const full = () => Promise.reject(new Error('no space left on device'))
    const broken = t.mock.method(Object.getPrototypeOf(probe), 'datasync', full)
    await probe.close()
    await assert.rejects(chain.dev.sealNow(), { code: 'store/write-failed', message: /no space/ })
    await assert.rejects(chain.dev.sealNow(), { code: 'store/write-failed' })
    await assert.rejects(chain.submit(transfer(0n)), { code: 'store/write-failed' })
    assert.equal(chain.head().header.number, 0n)
    broken.mock.restore()
    await chain.stop()
  })

  test('drops a transaction that breaks the machine, and goes on without it', async (t) => {
    const chain = await openChain(await temporaryFolder(t), manifestWith(3_600_000))
    const { openBlock } = chain.evm
    t.mock.method(chain.evm, 'openBlock', async (...place: Parameters<typeof openBlock>) => {
      const run = await openBlock(...place)
      return { ...run, add: () => Promise.reject(new Error('a fault of the machine')) }
    })
    const hash = await chain.submit(transfer(0n))
    await assert.rejects(chain.dev.sealNow(), /a fault of the machine/)
    assert.equal(chain.pool.get(hash), undefined)
    await chain.dev.sealNow()
    assert.equal(chain.head().header.number, 1n)
    await chain.stop()
  })

  test('seals a block that was asked for while the chain went back', async (t) => {
    const chain = await openChain(await temporaryFolder(t))
    await chain.dev.sealNow()
    const rewound = chain.dev.rewindTo(0n)
    const sealed = chain.dev.sealNow()
    await rewound
    const { header } = await sealed
    assert.equal(header.number, 1n)
    const next = chain.dev.sealNow()
    await chain.dev.rewindTo(0n)
    await next
    await chain.stop()
    await assert.rejects(chain.dev.sealNow(), { code: 'chain/stopped' })
  })

  test('is born on disk: its files, and each folder that names them', async (t) => {
    const folder = await temporaryFolder(t)
    const probe = await open(folder)
    const handles: FileHandle = Object.getPrototypeOf(probe)
    const { sync } = handles
    const synced = new Set<bigint>()
    t.mock.method(handles, 'sync', async function (this: FileHandle) {
      synced.add((await this.stat({ bigint: true })).ino)
      await sync.call(this)
    })
    await probe.close()
    const chain = await openChain(path.join(folder, 'data/chains'))
    await chain.stop()
    for (const one of [
      '',
      'data',
      'data/chains',
      'data/chains/dev',
      'data/chains/dev/blocks.log',
    ]) {
      const { ino } = await stat(path.join(folder, one), { bigint: true })
      assert.ok(synced.has(ino), `${one} is not on disk`)
    }
  })

  test('refuses to open with another manifest, naming what differs', async (t) => {
    const folder = await temporaryFolder(t)
    await (await openChain(folder)).stop()
    const other = openChain(folder, { ...manifestWith(0), chainId: 8n })
    await assert.rejects(other, { code: 'chain/manifest-differs', message: /another chainId/ })
  })

  test('takes sound blocks of another chain of the same birth, and refuses changed ones', async (t) => {
    const source = await openChain(await temporaryFolder(t))
    const target = await openChain(await temporaryFolder(t))
    await source.submit(transfer(0n))
    await source.dev.sealNow()
    const block = source.byNumber(1n)?.block
    assert.ok(block)
    const changed = { ...block.header, stateRoot: new Uint8Array(32) }
    const verdict = await target.importBlock({ ...block, header: changed })
    assert.equal(verdict.kind === 'invalid' && verdict.rule, 'stateRoot')
    assert.equal(target.head().header.number, 0n)
    assert.deepEqual(await target.importBlock(block), { kind: 'valid' })
    assert.deepEqual(target.head(), block)
    await source.stop()
    await target.stop()
  })

  test('has every block it told of after SIGKILL, and each of them runs elsewhere', {
    timeout: 120_000,
  }, async (t) => {
    const folder = await temporaryFolder(t)
    const entry = path.join(import.meta.dirname, 'test-chain/endless-chain.ts')
    const told = new Map<number, string>()
    for (let round = 1; round <= 10; round += 1) {
      const child = spawn(process.execPath, [entry, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.on('data', (data) => {
        text += data
        if (text.split('\n').length > round * 3) child.kill('SIGKILL')
      })
      await once(child, 'close')
      for (const line of text.split('\n').slice(0, -1)) {
        const [number, hash = ''] = line.split(' ')
        const before = told.get(Number(number))
        assert.ok(before === undefined || before === hash, `block ${number} changed`)
        told.set(Number(number), hash)
      }
    }
    const survivor = await openChain(folder)
    const replica = await openChain(await temporaryFolder(t))
    assert.ok(told.size > 30)
    for (let number = 1n; number <= survivor.head().header.number; number += 1n) {
      const block = survivor.byNumber(number)?.block
      assert.ok(block)
      const hash = told.get(Number(number))
      if (hash !== undefined) assert.equal(block.hash.toHex(), hash)
      assert.deepEqual(await replica.importBlock(block), { kind: 'valid' })
    }
    for (const number of told.keys())
      assert.ok(survivor.blockHash(BigInt(number)), `block ${number} is lost`)
    await survivor.stop()
    await replica.stop()
  })
})
