/** Makes the first blocks of public genesis files, and compares them with those that the tests say. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { genesisOf } from '../../src/chain/genesis.ts'
import { decodeBlock, encodeBlock } from '../../src/chain/ledger/block-codec.ts'
import { manifestFromGenesis } from '../../src/chain/ledger/genesis-json.ts'
import { rlpLength } from '../../src/chain/ledger/rlp.ts'
import { plainFile, skipVectors, vectorJson } from './vectors.ts'

type Account = Readonly<Record<string, unknown>>
interface GenesisTest {
  readonly alloc: Readonly<Record<string, Account>>
  readonly result: string
}

describe('genesis', { skip: skipVectors() }, () => {
  test('3 old genesis files give the blocks that are printed beside them', async () => {
    const cases = await vectorJson<Record<string, GenesisTest>>(
      ...(['ethereum-tests/legacy', 'GenesisTests/basic_genesis_tests.json'] as const),
    )
    for (const [name, { result, alloc, ...file }] of Object.entries(cases)) {
      // What is `balance` today was `wei` then.
      const accounts = Object.entries(alloc).map(([address, { wei, ...account }]) => [
        address,
        wei === undefined ? account : { ...account, balance: wei },
      ])
      const today = { ...file, alloc: Object.fromEntries(accounts), config: { chainId: 1 } }
      const { executed } = genesisOf(manifestFromGenesis(JSON.stringify(today), 'old'))
      assert.equal(encodeBlock(executed.block).toHex(), result, name)
    }
    assert.equal(Object.keys(cases).length, 3)
  })

  test('the genesis file of the JSON-RPC cases is the parent of the first block of their chain', async () => {
    const text = (await plainFile('execution-apis/genesis.json')).toString()
    const { executed } = genesisOf(manifestFromGenesis(text, 'public'))
    const chain = await plainFile('execution-apis/chain.rlp')
    const first = decodeBlock(chain.subarray(0, rlpLength(chain)))
    assert.equal(toHex(executed.block.hash), toHex(first.header.parentHash))
    assert.equal(first.header.number, 1n)
  })
})
