/** Checks that states that are followed take little memory, and are the same as with all of it. */

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { encodeDifference } from './state/difference-codec.ts'
import { emptyCodeHash, emptyState } from './state/trie-state.ts'
import { StateSpill } from './state-spill.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'

const [blocks, perBlock] = [60, 200]

/** New accounts, and a change of one of those before. */
function blockOf(number: number) {
  const numbers = Array.from({ length: perBlock }, (_, at) => number * perBlock + at)
  const accounts = [...numbers, Math.floor(number / 2)].map((one) => {
    const address = new Uint8Array(20)
    new DataView(address.buffer).setUint32(4, one)
    const account = { nonce: 1n, balance: BigInt(one + number), codeHash: emptyCodeHash }
    return { address, account, storageWiped: false, slots: [] }
  })
  return encodeDifference({ accounts, codes: [] })
}

test('states that are followed keep within a fifth of their memory, and have the same roots', async (t) => {
  const folder = await temporaryFolder(t)
  let whole = emptyState()
  for (let number = 0; number < blocks; number += 1) {
    const next = whole.apply(blockOf(number))
    whole.release()
    whole = next
  }
  const most = whole.memoryBytes / 5
  const spill = new StateSpill(path.join(folder, 'states'), most / 2)
  let [state, largest] = [emptyState(), 0]
  for (let number = 0; number < blocks; number += 1) {
    const next = state.apply(blockOf(number))
    state.release()
    state = next
    await spill.consider(state)
    largest = Math.max(largest, state.memoryBytes)
  }
  assert.deepEqual(state.root, whole.root)
  assert.ok(largest < most, `${largest} of ${most} bytes`)
  assert.deepEqual(await readdir(folder), [])
})
