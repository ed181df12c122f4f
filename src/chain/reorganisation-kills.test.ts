/** Looks at what a chain's folder holds at each moment of a reorganisation, as a kill would leave it. */

import assert from 'node:assert/strict'
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { DrivenChain } from './chain-parts.ts'
import type { BlockHead } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import { hybridManifest } from './test-chain/hybrid-chain.ts'
import {
  HandClock,
  mine,
  mineMany,
  miningFor,
  openPow,
  powManifest,
} from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { validatorKeys } from './test-chain/voted-chain.ts'

const key = new Uint8Array(32).fill(1)
const [alice, bob] = [new Uint8Array(20).fill(0xa1), new Uint8Array(20).fill(0xb0)]
const hex = ({ hash }: BlockHead) => toHex(hash)

const manifests = {
  pow: powManifest({}, [addressOfKey(key)]),
  hybrid: hybridManifest(validatorKeys(4), {}, [addressOfKey(key)]),
}

for (const [engine, manifest] of Object.entries(manifests)) {
  test(`${engine}: whenever a reorganisation is cut off, a start has no less work, and no transaction is lost`, async (t) => {
    const [time, folder, copies] = [
      ...[new HandClock(), await temporaryFolder(t), await temporaryFolder(t)],
    ] as const
    const a = await openPow(folder, time, { manifest, ...miningFor(alice) })
    const b = await openPow(await temporaryFolder(t), time, { manifest, ...miningFor(bob) })
    for (const chain of [a, b]) await chain.start()
    t.after(() => Promise.all([a.stop(), b.stop()]))
    const common = await mine(a, time)
    await b.importBlock(common)
    // Two in one block, one in another; of the branch that wins none.
    const hashes = [await send(a, 0n), await send(a, 1n)]
    const own = [...(await mineMany(a, time, 1))]
    hashes.push(await send(a, 2n))
    own.push(...(await mineMany(a, time, 4)))
    const isKnown = (chain: DrivenChain) =>
      hashes.map((hash) => Boolean(chain.findTransaction(hash) ?? chain.pool.get(hash)))
    const others = await mineMany(b, time, 7)
    const taken: string[] = []
    a.subscribe((event) => {
      if (event.kind !== 'head') return
      // No one may wait here: the next block is on its way.
      const copy = path.join(copies, String(taken.length))
      cpSync(folder, copy, { recursive: true })
      taken.push(copy)
    })
    for (const block of others) await a.importBlock(block)
    assert.equal(hex(a.head()), hex(others[6] as BlockHead))
    // Going back, six blocks at once, and the one that came after them.
    assert.equal(taken.length, 8)
    const headAfterStart = async (copy: string) => {
      const again = await openPow(copy, time, { manifest })
      const { number } = again.head().header
      await again.start()
      assert.ok(again.head().header.number >= number)
      assert.deepEqual(isKnown(again), [true, true, true])
      await again.stop()
      return hex(again.head())
    }
    const [heads, torn] = [[] as string[], [] as string[]]
    for (const copy of taken) {
      const log = path.join(copy, manifest.name, 'blocks.log')
      const whole = readFileSync(log)
      truncateSync(log, whole.length - 3)
      torn.push(await headAfterStart(copy))
      writeFileSync(log, whole)
      heads.push(await headAfterStart(copy))
    }
    const [last, sixth, seventh] = [own[4], others[5], others[6]] as BlockHead[]
    // Within a record it is as before it.
    assert.deepEqual(torn, [hex(last as BlockHead), ...heads.slice(0, 7)])
    // Of as much work as there was, what was stored last stays.
    assert.deepEqual(heads.slice(0, 5), new Array(5).fill(hex(last as BlockHead)))
    assert.equal(heads[5], hex(others[4] as BlockHead))
    assert.deepEqual(
      heads.slice(6),
      [sixth, seventh].map((one) => hex(one as BlockHead)),
    )
  })
}

/** Lets a transfer wait for a block. */
function send(chain: DrivenChain, nonce: bigint): Promise<Hash> {
  const unsigned = {
    ...({ type: 2, chainId: 7n, nonce, gasLimit: 21_000n, value: 5n, to: bob } as const),
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 7n },
    ...{ accessList: [], data: new Uint8Array() },
  }
  return chain.submit(encodeTransaction(signTransaction(unsigned, key)))
}
