/** Makes the first blocks of public genesis files, and reads a public file of blocks. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { readBlockFile } from '../../src/chain/block-files.ts'
import { genesisOf } from '../../src/chain/genesis.ts'
import { nextBaseFee } from '../../src/chain/ledger/base-fee.ts'
import { nextExcessBlobGas } from '../../src/chain/ledger/blobs.ts'
import { encodeBlock } from '../../src/chain/ledger/block-codec.ts'
import { isAtLeast } from '../../src/chain/ledger/fork-rules.ts'
import { chainRules } from '../../src/chain/ledger/fork-schedule.ts'
import { manifestFromGenesis } from '../../src/chain/ledger/genesis-json.ts'
import {
  exportStoredChain,
  importStoredChain,
  verifyStoredChain,
} from '../../src/node/stored-chain.ts'
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

  test('the genesis file of the JSON-RPC cases begins the chain of their 54 blocks', async () => {
    const text = await readFile(plainFile('execution-apis/genesis.json'), 'utf8')
    const manifest = manifestFromGenesis(text, 'public')
    const rules = chainRules(manifest)
    let parent = genesisOf(manifest).executed.block
    const forks: string[] = []
    const written: Uint8Array[] = []
    for await (const block of readBlockFile(plainFile('execution-apis/chain.rlp'))) {
      const { header } = block
      assert.equal(toHex(header.parentHash), toHex(parent.hash))
      assert.equal(header.number, parent.header.number + 1n)
      const { hardfork, blobs } = rules.rulesAt(header)
      assert.equal(header.baseFeePerGas !== undefined, isAtLeast(hardfork, 'london'))
      assert.equal(header.withdrawalsRoot !== undefined, isAtLeast(hardfork, 'shanghai'))
      assert.equal(header.excessBlobGas !== undefined, blobs !== undefined)
      assert.equal(header.requestsHash !== undefined, isAtLeast(hardfork, 'prague'))
      if (header.baseFeePerGas !== undefined) {
        assert.equal(header.baseFeePerGas, nextBaseFee(parent.header))
      }
      if (blobs) {
        const excess = nextExcessBlobGas(parent.header, rules.rulesAt(header))
        assert.equal(header.excessBlobGas, excess)
      }
      forks.push(blobs ? `${hardfork} ${blobs.max}` : hardfork)
      written.push(encodeBlock(block))
      parent = block
    }
    assert.equal(written.length, 54)
    assert.deepEqual([...new Set(forks)], publicForks)
    const file = await readFile(plainFile('execution-apis/chain.rlp'))
    assert.ok(file.equals(Buffer.concat(written)))
  })

  test('that chain is imported, verified, exported to the same bytes, and moved in an era file', async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'qs-public-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const genesis = plainFile('execution-apis/genesis.json')
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')]
    const taken = { added: 54, known: 0, aside: 0, head: 54n }
    const source = plainFile('execution-apis/chain.rlp')
    assert.deepEqual(await importStoredChain({ data: one, file: source, genesis }), taken)
    const { faults, blocks } = await verifyStoredChain({ data: one, run: true })
    assert.deepEqual([faults, blocks], [[], 54])
    const files = { rlp: path.join(folder, 'chain.rlp'), era: path.join(folder, 'chain.era1') }
    await exportStoredChain({ data: one, file: files.rlp, form: 'rlp', from: 1n })
    assert.ok((await readFile(files.rlp)).equals(await readFile(source)))
    await exportStoredChain({ data: one, file: files.era, form: 'era' })
    const moved = await importStoredChain({ data: two, file: files.era, genesis })
    assert.deepEqual(moved, { ...taken, known: 1 })
  })
})

/** All that the chain runs through, in order. */
const publicForks = [
  ...['homestead', 'tangerine-whistle', 'spurious-dragon', 'byzantium', 'constantinople'],
  ...['petersburg', 'istanbul', 'berlin', 'london', 'paris', 'shanghai'],
  ...['cancun 6', 'prague 9', 'osaka 9', 'osaka 15', 'osaka 21'],
]
