/** Checks how far a chain says it is, blocks on demand, and pages of blocks. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Chain } from '../chain/chain.ts'
import { decodeBlock } from '../chain/ledger/block-codec.ts'
import { alice, bob, open, refused } from './test-chain/ask.ts'
import { openRpc } from './test-chain/open-rpc.ts'

interface BlockPage {
  readonly blocks: readonly (Hex & { readonly number: Hex; readonly transactions: Json[] })[]
  readonly parentHash: Hex
  readonly lastHash: Hex
  readonly next: Hex | null
}

test('a leap makes a block, and stats tell of it', async (t) => {
  const { ask, chain } = await open(t)
  await ask('eth_sendTransaction', { from: alice, to: bob, value: '0x1' })
  const block = await ask('qs_leap')
  assert.deepEqual([block.number, block.transactions.length], ['0x1', 1])
  const stats = await ask('qs_stats')
  assert.deepEqual(stats.head, {
    ...{ number: '0x1', hash: block.hash, timestamp: block.timestamp },
  })
  assert.deepEqual([stats.name, stats.engine, stats.chainId], ['dev', 'dev', '0x4f1a'])
  assert.equal(stats.genesisHash, toHex(chain.blockHash(0n) as Uint8Array))
  assert.deepEqual(stats.weight, { by: 'height', value: '0x1' })
  assert.deepEqual(stats.finalized, { number: '0x0', hash: stats.genesisHash })
  assert.deepEqual([stats.waiting, stats.peers], ['0x0', '0x0'])
})

test('where the engine makes blocks by its own rules there is no leap, and work is what counts', async (t) => {
  const { chain } = await openRpc(t)
  for (let count = 0; count < 3; count += 1) await chain.dev.sealNow()
  const withWork = <T extends { readonly block: { readonly header: object } }>(executed: T): T => ({
    ...executed,
    block: { ...executed.block, header: { ...executed.block.header, difficulty: 7n } },
  })
  // A chain whose blocks cost work, as far as these methods look at it.
  const heavy: Chain = Object.create(chain, {
    manifest: { value: { ...chain.manifest, consensus: { engine: 'ethereum' } } },
    head: { value: () => withWork({ block: chain.head() }).block },
    loggedBlock: {
      value: (...place: Parameters<Chain['loggedBlock']>) =>
        withWork(chain.loggedBlock(...place) as never),
    },
    blockHash: { value: (number: bigint) => chain.blockHash(number) },
    safe: { value: () => chain.safe() },
    finalized: { value: () => chain.finalized() },
    pool: { value: chain.pool },
    subscribe: { value: () => () => {} },
  })
  const { rpc } = await openRpc(t, {}, { chain: heavy })
  const weight = async () => ((await rpc.call('qs_stats', [])) as Record<string, Json>).weight
  assert.deepEqual(await weight(), { by: 'work', value: '0x1c' })
  await chain.dev.sealNow()
  assert.deepEqual(await weight(), { by: 'work', value: '0x23' })
  await chain.dev.beginAnew()
  assert.deepEqual(await weight(), { by: 'work', value: '0x7' })
  const { data, message } = await refused(rpc, 'qs_leap')
  assert.deepEqual(data, { code: 'rpc/no-leap' })
  assert.match(message, /^the chain "dev" \(ethereum\) makes its blocks by its own rules/)
})

test('a node without a network knows no peers, and says so', async (t) => {
  const { rpc, ask } = await open(t)
  assert.deepEqual(await ask('qs_discover'), [])
  assert.deepEqual((await refused(rpc, 'qs_discover', ['127.0.0.1:30400'])).data, {
    code: 'rpc/no-network',
  })
})

test('blocks come in pages that fit behind each other', async (t) => {
  const { ask, rpc } = await open(t, { limits: { pageItems: 4 } })
  await ask('eth_sendTransaction', { from: alice, to: bob, value: '0x1' })
  for (let count = 0; count < 9; count += 1) await ask('evm_mine')
  const numbers: number[] = []
  let [from, last]: [Hex | null, Hex | undefined] = ['0x0', undefined]
  while (from !== null) {
    const page: BlockPage = await ask('qs_blocks', from)
    const raw: BlockPage = await ask('qs_rawBlocks', from)
    assert.deepEqual(
      [raw.parentHash, raw.lastHash, raw.next],
      [page.parentHash, page.lastHash, page.next],
    )
    if (last !== undefined) assert.equal(page.parentHash, last)
    for (const [at, block] of page.blocks.entries()) {
      numbers.push(Number(block.number))
      const decoded = decodeBlock(fromHex(raw.blocks[at] ?? '0x'))
      assert.equal(decoded.transactions.length, block.transactions.length)
    }
    ;[from, last] = [page.next, page.lastHash]
  }
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const part = await ask<BlockPage>('qs_blocks', '0x3', '0x4')
  assert.deepEqual([part.blocks.map(({ number }) => number), part.next], [['0x3', '0x4'], null])
  const none = await ask<BlockPage>('qs_blocks', '0x63')
  assert.deepEqual(none, { blocks: [], parentHash: null, lastHash: null, next: null })
  for (const limit of [0, 5])
    assert.equal((await refused(rpc, 'qs_blocks', 0, 9, limit)).code, -32602)
})

test('a page ends where a reorganisation made the next block not fit', async (t) => {
  const { chain } = await openRpc(t)
  for (let count = 0; count < 5; count += 1) await chain.dev.sealNow()
  const moved: Chain = Object.create(chain, {
    manifest: { value: chain.manifest },
    head: { value: () => chain.head() },
    byNumber: { value: (number: bigint) => chain.byNumber(number === 3n ? 5n : number) },
    subscribe: { value: () => () => {} },
  })
  const { rpc } = await openRpc(t, {}, { chain: moved })
  const { blocks, next } = (await rpc.call('qs_blocks', [])) as unknown as BlockPage
  assert.deepEqual([blocks.map(({ number }) => number), next], [['0x0', '0x1', '0x2'], '0x3'])
})

test('a page ends after so many bytes, with a block at least', async (t) => {
  const { ask } = await open(t, { limits: { pageBytes: 1 } })
  await ask('evm_mine')
  const { blocks, next } = await ask<BlockPage>('qs_blocks')
  assert.deepEqual([blocks.length, next], [1, '0x1'])
})
