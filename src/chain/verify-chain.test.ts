/** Checks that verifying finds nothing in a sound chain, and names what was changed in one that is not. */

import assert from 'node:assert/strict'
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { openChainLog } from './chain-log.ts'
import type { ExecutedBlock } from './ledger/block.ts'
import { decodeDifference, encodeDifference } from './state/difference-codec.ts'
import type { Difference, EncodedDifference } from './state/state.ts'
import { keepManifest } from './stored-manifest.ts'
import { openShort, openStill, shortManifest, temporaryFolder } from './test-chain/short-chain.ts'
import { verifyChain } from './verify-chain.ts'

const verify = (folder: string, run = true) => verifyChain({ manifest: shortManifest, folder, run })

async function place(data: string) {
  const folder = path.join(data, 'dev')
  const { key } = await keepManifest(folder, shortManifest)
  return { folder, key, logger: silentLogger }
}

/** Writes a copy of a chain's log with one block changed by hand. */
async function altered(
  folder: string,
  copy: string,
  change: (
    number: bigint,
    executed: ExecutedBlock,
    difference: Difference,
  ) => ExecutedBlock | Difference,
): Promise<void> {
  const found: [bigint, EncodedDifference][] = []
  const log = await openChainLog({
    ...(await place(folder)),
    listener: {
      begin: () => {},
      resume: () => {},
      block: ({ header }, difference) => found.push([header.number, difference]),
      rewind: () => {},
      change: () => {},
    },
  })
  const records = found.map(([number, difference]) => {
    const executed = log.byNumber(number)
    assert.ok(executed)
    return { executed, difference: decodeDifference(difference) }
  })
  await log.close()
  const target = await openChainLog({
    ...(await place(copy)),
    listener: {
      begin: () => {},
      resume: () => {},
      block: () => {},
      rewind: () => {},
      change: () => {},
    },
  })
  for (const { executed, difference } of records) {
    const changed = change(executed.block.header.number, executed, difference)
    const isBlock = 'block' in changed
    const what = encodeDifference(isBlock ? difference : changed)
    await target.append(isBlock ? changed : executed, { difference: what })
  }
  await target.close()
}

describe('verifying', () => {
  test('finds nothing in a sound chain, also one that went back, was changed by hand, or has borrowed senders', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 4)
    await chain.dev.rewindTo(2n)
    await chain.dev.change((overlay) => overlay.setStorage(new Uint8Array(20).fill(9), 1n, 5n))
    const borrowed = new Uint8Array(20).fill(9)
    await chain.dev.change((overlay) => {
      const account = { nonce: 0n, balance: 10n ** 18n, codeHash: keccak256(new Uint8Array()) }
      overlay.setAccount(borrowed, account)
    })
    const plain = { nonce: 0n, gasLimit: 21_000n, to: borrowed, value: 1n, data: new Uint8Array() }
    await chain.dev.submitAs({ ...plain, type: 0, chainId: 7n, gasPrice: 10n ** 10n }, borrowed)
    await chain.dev.sealNow()
    assert.equal(chain.head().transactions.length, 3)
    const { hash, header } = chain.head()
    await chain.stop()
    for (const run of [false, true]) {
      const found = await verify(folder, run)
      assert.deepEqual(found.faults, [])
      assert.deepEqual(found.head, { number: header.number, hash })
      assert.equal(found.blocks, 5)
      assert.equal(found.isWhole, true)
    }
  })

  test('finds the same in a sound chain with next to no memory for its states', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 20, { checkpointBytes: 1, history: 2 })
    await chain.stop()
    for (const run of [false, true]) {
      const few = { manifest: shortManifest, folder, run, stateMemoryBytes: 1 }
      assert.deepEqual(await verifyChain(few), await verify(folder, run))
    }
    const names = await readdir(path.join(folder, 'dev'))
    assert.deepEqual(names.sort(), ['blocks.log', 'manifest.json', 'state.checkpoint'])
  })

  test('names a receipt, a sender and a state that are not what the header says', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 3)
    await chain.stop()
    const found = async (name: string, change: Parameters<typeof altered>[2]) => {
      const copy = path.join(folder, name)
      await altered(folder, copy, change)
      const { faults, faultCount } = await verify(copy, name === 'state')
      assert.equal(faultCount, faults.length)
      return faults.map(({ number, detail }) => `${number}: ${detail}`)
    }
    const receipts = await found('receipts', (number, executed) => {
      if (number !== 2n) return executed
      const changed = executed.receipts.map((one) => ({ ...one, succeeded: false }))
      return { ...executed, receipts: changed }
    })
    assert.equal(receipts.length, 1)
    assert.match(receipts[0] ?? '', /^2: receiptsRoot is 0x\w{64} in the header, 0x\w{64} by what/)
    const senders = await found('senders', (_, executed) => ({
      ...executed,
      senders: executed.senders.map(() => new Uint8Array(20)),
    }))
    assert.deepEqual(
      senders,
      [1, 2, 3].map((number) => `${number}: the stored sender of transaction 0 is another one`),
    )
    const state = await found('state', (number, executed, difference) =>
      number === 3n ? { ...difference, accounts: [] } : executed,
    )
    assert.match(state[0] ?? '', /^3: stateRoot is/)
    assert.match(state.at(-1) ?? '', /^3: running it leads to state 0x/)
  })

  test('names damage that cannot be read, and cuts off an unfinished end', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 3)
    await chain.stop()
    const file = path.join(folder, 'dev', 'blocks.log')
    const whole = await readFile(file)
    await writeFile(file, whole.subarray(0, whole.length - 3))
    const found = await verify(folder, false)
    assert.equal(found.blocks, 2)
    assert.ok(found.cutBytes > 0)
    await writeFile(file, whole.with(Math.floor(whole.length / 2), 0xff))
    await assert.rejects(verify(folder, false), { code: 'store/damaged-log' })
  })

  test('says when the manifest is not that of the birth, and when it was ended early', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 3)
    await chain.stop()
    const manifest = { ...shortManifest, forks: [{ hardfork: 'prague' }] as const }
    const { faults } = await verifyChain({ manifest, folder, run: false })
    assert.match(faults[0]?.detail ?? '', /manifest is not that of the birth/)
    const stop = new AbortController()
    const tell = () => stop.abort()
    const ended = await verifyChain({
      ...{ manifest: shortManifest, folder, run: false, tell, signal: stop.signal },
    })
    assert.deepEqual([ended.blocks, ended.isWhole], [1, false])
    // Whoever asks from elsewhere, as a terminal does, is heard while blocks are read.
    const asked = new AbortController()
    const busy = () => {
      setImmediate(() => asked.abort())
      for (const endMs = performance.now() + 25; performance.now() < endMs; );
    }
    const { isWhole } = await verifyChain({
      ...{ manifest: shortManifest, folder, run: false, tell: busy, signal: asked.signal },
    })
    assert.equal(isWhole, false)
  })

  test('compares a checkpoint of the state with what its block left', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 6, { checkpointBytes: 1, history: 2 })
    await chain.stop()
    const file = path.join(folder, 'dev', 'state.checkpoint')
    const whole = await readFile(file)
    const details = async () => (await verify(folder, false)).faults.map(({ detail }) => detail)
    assert.deepEqual(await details(), [])
    let told = 0
    for (let at = 20; at < whole.length; at += Math.ceil(whole.length / 25)) {
      await writeFile(file, whole.with(at, (whole[at] ?? 0) ^ 0x55))
      const found = await details()
      for (const detail of found) assert.match(detail, /checkpoint of the state/)
      told += Math.min(found.length, 1)
    }
    assert.equal(told, 25)
    const other = path.join(folder, 'other')
    const elsewhere = await openStill(other, shortManifest, { checkpointBytes: 1, history: 2 })
    await elsewhere.start()
    elsewhere.dev.increaseTime(1_000n)
    for (let block = 0; block < 6; block += 1) await elsewhere.dev.sealNow()
    await elsewhere.stop()
    await copyFile(path.join(other, 'dev', 'state.checkpoint'), file)
    const [detail, ...others] = await details()
    assert.match(detail ?? '', /is of a block that the log does not hold/)
    assert.deepEqual(others, [])
  })
})
