/** Checks that blocks are found again whatever of them is still in memory. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openShort, temporaryFolder } from './test-chain/short-chain.ts'

for (const blockMemoryBytes of [0, 20_000, 2 ** 28]) {
  test(`blocks are found again with ${blockMemoryBytes} bytes of memory for them`, async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 6, { blockMemoryBytes })
    t.after(() => chain.stop())
    for (let round = 0; round < 2; round += 1) {
      for (let number = 6n; number > 0n; number -= 1n) {
        const logged = chain.loggedBlock(number, () => true)
        const whole = chain.byNumber(number)
        assert.ok(logged && whole)
        assert.deepEqual(logged.block.header, whole.block.header)
        assert.deepEqual(logged.block.hash, chain.blockHash(number))
        assert.deepEqual(
          logged.receipts.map(({ logs }) => logs),
          whole.receipts.map(({ logs }) => logs),
        )
        assert.deepEqual([...logged.transactionHashes], whole.transactionHashes)
        assert.equal(whole.senders.length, 1)
      }
    }
    assert.equal(
      chain.loggedBlock(7n, () => true),
      undefined,
    )
    await chain.dev?.rewindTo(3n)
    assert.equal(
      chain.loggedBlock(4n, () => true),
      undefined,
    )
    await chain.dev?.sealNow()
    assert.deepEqual(chain.loggedBlock(4n, () => true)?.block.hash, chain.head().hash)
  })
}

test('a block on disk is not read when its bloom filter says no', async (t) => {
  const chain = await openShort(await temporaryFolder(t), 2, { blockMemoryBytes: 0 })
  t.after(() => chain.stop())
  const blooms: Uint8Array[] = []
  const found = chain.loggedBlock(1n, (bloom) => {
    blooms.push(bloom)
    return false
  })
  assert.equal(found, undefined)
  assert.deepEqual(blooms, [chain.byNumber(1n)?.block.header.logsBloom])
})
