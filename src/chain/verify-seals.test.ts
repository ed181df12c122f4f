/** Checks that verifying a chain sealed by work finds seals, payments and derived values that are wrong. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { openChainLog, readChainRecords } from './chain-log.ts'
import { emptyDerived, encodeDerived } from './consensus/derived.ts'
import { sealDigest } from './consensus/seal.ts'
import type { Block, Header } from './ledger/block.ts'
import { decodeExecutedBlock, headerHash, unsealedHash } from './ledger/block-codec.ts'
import { chainKey } from './ledger/manifest-codec.ts'
import { keepManifest } from './stored-manifest.ts'
import { HandClock, mineMany, miningFor, openPow, workManifest } from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { verifyChain } from './verify-chain.ts'
import type { StoredBlock } from './verify-seals.ts'

const miner = new Uint8Array(20).fill(0xa1)

describe('verifying a chain sealed by work', () => {
  /** Mines a few blocks, writes them into another folder with a change, and says what is found there. */
  async function verified(
    t: TestContext,
    change: (stored: StoredBlock, number: bigint) => StoredBlock,
  ): Promise<readonly string[]> {
    const [folder, copy, time] = [
      await temporaryFolder(t),
      await temporaryFolder(t),
      new HandClock(),
    ]
    const manifest = workManifest
    const chain = await openPow(folder, time, { manifest, ...miningFor(miner) })
    await chain.start()
    await mineMany(chain, time, 3)
    await chain.stop()
    const place = path.join(copy, manifest.name)
    const { key } = await keepManifest(place, manifest)
    const target = await openChainLog({
      ...{ folder: place, key, logger: silentLogger },
      listener: { begin() {}, resume() {}, block() {}, rewind() {}, change() {} },
    })
    await readChainRecords(
      path.join(folder, manifest.name),
      async (record) => {
        if (record.kind !== 'block') return
        const executed = decodeExecutedBlock(record.stored)
        const { header } = executed.block
        const changed = change({ block: executed.block, derived: record.derived }, header.number)
        await target.append(
          { ...executed, block: changed.block },
          { difference: record.difference, derived: changed.derived },
        )
      },
      () => {},
    )
    await target.close()
    const { faults } = await verifyChain({ manifest, folder: copy, run: false })
    return faults.map(({ number, detail }) => `${number}: ${detail}`)
  }

  /** The third block, the last one, is changed. */
  const last = (edit: (stored: StoredBlock) => StoredBlock) => (stored: StoredBlock, at: bigint) =>
    at === 3n ? edit(stored) : stored
  const withHeader = (block: Block, change: Partial<Header>): Block => {
    const header = { ...block.header, ...change }
    return { ...block, header, hash: headerHash(header) }
  }

  test('finds nothing in a sound one', async (t) => {
    assert.deepEqual(await verified(t, (stored) => stored), [])
  })

  test('finds a seal without work, other payments, and what does not follow', async (t) => {
    const unsealed = await verified(
      t,
      last(({ block, derived }) => {
        for (let nonce = 0; ; nonce += 1) {
          const changed = withHeader(block, { nonce: new Uint8Array(8).fill(nonce) })
          const sealing = { seal: 'keccak', chainKey: chainKey(workManifest) } as const
          const digest = sealDigest(sealing, unsealedHash(changed.header), changed.header.nonce)
          if ((digest[0] ?? 0) > 0x80) return { block: changed, derived }
        }
      }),
    )
    assert.deepEqual(unsealed, [
      '3: its header: work, the seal has not the work of this difficulty',
    ])
    const other = await verified(
      t,
      last(({ block }) => ({ block, derived: encodeDerived(emptyDerived) })),
    )
    assert.deepEqual(other, ['3: what is stored as following from it does not'])
    const none = await verified(t, (stored, at) =>
      at === 1n ? { ...stored, derived: undefined } : stored,
    )
    assert.deepEqual(none.slice(0, 2), [
      '1: what is stored as following from it does not',
      '2: its header: parent, what follows from the parent is not known',
    ])
  })
})
