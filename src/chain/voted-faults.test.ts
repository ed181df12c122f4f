/** Lets validators of one chain meet what should not be: a decision that one finds wrong, a full disk, lost parts. */

import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { after, before, describe, mock, test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import type { DrivenChain } from './chain-parts.ts'
import { decodeRecord } from './consensus/record.ts'
import { emptyAccount } from './state/trie-state.ts'
import { owner, startAll, transfer } from './test-chain/voted-network.ts'
import { reached } from './test-chain/waiting.ts'

/** Resolves when a block is decided that this node has proposed. */
async function proposed(chain: DrivenChain, at: number): Promise<void> {
  while (chain.head().header.beneficiary[0] !== at + 1) {
    await reached(chain, chain.head().header.number + 1n)
  }
}

function sameBlocks(chains: readonly DrivenChain[], height: bigint): void {
  for (let number = 1n; number <= height; number += 1n) {
    const hashes = chains.map((one) => toHex(one.byNumber(number)?.block.hash ?? new Uint8Array()))
    assert.equal(new Set(hashes).size, 1, `height ${number}`)
  }
}

/** Of files that cannot be written. */
const full = new Set<RegExp>()

/** Lets writes to what is full fail. */
async function mockDisk(): Promise<void> {
  const probe = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  for (const name of ['write', 'writeFile'] as const) {
    const real = prototype[name] as (...given: unknown[]) => Promise<unknown>
    mock.method(prototype, name, function (this: FileHandle, ...given: unknown[]) {
      const file = full.size > 0 ? readlinkSync(`/proc/self/fd/${this.fd}`) : ''
      if (![...full].some((pattern) => pattern.test(file))) return real.apply(this, given)
      const error = new Error('ENOSPC: no space left on device, write')
      return Promise.reject(Object.assign(error, { code: 'ENOSPC' }))
    } as never)
  }
}

const skip = process.platform === 'linux' ? false : 'paths of open files are known on Linux only'

describe('validators that meet what should not be', { concurrency: true }, () => {
  before(mockDisk)
  after(() => mock.restoreAll())

  test('one that finds wrong what a quorum decided stops with consensus-failure, and signs no more', async (t) => {
    let signed = 0
    const { node, stop } = await startAll(t, 4, {
      keyOf: (key, at) => {
        const sign = (bytes: Uint8Array) => {
          signed += at === 3 ? 1 : 0
          return key.sign(bytes)
        }
        return { ...key, sign }
      },
    })
    await reached(node(3), 2n)
    // Its state is another one than that of the others, as if its program were at fault.
    await node(3).dev.change((overlay) => {
      overlay.setAccount(owner, { ...emptyAccount, balance: 1n })
    })
    const { number } = node(3).head().header
    await reached(node(0), number + 3n)
    assert.equal(node(3).failure?.code, 'chain/consensus-failure')
    assert.match(node(3).failure?.message ?? '', /compare versions and logs/)
    assert.equal(node(3).head().header.number, number)
    await assert.rejects(node(3).submit(transfer(0n)), { code: 'chain/consensus-failure' })
    const before = signed
    await reached(node(0), node(0).head().header.number + 4n)
    assert.equal(signed, before)
    await stop(3)
  })

  test('one whose disk is full stands still, loses nothing, and signs again when there is space', {
    skip,
  }, async (t) => {
    const { node, all, places, stop, start } = await startAll(t, 4)
    await reached(node(3), 2n)
    const files = new RegExp(places[3]?.folder ?? 'nothing')
    full.add(files)
    const { number } = node(0).head().header
    await node(0).submit(transfer(0n))
    await reached(node(0), number + 4n)
    assert.equal(node(3).failure?.code, 'store/write-failed')
    assert.match(node(3).failure?.message ?? '', /free space or mend the disk, then start again/)
    await assert.rejects(node(3).submit(transfer(0n)), { code: 'store/write-failed' })
    const [head, final] = [node(3).head(), node(3).finalized()]
    assert.deepEqual(final.hash, head.hash, 'what is final is on disk')
    full.delete(files)
    await stop(3)
    await start(3)
    await Promise.all(all().map((one) => reached(one, number + 6n)))
    await proposed(node(0), 3)
    sameBlocks(all(), number + 6n)
    assert.equal(node(3).stateAt(node(3).head().hash)?.account(owner)?.nonce, 1n)
  })

  test('one whose log of signatures alone is full goes on as a follower', { skip }, async (t) => {
    const { node, places } = await startAll(t, 4)
    await reached(node(3), 1n)
    const files = new RegExp(`${places[3]?.folder}.*signing.log`)
    full.add(files)
    const { number } = node(3).head().header
    await reached(node(3), number + 4n)
    assert.equal(node(3).failure, undefined)
    // It may have signed the next height already, whose signers stand in the block after it.
    const last = [3n, 4n].map((on) => node(3).byNumber(number + on)?.block.record)
    const signers = last.map((record) => record && decodeRecord(record).parentSigners)
    assert.ok(signers.every((bits) => bits && bits[0] !== 0b1111))
    full.delete(files)
  })

  test('blocks of several parts are decided though parts are lost and come in any order', async (t) => {
    const { node, all, links } = await startAll(t, 4)
    let draw = 1
    const chance = () => {
      draw = (draw * 48_271) % 2_147_483_647
      return draw / 2_147_483_647
    }
    links.partFate = () => (chance() < 0.3 ? 'lost' : chance() * 80)
    await reached(node(0), 1n)
    for (let nonce = 0n; nonce < 4n; nonce += 1n) {
      await node(0).submit(transfer(nonce, new Uint8Array(100_000).fill(1)))
    }
    const isDone = () => all().every((one) => nonceAt(one) === 4n)
    while (!isDone()) await reached(node(0), node(0).head().header.number + 1n)
    const { number } = node(0).head().header
    await Promise.all(all().map((one) => reached(one, number)))
    sameBlocks(all(), number)
  })
})

function nonceAt(chain: DrivenChain): bigint {
  return chain.stateAt(chain.head().hash)?.account(owner)?.nonce ?? 0n
}
