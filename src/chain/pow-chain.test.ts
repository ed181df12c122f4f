/** Runs chains that are sealed by work: mining, rewards, restarts, branches, blocks that come too early or too soon. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { ChainEvent } from './chain.ts'
import type { ChainOptions, DrivenChain } from './chain-parts.ts'
import { createChain } from './create-chain.ts'
import type { Block } from './ledger/block.ts'
import { decodeBlock, encodeBlock } from './ledger/block-codec.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import {
  HandClock,
  mine,
  mineMany,
  miningFor,
  openPow,
  powManifest,
  workManifest,
} from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { verifyChain } from './verify-chain.ts'

const [alice, bob] = [new Uint8Array(20).fill(0xa1), new Uint8Array(20).fill(0xb0)]
const ether = 10n ** 18n
async function open(
  t: TestContext,
  time: HandClock,
  options: Partial<ChainOptions> = {},
): Promise<DrivenChain> {
  const chain = await openPow(await temporaryFolder(t), time, options)
  await chain.start()
  t.after(() => chain.stop())
  return chain
}

/** Blocks as they come from elsewhere. */
const travelled = (block: Block) => decodeBlock(encodeBlock(block))
const balance = (chain: DrivenChain, of: Uint8Array) =>
  chain.stateAt(chain.head().hash)?.account(of)?.balance ?? 0n

async function importAll(chain: DrivenChain, blocks: readonly Block[]): Promise<string> {
  const rules: string[] = []
  for (const block of blocks) {
    const verdict = await chain.importBlock(travelled(block))
    rules.push(verdict.kind === 'invalid' ? verdict.rule : verdict.kind)
  }
  return rules.join(' ')
}

describe('a chain sealed by work', () => {
  test('pays its miner, and goes on after a restart', async (t) => {
    const [folder, time] = [await temporaryFolder(t), new HandClock()]
    const first = await openPow(folder, time, { ...miningFor(alice) })
    await first.start()
    const blocks = await mineMany(first, time, 3)
    assert.deepEqual(
      blocks.map(({ withdrawals }) => withdrawals),
      [0n, 1n, 2n].map((index) => [
        { index, validatorIndex: 0n, address: alice, amountGwei: 2n * 10n ** 9n },
      ]),
    )
    assert.equal(balance(first, alice), 6n * ether)
    await first.stop()
    const again = await openPow(folder, time, { ...miningFor(alice) })
    await again.start()
    t.after(() => again.stop())
    assert.deepEqual(again.head().hash, blocks[2]?.hash)
    await mine(again, time)
    assert.equal(balance(again, alice), 8n * ether)
    assert.equal(again.head().withdrawals?.[0]?.index, 3n)
  })

  test('takes the transactions that wait', async (t) => {
    const [key, time] = [new Uint8Array(32).fill(1), new HandClock()]
    const manifest = powManifest({}, [addressOfKey(key)])
    const chain = await open(t, time, { manifest, ...miningFor(alice) })
    const unsigned = {
      ...({ type: 2, chainId: 7n, nonce: 0n, gasLimit: 21_000n, value: 5n, to: bob } as const),
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 7n },
      ...{ accessList: [], data: new Uint8Array() },
    }
    await chain.submit(encodeTransaction(signTransaction(unsigned, key)))
    const block = await mine(chain, time)
    assert.equal(block.transactions.length, 1)
    assert.equal(balance(chain, bob), 5n)
    assert.equal(balance(chain, alice), 2n * ether + 7n * 21_000n)
  })

  test('calls blocks safe and final by their depth', async (t) => {
    const time = new HandClock()
    const chain = await open(t, time, { ...miningFor(alice) })
    await mineMany(chain, time, 10)
    assert.equal(chain.safe().header.number, 8n)
    assert.equal(chain.finalized().header.number, 2n)
  })

  test('wants no block of its own if it is only followed', async (t) => {
    const chain = await open(t, new HandClock())
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    assert.equal(chain.mining.isMining(), false)
    assert.equal(chain.mining.work(), undefined)
  })

  test('takes work from elsewhere only for the block that is searched, and only what seals it', async (t) => {
    const time = new HandClock()
    const manifest = workManifest
    const chain = await open(t, time, { manifest, ...miningFor(alice) })
    while (!chain.mining.work()) await setImmediate()
    const work = chain.mining.work()
    assert.ok(work)
    assert.equal(chain.mining.submitWork(new Uint8Array(32), 0n), false)
    let nonce = 0n
    while (!chain.mining.submitWork(work.sealHash, nonce)) nonce += 1n
    while (chain.head().header.number === 0n) await setImmediate()
    const { header } = chain.head()
    assert.equal(header.nonce.toHex(), nonce.toString(16).padStart(16, '0'))
    assert.equal(chain.mining.submitWork(work.sealHash, nonce), false)
  })

  test('is mined by threads of its own', async (t) => {
    const easy = 2n ** 256n / 4_096n
    const manifest = powManifest({ startTarget: easy, easiestTarget: easy })
    const folder = await temporaryFolder(t)
    const chain = await createChain(
      { manifest, folder, beneficiary: alice, mining: { payTo: alice, threads: 2 } },
      { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
    )
    const third = Promise.withResolvers<void>()
    chain.subscribe(() => {
      if (chain.head().header.number >= 3n) third.resolve()
    })
    await chain.start()
    await third.promise
    await chain.stop()
    const found = await verifyChain({ manifest, folder, run: true })
    assert.deepEqual(found.faults, [])
    assert.ok(found.blocks >= 3)
  })
})

describe('branches', () => {
  test('the one with more work is followed, and left when another has more', async (t) => {
    const time = new HandClock()
    const [a, b] = [
      await open(t, time, { ...miningFor(alice) }),
      await open(t, time, { ...miningFor(bob) }),
    ]
    const own = await mineMany(a, time, 3)
    const others = await mineMany(b, time, 4)
    const heard: ChainEvent[] = []
    a.subscribe((event) => heard.push(event))
    assert.equal(await importAll(a, others.slice(0, 3)), 'valid valid valid')
    // As much work is not more: the first that came stays.
    assert.deepEqual(a.head().hash, own[2]?.hash)
    assert.equal(await importAll(a, others.slice(3)), 'valid')
    assert.deepEqual(a.head().hash, others[3]?.hash)
    assert.equal(balance(a, alice), 0n)
    assert.equal(balance(a, bob), 8n * ether)
    const removed = heard.flatMap((event) => (event.kind === 'head' ? event.removed : []))
    assert.deepEqual(
      removed.map(({ block }) => block.hash),
      own.map(({ hash }) => hash),
    )
    // Mining goes on there.
    const next = await mine(a, time)
    assert.deepEqual(next.header.parentHash, others[3]?.hash)
    assert.equal(next.withdrawals?.[0]?.index, 4n)
    assert.equal(await importAll(b, [next]), 'valid')
    assert.deepEqual(b.head().hash, next.hash)
  })

  test('one that parts too far back is reported, and not followed', async (t) => {
    const time = new HandClock()
    const [a, b] = [
      await open(t, time, { ...miningFor(alice) }),
      await open(t, time, { ...miningFor(bob) }),
    ]
    const own = await mineMany(a, time, 9)
    const others = await mineMany(b, time, 11)
    const heard: ChainEvent[] = []
    a.subscribe((event) => heard.push(event))
    assert.equal(await importAll(a, others), new Array(11).fill('valid').join(' '))
    assert.deepEqual(a.head().hash, own[8]?.hash)
    const reports = heard.filter((event) => event.kind === 'reorg-too-deep')
    assert.equal(reports.length, 1)
    assert.deepEqual(reports[0]?.head.hash, own[8]?.hash)
    assert.deepEqual(reports[0]?.branch.hash, others[9]?.hash)
  })

  test('eight blocks, as many as may be, are taken back', async (t) => {
    const time = new HandClock()
    const [a, b] = [
      await open(t, time, { ...miningFor(alice), history: 2 }),
      await open(t, time, { ...miningFor(bob) }),
    ]
    await mineMany(a, time, 8)
    const others = await mineMany(b, time, 9)
    await importAll(a, others)
    assert.deepEqual(a.head().hash, others[8]?.hash)
  })

  test('as many can be taken back after a start, wherever its checkpoint is', async (t) => {
    const [folder, time] = [await temporaryFolder(t), new HandClock()]
    const manifest = powManifest({ maxReorg: 30, finalizedDepth: 30 })
    const options = { manifest, ...miningFor(alice), history: 2, checkpointBytes: 60_000 }
    const first = await openPow(folder, time, options)
    await first.start()
    const b = await open(t, time, { manifest, ...miningFor(bob) })
    await importAll(b, await mineMany(first, time, 40))
    await mineMany(first, time, 30)
    await first.stop()
    const again = await openPow(folder, time, options)
    await again.start()
    t.after(() => again.stop())
    // It began at a checkpoint, not at the birth.
    assert.equal(again.stateAt(again.blockHash(5n) ?? new Uint8Array()), undefined)
    const others = await mineMany(b, time, 31)
    await importAll(again, others)
    assert.deepEqual(again.head().hash, others[30]?.hash)
  })

  test('a block that pays other than the protocol does is refused', async (t) => {
    const time = new HandClock()
    const [a, b] = [await open(t, time), await open(t, time, { ...miningFor(bob) })]
    const block = await mine(b, time)
    assert.equal(await importAll(a, [{ ...block, withdrawals: [] }]), 'withdrawalsRoot')
    assert.equal(await importAll(a, [{ ...block, record: new Uint8Array(1) }]), 'decode')
    assert.equal(await importAll(a, [block]), 'valid')
  })
})

describe('blocks that cannot be taken yet', () => {
  test('wait for their parents, and are taken with them', async (t) => {
    const time = new HandClock()
    const [a, b] = [await open(t, time), await open(t, time, { ...miningFor(bob) })]
    const [first, second, third] = await mineMany(b, time, 3)
    assert.ok(first && second && third)
    assert.equal(await importAll(a, [third, second]), 'parent parent')
    assert.equal(a.head().header.number, 0n)
    assert.equal(await importAll(a, [first]), 'valid')
    assert.deepEqual(a.head().hash, third.hash)
  })

  test('wait for their time', async (t) => {
    const [time, ahead] = [new HandClock(), new HandClock()]
    ahead.nowMs += 10_000
    const [a, b] = [await open(t, time), await open(t, ahead, { ...miningFor(bob) })]
    // A block time after the other clock, which is 25 seconds ahead then.
    const block = await mine(b, ahead)
    assert.equal(await importAll(a, [block]), 'too-early')
    time.advance(9_000)
    await a.importBlock(block)
    assert.equal(a.head().header.number, 0n)
    time.advance(1_000)
    while (a.head().header.number === 0n) await setImmediate()
    assert.deepEqual(a.head().hash, block.hash)
  })
})
